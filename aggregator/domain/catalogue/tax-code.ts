import { z } from 'zod'
import type { JsonValue } from '@meterline/shared/integrity/canonical-json.ts'
import { amountSchema } from '@meterline/shared/rating/fields.ts'
import { formatInstant } from '@meterline/shared/units/instant.ts'
import { id, instant, name } from './file-fields.ts'

/** What a tax code comes to in a region from an instant until the next rate of the same region. */
export interface TaxRate {
  readonly region: string
  /** Percent as exact decimal text: `19` or `7.5`. */
  readonly percent: string
  readonly fromMs: number
}

/** A way things are taxed. */
export interface TaxCode {
  readonly id: string
  readonly name: string
  /** Dated, by region; a region without one is not taxed under this code. */
  readonly rates: readonly TaxRate[]
}

const mostRates = 10_000

/** A tax code as it stands in a tenant file. */
export const taxCodeSchema = z.strictObject({
  id,
  name,
  rates: z
    .array(
      z
        .strictObject({ region: id, percent: amountSchema, from: instant })
        .transform(({ from, ...own }): TaxRate => ({ ...own, fromMs: from })),
    )
    .max(mostRates, `has more than ${mostRates} rates`)
    .default([]),
})

/** The plain data that `taxCodeSchema` reads back. */
export function taxCodeJson({ id: ownId, name: ownName, rates }: TaxCode): JsonValue {
  return {
    id: ownId,
    name: ownName,
    ...(rates.length === 0
      ? {}
      : { rates: rates.map(({ region, percent, fromMs }) => ({ region, percent, from: formatInstant(fromMs) })) }),
  }
}
