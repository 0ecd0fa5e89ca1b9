import type { UsageEvent } from '@meterline/shared/model/usage-event.ts'
import { largestQuantity } from '@meterline/shared/units/quantity.ts'
import { boundMicros } from '@meterline/shared/rating/dispatch.ts'
import type { CompiledPrice } from '@meterline/shared/rating/price.ts'

/** A snapshot's bindings with their prices compiled: plain data, so that it can be handed to another thread. */
export interface PrerateTable {
  /** SHA-256 of the snapshot's bytes. */
  readonly snapshotHash: Uint8Array
  readonly version: number
  readonly prices: readonly CompiledPrice[]
  /** What one base unit of each meter that is pre-rated is called, by the meter's id. */
  readonly units: ReadonlyMap<string, string>
  readonly bindings: readonly {
    readonly subject: string
    readonly meter: string
    /** Index into `prices`. */
    readonly price: number
    readonly fromMs: number
    /** Exclusive; null: open. */
    readonly toMs: number | null
  }[]
}

interface BoundPrice {
  readonly price: CompiledPrice
  readonly fromMs: number
  readonly toMs: number
}

/** A prerate table made ready for lookups by subject and meter. */
export interface PrerateIndex {
  readonly snapshotHash: Uint8Array
  readonly version: number
  readonly units: ReadonlyMap<string, string>
  readonly bySubject: ReadonlyMap<string, ReadonlyMap<string, readonly BoundPrice[]>>
}

/** The label with the unit an event states its quantities in, when it does not leave that to the meter. */
const unitLabel = '@unit'

/** Builds the index of a table, once per snapshot. */
export function indexPrerates(table: PrerateTable): PrerateIndex {
  const bySubject = new Map<string, Map<string, BoundPrice[]>>()
  for (const { subject, meter, price, fromMs, toMs } of table.bindings) {
    const compiled = table.prices[price]
    if (compiled === undefined) continue
    const meters = bySubject.get(subject) ?? new Map<string, BoundPrice[]>()
    bySubject.set(subject, meters)
    const bound = { price: compiled, fromMs, toMs: toMs ?? Infinity }
    const others = meters.get(meter)
    if (others === undefined) meters.set(meter, [bound])
    else others.push(bound)
  }
  return { snapshotHash: table.snapshotHash, version: table.version, units: table.units, bySubject }
}

/**
 * Pre-rates one event: fills `out` with one entry per measured quantity, the most its charge can be in micros of the
 * price's currency, or null where the snapshot binds no price to the subject and meter at the event's time, or the event
 * states its quantities in another unit than the meter's. Such a quantity is journalled unbound and rated at the centre.
 * Returns whether every quantity was bound.
 */
export function prerate(index: PrerateIndex | null, event: UsageEvent, out: (bigint | null)[]): boolean {
  const { measured } = event
  out.length = 0
  const meters = index?.bySubject.get(event.subject)
  const stated = event.labels.length === 0 ? null : statedUnit(event.labels)
  let allBound = true
  for (let at = 0; at < measured.length; at++) {
    const record = measured[at]
    const isInItsUnit = stated === null || (record !== undefined && index?.units.get(record.meter) === stated)
    const bound =
      record === undefined || !isInItsUnit ? null : boundOf(meters?.get(record.meter), record.quantity, event.timeMs)
    if (bound === null) allBound = false
    out.push(bound)
  }
  return allBound
}

function statedUnit(labels: UsageEvent['labels']): string | null {
  for (let at = 0; at < labels.length; at++) {
    const label = labels[at]
    if (label !== undefined && label[0] === unitLabel) return label[1]
  }
  return null
}

function boundOf(prices: readonly BoundPrice[] | undefined, quantity: bigint, timeMs: number): bigint | null {
  if (prices === undefined) return null
  for (let at = 0; at < prices.length; at++) {
    const bound = prices[at]
    if (bound === undefined || timeMs < bound.fromMs || timeMs >= bound.toMs) continue
    const micros = boundMicros(bound.price, quantity)
    // A record holds amounts up to 2^63 − 1. What may cost more than that is left to the rating of record.
    return micros <= largestQuantity ? micros : null
  }
  return null
}
