import { failed, fault, ok, type Fault, type Result } from '../base/errors.ts'
import type { Price } from './price.ts'
import { graduatedPercentageForm } from './schema/graduated-percentage-form.ts'
import { graduatedForm, packageForm, perUnitForm, stairStepForm, volumeForm } from './schema/model-forms.ts'
import { percentageForm } from './schema/percentage-form.ts'
import { unionOfForms } from './schema/price-form.ts'
import { matrixForm, requestThresholdForm, timeOfUseForm } from './schema/router-forms.ts'
import { steppedForm } from './schema/stepped-form.ts'

// Kept apart from the arithmetic: whoever only charges, as the thread at the edge does, need not load the schema library.

/** How the models are written that do not ask what kind of usage it is. */
export const modelForms = [
  perUnitForm,
  graduatedForm,
  volumeForm,
  stairStepForm,
  packageForm,
  percentageForm,
  graduatedPercentageForm,
  steppedForm,
] as const

/** How every price is written. */
export const priceForms = [
  ...modelForms,
  requestThresholdForm,
  matrixForm(modelForms),
  timeOfUseForm(modelForms),
] as const

/** Reads a price from plain data, such as parsed JSON or YAML: amounts as decimal texts, base units as numbers or texts. */
export const priceSchema = unionOfForms<Price>(priceForms)

/** Reads a price from plain data; the fault names the first thing wrong and where it stands in the price. */
export function parsePrice(value: unknown): Result<Price, Fault<'price_invalid'>> {
  const parsed = priceSchema.safeParse(value)
  if (parsed.success) return ok(parsed.data)
  const issue = parsed.error.issues[0]
  const place = issue === undefined || issue.path.length === 0 ? 'the price' : issue.path.map(String).join('.')
  return failed(fault('price_invalid', `${place} ${issue?.message ?? 'is invalid'}`))
}
