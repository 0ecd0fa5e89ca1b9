import { assertThat } from '@meterline/shared/base/errors.ts'
import type { Price } from '@meterline/shared/rating/price.ts'
import { modelsOf } from '@meterline/shared/rating/placed-models.ts'
import { modelTerms } from './model-terms.ts'
import { placeWords } from './place-words.ts'

/** Prices of more models than this are summed up: nobody reads three thousand rows. */
const mostModelsInWords = 6

/**
 * What a whole price says, in words for people. A price that asks what kind of usage it is names each model with the usage
 * it is for, `up to 200,000 ai.total_input_tokens: 3.00 EUR per 1,000,000 token | …`, or how many there are.
 */
export function priceTerms(price: Price, currency: string, unit: string): string {
  switch (price.model) {
    case 'request-threshold':
    case 'time-of-use':
    case 'matrix':
      return routedTerms(price, currency, unit)
    default:
      return modelTerms(price, currency, unit)
  }
}

function routedTerms(
  price: Extract<Price, { readonly model: 'request-threshold' | 'time-of-use' | 'matrix' }>,
  currency: string,
  unit: string,
): string {
  const models = modelsOf(price)
  if (models.length <= mostModelsInWords) {
    return models.map((placed) => `${placeWords(placed)}: ${modelTerms(placed.terms, currency, unit)}`).join(' | ')
  }
  switch (price.model) {
    case 'request-threshold':
      return `${models.length} prices by ${price.fact}`
    case 'time-of-use':
      return `${models.length} prices by time of use, ${price.zone}`
    case 'matrix':
      return `${models.length} prices by ${price.dimensions.join(', ')}`
    default:
      assertThat(false, `a price of an unknown model: ${String(price satisfies never)}`)
  }
}
