import type { Statement } from 'better-sqlite3'
import { openDatabase, type Database } from '@meterline/shared/sqlite/open.ts'

export interface LogRow {
  readonly logIndex: number
  readonly entry: Uint8Array
}

export interface BodyRow {
  readonly logIndex: number
  readonly body: Uint8Array
}

export interface BlockRow {
  readonly id: number
  readonly batchIndex: number
  readonly segment: string
  readonly block: Uint8Array
  /** Log index of the release that made it; null for the first rating of its batch. */
  readonly releaseIndex: number | null
}

export interface EntryRow {
  readonly id: number
  readonly logIndex: number
  readonly entity: string
  readonly asset: string
  readonly account: string
  readonly debit: string
  readonly credit: string
}

export interface BalanceRow {
  readonly entity: string
  readonly asset: string
  readonly account: string
  readonly debit: string
  readonly credit: string
}

export interface SegmentRow {
  readonly key: string
  readonly quantity: string
  readonly events: number
  readonly amount: string
}

export interface SuspendedRow {
  readonly batchIndex: number
  readonly unit: number
  readonly code: string
}

export interface DocumentRow {
  readonly number: string
  readonly entity: string
  readonly series: string
  readonly sequence: number
  readonly buyer: string
  readonly period: string
  readonly total: string
  /** `period`: the ordinary bill; `progressive`, `correction`, `note`. */
  readonly purpose: string
  readonly logIndex: number
  readonly bytes: Uint8Array
}

export interface CheckpointRow {
  readonly size: number
  readonly note: string
}

export interface ChainRow {
  readonly agent: string
  readonly epoch: number
  readonly receivedSeq: number
  readonly chainHash: Uint8Array
  readonly quarantined: string | null
}

/**
 * A tenant's file as it lies on the disk, read with statements of its own through a connection of its own, so that only
 * what is committed is seen. SQL stands here and in `agent-image.ts` alone.
 */
export class AggregatorFile {
  readonly #db: Database
  readonly #statements = new Map<string, Statement>()
  readonly #dataVersion: Statement<[], number>
  #version = -1

  constructor(file: string) {
    this.#db = openDatabase({ file, readOnly: true })
    this.#dataVersion = this.#db.prepare<[], number>('PRAGMA data_version').pluck()
  }

  /** Whether anything was committed since the last time this was asked. */
  changed(): boolean {
    const version = this.#dataVersion.get() ?? 0
    const changed = version !== this.#version
    this.#version = version
    return changed
  }

  logAfter(logIndex: number): readonly LogRow[] {
    return this.#all('SELECT log_index AS logIndex, entry FROM log WHERE log_index > ? ORDER BY log_index', logIndex)
  }

  bodiesAfter(logIndex: number): readonly BodyRow[] {
    return this.#all(
      'SELECT log_index AS logIndex, body FROM batch_body WHERE log_index > ? ORDER BY log_index',
      logIndex,
    )
  }

  blocksAfter(id: number): readonly BlockRow[] {
    return this.#all(
      `SELECT charge_block.id AS id, batch_index AS batchIndex, segment.key AS segment, block,
         release_index AS releaseIndex
       FROM charge_block JOIN segment ON segment.id = segment_id WHERE charge_block.id > ? ORDER BY charge_block.id`,
      id,
    )
  }

  entriesAfter(id: number): readonly EntryRow[] {
    return this.#all(
      `SELECT id, log_index AS logIndex, entity, asset, account, debit_micros AS debit, credit_micros AS credit
       FROM ledger_entry WHERE id > ? ORDER BY id`,
      id,
    )
  }

  suspendedFrom(batchIndex: number): readonly SuspendedRow[] {
    return this.#all(
      'SELECT batch_index AS batchIndex, unit, code FROM suspense WHERE batch_index > ? ORDER BY batch_index, unit',
      batchIndex,
    )
  }

  /** Units that were tried again and stay, with the reason of the last try. */
  reasonsOfNow(): readonly SuspendedRow[] {
    return this.#all(
      'SELECT batch_index AS batchIndex, unit, code FROM suspense_open WHERE tried_ms IS NOT NULL ORDER BY batch_index, unit',
    )
  }

  /** Everything that is in suspense now. */
  openSuspense(): readonly SuspendedRow[] {
    return this.#all('SELECT batch_index AS batchIndex, unit, code FROM suspense_open ORDER BY batch_index, unit')
  }

  documentsAfter(logIndex: number): readonly DocumentRow[] {
    return this.#all(
      `SELECT number, entity, series, sequence, buyer, period, total, purpose,
         log_index AS logIndex, bytes
       FROM document WHERE log_index > ? ORDER BY log_index`,
      logIndex,
    )
  }

  balances(): readonly BalanceRow[] {
    return this.#all('SELECT entity, asset, account, debit_micros AS debit, credit_micros AS credit FROM balance')
  }

  segments(): readonly SegmentRow[] {
    return this.#all('SELECT key, quantity, events, amount_micros AS amount FROM segment')
  }

  chains(): readonly ChainRow[] {
    return this.#all(
      'SELECT agent, epoch, received_seq AS receivedSeq, chain_hash AS chainHash, quarantined FROM chain',
    )
  }

  evidence(): readonly { readonly agent: string; readonly code: string; readonly message: string }[] {
    return this.#all('SELECT agent, code, message FROM evidence ORDER BY id')
  }

  /** Periods whose closing has begun: `closing`, or `closed` when it is over; and the catalogue they are billed with. */
  periods(): readonly { readonly key: string; readonly state: string; readonly catalogueIndex: number }[] {
    return this.#all('SELECT key, state, catalogue_index AS catalogueIndex FROM period ORDER BY key')
  }

  /** Signed checkpoints of more than `size` entries, by size. */
  checkpointsAfter(size: number): readonly CheckpointRow[] {
    return this.#all('SELECT size, note FROM checkpoint WHERE size > ? ORDER BY size', size)
  }

  /** Log index of the last batch that was rated; -1 before the first. */
  ratingCursor(): number {
    return this.#all<{ cursor: number }>('SELECT batch_index AS cursor FROM rating_cursor')[0]?.cursor ?? -1
  }

  close(): void {
    this.#db.close()
  }

  #all<Row>(sql: string, ...parameters: number[]): readonly Row[] {
    let statement = this.#statements.get(sql)
    if (statement === undefined) {
      statement = this.#db.prepare(sql)
      this.#statements.set(sql, statement)
    }
    // The columns are named after the members of each row type above.
    return statement.all(...parameters) as Row[]
  }
}
