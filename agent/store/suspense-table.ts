import { hash } from 'node:crypto'
import type { Statement } from 'better-sqlite3'
import { FaultError } from '@meterline/shared/base/errors.ts'
import type { SyncState } from '@meterline/shared/base/clock.ts'
import type { Database } from '@meterline/shared/sqlite/open.ts'
import { damaged } from './journal-damage.ts'
import { fitsRowSum, rowSum } from './row-sums.ts'

/** What is put to suspense: something that came in and cannot be used as it is. */
export interface SuspenseInput {
  readonly code: string
  readonly message: string
  readonly device: string
  readonly kind: string
  /** The mapping rule that was to read it, the topic it came by, the key of the request it came in. */
  readonly rule: string | null
  readonly topic: string | null
  readonly idempotencyKey: string | null
  readonly eventId: string | null
  /**
   * Which records of a mapped payload this is about, or where in its payload a single event stood; null: everything
   * that `payload` holds.
   */
  readonly positions: readonly number[] | null
  /** The agent's clocks when it came: `atMs` is the wall clock. */
  readonly atMs: number
  readonly bootId: string
  readonly monotonicMs: number
  readonly syncState: SyncState
  /** Size of what came in. */
  readonly payloadBytes: number
  /** What came in, cut to what is kept. */
  readonly payload: Uint8Array
}

/** What a list shows of a row. */
export interface SuspenseHead {
  readonly id: number
  readonly code: string
  readonly message: string
  readonly device: string
  readonly kind: string
  readonly rule: string | null
  readonly topic: string | null
  readonly eventId: string | null
  readonly firstMs: number
  readonly lastMs: number
  readonly times: number
  /** Size of what came in, and how much of it is kept. */
  readonly payloadBytes: number
  readonly keptBytes: number
}

/** A row as it is stored. The clocks are null where an earlier version put it there, which did not note them. */
export interface SuspenseRow extends SuspenseHead {
  readonly identity: Uint8Array
  readonly idempotencyKey: string | null
  readonly positions: readonly number[] | null
  readonly bootId: string | null
  readonly monotonicMs: number | null
  readonly syncState: SyncState | null
  readonly payload: Uint8Array
}

/** Which rows are meant: all that match what is not null. */
export interface SuspenseFilter {
  readonly code: string | null
  readonly device: string | null
}

/** How many rows there are for one reason, and how often what they stand for was delivered. */
export interface SuspenseCount {
  readonly code: string
  readonly rows: number
  readonly times: number
}

interface StoredRow extends Omit<SuspenseRow, 'positions'> {
  readonly positions: string | null
}

const headColumns = `id, code, message, device, kind, rule, topic, event_id AS eventId, first_ms AS firstMs,
  last_ms AS lastMs, times, payload_bytes AS payloadBytes, length(payload) AS keptBytes`
const rowColumns = `${headColumns}, identity, idempotency_key AS idempotencyKey, positions, boot_id AS bootId,
  monotonic_ms AS monotonicMs, sync_state AS syncState, payload`
const matching = '(:code IS NULL OR code = :code) AND (:device IS NULL OR device = :device)'

/**
 * What cannot be used yet, with its reason. The same thing delivered again is counted on its row and takes no new one,
 * so an event has one place here however often its device repeats it. The caller owns the transaction and the caps.
 */
export class SuspenseTable {
  readonly #db: Database
  readonly #known: Statement<[Uint8Array], number>
  readonly #insert: Statement<
    [Omit<SuspenseInput, 'positions'> & { readonly identity: Uint8Array; readonly positions: string | null }]
  >
  readonly #again: Statement<[number, string, string, number]>
  readonly #reason: Statement<[string, string, string | null, number]>
  readonly #delete: Statement<[number]>
  readonly #row: Statement<[number], StoredRow>
  readonly #columns: Statement<[number], unknown[]>
  readonly #setSum: Statement<[number, number]>

  constructor(db: Database) {
    this.#db = db
    this.#known = db.prepare<[Uint8Array], number>('SELECT id FROM suspense WHERE identity = ?').pluck()
    this.#insert = db.prepare(
      `INSERT INTO suspense (identity, code, message, device, kind, rule, topic, idempotency_key, positions, event_id,
         first_ms, last_ms, boot_id, monotonic_ms, sync_state, times, payload_bytes, payload)
       VALUES (:identity, :code, :message, :device, :kind, :rule, :topic, :idempotencyKey, :positions, :eventId,
         :atMs, :atMs, :bootId, :monotonicMs, :syncState, 1, :payloadBytes, :payload)`,
    )
    this.#again = db.prepare('UPDATE suspense SET times = times + 1, last_ms = ?, code = ?, message = ? WHERE id = ?')
    this.#reason = db.prepare('UPDATE suspense SET code = ?, message = ?, event_id = ? WHERE id = ?')
    this.#delete = db.prepare('DELETE FROM suspense WHERE id = ?')
    this.#row = db.prepare(`SELECT ${rowColumns} FROM suspense WHERE id = ?`)
    this.#columns = db.prepare<[number], unknown[]>('SELECT * FROM suspense WHERE id = ?').raw()
    this.#setSum = db.prepare('UPDATE suspense SET sum = ? WHERE id = ?')
  }

  /** The row that already holds exactly this, or null. */
  find(identity: Uint8Array): number | null {
    return this.#known.get(identity) ?? null
  }

  /** Returns the number of the new row; numbers are never given twice. */
  insert(input: SuspenseInput, identity: Uint8Array): number {
    const positions = input.positions === null ? null : JSON.stringify(input.positions)
    const id = Number(this.#insert.run({ ...input, positions, identity }).lastInsertRowid)
    this.#sum(id)
    return id
  }

  /** The same was delivered again; the reason is the one it was refused for this time. */
  countAgain(id: number, atMs: number, code: string, message: string): void {
    this.#again.run(atMs, code, message, id)
    this.#sum(id)
  }

  changeReason(id: number, code: string, message: string, eventId: string | null): void {
    this.#reason.run(code, message, eventId, id)
    this.#sum(id)
  }

  delete(id: number): void {
    this.#delete.run(id)
  }

  /** Throws `journal_damaged` when it is not what was stored. */
  row(id: number): SuspenseRow | null {
    const stored = this.#row.get(id)
    if (stored === undefined) return null
    if (!fitsRowSum(this.#columns.get(id) ?? [])) {
      throw new FaultError(damaged(this.#db.name, `entry ${id} of the suspense was changed`))
    }
    return { ...stored, positions: stored.positions === null ? null : (JSON.parse(stored.positions) as number[]) }
  }

  /** Notes that the row is what it is now. */
  #sum(id: number): void {
    this.#setSum.run(rowSum((this.#columns.get(id) ?? []).slice(0, -1)), id)
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

  /** Rows by reason, of all devices or of one. */
  byCode(device: string | null = null): SuspenseCount[] {
    return this.#db
      .prepare<[{ device: string | null }], SuspenseCount>(
        `SELECT code, count(*) AS rows, sum(times) AS times FROM suspense
         WHERE :device IS NULL OR device = :device GROUP BY code ORDER BY code`,
      )
      .all({ device })
  }

  /** Rows by device and reason, those of most rows first. */
  byDevice(limit: number): (SuspenseCount & { readonly device: string })[] {
    return this.#db
      .prepare<[number], SuspenseCount & { readonly device: string }>(
        `SELECT device, code, count(*) AS rows, sum(times) AS times FROM suspense
         GROUP BY device, code ORDER BY rows DESC, device, code LIMIT ?`,
      )
      .all(limit)
  }

  /** Rows numbered above `after`, in ascending order, without their payloads. */
  list(query: SuspenseFilter & { readonly after: number; readonly limit: number }): SuspenseHead[] {
    return this.#db
      .prepare<[typeof query], SuspenseHead>(
        `SELECT ${headColumns} FROM suspense WHERE id > :after AND ${matching} ORDER BY id LIMIT :limit`,
      )
      .all(query)
  }

  /** The highest number of a row that matches; 0 when there is none. */
  lastNumber(filter: SuspenseFilter): number {
    const found = this.#db
      .prepare<[SuspenseFilter], { last: number | null }>(`SELECT max(id) AS last FROM suspense WHERE ${matching}`)
      .get(filter)
    return found?.last ?? 0
  }
}

/**
 * What makes two suspended things the same: who sent them, how, and the bytes kept. The reason is no part of it: it may
 * change with the rules while the thing stays what it is.
 */
export function suspenseIdentity(input: Omit<SuspenseInput, 'message'>): Uint8Array {
  const { device, kind, rule, topic, idempotencyKey, positions, payloadBytes, code, payload } = input
  const isConflict = code === conflictCode
  const parts = [device, kind, rule, topic, idempotencyKey, positions, payloadBytes, isConflict]
  const prefix = Buffer.from(`${JSON.stringify(parts)}\0`, 'utf8')
  return hash('sha256', Buffer.concat([prefix, payload]), 'buffer').subarray(0, 16)
}

/** The reason of an event whose id was used before with other content. Its payload is our own note of its content. */
export const conflictCode = 'event_conflict'
