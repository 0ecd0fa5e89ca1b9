import { compileMatrix, type MatrixPrice, type RowPrice } from './matrix.ts'
import type { PriceModel } from './model.ts'
import { requestBands, type CompiledRequestThreshold, type RequestThresholdPrice } from './request-threshold.ts'
import type { CompiledRouter } from './route.ts'
import { weekOf, type CompiledTimeOfUse, type TimeOfUsePrice, type WindowPrice } from './time-of-use.ts'

/** One turn on the way from a price to one of its models, for people to read. */
export type RouteStep =
  | {
      readonly step: 'row'
      readonly dimensions: readonly string[]
      /** A text for each dimension; null where any does. */
      readonly when: readonly (string | null)[]
    }
  | { readonly step: 'window'; readonly name: string; readonly zone: string }
  | {
      readonly step: 'band'
      readonly fact: string
      /** Events whose fact is above this; null: from nothing on. */
      readonly above: bigint | null
      /** Inclusive; null: without end. */
      readonly upTo: bigint | null
    }

/** A model of a price and where it stands in it. */
export interface PlacedModel {
  readonly terms: PriceModel
  /** From the outside in; empty for a price that is a model itself. */
  readonly where: readonly RouteStep[]
}

/** The models of a price in the order they are numbered in, and the way to them; null when there is only one. */
export interface PlacedPrice {
  readonly models: readonly PlacedModel[]
  readonly router: CompiledRouter | null
}

/** The models of a price with where they stand, in the same order as `compilePrice(price).models`. */
export function modelsOf(price: RowPrice | MatrixPrice): readonly PlacedModel[] {
  return placeModels(price).models
}

/** Numbers the models of a price: rows in their order, in each the windows, in each the bands. */
export function placeModels(price: RowPrice | MatrixPrice): PlacedPrice {
  const models: PlacedModel[] = []
  if (price.model === 'matrix') {
    const routes = price.rows.map(({ when, price: inside }) =>
      placeRow(inside, [{ step: 'row', dimensions: price.dimensions, when }], models),
    )
    return { models, router: compileMatrix(price, routes) }
  }
  const route = placeRow(price, [], models)
  return { models, router: typeof route === 'number' ? null : route }
}

type Route = number | CompiledRequestThreshold | CompiledTimeOfUse

function placeRow(price: RowPrice, where: readonly RouteStep[], models: PlacedModel[]): Route {
  return price.model === 'time-of-use' ? placeWindows(price, where, models) : placeWindow(price, where, models)
}

function placeWindows(price: TimeOfUsePrice, where: readonly RouteStep[], models: PlacedModel[]): CompiledTimeOfUse {
  const routes = [...price.windows, price.otherwise].map(({ name, price: inside }) =>
    placeWindow(inside, [...where, { step: 'window', name, zone: price.zone }], models),
  )
  return {
    router: 'time-of-use',
    offsets: price.offsets,
    week: weekOf(price),
    routes,
    duration: price.duration ?? null,
  }
}

function placeWindow(
  price: WindowPrice,
  where: readonly RouteStep[],
  models: PlacedModel[],
): number | CompiledRequestThreshold {
  if (price.model === 'request-threshold') return placeBands(price, where, models)
  models.push({ terms: price, where })
  return models.length - 1
}

function placeBands(
  price: RequestThresholdPrice,
  where: readonly RouteStep[],
  models: PlacedModel[],
): CompiledRequestThreshold {
  const firstModel = models.length
  for (const { above, upTo, price: terms } of requestBands(price)) {
    models.push({ terms, where: [...where, { step: 'band', fact: price.fact, above, upTo }] })
  }
  return { router: 'request-threshold', fact: price.fact, above: price.above.map(({ above }) => above), firstModel }
}
