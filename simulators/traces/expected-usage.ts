import type { TraceRow } from './trace-row.ts'

/** Identities remembered at most, about a gigabyte of them. */
const MOST_IDENTITIES = 8_000_000

/** What the invoices should say, counted from the trace itself: exact, in base units, as decimal texts. */
export interface ExpectedUsage {
  readonly events: number
  /** Rows that are not of the trace's form: they should lie in suspense. */
  readonly malformed: number
  readonly quantities: Readonly<Record<string, string>>
}

/** Counts what was published, each event once however often it is published. */
export class UsageCount {
  readonly #quantities = new Map<string, bigint>()
  readonly #identities = new Set<string>()
  #events = 0
  #malformed = 0

  /** Throws when there are more identities than can be told apart in memory. */
  add(row: TraceRow): void {
    if (row.usage === null) {
      this.#malformed += 1
      return
    }
    if (row.identity !== null) {
      if (this.#identities.has(row.identity)) return
      if (this.#identities.size >= MOST_IDENTITIES) {
        throw new Error(`more than ${MOST_IDENTITIES} different events: replay the file in parts with --from and --to`)
      }
      this.#identities.add(row.identity)
    }
    this.#events += 1
    for (const [meter, quantity] of Object.entries(row.usage)) {
      this.#quantities.set(meter, (this.#quantities.get(meter) ?? 0n) + quantity)
    }
  }

  expected(): ExpectedUsage {
    const quantities = Object.fromEntries([...this.#quantities].map(([meter, total]) => [meter, String(total)]))
    return { events: this.#events, malformed: this.#malformed, quantities }
  }
}
