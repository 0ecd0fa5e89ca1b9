import { z } from 'zod'
import { checkMatrix } from '../check-matrix.ts'
import { amountSchema, baseUnitsSchema } from '../fields.ts'
import { sortedRows, type MatrixPrice, type MatrixRow, type RowPrice } from '../matrix.ts'
import { compileModel, kindOfModel, type PriceModel } from '../model.ts'
import { requestBands, type RequestThresholdPrice } from '../request-threshold.ts'
import type { TimeOfUsePrice, WindowPrice } from '../time-of-use.ts'
import { priceForm, unionOfForms, unionOfFormsBeside, withoutMissing, type PriceForm } from './price-form.ts'
import { keyField, labelField, plainText, timeUnitField, weeklyHoursField, zoneOffsetsField } from './routed-fields.ts'
import { commonFields } from './term-fields.ts'

const mostThresholds = 16
const mostWindows = 16
const mostHours = 64
const mostDimensions = 8
const mostRows = 50_000

/** A price by the size of the request. */
export const requestThresholdForm = priceForm(
  {
    model: z.literal('request-threshold'),
    fact: keyField,
    amount: amountSchema,
    per: baseUnitsSchema.default(1n),
    above: z
      .array(z.strictObject({ above: baseUnitsSchema, amount: amountSchema }))
      .min(1, 'is empty; write at least one threshold, or a per-unit price')
      .max(mostThresholds, `has more than ${mostThresholds} thresholds`),
    rounding: commonFields.rounding,
  },
  (written, context): RequestThresholdPrice => {
    written.above.forEach(({ above }, index) => {
      const before = written.above[index - 1]?.above
      if (before === undefined || above > before) return
      const message = `is ${above}, not above the threshold before (${before}); write thresholds in increasing order`
      context.addIssue({ code: 'custom', message, path: ['above', index, 'above'] })
    })
    return withoutMissing(written)
  },
)

/** A price by the time of use, with any of the given models or a request threshold in its windows. */
export function timeOfUseForm(models: readonly PriceForm<PriceModel>[]): PriceForm<TimeOfUsePrice> {
  const price = unionOfForms<WindowPrice>([...models, requestThresholdForm])
  return priceForm(
    {
      model: z.literal('time-of-use'),
      zone: plainText(64),
      offsets: zoneOffsetsField.default([]),
      windows: z
        .array(
          z.strictObject({
            name: keyField,
            at: z
              .array(weeklyHoursField)
              .min(1, 'is empty; write at least one entry of days and hours')
              .max(mostHours, `has more than ${mostHours} entries`),
            price,
          }),
        )
        .min(1, 'is empty; write at least one window')
        .max(mostWindows, `has more than ${mostWindows} windows`),
      otherwise: z.strictObject({ name: keyField, price }),
      duration: z
        .strictObject({ fact: keyField, unit: timeUnitField })
        .transform(({ fact, unit }) => ({ fact, unitMs: unit }))
        .optional(),
    },
    (written, context): TimeOfUsePrice => {
      checkNames(written, context)
      if (written.duration !== undefined) checkSplittable(written, context)
      return withoutMissing(written)
    },
  )
}

function checkNames(
  { windows, otherwise }: Pick<TimeOfUsePrice, 'windows' | 'otherwise'>,
  context: z.RefinementCtx,
): void {
  windows.forEach(({ name }, index) => {
    if (name !== otherwise.name && windows.findIndex((window) => window.name === name) === index) return
    const message = 'is the name of another window; name each one differently, for invoices name them'
    context.addIssue({ code: 'custom', message, path: ['windows', index, 'name'] })
  })
}

function checkSplittable(price: Pick<TimeOfUsePrice, 'windows' | 'otherwise'>, context: z.RefinementCtx): void {
  const inside = [
    ...price.windows.map((window, index) => ({ price: window.price, path: ['windows', index, 'price'] })),
    { price: price.otherwise.price, path: ['otherwise', 'price'] },
  ]
  for (const { price: terms, path } of inside) {
    const models = terms.model === 'request-threshold' ? requestBands(terms).map((band) => band.price) : [terms]
    if (models.every((model) => kindOfModel(compileModel(model)) === 'splittable')) continue
    const message = 'prices whole events, which cannot be split by time; leave "duration" out, or price by quantity'
    context.addIssue({ code: 'custom', message, path: [...path, 'model'] })
  }
}

const whenField = z.record(z.string(), labelField.nullable())

/** A price by labels of the event, with any of the given models, a request threshold or times of use in its rows. */
export function matrixForm(models: readonly PriceForm<PriceModel>[]): PriceForm<MatrixPrice> {
  const forms: readonly PriceForm<RowPrice>[] = [...models, requestThresholdForm, timeOfUseForm(models)]
  const row = unionOfFormsBeside({ when: whenField }, forms)
  return priceForm(
    {
      model: z.literal('matrix'),
      dimensions: z
        .array(keyField)
        .min(1, 'is empty; name at least one label')
        .max(mostDimensions, `has more than ${mostDimensions} dimensions`),
      rows: z.array(row).min(1, 'is empty; write at least one row').max(mostRows, `has more than ${mostRows} rows`),
    },
    ({ model, dimensions, rows }, context): MatrixPrice => {
      checkDimensions(dimensions, context)
      rows.forEach(({ beside }, index) => checkWhen(dimensions, beside.when, ['rows', index, 'when'], context))
      const read = rows.map(({ beside, price }): MatrixRow => ({ when: whenOf(dimensions, beside.when), price }))
      for (const { row: place, message } of checkMatrix({ dimensions, rows: read })) {
        context.addIssue({ code: 'custom', message, path: ['rows', place, 'when'] })
      }
      return { model, dimensions, rows: sortedRows(read) }
    },
  )
}

/** What a row looks at, in the order of the dimensions; a dimension it does not name matches anything. */
function whenOf(
  dimensions: readonly string[],
  when: Readonly<Record<string, string | null>>,
): readonly (string | null)[] {
  return dimensions.map((dimension) => (Object.hasOwn(when, dimension) ? (when[dimension] ?? null) : null))
}

function checkDimensions(dimensions: readonly string[], context: z.RefinementCtx): void {
  dimensions.forEach((dimension, index) => {
    if (dimensions.indexOf(dimension) === index) return
    context.addIssue({ code: 'custom', message: 'is named twice', path: ['dimensions', index] })
  })
}

function checkWhen(
  dimensions: readonly string[],
  when: Readonly<Record<string, string | null>>,
  path: readonly PropertyKey[],
  context: z.RefinementCtx,
): void {
  for (const name of Object.keys(when)) {
    if (dimensions.includes(name)) continue
    const message = `is no dimension of this matrix; known here: ${dimensions.join(', ')}`
    context.addIssue({ code: 'custom', message, path: [...path, name] })
  }
}
