import { seededRandom, type Random } from '@meterline/shared/base/random.ts'
import { draw } from './distribution.ts'
import type { FleetEvent } from './fleet-event.ts'
import type { FleetGroup } from './fleet-file.ts'

const minuteMs = 60_000
const minutesAnHour = 60
const minutesADay = 1440

/** A device of a fleet: who it is and whose. */
export interface FleetDevice {
  readonly id: string
  readonly subject: string
  readonly account: string
  /** Its number in the whole fleet, from 0. */
  readonly ordinal: number
  readonly group: FleetGroup
}

/** When a fleet lives, and what its ids begin with. */
export interface FleetSpan {
  readonly seed: string
  /** Tells the events of one seed from those of another. */
  readonly idTag: string
  readonly startMs: number
  readonly endMs: number
}

/**
 * What one device measures, minute by minute, out of a randomness of its own: it does the same whatever the other
 * devices of the file do. `random` serves for what then happens to its messages as well.
 */
export class DeviceLife {
  readonly device: FleetDevice
  readonly random: Random
  /** When it falls silent for good; null: it does not. */
  readonly silentFromMs: number | null
  readonly #span: FleetSpan
  readonly #totals = new Map<string, bigint>()
  #burst: number[] = []
  #sequence = 0
  #lastMs = 0
  resets = 0

  constructor(device: FleetDevice, span: FleetSpan) {
    this.device = device
    this.#span = span
    this.random = seededRandom(`${span.seed}\n${device.id}`)
    const falls = happens(this.random, device.group.failures.silent)
    const at = span.startMs + Math.floor(this.random.fraction() * (span.endMs - span.startMs))
    this.silentFromMs = falls ? at : null
  }

  /** What it measures in the minute from `fromMs`, in the order of time. */
  minute(fromMs: number): readonly FleetEvent[] {
    const times = this.#times(fromMs)
    const events: FleetEvent[] = []
    for (const timeMs of times) {
      if (timeMs >= this.#span.endMs || (this.silentFromMs !== null && timeMs >= this.silentFromMs)) break
      events.push(this.#event(timeMs))
    }
    return events
  }

  #times(fromMs: number): readonly number[] {
    const { random } = this
    const { group } = this.device
    const usual = (group.messagesPerHour * hourFactor(group, fromMs)) / minutesAnHour
    const count = Math.floor(usual) + (happens(random, usual - Math.floor(usual)) ? 1 : 0)
    const times: number[] = []
    for (let message = 0; message < count; message += 1) times.push(fromMs + random.below(minuteMs))
    const { bursts } = group
    if (bursts !== undefined && happens(random, bursts.perDay / minutesADay)) {
      for (let message = 0; message < bursts.messages; message += 1)
        this.#burst.push(fromMs + random.below(bursts.within))
    }
    const untilMs = fromMs + minuteMs
    times.push(...this.#burst.filter((timeMs) => timeMs < untilMs))
    this.#burst = this.#burst.filter((timeMs) => timeMs >= untilMs)
    return times.toSorted((one, other) => one - other)
  }

  #event(drawnMs: number): FleetEvent {
    const { device, random } = this
    const { group } = device
    // Never twice at the same time, so that the order of its readings is beyond doubt.
    const timeMs = Math.max(drawnMs, this.#lastMs + 1)
    this.#lastMs = timeMs
    if (happens(random, group.failures.reset)) {
      this.#totals.clear()
      this.resets += 1
    }
    const quantities = new Map<string, bigint>()
    for (const [meter, { distribution, kind }] of Object.entries(group.meters)) {
      const amount = draw(distribution, random)
      if (kind === 'counter') this.#totals.set(meter, (this.#totals.get(meter) ?? 0n) + amount)
      quantities.set(meter, this.#totals.get(meter) ?? amount)
    }
    const sequence = this.#sequence
    this.#sequence += 1
    return {
      id: `${device.id}-${this.#span.idTag}-${String(sequence).padStart(7, '0')}`,
      device: device.id,
      subject: device.subject,
      timeMs,
      sequence,
      reset: group.resetId ? `run-${this.resets}` : null,
      quantities,
      dimensions: group.dimensions,
      model: group.model,
    }
  }
}

/** Whether something of this probability happens this time; always takes one draw. */
export function happens(random: Random, probability: number): boolean {
  return random.fraction() < probability
}

/** How busy the hour of this time is, in UTC; 1: as the rate says. */
export function hourFactor(group: FleetGroup, timeMs: number): number {
  const hour = Math.floor(timeMs / (minuteMs * minutesAnHour)) % 24
  if (group.hours !== undefined) return group.hours[hour] ?? 1
  if (group.night === undefined) return 1
  const { from, to, factor } = group.night
  const isNight = from <= to ? hour >= from && hour < to : hour >= from || hour < to
  return isNight ? factor : 1
}
