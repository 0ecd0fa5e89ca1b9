import { assertThat } from '@meterline/shared/base/errors.ts'
import type { Database } from '@meterline/shared/sqlite/open.ts'
import type { ReportMessage } from '@meterline/shared/wire/messages.ts'

/** The latest report of an agent. */
export interface ReportRow {
  readonly agent: string
  /** When it came, epoch milliseconds of the aggregator's clock. */
  readonly receivedMs: number
  /** When a report last said that more deliveries had been refused; null when none did. */
  readonly refusedMs: number | null
  readonly report: ReportMessage
}

/** What agents said of themselves last, one row each. */
export class ReportTable {
  readonly #save
  readonly #list

  constructor(db: Database) {
    this.#save = db.prepare<[string, number, number | null, string]>(
      `INSERT INTO agent_report (agent, received_ms, refused_ms, report) VALUES (?, ?, ?, ?)
       ON CONFLICT (agent) DO UPDATE
       SET received_ms = excluded.received_ms, refused_ms = excluded.refused_ms, report = excluded.report`,
    )
    this.#list = db.prepare<[], { agent: string; receivedMs: number; refusedMs: number | null; report: string }>(
      'SELECT agent, received_ms AS receivedMs, refused_ms AS refusedMs, report FROM agent_report ORDER BY agent',
    )
  }

  save({ agent, receivedMs, refusedMs, report }: ReportRow): void {
    this.#save.run(agent, receivedMs, refusedMs, JSON.stringify(report))
  }

  list(): readonly ReportRow[] {
    return this.#list.all().map((row) => ({ ...row, report: reportOf(row.report) }))
  }
}

function reportOf(text: string): ReportMessage {
  const report: unknown = JSON.parse(text)
  assertThat(typeof report === 'object' && report !== null, 'a report in our own file can be read')
  return report as ReportMessage
}
