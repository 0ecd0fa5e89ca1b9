import { ok, type Fault, type Result } from '@meterline/shared/base/errors.ts'
import type { JournalClient } from './journal-client.ts'
import type { ReplayedRow, SuspenseFilter } from './suspense-port.ts'

/** What is to be read again: the numbers, or everything that matches the filter. */
export interface ReplayOrder extends SuspenseFilter {
  readonly numbers: readonly number[] | null
  /** Only say what would become of it. */
  readonly dryRun: boolean
}

/** What a replay came to. */
export interface ReplayReport {
  readonly dryRun: boolean
  /** Entries looked at, and what became of them. */
  readonly entries: number
  readonly replayed: number
  readonly stay: number
  readonly unknown: number
  readonly events: number
  readonly duplicates: number
  /** Parts of what was replayed that went to suspense on their own. */
  readonly suspended: number
  /** Why entries stay, and how many for each reason. */
  readonly stayByCode: readonly { readonly code: string; readonly entries: number }[]
  /** The first entries, one by one. */
  readonly rows: readonly ReplayedRow[]
}

const shownRows = 100

/** Reads everything asked for again, page by page, with deliveries taken in between. `progress` hears after each page. */
export async function replayAll(
  journal: JournalClient,
  { numbers, code, device, dryRun }: ReplayOrder,
  progress: (message: string) => void,
): Promise<Result<ReplayReport, Fault>> {
  const tally = new ReplayTally(dryRun)
  const sorted = numbers === null ? null : [...new Set(numbers)].toSorted((left, right) => left - right)
  let after: number | null = 0
  let upTo: number | null = null
  while (after !== null) {
    const page: Awaited<ReturnType<JournalClient['replay']>> = await journal.replay(
      { after, upTo, numbers: sorted, code, device },
      dryRun,
    )
    if (!page.ok) return page
    for (const row of page.value.rows) tally.add(row)
    after = page.value.next
    upTo = page.value.upTo
    if (after !== null) progress(tally.progressText())
  }
  return ok(tally.report())
}

class ReplayTally {
  readonly #dryRun: boolean
  readonly #rows: ReplayedRow[] = []
  readonly #outcomes = { replayed: 0, stays: 0, unknown: 0 }
  readonly #stayByCode = new Map<string, number>()
  #entries = 0
  #events = 0
  #duplicates = 0
  #suspended = 0

  constructor(dryRun: boolean) {
    this.#dryRun = dryRun
  }

  add(row: ReplayedRow): void {
    this.#entries += 1
    this.#outcomes[row.outcome] += 1
    this.#events += row.events
    this.#duplicates += row.duplicates
    this.#suspended += row.suspended
    if (row.code !== null) this.#stayByCode.set(row.code, (this.#stayByCode.get(row.code) ?? 0) + 1)
    if (this.#rows.length < shownRows) this.#rows.push(row)
  }

  progressText(): string {
    return `${this.#entries} entries read again, ${this.#events} events out of them`
  }

  report(): ReplayReport {
    const { replayed, stays: stay, unknown } = this.#outcomes
    const stayByCode = [...this.#stayByCode]
      .map(([code, entries]) => ({ code, entries }))
      .toSorted((left, right) => (left.code < right.code ? -1 : 1))
    const sums = { events: this.#events, duplicates: this.#duplicates, suspended: this.#suspended }
    return {
      dryRun: this.#dryRun,
      entries: this.#entries,
      replayed,
      stay,
      unknown,
      ...sums,
      stayByCode,
      rows: this.#rows,
    }
  }
}
