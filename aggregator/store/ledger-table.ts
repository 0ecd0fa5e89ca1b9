import type { LedgerEntry } from '@meterline/shared/model/log-entry.ts'
import type { Database } from '@meterline/shared/sqlite/open.ts'

/** What was debited and credited on one account so far. */
export interface Balance {
  readonly debitMicros: bigint
  readonly creditMicros: bigint
}

/** A balance with the account it is of. */
export interface AccountBalance extends Balance {
  readonly entity: string
  readonly asset: string
  readonly account: string
}

interface BalanceRow {
  readonly debitMicros: string
  readonly creditMicros: string
}

/** More balances than this are read again from the file when they next change. */
const cachedBalances = 50_000

/** The double-entry ledger: entries that only grow, and balances that follow them in the same transaction. */
export class LedgerTable {
  readonly #insertEntry
  readonly #selectBalance
  readonly #saveBalance
  readonly #selectBalances
  readonly #cache = new Map<string, Balance>()

  constructor(db: Database) {
    this.#insertEntry = db.prepare<[number, string, string, string, string, string]>(
      `INSERT INTO ledger_entry (log_index, entity, asset, account, debit_micros, credit_micros)
       VALUES (?, ?, ?, ?, ?, ?)`,
    )
    this.#selectBalance = db.prepare<[string, string, string], BalanceRow>(
      `SELECT debit_micros AS debitMicros, credit_micros AS creditMicros
       FROM balance WHERE entity = ? AND asset = ? AND account = ?`,
    )
    this.#saveBalance = db.prepare<[string, string, string, string, string]>(
      `INSERT INTO balance (entity, asset, account, debit_micros, credit_micros) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (entity, asset, account) DO UPDATE
       SET debit_micros = excluded.debit_micros, credit_micros = excluded.credit_micros`,
    )
    this.#selectBalances = db.prepare<[], BalanceRow & Omit<AccountBalance, keyof Balance>>(
      `SELECT entity, asset, account, debit_micros AS debitMicros, credit_micros AS creditMicros
       FROM balance ORDER BY entity, asset, account`,
    )
  }

  /** Writes the entries of some log entries and moves the balances, inside the caller's transaction. */
  post(postings: readonly { readonly logIndex: number; readonly entries: readonly LedgerEntry[] }[]): void {
    const moved = new Map<string, AccountBalance>()
    for (const { logIndex, entries } of postings) {
      for (const entry of entries) {
        const { entity, asset, account, debitMicros, creditMicros } = entry
        this.#insertEntry.run(logIndex, entity, asset, account, debitMicros.toString(), creditMicros.toString())
        const key = balanceKey(entity, asset, account)
        const before = moved.get(key) ?? this.balance(entity, asset, account)
        moved.set(key, {
          entity,
          asset,
          account,
          debitMicros: before.debitMicros + debitMicros,
          creditMicros: before.creditMicros + creditMicros,
        })
      }
    }
    if (this.#cache.size + moved.size > cachedBalances) this.#cache.clear()
    for (const [key, { entity, asset, account, debitMicros, creditMicros }] of moved) {
      this.#saveBalance.run(entity, asset, account, debitMicros.toString(), creditMicros.toString())
      this.#cache.set(key, { debitMicros, creditMicros })
    }
  }

  balance(entity: string, asset: string, account: string): Balance {
    const key = balanceKey(entity, asset, account)
    const cached = this.#cache.get(key)
    if (cached !== undefined) return cached
    const row = this.#selectBalance.get(entity, asset, account)
    return { debitMicros: BigInt(row?.debitMicros ?? '0'), creditMicros: BigInt(row?.creditMicros ?? '0') }
  }

  /** Every balance, by entity, asset and account. */
  balances(): readonly AccountBalance[] {
    return this.#selectBalances
      .all()
      .map((row) => ({
        entity: row.entity,
        asset: row.asset,
        account: row.account,
        debitMicros: BigInt(row.debitMicros),
        creditMicros: BigInt(row.creditMicros),
      }))
  }
}

/** Entities, assets and accounts hold no line break. */
function balanceKey(entity: string, asset: string, account: string): string {
  return `${entity}\n${asset}\n${account}`
}
