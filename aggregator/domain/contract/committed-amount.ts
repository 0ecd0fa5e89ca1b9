import { z } from 'zod'
import type { JsonValue } from '@meterline/shared/integrity/canonical-json.ts'
import { amountSchema } from '@meterline/shared/rating/fields.ts'
import { id } from '../catalogue/file-fields.ts'
import { prorationSchema } from './allowance-definition.ts'
import { lineFilterFields, lineFilterJson, type LineFilter } from './line-filter.ts'
import type { Proration } from './proration.ts'

/** Money that a buyer has promised to spend. */
export interface CommittedAmount {
  /** Unique among its kind in the contract. */
  readonly id: string
  /** Decimal text in currency units. */
  readonly amount: string
  /** Whether it is promised for every period or for every term of the contract. */
  readonly per: 'period' | 'term'
  /** Billed before the period or term it is for and drawn down by what is spent; otherwise what is missing is billed after. */
  readonly inAdvance: boolean
  readonly prorate: Proration
  /** What counts towards it. */
  readonly filter: LineFilter
  /** The tax code of its lines; null: none. */
  readonly tax: string | null
}

/** A promise beyond which spending goes on at other prices. */
export interface Commitment extends CommittedAmount {
  /** What a currency unit spent beyond the amount costs, decimal text; null: itself. */
  readonly overageFactor: string | null
}

/** The least that is billed. */
export type Minimum = CommittedAmount

const committedFields = {
  id,
  amount: amountSchema,
  per: z.enum(['period', 'term']).default('period'),
  inAdvance: z.boolean().default(false),
  prorate: prorationSchema,
  tax: id.nullable().default(null),
  ...lineFilterFields,
} as const

/** A commitment as it stands in a contract of a tenant file. */
export const commitmentSchema = z
  .strictObject({ ...committedFields, overageFactor: amountSchema.nullable().default(null) })
  .transform(({ offerings, meters, kinds, ...own }): Commitment => ({ ...own, filter: { offerings, meters, kinds } }))

/** A minimum as it stands in a contract of a tenant file. */
export const minimumSchema = z
  .strictObject(committedFields)
  .transform(({ offerings, meters, kinds, ...own }): Minimum => ({ ...own, filter: { offerings, meters, kinds } }))

/** The plain data that `minimumSchema` reads back; what is as usual is left out. */
export function minimumJson(rule: Minimum): { readonly [key: string]: JsonValue } {
  const { id: ownId, amount, per, inAdvance, prorate, tax, filter } = rule
  return {
    id: ownId,
    amount,
    ...(per === 'period' ? {} : { per }),
    ...(inAdvance ? { inAdvance } : {}),
    ...(prorate === 'none' ? {} : { prorate }),
    ...(tax === null ? {} : { tax }),
    ...lineFilterJson(filter),
  }
}

/** The plain data that `commitmentSchema` reads back. */
export function commitmentJson(rule: Commitment): JsonValue {
  const { overageFactor } = rule
  return { ...minimumJson(rule), ...(overageFactor === null ? {} : { overageFactor }) }
}
