import type { Findings } from './findings.ts'
import type { StoredUnit } from './stored-batch.ts'

/** One counter of one device, as one subscription is charged for it. */
interface Counter {
  readonly name: string
  /** Readings by time and value: the same reading twice is one. */
  readonly readings: Map<string, { readonly timeMs: number; readonly value: bigint }>
  charged: bigint
}

/**
 * Follows meters whose quantities are readings of a counter: what was charged for each is, at any time and in whatever
 * order its readings were rated, how far its charged readings moved on, taken in the order of their times. A reading below
 * the one before began again at zero. The first one only says where counting begins.
 */
export class CounterWatch {
  readonly #findings: Findings
  readonly #counters = new Map<string, Counter>()
  readonly #touched = new Set<Counter>()

  constructor(findings: Findings) {
    this.#findings = findings
  }

  charge(subscription: string, meter: string, unit: StoredUnit, reading: bigint, charged: bigint): void {
    const name = `${meter} of ${unit.subject} by ${unit.source} under ${subscription}`
    const counter = this.#counters.get(name) ?? { name, readings: new Map(), charged: 0n }
    this.#counters.set(name, counter)
    this.#touched.add(counter)
    counter.readings.set(`${unit.timeMs} ${reading}`, { timeMs: unit.timeMs, value: reading })
    counter.charged += charged
  }

  /** Holds every counter that was charged since the last time against its readings. */
  check(): void {
    for (const { name, readings, charged } of this.#touched) {
      const usage = usageOf([...readings.values()])
      this.#findings.demand(
        usage === charged,
        'I9',
        () => `${name}: ${readings.size} readings moved on by ${usage}, charged are ${charged}`,
      )
    }
    this.#touched.clear()
  }
}

function usageOf(readings: readonly { readonly timeMs: number; readonly value: bigint }[]): bigint {
  const sorted = readings.toSorted((a, b) => a.timeMs - b.timeMs || (a.value < b.value ? -1 : 1))
  return sorted.reduce((usage, { value }, place) => {
    const before = sorted[place - 1]?.value
    if (before === undefined) return usage
    return usage + (value < before ? value : value - before)
  }, 0n)
}
