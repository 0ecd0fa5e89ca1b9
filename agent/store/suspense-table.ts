import { hash } from 'node:crypto'
import type { Statement } from 'better-sqlite3'
import type { Database } from '@meterline/shared/sqlite/open.ts'

/** What is put to suspense: something that came in and cannot be used as it is. */
export interface SuspenseInput {
  readonly code: string
  readonly message: string
  readonly device: string
  readonly kind: string
  readonly eventId: string | null
  readonly atMs: number
  /** Size of what came in. */
  readonly payloadBytes: number
  /** What came in, cut to what is kept. */
  readonly payload: Uint8Array
}

/** A row as it is stored. */
export interface SuspenseRow {
  readonly id: number
  readonly code: string
  readonly message: string
  readonly device: string
  readonly kind: string
  readonly eventId: string | null
  readonly firstMs: number
  readonly lastMs: number
  readonly times: number
  readonly payloadBytes: number
  readonly payload: Uint8Array
}

/**
 * What cannot be used yet, with its reason. The same thing delivered again is counted on its row and takes no new one,
 * so an event has one place here however often its device repeats it. The caller owns the transaction and the caps.
 */
export class SuspenseTable {
  readonly #db: Database
  readonly #known: Statement<[Uint8Array], number>
  readonly #insert: Statement<[SuspenseInput & { readonly identity: Uint8Array }]>
  readonly #again: Statement<[number, number]>

  constructor(db: Database) {
    this.#db = db
    this.#known = db.prepare<[Uint8Array], number>('SELECT id FROM suspense WHERE identity = ?').pluck()
    this.#insert = db.prepare(
      `INSERT INTO suspense (identity, code, message, device, kind, event_id, first_ms, last_ms, times, payload_bytes, payload)
       VALUES (:identity, :code, :message, :device, :kind, :eventId, :atMs, :atMs, 1, :payloadBytes, :payload)`,
    )
    this.#again = db.prepare('UPDATE suspense SET times = times + 1, last_ms = ? WHERE id = ?')
  }

  /** The row that already holds exactly this, or null. */
  find(input: SuspenseInput): number | null {
    return this.#known.get(identityOf(input)) ?? null
  }

  insert(input: SuspenseInput): void {
    this.#insert.run({ ...input, identity: identityOf(input) })
  }

  countAgain(id: number, atMs: number): void {
    this.#again.run(atMs, id)
  }

  /** What is held: rows and payload bytes, and rows by device. */
  usage(): { rows: number; bytes: number; readonly rowsByDevice: Map<string, number> } {
    const rows = this.#db
      .prepare<[], { device: string; rows: number; bytes: number }>(
        'SELECT device, count(*) AS rows, sum(length(payload)) AS bytes FROM suspense GROUP BY device',
      )
      .all()
    return {
      rows: rows.reduce((sum, row) => sum + row.rows, 0),
      bytes: rows.reduce((sum, row) => sum + row.bytes, 0),
      rowsByDevice: new Map(rows.map((row) => [row.device, row.rows])),
    }
  }

  byCode(): { readonly code: string; readonly rows: number; readonly times: number }[] {
    return this.#db
      .prepare<[], { code: string; rows: number; times: number }>(
        'SELECT code, count(*) AS rows, sum(times) AS times FROM suspense GROUP BY code ORDER BY code',
      )
      .all()
  }

  /** Rows numbered above `after`, in ascending order. */
  list(query: { after: number; limit: number; code: string | null; device: string | null }): SuspenseRow[] {
    return this.#db
      .prepare<[typeof query], SuspenseRow>(
        `SELECT id, code, message, device, kind, event_id AS eventId, first_ms AS firstMs, last_ms AS lastMs, times,
           payload_bytes AS payloadBytes, payload
         FROM suspense
         WHERE id > :after AND (:code IS NULL OR code = :code) AND (:device IS NULL OR device = :device)
         ORDER BY id LIMIT :limit`,
      )
      .all(query)
  }
}

/** What makes two suspended things the same: who sent them, why they are here, which event, and the bytes kept. */
function identityOf(input: SuspenseInput): Uint8Array {
  const parts = [input.device, input.kind, input.code, input.eventId ?? '', String(input.payloadBytes)]
  const prefix = Buffer.from(`${JSON.stringify(parts)}\0`, 'utf8')
  return hash('sha256', Buffer.concat([prefix, input.payload]), 'buffer').subarray(0, 16)
}
