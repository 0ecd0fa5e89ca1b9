import { z } from 'zod'

/** Foreign brokers whose topics this agent subscribes to. */
export const bridgesSchema = z.array(z.strictObject({})).default([])
