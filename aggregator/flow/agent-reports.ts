import type { Clock, Timer } from '@meterline/shared/base/clock.ts'
import type { ReportMessage } from '@meterline/shared/wire/messages.ts'
import type { ReportRow } from '../store/completeness-table-reports.ts'

/** How long reports gather before they are written: a lost one comes again within a minute. */
const writeAfterMs = 5_000

/**
 * What the agents of a tenant said of themselves last. Kept in memory, written now and then in one go: one agent has one
 * report, so there are never more than registered agents.
 */
export class AgentReports {
  readonly #clock: Clock
  readonly #write: (rows: readonly ReportRow[]) => void
  readonly #latest: Map<string, ReportRow>
  readonly #unwritten = new Set<string>()
  #timer: Timer | null = null

  constructor(stored: readonly ReportRow[], clock: Clock, write: (rows: readonly ReportRow[]) => void) {
    this.#latest = new Map(stored.map((row) => [row.agent, row]))
    this.#clock = clock
    this.#write = write
  }

  /** The latest report of an agent; undefined when there was none. */
  of(agent: string): ReportRow | undefined {
    return this.#latest.get(agent)
  }

  take(agent: string, report: ReportMessage): void {
    const before = this.#latest.get(agent)
    const receivedMs = this.#clock.wallMs()
    // The agent counts from its start, so a lower count is all new.
    const refusedBefore = before?.report.refusedDeliveries ?? 0
    const isNew = report.refusedDeliveries > 0 && report.refusedDeliveries !== refusedBefore
    this.#latest.set(agent, { agent, receivedMs, refusedMs: isNew ? receivedMs : (before?.refusedMs ?? null), report })
    this.#unwritten.add(agent)
    this.#timer ??= this.#clock.after(writeAfterMs, () => this.write())
  }

  /** Writes what came since the last time. */
  write(): void {
    this.cancel()
    const rows = [...this.#unwritten].flatMap((agent) => this.#latest.get(agent) ?? [])
    this.#unwritten.clear()
    if (rows.length > 0) this.#write(rows)
  }

  /** Writes nothing more by itself. */
  cancel(): void {
    this.#timer?.cancel()
    this.#timer = null
  }
}
