import type { FleetEvent } from './fleet-event.ts'
import type { FleetMeter } from './fleet-meter.ts'
import { wholeUnits, type GaugeUnits } from './gauge-units.ts'

/**
 * What readings add to the usage of their meters, by the rules that docs/meters.md tells. It shares no code with the
 * product, and can be simple: it sees the readings of a device in their order.
 */
export class ExpectedMetering {
  /** The last reading of each run of a counter, by source, subject, meter and reset id. */
  readonly #counters = new Map<string, bigint>()
  /** The largest value so far, by subject, meter and month. */
  readonly #peaks = new Map<string, bigint>()
  /** What was read last and what that came to, by source, subject and meter. */
  readonly #gauges = new Map<string, { readonly atMs: number; readonly value: bigint; readonly integral: bigint }>()

  /** The usage that one amount or reading makes, in units of the meter. */
  increment(event: FleetEvent, name: string, meter: FleetMeter, value: bigint): bigint {
    switch (meter.kind) {
      case 'sum':
        return value
      case 'counter':
        return this.#counted(JSON.stringify([event.device, event.subject, name, event.reset]), meter, value)
      case 'maximum':
        return this.#risen(event, name, value)
      case 'distinct':
        return this.#risen(event, name, 1n)
      case 'gauge':
        return this.#integrated(event, name, meter.gauge, value)
    }
  }

  #counted(run: string, meter: FleetMeter, value: bigint): bigint {
    const before = this.#counters.get(run)
    this.#counters.set(run, value)
    if (before === undefined) return meter.firstReading === 'fromZero' ? value : 0n
    // A counter without a reset id that stands lower than before began again at zero.
    return value >= before ? value - before : value
  }

  #risen(event: FleetEvent, name: string, value: bigint): bigint {
    const month = new Date(event.timeMs).toISOString().slice(0, 7)
    const key = JSON.stringify([event.subject, name, month])
    const before = this.#peaks.get(key) ?? 0n
    if (before >= value) return 0n
    this.#peaks.set(key, value)
    return value - before
  }

  #integrated(event: FleetEvent, name: string, gauge: GaugeUnits | null, value: bigint): bigint {
    if (gauge === null) return 0n
    const key = JSON.stringify([event.device, event.subject, name])
    const before = this.#gauges.get(key)
    const heldMs = before === undefined ? 0 : Math.min(event.timeMs - before.atMs, gauge.longestGapMs)
    const integral = (before?.integral ?? 0n) + (before?.value ?? 0n) * BigInt(heldMs)
    this.#gauges.set(key, { atMs: event.timeMs, value, integral })
    return wholeUnits(integral, gauge) - wholeUnits(before?.integral ?? 0n, gauge)
  }
}
