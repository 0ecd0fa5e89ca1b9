import type { Database } from '@meterline/shared/sqlite/open.ts'

/** A unit of a batch, by the log index of the batch and its place in it. */
export interface UnitPlace {
  readonly logIndex: number
  readonly unit: number
}

/** A rating unit that could not be used, and why; its content stays in the batch it came in. */
export interface SuspenseRow extends UnitPlace {
  readonly code: string
  readonly message: string
  readonly source: string
  readonly eventId: string | null
  readonly subject: string
  readonly timeMs: number
}

/** Which suspended units are meant: all that match what is not null. */
export interface SuspenseFilter {
  readonly code: string | null
  readonly source: string | null
}

/** A reason of now for a unit that stays. */
export interface NewReason extends UnitPlace {
  readonly code: string
  readonly message: string
}

/** What became of a suspended unit. */
export interface DecisionRow extends UnitPlace {
  readonly kind: 'release' | 'discard'
  /** Log index of the entry that says so. */
  readonly decidedIndex: number
  readonly decidedMs: number
  readonly decidedBy: string
  /** Why it was discarded; null for a release. */
  readonly reason: string | null
}

/** How many units are in suspense for one reason. */
export interface SuspenseCount {
  readonly code: string
  readonly units: number
}

interface PageQuery extends SuspenseFilter {
  readonly logIndex: number
  readonly unit: number
  readonly limit: number
}

/** Units in suspense, what became of others that were, by the log index of their batch and their place in it. */
export class SuspenseTable {
  readonly #insert
  readonly #open
  readonly #close
  readonly #list
  readonly #row
  readonly #find
  readonly #counts
  readonly #last
  readonly #reason
  readonly #decide
  readonly #decision

  constructor(db: Database) {
    const columns = `suspense.batch_index AS logIndex, suspense.unit AS unit, suspense_open.code AS code,
      suspense_open.message AS message, source, event_id AS eventId, subject, time_ms AS timeMs`
    const joined = 'suspense_open JOIN suspense USING (batch_index, unit)'
    this.#insert = db.prepare<[number, number, string, string, string, string | null, string, number]>(
      `INSERT INTO suspense (batch_index, unit, code, message, source, event_id, subject, time_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    this.#open = db.prepare<[number, number, string, string]>(
      'INSERT INTO suspense_open (batch_index, unit, code, message) VALUES (?, ?, ?, ?)',
    )
    this.#close = db.prepare<[number, number]>('DELETE FROM suspense_open WHERE batch_index = ? AND unit = ?')
    this.#list = db.prepare<[PageQuery], SuspenseRow>(
      `SELECT ${columns} FROM ${joined}
       WHERE (suspense_open.batch_index, suspense_open.unit) > (:logIndex, :unit)
         AND (:code IS NULL OR suspense_open.code = :code) AND (:source IS NULL OR source = :source)
       ORDER BY suspense_open.batch_index, suspense_open.unit LIMIT :limit`,
    )
    this.#row = db.prepare<[number, number], SuspenseRow>(
      `SELECT ${columns} FROM ${joined} WHERE suspense_open.batch_index = ? AND suspense_open.unit = ?`,
    )
    this.#find = db.prepare<[number, number], { code: string; message: string }>(
      'SELECT code, message FROM suspense_open WHERE batch_index = ? AND unit = ?',
    )
    this.#counts = db.prepare<[], SuspenseCount>(
      'SELECT code, count(*) AS units FROM suspense_open GROUP BY code ORDER BY code',
    )
    this.#last = db.prepare<[], UnitPlace>(
      'SELECT batch_index AS logIndex, unit FROM suspense_open ORDER BY batch_index DESC, unit DESC LIMIT 1',
    )
    this.#reason = db.prepare<[string, string, number, number, number]>(
      'UPDATE suspense_open SET code = ?, message = ?, tried_ms = ? WHERE batch_index = ? AND unit = ?',
    )
    this.#decide = db.prepare<[number, number, string, number, number, string, string | null]>(
      `INSERT INTO suspense_decision (batch_index, unit, kind, log_index, decided_ms, decided_by, reason)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
    )
    this.#decision = db.prepare<[number, number], DecisionRow>(
      `SELECT batch_index AS logIndex, unit, kind, log_index AS decidedIndex, decided_ms AS decidedMs,
         decided_by AS decidedBy, reason
       FROM suspense_decision WHERE batch_index = ? AND unit = ?`,
    )
  }

  insert(row: SuspenseRow): void {
    const { logIndex, unit, code, message, source, eventId, subject, timeMs } = row
    this.#insert.run(logIndex, unit, code, message, source, eventId, subject, timeMs)
    this.#open.run(logIndex, unit, code, message)
  }

  /** At most `limit` units after the given place that are in suspense now, in order. */
  list(after: UnitPlace, limit: number, filter: SuspenseFilter = { code: null, source: null }): readonly SuspenseRow[] {
    return this.#list.all({ ...after, limit, ...filter })
  }

  /** A unit that is in suspense now; undefined when it is not. */
  row({ logIndex, unit }: UnitPlace): SuspenseRow | undefined {
    return this.#row.get(logIndex, unit)
  }

  /** Why a unit is in suspense now; undefined when it is not. */
  find(logIndex: number, unit: number): { readonly code: string; readonly message: string } | undefined {
    return this.#find.get(logIndex, unit)
  }

  /** What became of a unit that was in suspense; undefined when nothing was decided. */
  decision({ logIndex, unit }: UnitPlace): DecisionRow | undefined {
    return this.#decision.get(logIndex, unit)
  }

  counts(): readonly SuspenseCount[] {
    return this.#counts.all()
  }

  /** The last place of all that are in suspense now; undefined when nothing is. */
  last(): UnitPlace | undefined {
    return this.#last.get()
  }

  /** Notes for what reason a unit stays, inside the caller's transaction. */
  changeReason({ logIndex, unit, code, message }: NewReason, triedMs: number): void {
    this.#reason.run(code, message, triedMs, logIndex, unit)
  }

  /** Takes a unit out of suspense, inside the caller's transaction. A second decision about it is refused by the file. */
  decide({ logIndex, unit, kind, decidedIndex, decidedMs, decidedBy, reason }: DecisionRow): void {
    this.#decide.run(logIndex, unit, kind, decidedIndex, decidedMs, decidedBy, reason)
    this.#close.run(logIndex, unit)
  }
}
