import type { Clock, Timer } from '@meterline/shared/base/clock.ts'
import type { Log } from '@meterline/shared/base/log.ts'
import { reportedSuspended, type ReportMessage } from '@meterline/shared/wire/messages.ts'
import type { Ingest } from './ingest.ts'
import type { JournalClient } from './journal-client.ts'
import type { BatchSender } from './send-batches.ts'

/** Trouble is reported soon, but no sooner after the report before than this. */
const leastPauseMs = 5_000

/** What reports are made of. */
export interface ReporterParts {
  readonly journal: JournalClient
  readonly ingest: Ingest
  readonly sender: BatchSender
  readonly clock: Clock
  readonly log: Log
  /** Without any trouble a report is sent this often. */
  readonly everyMs: number
}

/**
 * Tells the aggregator how the agent stands: when a session begins, every now and then, and soon after something went to suspense
 * or was refused. A report says the whole state and replaces the one before, so none is kept or repeated.
 */
export class Reporter {
  readonly #parts: ReporterParts
  #countDevices: () => number = () => 0
  #timer: Timer | null = null
  #dueAtMs = Infinity
  #sentAtMs = -Infinity
  #gathering = false
  #ended = false

  constructor(parts: ReporterParts) {
    this.#parts = parts
    const { sender, ingest } = parts
    sender.onReportWanted(() => this.#plan(0))
    ingest.onReject(() => this.#changed())
  }

  /** Says how to count the devices that are connected. */
  countDevicesBy(count: () => number): void {
    this.#countDevices = count
  }

  /** Intake began to refuse deliveries, or takes them again. */
  intakeChanged(): void {
    this.#changed()
  }

  /** Reports nothing more. */
  stop(): void {
    this.#ended = true
    this.#timer?.cancel()
  }

  #changed(): void {
    if (!this.#parts.sender.takesReports) return
    this.#plan(Math.max(0, this.#sentAtMs + leastPauseMs - this.#parts.clock.monotonicMs()))
  }

  /** One timer runs, for the earliest report that is wanted. */
  #plan(delayMs: number): void {
    const dueAtMs = this.#parts.clock.monotonicMs() + delayMs
    if (this.#ended || dueAtMs >= this.#dueAtMs) return
    this.#timer?.cancel()
    this.#dueAtMs = dueAtMs
    this.#timer = this.#parts.clock.after(delayMs, () => {
      this.#timer = null
      this.#dueAtMs = Infinity
      this.#report()
    })
  }

  #report(): void {
    const { sender, clock, log, everyMs } = this.#parts
    // The next session asks for a report by itself.
    if (!sender.takesReports || this.#gathering) return
    this.#gathering = true
    this.#sentAtMs = clock.monotonicMs()
    this.#plan(everyMs)
    const sent = this.#gather().then((report) => {
      this.#gathering = false
      if (!this.#ended) sender.report(report)
    })
    sent.catch((error: unknown) => {
      this.#gathering = false
      // A journal that has gone answers nothing; whoever closed or lost it says so.
      log.debug('no report', { error: error instanceof Error ? error.message : String(error) })
    })
  }

  async #gather(): Promise<ReportMessage> {
    const { journal, ingest, clock } = this.#parts
    const status = await journal.questions.status()
    const counts = await journal.questions.suspenseCounts()
    const { batches, bytes, oldestSealedMs } = status.outbox
    const { deliveries, events, records, unbound, withoutId, duplicates, suspended } = status.counters
    return {
      kind: 'report',
      atMs: clock.wallMs(),
      clockSync: clock.syncState(),
      suspendedRows: status.suspense.rows,
      suspendedBytes: status.suspense.bytes,
      suspended: counts.byDevice.slice(0, reportedSuspended).map(({ code, device, rows, times }) => {
        return { code, device, rows, times }
      }),
      refusedDeliveries: ingest.refusedDeliveries,
      connectedDevices: this.#countDevices(),
      outbox: { batches, bytes, oldestSealedMs },
      counters: { deliveries, events, records, unbound, withoutId, duplicates, suspended },
    }
  }
}
