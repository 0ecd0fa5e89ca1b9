import { z } from 'zod'
import { amountSchema, baseUnitsSchema } from '../fields.ts'
import type { GraduatedPercentagePrice } from '../graduated-percentage.ts'
import { priceForm, withoutMissing } from './price-form.ts'
import { amountOrNone, checkMinimum, commonFields, flatAtZeroField, tierEnd, tiersOf } from './term-fields.ts'

const tier = z.strictObject({ upTo: tierEnd, rate: amountSchema, flat: amountOrNone }).transform(withoutMissing)

/** How a graduated percentage is written; `per` is 1 when it is left out. */
export const graduatedPercentageForm = priceForm(
  {
    model: z.literal('graduated-percentage'),
    per: baseUnitsSchema.default(1n),
    tiers: tiersOf(tier),
    flatAtZero: flatAtZeroField,
    ...commonFields,
  },
  (written, context): GraduatedPercentagePrice => {
    checkMinimum(written.minimum, written.maximum, context)
    const flatAtZero = written.tiers[0]?.flat === undefined ? undefined : written.flatAtZero
    return withoutMissing({ ...written, flatAtZero })
  },
)
