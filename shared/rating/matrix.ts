import type { CompiledRequestThreshold, RequestThresholdPrice } from './request-threshold.ts'
import type { PriceModel } from './model.ts'
import type { CompiledTimeOfUse, TimeOfUsePrice } from './time-of-use.ts'

/** What may stand in a row: any price but another matrix. */
export type RowPrice = PriceModel | RequestThresholdPrice | TimeOfUsePrice

/** One row: a text for each dimension that has to match, null where any does, also none. */
export interface MatrixRow {
  readonly when: readonly (string | null)[]
  readonly price: RowPrice
}

/**
 * The price depends on labels of the event. The row with the most texts that match counts; no two such rows may tie. The
 * order of the rows means nothing: a parsed price has them sorted (`sortedRows`).
 */
export interface MatrixPrice {
  readonly model: 'matrix'
  /** Names of labels, unique. */
  readonly dimensions: readonly string[]
  readonly rows: readonly MatrixRow[]
}

/** Rows that look at the same dimensions. */
export interface CompiledRowGroup {
  /** Places of the dimensions that have a text in these rows, increasing. */
  readonly places: readonly number[]
  /** What each row leads to, a model by its number or a router, by the texts of those dimensions (`rowKey`). */
  readonly routes: ReadonlyMap<string, number | CompiledRequestThreshold | CompiledTimeOfUse>
}

export interface CompiledMatrix {
  readonly router: 'matrix'
  readonly dimensions: readonly string[]
  /** Those that look at more dimensions come first. */
  readonly groups: readonly CompiledRowGroup[]
}

/** No text of a row holds it, so that texts joined by it are equal only when each of them is. */
const separator = '\u0000'

/** Rows in the one order they are kept and numbered in: by their texts in the order of the dimensions, any text last. */
export function sortedRows(rows: readonly MatrixRow[]): readonly MatrixRow[] {
  return rows.toSorted((left, right) => compareWhen(left.when, right.when))
}

function compareWhen(left: readonly (string | null)[], right: readonly (string | null)[]): number {
  for (let place = 0; place < left.length; place++) {
    const one = left[place] ?? null
    const other = right[place] ?? null
    if (one === other) continue
    if (one === null || other === null) return one === null ? 1 : -1
    return one < other ? -1 : 1
  }
  return 0
}

/** Groups rows by the dimensions they look at; `routes` are what they lead to, in the same order. */
export function compileMatrix(
  price: MatrixPrice,
  routes: readonly (number | CompiledRequestThreshold | CompiledTimeOfUse)[],
): CompiledMatrix {
  const groups = new Map<string, { places: readonly number[]; routes: Map<string, CompiledMatrixRoute> }>()
  price.rows.forEach(({ when }, index) => {
    const route = routes[index]
    const places = when.flatMap((text, place) => (text === null ? [] : [place]))
    const name = places.join()
    let group = groups.get(name)
    if (group === undefined) groups.set(name, (group = { places, routes: new Map() }))
    const key = when.filter((text) => text !== null).join(separator)
    // Of two equal rows, which no accepted price has, the first counts.
    if (route !== undefined && !group.routes.has(key)) group.routes.set(key, route)
  })
  const mostTextsFirst = [...groups.values()].sort((left, right) => right.places.length - left.places.length)
  return { router: 'matrix', dimensions: price.dimensions, groups: mostTextsFirst }
}

type CompiledMatrixRoute = number | CompiledRequestThreshold | CompiledTimeOfUse

/** What the most specific row leads to that matches the labels of an event; undefined when none does. */
export function routeOfRow(
  router: CompiledMatrix,
  labels: readonly (readonly [string, string])[],
): CompiledMatrixRoute | undefined {
  for (const { places, routes } of router.groups) {
    const key = keyOfLabels(router.dimensions, places, labels)
    const route = key === undefined ? undefined : routes.get(key)
    if (route !== undefined) return route
  }
  return undefined
}

/** The labels at some dimensions, joined; undefined when the event lacks one of them. */
function keyOfLabels(
  dimensions: readonly string[],
  places: readonly number[],
  labels: readonly (readonly [string, string])[],
): string | undefined {
  let key = ''
  for (let index = 0; index < places.length; index++) {
    const text = textOf(labels, dimensions[places[index] ?? 0] ?? '')
    if (text === undefined) return undefined
    key = index === 0 ? text : key + separator + text
  }
  return key
}

function textOf(labels: readonly (readonly [string, string])[], name: string): string | undefined {
  for (const label of labels) if (label[0] === name) return label[1]
  return undefined
}
