import type { Database } from '@meterline/shared/sqlite/open.ts'

/** A decision about money as it is found again; what it says stands in the log. */
export interface MoneyDecisionRow {
  readonly logIndex: number
  readonly name: string
  /** Unique in the tenant. */
  readonly key: string
  readonly seller: string
  readonly buyer: string
  readonly currency: string
  readonly decidedMs: number
}

const columns = 'log_index AS logIndex, name, key, seller, buyer, currency, decided_ms AS decidedMs'

/** Decisions about money: rows that only grow. */
export class DecisionTable {
  readonly #insert
  readonly #byKey
  readonly #ofParties
  readonly #ofLog

  constructor(db: Database) {
    this.#insert = db.prepare<[number, string, string, string, string, string, number]>(
      'INSERT INTO decision (log_index, name, key, seller, buyer, currency, decided_ms) VALUES (?, ?, ?, ?, ?, ?, ?)',
    )
    this.#byKey = db.prepare<[string], MoneyDecisionRow>(`SELECT ${columns} FROM decision WHERE key = ?`)
    this.#ofLog = db.prepare<[number], MoneyDecisionRow>(`SELECT ${columns} FROM decision WHERE log_index = ?`)
    this.#ofParties = db.prepare<[string, string, string, number], MoneyDecisionRow>(
      `SELECT ${columns} FROM decision WHERE seller = ? AND buyer = ? AND currency = ? ORDER BY log_index DESC LIMIT ?`,
    )
  }

  insert({ logIndex, name, key, seller, buyer, currency, decidedMs }: MoneyDecisionRow): void {
    this.#insert.run(logIndex, name, key, seller, buyer, currency, decidedMs)
  }

  find(key: string): MoneyDecisionRow | undefined {
    return this.#byKey.get(key)
  }

  at(logIndex: number): MoneyDecisionRow | undefined {
    return this.#ofLog.get(logIndex)
  }

  /** The newest decisions about one pair of parties in one currency, newest first. */
  ofParties(
    parties: Pick<MoneyDecisionRow, 'seller' | 'buyer' | 'currency'>,
    limit: number,
  ): readonly MoneyDecisionRow[] {
    return this.#ofParties.all(parties.seller, parties.buyer, parties.currency, limit)
  }
}
