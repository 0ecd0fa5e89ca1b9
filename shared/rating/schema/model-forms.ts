import { z } from 'zod'
import { amountSchema, baseUnitsSchema } from '../fields.ts'
import type { GraduatedPrice } from '../graduated.ts'
import type { PackagePrice } from '../package.ts'
import type { PerUnitPrice } from '../per-unit.ts'
import type { StairStepPrice } from '../stair-step.ts'
import type { VolumePrice } from '../volume.ts'
import { priceForm, withoutMissing } from './price-form.ts'
import {
  checkMinimum,
  commonFields,
  flatAtZeroField,
  tierEnd,
  tierSchema,
  tiersOf,
  unitsOrNone,
} from './term-fields.ts'

/** How a per-unit price is written; `per` is 1 when it is left out. */
export const perUnitForm = priceForm(
  { model: z.literal('per-unit'), amount: amountSchema, per: baseUnitsSchema.default(1n), ...commonFields },
  (written, context): PerUnitPrice => {
    checkMinimum(written.minimum, written.maximum, context)
    return withoutMissing(written)
  },
)

const tieredFields = {
  per: baseUnitsSchema.default(1n),
  tiers: tiersOf(tierSchema),
  flatAtZero: flatAtZeroField,
  ...commonFields,
}

/** How a graduated price is written; `per` is 1 when it is left out. */
export const graduatedForm = priceForm(
  { model: z.literal('graduated'), ...tieredFields },
  (written, context): GraduatedPrice => {
    checkMinimum(written.minimum, written.maximum, context)
    return withoutMissing({ ...written, flatAtZero: onlyWithFlat(written) })
  },
)

/** How a volume price is written; `per` is 1 when it is left out. */
export const volumeForm = priceForm(
  { model: z.literal('volume'), ...tieredFields },
  (written, context): VolumePrice => {
    checkMinimum(written.minimum, written.maximum, context)
    return withoutMissing({ ...written, flatAtZero: onlyWithFlat(written) })
  },
)

/** How a stair-step price is written. */
export const stairStepForm = priceForm(
  {
    model: z.literal('stair-step'),
    tiers: tiersOf(z.strictObject({ upTo: tierEnd, flat: amountSchema })),
    flatAtZero: flatAtZeroField,
    ...commonFields,
  },
  (written, context): StairStepPrice => {
    checkMinimum(written.minimum, written.maximum, context)
    return withoutMissing({ ...written, flatAtZero: onlyWithFlat(written) })
  },
)

/** How a package price is written; packages are counted over the period when `each` is left out. */
export const packageForm = priceForm(
  {
    model: z.literal('package'),
    size: baseUnitsSchema,
    amount: amountSchema,
    free: unitsOrNone,
    each: z.enum(['period', 'event']).default('period'),
    least: unitsOrNone,
    ...commonFields,
  },
  (written, context): PackagePrice => {
    checkMinimum(written.minimum, written.maximum, context)
    if (written.least !== undefined && written.each === 'period') {
      const message = 'is for packages of an event; write each: event beside it, or a minimum for the period'
      context.addIssue({ code: 'custom', message, path: ['least'] })
    }
    return withoutMissing(written)
  },
)

/** Where the first tier has no flat fee, nothing waits for the first unit, and both spellings hash alike. */
function onlyWithFlat(written: {
  readonly flatAtZero?: false | undefined
  readonly tiers: readonly { readonly flat?: string }[]
}): false | undefined {
  const flat = written.tiers[0]?.flat ?? '0'
  return flat === '0' ? undefined : written.flatAtZero
}
