import { z } from 'zod'
import { amountSchema, baseUnitsSchema } from '../fields.ts'
import type { SteppedPrice } from '../stepped.ts'
import { priceForm, withoutMissing } from './price-form.ts'
import { amountOrNone, checkMinimum, commonFields, unitsOrNone } from './term-fields.ts'

const mostSteps = 64

const step = z
  .strictObject({
    from: unitsOrNone,
    amount: amountSchema,
    per: baseUnitsSchema.default(1n),
    increment: baseUnitsSchema.default(1n),
  })
  .transform((written) => ({ ...written, from: written.from ?? 0n }))

const steps = z
  .array(step)
  .min(1, 'is empty; write at least one step')
  .max(mostSteps, `has more than ${mostSteps} steps`)
  .superRefine((list, context) => {
    list.forEach(({ from }, index) => {
      const before = list[index - 1]
      if (before === undefined && from === 0n) return
      if (before !== undefined && from > before.from) return
      const message =
        before === undefined
          ? `is ${from}, but the first step begins at 0`
          : `is ${from}, not above the step before (${before.from}); write steps in increasing order`
      context.addIssue({ code: 'custom', message, path: [index, 'from'] })
    })
  })

/** How a stepped price is written; `per` and `increment` are 1 when they are left out, and the first step begins at 0. */
export const steppedForm = priceForm(
  {
    model: z.literal('stepped'),
    connect: amountOrNone,
    steps,
    incrementDigits: z.int().min(0).max(6).optional(),
    ...commonFields,
  },
  (written, context): SteppedPrice => {
    checkMinimum(written.minimum, written.maximum, context)
    return withoutMissing(written)
  },
)
