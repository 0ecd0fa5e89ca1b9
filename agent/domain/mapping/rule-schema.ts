import { z } from 'zod'

/** The mapping rules of a configuration. */
export const mappingsSchema = z.array(z.strictObject({})).default([])
