import type { Database } from '@meterline/shared/sqlite/open.ts'

/** One move of the clock of a test tenant, from one instant to another (epoch milliseconds). */
export interface ClockMove {
  /** Log index of the entry that says so. */
  readonly logIndex: number
  readonly fromMs: number
  readonly toMs: number
}

const columns = 'log_index AS logIndex, from_ms AS fromMs, to_ms AS toMs'

/** How the clock of a test tenant was moved; empty for all others. */
export class TestClockTable {
  readonly #insert
  readonly #latest

  constructor(db: Database) {
    this.#insert = db.prepare<[number, number, number]>(
      'INSERT INTO test_clock (log_index, from_ms, to_ms) VALUES (?, ?, ?)',
    )
    this.#latest = db.prepare<[], ClockMove>(`SELECT ${columns} FROM test_clock ORDER BY log_index DESC LIMIT 1`)
  }

  insert({ logIndex, fromMs, toMs }: ClockMove): void {
    this.#insert.run(logIndex, fromMs, toMs)
  }

  latest(): ClockMove | undefined {
    return this.#latest.get()
  }
}

/** All moves in their order, for verification; read as they are asked for. */
export function clockMoves(db: Database): IterableIterator<ClockMove> {
  return db.prepare<[], ClockMove>(`SELECT ${columns} FROM test_clock ORDER BY log_index`).iterate()
}
