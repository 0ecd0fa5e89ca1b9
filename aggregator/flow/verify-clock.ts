import type { DecisionLogEntry } from '@meterline/shared/model/log-entry.ts'
import { formatInstant } from '@meterline/shared/units/instant.ts'
import { clockDecisionOf } from '../domain/periods/clock-decision.ts'
import type { ClockMove } from '../store/test-clock-table.ts'
import type { BooksAudit } from './books-audit.ts'

/** Checks how the clock of a test tenant was moved: only of such a tenant, each time from where it stood, and as its rows say. */
export class ClockCheck {
  readonly #audit: Pick<BooksAudit, 'isTest' | 'report'>
  readonly #rows: readonly ClockMove[]
  #moves = 0
  #standsAtMs: number | null = null

  constructor(rows: readonly ClockMove[], audit: Pick<BooksAudit, 'isTest' | 'report'>) {
    this.#audit = audit
    this.#rows = rows
  }

  /** A move of the log. */
  take(logIndex: number, entry: DecisionLogEntry): void {
    const report = (text: string): void => this.#audit.report(`I15: decision ${logIndex} (${entry.name}) ${text}`)
    const decision = clockDecisionOf(entry)
    if (!decision.ok) return report(decision.fault.message)
    const { fromMs, toMs } = decision.value
    if (!this.#audit.isTest) report('moves the clock of a tenant that is no test')
    if (this.#standsAtMs !== null && this.#standsAtMs !== fromMs) {
      report(`moves the clock from ${formatInstant(fromMs)}, but it stood at ${formatInstant(this.#standsAtMs)}`)
    }
    this.#standsAtMs = toMs
    const row = this.#rows[this.#moves]
    this.#moves += 1
    if (row?.logIndex !== logIndex || row.fromMs !== fromMs || row.toMs !== toMs) {
      report('has no row that says the same')
    }
  }

  /** Called behind the last entry of the log. */
  finish(): void {
    if (this.#rows.length === this.#moves) return
    this.#audit.report(`I12: there are ${this.#rows.length} moves of the clock, the log has ${this.#moves}`)
  }
}
