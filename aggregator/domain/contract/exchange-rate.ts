import { z } from 'zod'
import type { JsonValue } from '@meterline/shared/integrity/canonical-json.ts'
import { amountSchema } from '@meterline/shared/rating/fields.ts'
import { formatInstant } from '@meterline/shared/units/instant.ts'
import { id, instant } from '../catalogue/file-fields.ts'

/** What one unit of a currency was worth in another from an instant until the next rate of the same pair. */
export interface ExchangeRate {
  readonly id: string
  readonly from: string
  readonly to: string
  /** Exact decimal text above zero. */
  readonly rate: string
  readonly fromMs: number
}

/** A rate as it stands in a tenant file. */
export const exchangeRateSchema = z
  .strictObject({ id, from: z.string(), to: z.string(), rate: amountSchema, at: instant })
  .transform(({ at, ...own }): ExchangeRate => ({ ...own, fromMs: at }))

/** The plain data that `exchangeRateSchema` reads back. */
export function exchangeRateJson({ id: ownId, from, to, rate, fromMs }: ExchangeRate): JsonValue {
  return { id: ownId, from, to, rate, at: formatInstant(fromMs) }
}
