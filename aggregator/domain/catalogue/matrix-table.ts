import type { JsonValue } from '@meterline/shared/integrity/canonical-json.ts'
import { sortedRows, type MatrixPrice, type MatrixRow, type RowPrice } from '@meterline/shared/rating/matrix.ts'
import { byText } from './by-text.ts'

/** Amounts in currency units (decimal texts) by meter. */
export type MeterAmounts = ReadonlyMap<string, string>

/** One row of a table: what events of these labels cost, meter by meter. */
export interface MatrixTableRow {
  /** A text for each dimension that has to match, null where any does. */
  readonly when: readonly (string | null)[]
  readonly amounts: MeterAmounts
  /** What changes above each threshold of the table's fact (strictly), increasing; a meter that is not named stays. */
  readonly above: readonly { readonly above: bigint; readonly amounts: MeterAmounts }[]
}

/** A price list for several meters, such as the classes of tokens of each model: every meter's price takes its own column. */
export interface MatrixTable {
  readonly id: string
  /** Names of labels. */
  readonly dimensions: readonly string[]
  /** The fact that thresholds compare; null when no row has one. */
  readonly fact: string | null
  /** Base units all amounts are for. */
  readonly per: bigint
  readonly rows: readonly MatrixTableRow[]
}

/** A table in its one form: rows by their labels, so that the order they were written in changes nothing. */
export function sortedTable(table: MatrixTable): MatrixTable {
  const key = ({ when }: MatrixTableRow): string => JSON.stringify(when)
  return { ...table, rows: table.rows.toSorted((left, right) => byText(key(left), key(right))) }
}

/** The plain data that `matrixTableSchema` reads back. */
export function matrixTableJson({ id: ownId, dimensions, fact, per, rows }: MatrixTable): JsonValue {
  return {
    id: ownId,
    dimensions,
    ...(fact === null ? {} : { fact }),
    per: per.toString(),
    rows: rows.map(({ when, amounts, above }) => ({
      when: Object.fromEntries(
        dimensions.flatMap((name, place) => {
          const text = when[place] ?? null
          return text === null ? [] : [[name, text] as const]
        }),
      ),
      amounts: amountsJson(amounts),
      ...(above.length === 0
        ? {}
        : { above: above.map((step) => ({ above: step.above.toString(), amounts: amountsJson(step.amounts) })) }),
    })),
  }
}

/** The rows of a table that price a meter, each with its place in the table. */
export function rowsForMeter(table: MatrixTable, meter: string): readonly (MatrixRow & { readonly place: number })[] {
  return table.rows.flatMap((row, place) => {
    const price = rowPrice(table, row, meter)
    return price === null ? [] : [{ when: row.when, price, place }]
  })
}

/** A meter's column of a table as a price: a row with thresholds for the meter looks at the size of the request. */
export function matrixPriceFor(table: MatrixTable, meter: string): MatrixPrice {
  const rows = rowsForMeter(table, meter).map(({ when, price }) => ({ when, price }))
  return { model: 'matrix', dimensions: table.dimensions, rows: sortedRows(rows) }
}

function rowPrice({ fact, per }: MatrixTable, { amounts, above }: MatrixTableRow, meter: string): RowPrice | null {
  const amount = amounts.get(meter)
  if (amount === undefined) return null
  const steps = above.flatMap((step) => {
    const stepAmount = step.amounts.get(meter)
    return stepAmount === undefined ? [] : [{ above: step.above, amount: stepAmount }]
  })
  if (fact === null || steps.length === 0) return { model: 'per-unit', amount, per }
  return { model: 'request-threshold', fact, amount, per, above: steps }
}

function amountsJson(amounts: MeterAmounts): { readonly [meter: string]: string } {
  return Object.fromEntries([...amounts].toSorted(([left], [right]) => byText(left, right)))
}
