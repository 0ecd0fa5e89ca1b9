import type { MeantEvent } from './published.ts'
import { identityKey } from './published.ts'
import type { StoredUnit } from './stored-batch.ts'

/** An event that leaves its time to the agent gets the time of its receipt; the two are read from clocks a moment apart. */
const receiptToleranceMs = 5

/** Whether a unit has the time at which it was received, as one has whose event stated none. */
export function isTimedByReceipt(unit: StoredUnit): boolean {
  return Math.abs(unit.timeMs - unit.receivedWallMs) <= receiptToleranceMs
}

/** Whether a stored unit is what the event meant: identity, subject, labels, facts, quantities, and the time where one was stated. */
export function isMeant(unit: StoredUnit, event: MeantEvent): boolean {
  if (unit.source !== event.source || unit.eventId !== event.id || unit.subject !== event.subject) return false
  for (const [name, text] of Object.entries(event.labels)) if (unit.labels.get(name) !== text) return false
  for (const [name, count] of Object.entries(event.facts)) if (unit.facts.get(name) !== count) return false
  const timeFits = event.timeMs === null ? isTimedByReceipt(unit) : unit.timeMs === event.timeMs
  return timeFits && quantitiesKey(unit.records) === quantitiesKey(event.measured)
}

/** Quantities by meter as text, in any order alike. */
export function quantitiesKey(measured: MeantEvent['measured']): string {
  return measured
    .map(({ meter, quantity }) => `${meter}=${quantity}`)
    .toSorted()
    .join(' ')
}

/** Stored units by identity; those without an id by their source. */
export class UnitIndex {
  readonly #units = new Map<string, StoredUnit[]>()

  add(unit: StoredUnit): void {
    const key = identityKey(unit.source, unit.eventId ?? '')
    const known = this.#units.get(key)
    if (known === undefined) this.#units.set(key, [unit])
    else known.push(unit)
  }

  /** All units under the event's identity, whatever their content. */
  underIdentityOf(event: MeantEvent): readonly StoredUnit[] {
    return this.#units.get(identityKey(event.source, event.id ?? '')) ?? []
  }

  holds(event: MeantEvent): boolean {
    return this.underIdentityOf(event).some((unit) => isMeant(unit, event))
  }
}
