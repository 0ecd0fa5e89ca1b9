import { z } from 'zod'
import type { JsonValue } from '@meterline/shared/integrity/canonical-json.ts'
import { amountSchema } from '@meterline/shared/rating/fields.ts'
import { compareDecimal, parseDecimal } from '@meterline/shared/units/decimal.ts'
import { formatInstant } from '@meterline/shared/units/instant.ts'
import { id, instant } from '../catalogue/file-fields.ts'
import { prorationSchema } from './allowance-definition.ts'
import { lineFilterFields, lineFilterJson, type LineFilter } from './line-filter.ts'
import type { Proration } from './proration.ts'

/** A percentage of what is spent up to a limit. */
export interface DiscountTier {
  /** Decimal text in currency units, inclusive; null for the last. */
  readonly upTo: string | null
  /** Decimal text from 0 to 100. */
  readonly percent: string
}

/** How much a discount takes off. */
export type DiscountTerms =
  | { readonly kind: 'percent'; readonly percent: string }
  | { readonly kind: 'amount'; readonly amount: string }
  | {
      readonly kind: 'tiers'
      /** `volume`: all of the spend at the percentage of the tier it reaches; `graduated`: each part of it at its own. */
      readonly tiered: 'volume' | 'graduated'
      readonly tiers: readonly DiscountTier[]
    }

/** What is taken off the bills of a contract. */
export interface Discount {
  /** Unique among the discounts of the contract. */
  readonly id: string
  readonly terms: DiscountTerms
  /** The most it takes off a period, decimal text in currency units; null: no limit. */
  readonly atMost: string | null
  /** Null: from the contract's beginning. */
  readonly fromMs: number | null
  /** Exclusive; null: to the contract's end. */
  readonly toMs: number | null
  readonly prorate: Proration
  /** What it is taken off. */
  readonly filter: LineFilter
}

const mostTiers = 100
const percent = amountSchema.refine((text) => !isAbove(text, '100'), 'is above 100 percent')

/** A discount as it stands in a contract of a tenant file. */
export const discountSchema = z
  .strictObject({
    id,
    percent: percent.optional(),
    amount: amountSchema.optional(),
    tiers: z
      .array(z.strictObject({ upTo: amountSchema.nullable().default(null), percent }))
      .min(1, 'is empty; write at least one tier')
      .max(mostTiers, `has more than ${mostTiers} tiers`)
      .optional(),
    tiered: z.enum(['volume', 'graduated']).optional(),
    atMost: amountSchema.nullable().default(null),
    from: instant.optional(),
    to: instant.optional(),
    prorate: prorationSchema,
    ...lineFilterFields,
  })
  .transform((stated, context): Discount => {
    const { offerings, meters, kinds, from, to } = stated
    const refuse = (path: readonly (string | number)[], message: string): never => {
      context.addIssue({ code: 'custom', message, path: [...path] })
      return z.NEVER
    }
    const terms = termsOf(stated)
    if (terms === null) return refuse([], 'says none or several of percent, amount and tiers: write one of them')
    if (stated.tiered !== undefined && terms.kind !== 'tiers') return refuse(['tiered'], 'goes with tiers: remove it')
    const wrong = terms.kind === 'tiers' ? wrongTier(terms.tiers) : null
    if (wrong !== null) return refuse(['tiers', wrong.index], wrong.message)
    if (from !== undefined && to !== undefined && to <= from) return refuse(['to'], 'is not after from')
    const { id: ownId, atMost, prorate } = stated
    const span = { fromMs: from ?? null, toMs: to ?? null }
    return { id: ownId, terms, atMost, ...span, prorate, filter: { offerings, meters, kinds } }
  })

/** The plain data that `discountSchema` reads back; what is as usual is left out. */
export function discountJson({ id: ownId, terms, atMost, fromMs, toMs, prorate, filter }: Discount): JsonValue {
  return {
    id: ownId,
    ...termsJson(terms),
    ...(atMost === null ? {} : { atMost }),
    ...(fromMs === null ? {} : { from: formatInstant(fromMs) }),
    ...(toMs === null ? {} : { to: formatInstant(toMs) }),
    ...(prorate === 'none' ? {} : { prorate }),
    ...lineFilterJson(filter),
  }
}

function termsJson(terms: DiscountTerms): { readonly [key: string]: JsonValue } {
  if (terms.kind === 'percent') return { percent: terms.percent }
  if (terms.kind === 'amount') return { amount: terms.amount }
  return {
    tiers: terms.tiers.map(({ upTo, percent: share }) => ({ ...(upTo === null ? {} : { upTo }), percent: share })),
    ...(terms.tiered === 'volume' ? {} : { tiered: terms.tiered }),
  }
}

interface StatedTerms {
  readonly percent?: string | undefined
  readonly amount?: string | undefined
  readonly tiers?: readonly DiscountTier[] | undefined
  readonly tiered?: 'volume' | 'graduated' | undefined
}

/** Null where none or several are stated. */
function termsOf({ percent: share, amount, tiers, tiered = 'volume' }: StatedTerms): DiscountTerms | null {
  const [terms, ...others]: readonly DiscountTerms[] = [
    ...(share === undefined ? [] : [{ kind: 'percent', percent: share } as const]),
    ...(amount === undefined ? [] : [{ kind: 'amount', amount } as const]),
    ...(tiers === undefined ? [] : [{ kind: 'tiers', tiered, tiers } as const]),
  ]
  return others.length > 0 ? null : (terms ?? null)
}

/** Where tiers do not rise or the last one is not open; null: they are in order. */
function wrongTier(tiers: readonly DiscountTier[]): { readonly index: number; readonly message: string } | null {
  for (const [index, { upTo }] of tiers.entries()) {
    const isLast = index === tiers.length - 1
    if (isLast && upTo !== null) return { index, message: 'is the last tier and has upTo: leave it out there' }
    if (isLast) continue
    if (upTo === null) return { index, message: 'has no upTo, but is not the last tier' }
    const before = tiers[index - 1]?.upTo ?? '0'
    if (!isAbove(upTo, before)) return { index, message: `reaches up to ${upTo}, which is not above ${before}` }
  }
  return null
}

function isAbove(left: string, right: string): boolean {
  const [first, second] = [parseDecimal(left), parseDecimal(right)]
  return first.ok && second.ok && compareDecimal(first.value, second.value) > 0
}
