import { z } from 'zod'
import { amountSchema, baseUnitsSchema } from '../fields.ts'
import { mostFreeEvents, type PercentagePrice } from '../percentage.ts'
import { priceForm, withoutMissing } from './price-form.ts'
import { amountOrNone, checkMinimum, commonFields } from './term-fields.ts'

/** How a percentage price is written; `per` is 1 when it is left out. */
export const percentageForm = priceForm(
  {
    model: z.literal('percentage'),
    per: baseUnitsSchema.default(1n),
    rate: amountSchema,
    fixed: amountOrNone,
    freeEvents: z.int().min(0).max(mostFreeEvents).optional(),
    freeAmount: amountSchema.optional(),
    minimumEach: amountOrNone,
    maximumEach: amountSchema.optional(),
    ...commonFields,
  },
  (written, context): PercentagePrice => {
    checkMinimum(written.minimum, written.maximum, context)
    checkMinimum(written.minimumEach, written.maximumEach, context, 'minimumEach')
    return withoutMissing(written)
  },
)
