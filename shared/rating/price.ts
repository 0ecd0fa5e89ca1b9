import { compileModel, type CompiledModel, type PriceModel } from './model.ts'
import type { MatrixPrice, RowPrice } from './matrix.ts'
import { placeModels, type PlacedModel } from './placed-models.ts'
import { priceJson, type PriceJson } from './price-json.ts'
import type { CompiledPrice } from './route.ts'
import { assertThat } from '../base/errors.ts'

export type { CompiledPrice }
export { priceJson, type PriceJson }

/** How a quantity becomes an amount of money. Only what changes the amount is in it, so its hash identifies the price. */
export type Price = RowPrice | MatrixPrice

/** The models a price may name, in the order they are explained to people. */
export const priceModels = [
  'per-unit',
  'graduated',
  'volume',
  'stair-step',
  'package',
  'percentage',
  'graduated-percentage',
  'stepped',
  'request-threshold',
  'matrix',
  'time-of-use',
] as const

/** Turns a parsed price into integers, once for all its charges. */
export function compilePrice(price: Price): CompiledPrice {
  const { models, router } = placeModels(price)
  return { models: compileModels(models), router, divides: router !== null && dividesRecords(price) }
}

/** Equal models of a price are one object: a list of thousands of models of AI has few different prices. */
function compileModels(placed: readonly PlacedModel[]): readonly CompiledModel[] {
  if (placed.length === 1) return placed.map(({ terms }) => compileModel(terms))
  const compiled = new Map<string, CompiledModel>()
  return placed.map(({ terms }) => {
    const text = textOf(terms)
    let model = compiled.get(text)
    if (model === undefined) compiled.set(text, (model = compileModel(terms)))
    return model
  })
}

function textOf(terms: PriceModel): string {
  return JSON.stringify(terms, (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value))
}

/** Whether the time a record took can lie in several windows of the price. */
function dividesRecords(price: Price): boolean {
  if (price.model === 'matrix') return price.rows.some((row) => dividesRecords(row.price))
  return price.model === 'time-of-use' && price.duration !== undefined
}

/** The model of a price that has only one. */
export function soleModel(price: CompiledPrice): CompiledModel {
  const [model] = price.models
  assertThat(model !== undefined && price.router === null, 'a price that is not routed has one model')
  return model
}
