import { z } from 'zod'
import { amountSchema, baseUnitsSchema } from '@meterline/shared/rating/fields.ts'
import { labelField } from '@meterline/shared/rating/schema/routed-fields.ts'
import { id, label } from './file-fields.ts'
import type { MatrixTable, MeterAmounts } from './matrix-table.ts'

const mostDimensions = 8
const mostRows = 50_000
const mostThresholds = 16

const amountsSchema = z
  .record(id, amountSchema)
  // The checks of the whole table are made on what comes out below, so they must not run without it.
  .refine((amounts) => Object.keys(amounts).length > 0, {
    abort: true,
    error: 'is empty; write a meter and what it costs, such as api.calls: "0.01"',
  })
  .transform((amounts): MeterAmounts => new Map(Object.entries(amounts)))

const rowSchema = z.strictObject({
  when: z.record(label, labelField.nullable()).default({}),
  amounts: amountsSchema,
  above: z
    .array(z.strictObject({ above: baseUnitsSchema, amounts: amountsSchema }))
    .max(mostThresholds, `has more than ${mostThresholds} thresholds`)
    .default([]),
})

type WrittenRow = z.output<typeof rowSchema>
type Refuse = (message: string, path: (string | number)[]) => void

/** A table as it stands in a tenant file; `per` is 1 when it is left out. */
export const matrixTableSchema = z
  .strictObject({
    id,
    dimensions: z
      .array(label)
      .min(1, 'is empty; name the labels that rows look at')
      .max(mostDimensions, `has more than ${mostDimensions} labels`),
    fact: label.nullable().default(null),
    per: baseUnitsSchema.default(1n),
    rows: z.array(rowSchema).min(1, 'is empty; write at least one row').max(mostRows, `has more than ${mostRows} rows`),
  })
  .superRefine(({ dimensions, fact, rows }, context) => {
    const refuse: Refuse = (message, path) => {
      context.addIssue({ code: 'custom', message, path })
    }
    dimensions.forEach((name, place) => {
      if (dimensions.indexOf(name) < place) refuse(`is ${name}, listed twice; remove one`, ['dimensions', place])
    })
    rows.forEach((row, place) => {
      checkLabels(row, dimensions, ['rows', place, 'when'], refuse)
      checkThresholds(row, fact, ['rows', place, 'above'], refuse)
    })
  })
  .transform(({ rows, ...own }): MatrixTable => ({
    ...own,
    rows: rows.map(({ when, ...row }) => ({ ...row, when: textsOf(own.dimensions, when) })),
  }))

/** What a row looks at, in the order of the dimensions; a dimension it does not name matches anything. */
function textsOf(dimensions: readonly string[], when: WrittenRow['when']): readonly (string | null)[] {
  return dimensions.map((name) => (Object.hasOwn(when, name) ? (when[name] ?? null) : null))
}

function checkLabels(
  { when }: WrittenRow,
  dimensions: readonly string[],
  path: (string | number)[],
  refuse: Refuse,
): void {
  for (const name of Object.keys(when)) {
    if (dimensions.includes(name)) continue
    refuse(`is no dimension of this matrix; it has ${dimensions.join(', ')}`, [...path, name])
  }
}

function checkThresholds(
  { amounts, above }: WrittenRow,
  fact: string | null,
  path: (string | number)[],
  refuse: Refuse,
): void {
  if (above.length > 0 && fact === null) {
    refuse('needs the fact that is compared; add fact: to the matrix, such as ai.total_input_tokens', path)
  }
  above.forEach((threshold, place) => {
    const before = above[place - 1]
    if (before !== undefined && threshold.above <= before.above) {
      const message = `is ${threshold.above}, not above the threshold before (${before.above}); write them in increasing order`
      refuse(message, [...path, place, 'above'])
    }
    for (const meter of threshold.amounts.keys()) {
      if (amounts.has(meter)) continue
      refuse('has no amount below the threshold; add it to amounts: of the row', [...path, place, 'amounts', meter])
    }
  })
}
