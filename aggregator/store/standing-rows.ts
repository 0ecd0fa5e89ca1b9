import type { Database } from '@meterline/shared/sqlite/open.ts'
import type { PeriodRow } from './document-table.ts'

/** A catalogue as the service loads it when it starts. */
export interface StoredCatalogue {
  readonly logIndex: number
  readonly contentHash: Uint8Array
  readonly content: Uint8Array
}

/** Where an agent's chain is said to stand, and the last batch of it that there is; null for none. */
export interface StoredChain {
  readonly agent: string
  readonly epoch: number
  readonly receivedSeq: number
  readonly chainHash: Uint8Array
  readonly lastSeq: number | null
  readonly lastHash: Uint8Array | null
}

/** Reads, for verification, what the service goes on from after a restart. */
export class StandingRows {
  readonly #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  *catalogues(): IterableIterator<StoredCatalogue> {
    yield* this.#db
      .prepare<[], StoredCatalogue>(
        'SELECT log_index AS logIndex, content_hash AS contentHash, content FROM catalogue ORDER BY log_index',
      )
      .iterate()
  }

  chains(): readonly StoredChain[] {
    return this.#db
      .prepare<[], StoredChain>(
        `SELECT chain.agent AS agent, chain.epoch AS epoch, received_seq AS receivedSeq, chain_hash AS chainHash,
           last.seq AS lastSeq, last.batch_hash AS lastHash
         FROM chain LEFT JOIN batch AS last ON last.agent = chain.agent AND last.epoch = chain.epoch
           AND last.seq = (SELECT max(seq) FROM batch WHERE agent = chain.agent AND epoch = chain.epoch)
         ORDER BY chain.agent, chain.epoch`,
      )
      .all()
  }

  /** Agents and epochs with batches and without a chain. */
  chainless(): readonly { readonly agent: string; readonly epoch: number }[] {
    return this.#db
      .prepare<[], { agent: string; epoch: number }>(
        'SELECT DISTINCT agent, epoch FROM batch EXCEPT SELECT agent, epoch FROM chain',
      )
      .all()
  }

  /** Log indexes of bodies that belong to no batch. */
  strayBodies(): readonly number[] {
    return this.#db
      .prepare<[], number>('SELECT log_index FROM batch_body EXCEPT SELECT log_index FROM batch')
      .pluck()
      .all()
  }

  /** The catalogue that was in force after a log entry. */
  catalogueInForceAt(logIndex: number): StoredCatalogue | undefined {
    return this.#db
      .prepare<[number], StoredCatalogue>(
        `SELECT log_index AS logIndex, content_hash AS contentHash, content FROM catalogue
         WHERE log_index <= ? ORDER BY log_index DESC LIMIT 1`,
      )
      .get(logIndex)
  }

  /** Periods that are closed or being closed, each with the log index of the catalogue it is billed with. */
  barredPeriods(): readonly PeriodRow[] {
    return this.#db
      .prepare<[], PeriodRow>('SELECT key, state, catalogue_index AS catalogueIndex FROM period ORDER BY key')
      .all()
  }

  /** Periods with ordinary documents that nothing closes: those in the middle of a period do not end it. */
  openedPeriods(): readonly string[] {
    return this.#db
      .prepare<[], string>(
        "SELECT DISTINCT period FROM document WHERE purpose = 'period' EXCEPT SELECT key FROM period",
      )
      .pluck()
      .all()
  }
}
