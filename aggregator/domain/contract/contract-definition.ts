import { z } from 'zod'
import type { JsonValue } from '@meterline/shared/integrity/canonical-json.ts'
import { formatInstant } from '@meterline/shared/units/instant.ts'
import { id, instant } from '../catalogue/file-fields.ts'
import {
  commitmentJson,
  commitmentSchema,
  minimumJson,
  minimumSchema,
  type Commitment,
  type Minimum,
} from './committed-amount.ts'
import { discountJson, discountSchema, type Discount } from './discount-definition.ts'

/** What a buyer and his seller agreed on beyond prices: commitments, minimums and discounts, each in the order they apply. */
export interface ContractDefinition {
  readonly id: string
  /** The buyer: an account that gets invoices, or the operator when a partner sells. */
  readonly account: string
  /** The partner who sells to the operator; null everywhere else, where the seller follows from the tree. */
  readonly seller: string | null
  /** Of its amounts and of the bills it is about; null: the tenant's. */
  readonly currency: string | null
  readonly fromMs: number
  /** Exclusive; null: no end. */
  readonly toMs: number | null
  /** How many billing periods a term has, one term after the other; null: the contract is one term. */
  readonly termPeriods: number | null
  readonly commitments: readonly Commitment[]
  readonly minimums: readonly Minimum[]
  readonly discounts: readonly Discount[]
}

const mostRules = 100
const tooMany = `has more than ${mostRules} entries`
const mostTermPeriods = 120

/** A contract as it stands in a tenant file. */
export const contractSchema = z
  .strictObject({
    id,
    account: id,
    seller: id.nullable().default(null),
    currency: z.string().nullable().default(null),
    from: instant,
    to: instant.nullable().default(null),
    termPeriods: z.int().min(1).max(mostTermPeriods).nullable().default(null),
    commitments: z.array(commitmentSchema).max(mostRules, tooMany).default([]),
    minimums: z.array(minimumSchema).max(mostRules, tooMany).default([]),
    discounts: z.array(discountSchema).max(mostRules, tooMany).default([]),
  })
  .transform(({ from, to, ...own }): ContractDefinition => ({ ...own, fromMs: from, toMs: to }))

/** The plain data that `contractSchema` reads back; what is as usual is left out. */
export function contractJson(contract: ContractDefinition): { readonly [key: string]: JsonValue } {
  const { id: ownId, account, seller, currency, fromMs, toMs, termPeriods } = contract
  const { commitments, minimums, discounts } = contract
  return {
    id: ownId,
    account,
    ...(seller === null ? {} : { seller }),
    ...(currency === null ? {} : { currency }),
    from: formatInstant(fromMs),
    ...(toMs === null ? {} : { to: formatInstant(toMs) }),
    ...(termPeriods === null ? {} : { termPeriods }),
    ...(commitments.length === 0 ? {} : { commitments: commitments.map(commitmentJson) }),
    ...(minimums.length === 0 ? {} : { minimums: minimums.map(minimumJson) }),
    ...(discounts.length === 0 ? {} : { discounts: discounts.map(discountJson) }),
  }
}
