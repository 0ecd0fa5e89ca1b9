import { crc32 } from 'node:zlib'
import type { Statement } from 'better-sqlite3'
import { FaultError } from '@meterline/shared/base/errors.ts'
import type { Database } from '@meterline/shared/sqlite/open.ts'
import { toHex } from '@meterline/shared/integrity/hash.ts'
import type { LogTrust } from '../domain/checkpoint-trust.ts'
import { damaged } from './journal-damage.ts'

/** Two heads of the log that cannot both be true, as they were signed. */
export interface LogEvidence {
  /** Wall clock when the second one came. */
  readonly atMs: number
  readonly code: string
  readonly message: string
  /** What had been verified; its note is null when it stands on a restore declaration. */
  readonly heldGeneration: number
  readonly heldSize: number | null
  readonly heldRoot: Uint8Array | null
  readonly heldNote: string | null
  /** What came then, and the proof that should have connected the two. */
  readonly offeredGeneration: number
  readonly offeredNote: string
  readonly fromSize: number
  /** The hashes of the proof, 32 bytes each, one after the other. */
  readonly consistency: Uint8Array
}

// The first contradictions tell the story; an aggregator that makes ever new ones must not fill the disk.
const mostEvidence = 16

/** The row about the log without its sum. */
export interface TrustRow {
  readonly generation: number
  readonly doubted: number
  readonly size: number | null
  readonly root: Uint8Array | null
  readonly note: string | null
}

/** What the agent knows of the aggregator's log, and what speaks against it. The caller owns the transaction. */
export class LogTrustTable {
  readonly #db: Database
  readonly #write: Statement<[TrustRow & { readonly sum: number }]>

  constructor(db: Database) {
    this.#db = db
    this.#write = db.prepare(
      `UPDATE log_head SET generation = :generation, doubted = :doubted, size = :size, root = :root, note = :note,
         sum = :sum WHERE id = 1`,
    )
  }

  /** Throws `journal_damaged` when the row is not what was written: a changed root would accuse an honest aggregator. */
  read(): LogTrust {
    const row = this.#db
      .prepare<[], TrustRow & { readonly sum: number | null }>(
        'SELECT generation, doubted, size, root, note, sum FROM log_head WHERE id = 1',
      )
      .get()
    if (row === undefined || !fitsTrustSum(row, row.sum)) {
      throw new FaultError(damaged(this.#db.name, "the row about the aggregator's log was changed"))
    }
    const { generation, doubted, size, root, note } = row
    const head = size === null || root === null ? null : { size, root: new Uint8Array(root), note }
    return { generation, doubted: doubted !== 0, head }
  }

  write({ generation, doubted, head }: LogTrust): void {
    const { size, root, note } = head ?? { size: null, root: null, note: null }
    const row = { generation, doubted: doubted ? 1 : 0, size, root, note }
    this.#write.run({ ...row, sum: trustSum(row) })
  }

  /** Keeps evidence, up to a cap; the same note is kept once. */
  keepEvidence(evidence: LogEvidence): void {
    this.#db
      .prepare<[LogEvidence & { readonly most: number }]>(
        `INSERT INTO log_evidence (at_ms, code, message, held_generation, held_size, held_root, held_note,
           offered_generation, offered_note, from_size, consistency)
         SELECT :atMs, :code, :message, :heldGeneration, :heldSize, :heldRoot, :heldNote,
           :offeredGeneration, :offeredNote, :fromSize, :consistency
         WHERE (SELECT count(*) FROM log_evidence) < :most
           AND NOT EXISTS (SELECT 1 FROM log_evidence WHERE offered_note = :offeredNote AND held_note IS :heldNote)`,
      )
      .run({ ...evidence, most: mostEvidence })
  }

  /** In the order in which it came. */
  evidence(): LogEvidence[] {
    return this.#db
      .prepare<[], LogEvidence>(
        `SELECT at_ms AS atMs, code, message, held_generation AS heldGeneration, held_size AS heldSize,
           held_root AS heldRoot, held_note AS heldNote, offered_generation AS offeredGeneration,
           offered_note AS offeredNote, from_size AS fromSize, consistency
         FROM log_evidence ORDER BY id`,
      )
      .all()
  }
}

/** Whether the row is as it was written. The one that a new journal begins with has no sum. */
export function fitsTrustSum(row: TrustRow, sum: number | null): boolean {
  return sum === null ? isFirst(row) : sum === trustSum(row)
}

/** CRC-32 over a row. */
function trustSum({ generation, doubted, size, root, note }: TrustRow): number {
  return crc32(JSON.stringify([generation, doubted, size, root === null ? null : toHex(root), note]))
}

function isFirst({ generation, doubted, size, root, note }: TrustRow): boolean {
  return generation === 1 && doubted === 0 && size === null && root === null && note === null
}
