import { z } from 'zod'
import type { JsonValue } from '@meterline/shared/integrity/canonical-json.ts'
import { formatInstant } from '@meterline/shared/units/instant.ts'
import { id, instant } from '../catalogue/file-fields.ts'

/** What a buyer and his seller agreed on beyond prices: minimums, commitments and discounts. */
export interface ContractDefinition {
  readonly id: string
  /** The buyer: an account that gets invoices. */
  readonly account: string
  readonly fromMs: number
  /** Exclusive; null: no end. */
  readonly toMs: number | null
}

/** A contract as it stands in a tenant file. */
export const contractSchema = z
  .strictObject({ id, account: id, from: instant, to: instant.nullable().default(null) })
  .transform(({ from, to, ...own }): ContractDefinition => ({ ...own, fromMs: from, toMs: to }))

/** The plain data that `contractSchema` reads back. */
export function contractJson({ id: ownId, account, fromMs, toMs }: ContractDefinition): JsonValue {
  return { id: ownId, account, from: formatInstant(fromMs), ...(toMs === null ? {} : { to: formatInstant(toMs) }) }
}
