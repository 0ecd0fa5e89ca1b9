import { z } from 'zod'
import { failed, fault, ok, type Fault, type Result } from '../base/errors.ts'
import { amountSchema, baseUnitsSchema } from './fields.ts'
import type { GraduatedTier, Price } from './price.ts'

// Kept apart from the arithmetic: whoever only charges, as the thread at the edge does, need not load the schema library.

/** The fields of a per-unit price beside what it is called and which meter it prices. `per` is 1 when it is left out. */
export const perUnitFields = { model: z.literal('per-unit'), amount: amountSchema, per: baseUnitsSchema.default(1n) }

const mostTiers = 64

const tierSchema = z
  .strictObject({
    upTo: baseUnitsSchema.nullable().default(null),
    amount: amountSchema.optional(),
    flat: amountSchema.optional(),
  })
  .transform(({ upTo, amount, flat }, context): GraduatedTier => {
    if (amount === undefined && flat === undefined) {
      context.addIssue({ code: 'custom', message: 'has neither an amount nor a flat fee; write amount: "0" for free' })
    }
    // A flat fee of zero is none, so that both spellings hash alike.
    const tier = { upTo, amount: amount ?? '0' }
    return flat === undefined || flat === '0' ? tier : { ...tier, flat }
  })

const tiersSchema = z
  .array(tierSchema)
  .min(1, 'is empty; write at least one tier')
  .max(mostTiers, `has more than ${mostTiers} tiers`)
  .superRefine((tiers, context) => {
    let bound = 0n
    tiers.forEach(({ upTo }, index) => {
      const isLast = index === tiers.length - 1
      const message = tierFault(upTo, bound, isLast)
      if (message !== undefined) context.addIssue({ code: 'custom', message, path: [index, 'upTo'] })
      if (upTo !== null) bound = upTo
    })
  })

/** The fields of a graduated price beside what it is called and which meter it prices. `per` is 1 when it is left out. */
export const graduatedFields = { model: z.literal('graduated'), per: baseUnitsSchema.default(1n), tiers: tiersSchema }

/** Reads a price from plain data, such as parsed JSON or YAML: amounts as decimal texts, base units as numbers or texts. */
export const priceSchema = z.discriminatedUnion('model', [
  z.strictObject(perUnitFields),
  z.strictObject(graduatedFields),
])

/** Reads a price from plain data; the fault names the first thing wrong and where it stands in the price. */
export function parsePrice(value: unknown): Result<Price, Fault<'price_invalid'>> {
  const parsed = priceSchema.safeParse(value)
  if (parsed.success) return ok(parsed.data)
  const issue = parsed.error.issues[0]
  const place = issue === undefined || issue.path.length === 0 ? 'the price' : issue.path.map(String).join('.')
  return failed(fault('price_invalid', `${place} ${issue?.message ?? 'is invalid'}`))
}

function tierFault(upTo: bigint | null, bound: bigint, isLast: boolean): string | undefined {
  if (isLast)
    return upTo === null ? undefined : 'bounds the last tier; leave upTo out there, so that usage never runs past it'
  if (upTo === null) return 'is missing; only the last tier is open'
  return upTo > bound ? undefined : `is ${upTo}, not above the tier before (${bound}); write tiers in increasing order`
}
