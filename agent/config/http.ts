import { z } from 'zod'

/** The door for usage over HTTP. Left out: there is none. */
export const httpSchema = z.strictObject({}).optional()
