import { z } from 'zod'
import { parseDecimal, compareDecimal } from '../../units/decimal.ts'
import { amountSchema, baseUnitsSchema } from '../fields.ts'
import type { TierTerms } from '../terms.ts'

/** An amount that says nothing when it is zero: both spellings come out as none, so that they hash alike. */
export const amountOrNone = amountSchema.transform((amount) => (amount === '0' ? undefined : amount)).optional()

/** A count of base units that says nothing when it is zero. */
export const unitsOrNone = z
  .unknown()
  .transform((value, context): bigint | undefined => {
    if (value === 0 || value === '0') return undefined
    const read = baseUnitsSchema.safeParse(value)
    if (read.success) return read.data
    context.addIssue({ code: 'custom', message: 'is no count of base units; write a whole number from 0 on' })
    return z.NEVER
  })
  .optional()

const roundingRules = ['half-away', 'half-even', 'up', 'down'] as const

/** What every model may say. What is said although it holds anyway comes out as nothing. */
export const commonFields = {
  rounding: z
    .strictObject({ digits: z.int().min(0).max(6).default(6), rule: z.enum(roundingRules).default('half-away') })
    .transform((rounding) => (rounding.digits === 6 && rounding.rule === 'half-away' ? undefined : rounding))
    .optional(),
  minimum: amountOrNone,
  maximum: amountSchema.optional(),
}

/** Objects to a least amount above the most one. */
export function checkMinimum(
  minimum: string | undefined,
  maximum: string | undefined,
  context: z.RefinementCtx,
  key = 'minimum',
): void {
  if (minimum === undefined || maximum === undefined) return
  const [least, most] = [parseDecimal(minimum), parseDecimal(maximum)]
  if (!least.ok || !most.ok || compareDecimal(least.value, most.value) <= 0) return
  context.addIssue({ code: 'custom', message: `is ${minimum}, above the maximum ${maximum}`, path: [key] })
}

/** False where the first tier's flat fee waits for the first unit. */
export const flatAtZeroField = z
  .boolean()
  .transform((isDue) => (isDue ? undefined : (false as const)))
  .optional()

/** The last base unit of a tier; left out or null where it has no end. */
export const tierEnd = baseUnitsSchema.nullable().default(null)

/** A tier of a graduated or volume price. */
export const tierSchema = z
  .strictObject({
    upTo: tierEnd,
    amount: amountSchema.optional(),
    flat: amountSchema.optional(),
    block: baseUnitsSchema.optional(),
  })
  .transform(({ upTo, amount, flat, block }, context): TierTerms => {
    if (amount === undefined && flat === undefined) {
      context.addIssue({ code: 'custom', message: 'has neither an amount nor a flat fee; write amount: "0" for free' })
    }
    // A flat fee of zero is none, so that both spellings hash alike.
    const own = { upTo, amount: amount ?? '0' }
    const tier = flat === undefined || flat === '0' ? own : { ...own, flat }
    // Free units need no blocks.
    return block === undefined || tier.amount === '0' ? tier : { ...tier, block }
  })

const mostTiers = 64

/** A list of tiers: their ends increase, and only the last one is open. */
export function tiersOf<Tier extends { readonly upTo: bigint | null }>(
  tier: z.ZodType<Tier>,
): z.ZodType<readonly Tier[]> {
  return z
    .array(tier)
    .min(1, 'is empty; write at least one tier')
    .max(mostTiers, `has more than ${mostTiers} tiers`)
    .superRefine((tiers, context) => {
      let bound = 0n
      tiers.forEach(({ upTo }, index) => {
        const message = endFault(upTo, bound, index === tiers.length - 1)
        if (message !== undefined) context.addIssue({ code: 'custom', message, path: [index, 'upTo'] })
        if (upTo !== null) bound = upTo
      })
    })
}

function endFault(upTo: bigint | null, bound: bigint, isLast: boolean): string | undefined {
  if (isLast)
    return upTo === null ? undefined : 'bounds the last tier; leave upTo out there, so that usage never runs past it'
  if (upTo === null) return 'is missing; only the last tier is open'
  return upTo > bound ? undefined : `is ${upTo}, not above the tier before (${bound}); write tiers in increasing order`
}
