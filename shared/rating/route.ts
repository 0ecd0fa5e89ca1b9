import { routeOfRow, type CompiledMatrix } from './matrix.ts'
import type { CompiledModel } from './model.ts'
import { modelOfRequest, type CompiledRequestThreshold } from './request-threshold.ts'
import { statedFact, type StatedUsage } from './stated-fact.ts'
import { routeOfWindow, windowAt, type CompiledTimeOfUse } from './time-of-use.ts'
import { windowShares } from './window-shares.ts'

/** What a price may look at to find its model. Units of batches and usage events both have these fields. */
export interface RoutedUsage extends StatedUsage {
  readonly timeMs: number
}

/** How a price finds the model of a record. Plain data. */
export type CompiledRouter = CompiledMatrix | CompiledTimeOfUse | CompiledRequestThreshold

/** A price made ready for charging: integers only, and plain data that can be handed to another thread. */
export interface CompiledPrice {
  /** What usage may cost by. A price that does not depend on the kind of usage has one. */
  readonly models: readonly CompiledModel[]
  /** How to find the model of a record; null when there is only one. */
  readonly router: CompiledRouter | null
  /** Whether one record may be divided among several models, as when it spans a switch of tariff. */
  readonly divides: boolean
}

/** No model fits: the price has no row for this usage. */
export const noModel = -1

/**
 * The index of the model that a record of this usage is charged by; `noModel` when the price has none for it. Of a price
 * that `divides`, the model at the time of the event; `partsOf` says all.
 */
export function routeOf(price: CompiledPrice, usage: RoutedUsage): number {
  if (price.router === null) return 0
  let route: number | CompiledRouter = price.router
  // A matrix leads to time windows, these lead to request bands, and these to models: at most three turns.
  while (typeof route !== 'number') {
    switch (route.router) {
      case 'matrix':
        route = routeOfRow(route, usage.labels) ?? noModel
        break
      case 'time-of-use':
        route = routeOfWindow(route, windowAt(route, usage.timeMs))
        break
      case 'request-threshold':
        route = modelOfRequest(route, usage)
        break
    }
  }
  return route
}

/** A part of a record that is charged by one model. */
export interface UsagePart {
  readonly model: number
  /** Base units. */
  readonly quantity: bigint
}

/**
 * The parts a record of a price that `divides` falls into, in the order in which their windows are entered; they add up to
 * the quantity, and no model occurs twice. Quantities follow time by cumulative floor: what the windows so far have of the
 * time, rounded down, less what the ones before got. Empty when the price has no model for the usage.
 */
export function partsOf(price: CompiledPrice, usage: RoutedUsage, quantity: bigint): readonly UsagePart[] {
  const spanned = price.divides ? spannedWindows(price, usage) : null
  if (spanned === null) {
    const model = routeOf(price, usage)
    return model === noModel ? [] : [{ model, quantity }]
  }
  const { router, fromMs, toMs } = spanned
  const shares = windowShares(router, fromMs, toMs)
  const wholeMs = BigInt(toMs - fromMs)
  const parts: UsagePart[] = []
  let passedMs = 0
  let given = 0n
  for (const { window, durationMs } of shares) {
    passedMs += durationMs
    const reached = (quantity * BigInt(passedMs)) / wholeMs
    const route = routeOfWindow(router, window)
    const model = typeof route === 'number' ? route : modelOfRequest(route, usage)
    // What comes to nothing is no part, unless all of it does: a record has at least one.
    if (reached > given || (quantity === 0n && parts.length === 0)) parts.push({ model, quantity: reached - given })
    given = reached
  }
  return parts
}

/** No span is longer; a longer one would leave the numbers that are counted exactly. */
const longestMs = 2 ** 50

/** The windows a record may fall into and its time; null when it lies at an instant. */
function spannedWindows(
  price: CompiledPrice,
  usage: RoutedUsage,
): { readonly router: CompiledTimeOfUse; readonly fromMs: number; readonly toMs: number } | null {
  const route = price.router?.router === 'matrix' ? routeOfRow(price.router, usage.labels) : price.router
  if (route === undefined || route === null || typeof route === 'number') return null
  if (route.router !== 'time-of-use' || route.duration === null) return null
  const { fact, unitMs } = route.duration
  const units = statedFact(usage, fact) ?? 0n
  const durationMs = units * BigInt(unitMs)
  if (durationMs <= 0n) return null
  const lengthMs = durationMs < BigInt(longestMs) ? Number(durationMs) : longestMs
  return { router: route, fromMs: usage.timeMs, toMs: usage.timeMs + lengthMs }
}
