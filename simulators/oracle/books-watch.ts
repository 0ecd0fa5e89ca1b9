import type { AggregatorFile, EntryRow } from './aggregator-file.ts'
import { asInteger, asList, asText } from './cbor-reader.ts'
import type { Item } from './cbor-reader.ts'
import type { Findings } from './findings.ts'
import type { DocumentTax } from './stored-document.ts'
import type { TenantPlan } from './tenant-plan.ts'
import type { Owing } from './who-owes-whom.ts'

/** The tax of a document. */
export interface TaxOwed extends DocumentTax {
  readonly seller: string
  readonly buyer: string
}

interface Sums {
  debit: bigint
  credit: bigint
}

/**
 * Follows the ledger (I1): every ledger transaction balances per legal entity and asset, balances are the sums of their
 * entries, the entries are those the log tells of, and what they say in total is what was charged.
 */
export class BooksWatch {
  readonly #findings: Findings
  readonly #accounts = new Map<string, Sums>()
  /** What people decided about money, by account: debits less credits. */
  readonly #decided = new Map<string, bigint>()
  #lastEntry = 0

  constructor(findings: Findings) {
    this.#findings = findings
  }

  /** Debits less credits of an account so far. */
  netOf(entity: string, asset: string, account: string): bigint {
    const sums = this.#accounts.get(accountKey(entity, asset, account))
    return sums === undefined ? 0n : sums.debit - sums.credit
  }

  /** Debits less credits that people's decisions posted on an account: payments, credit that is used, notes. */
  decidedOn(entity: string, asset: string, account: string): bigint {
    return this.#decided.get(accountKey(entity, asset, account)) ?? 0n
  }

  /** Whether anything was posted since the last time. */
  advance(file: AggregatorFile, decisions: ReadonlyMap<number, readonly Item[]>): boolean {
    const rows = file.entriesAfter(this.#lastEntry)
    const byLog = Map.groupBy(rows, ({ logIndex }) => logIndex)
    for (const [logIndex, entries] of byLog) this.#takeTransaction(logIndex, entries, decisions.get(logIndex))
    for (const [logIndex, decision] of decisions) {
      const told = entriesOf(decision)
      const missing = told.length > 0 && !byLog.has(logIndex)
      this.#findings.demand(
        !missing,
        'I1',
        () => `log entry ${logIndex} tells of ${told.length} ledger entries that are not in the ledger`,
      )
    }
    this.#lastEntry = rows.at(-1)?.id ?? this.#lastEntry
    if (rows.length > 0) this.#checkBalances(file)
    return rows.length > 0
  }

  /** Adds everything up anew from the stored rows, for what was changed behind our back. */
  recheck(file: AggregatorFile): void {
    this.#accounts.clear()
    const perBooks = new Map<string, bigint>()
    for (const row of file.entriesAfter(0)) {
      this.#add(row)
      const books = `${row.entity} ${row.asset}`
      perBooks.set(books, (perBooks.get(books) ?? 0n) + BigInt(row.debit) - BigInt(row.credit))
    }
    for (const [books, net] of perBooks) {
      this.#findings.demand(net === 0n, 'I1', () => `the books of ${books} are off by ${net} micros`)
    }
    this.#checkBalances(file)
  }

  /**
   * What was charged stands in the books of both sides: sales are owed by the buyer (unbilled, or receivable once
   * invoiced) and earned as revenue, less the tax that they include, which is owed to the state; buyers that keep books here
   * show the same as cost and debt.
   */
  checkAgainstCharges(
    plan: TenantPlan,
    charges: Iterable<Owing>,
    openings: Iterable<Owing>,
    taxes: readonly TaxOwed[],
  ): void {
    const expected = new Map<string, bigint>()
    const add = (entity: string, account: string, micros: bigint): void => {
      const key = accountKey(entity, plan.currency, account)
      expected.set(key, (expected.get(key) ?? 0n) + micros)
    }
    for (const { seller, buyer, amountMicros } of [...charges, ...openings]) {
      const partner = plan.partners.includes(seller)
      if (!partner) add(seller, 'revenue', -amountMicros)
      const keepsBooks =
        buyer === plan.operator || plan.accounts.some(({ id, kind }) => id === buyer && kind === 'reseller')
      if (partner || keepsBooks) add(buyer, 'cost_of_sales', amountMicros)
    }
    for (const { seller, buyer, taxMicros, inclusive } of taxes) {
      add(seller, 'tax_payable', -taxMicros)
      if (inclusive) add(seller, 'revenue', taxMicros)
      if (!plan.accounts.some(({ id, kind }) => id === buyer && kind === 'reseller')) continue
      add(buyer, 'input_tax', taxMicros)
      if (inclusive) add(buyer, 'cost_of_sales', -taxMicros)
    }
    for (const [key, micros] of expected) {
      const sums = this.#accounts.get(key)
      const net = sums === undefined ? 0n : sums.debit - sums.credit
      this.#findings.demand(net === micros, 'I9', () => `${key} stands at ${net} micros, the charges make ${micros}`)
    }
  }

  #takeTransaction(logIndex: number, rows: readonly EntryRow[], decision: readonly Item[] | undefined): void {
    const perBooks = new Map<string, bigint>()
    for (const row of rows) {
      const { entity, asset, account, debit, credit } = row
      this.#add(row)
      const oneSided = BigInt(debit) >= 0n && BigInt(credit) >= 0n && (debit === '0') !== (credit === '0')
      this.#findings.demand(
        oneSided,
        'I1',
        () => `ledger entry ${row.id} on ${entity} ${account} debits ${debit} and credits ${credit}`,
      )
      const books = `${entity} ${asset}`
      perBooks.set(books, (perBooks.get(books) ?? 0n) + BigInt(debit) - BigInt(credit))
    }
    for (const [books, net] of perBooks) {
      this.#findings.demand(
        net === 0n,
        'I1',
        () => `log entry ${logIndex}: the books of ${books} are off by ${net} micros`,
      )
    }
    if (decision?.[0] === 'decision')
      for (const { entity, asset, account, debit, credit } of rows) {
        const key = accountKey(entity, asset, account)
        this.#decided.set(key, (this.#decided.get(key) ?? 0n) + BigInt(debit) - BigInt(credit))
      }
    if (decision === undefined)
      return this.#findings.add('I1', `ledger entries of log index ${logIndex}, which tells of none`)
    const told = entriesOf(decision)
    const stored = rows.map(({ entity, asset, account, debit, credit }) =>
      [entity, asset, account, debit, credit].join(' '),
    )
    this.#findings.demand(
      told.join('\n') === stored.join('\n'),
      'I1',
      () => `log entry ${logIndex} tells of other ledger entries than are stored`,
    )
  }

  #checkBalances(file: AggregatorFile): void {
    const stored = new Map(
      file
        .balances()
        .map(({ entity, asset, account, debit, credit }) => [
          accountKey(entity, asset, account),
          { debit: BigInt(debit), credit: BigInt(credit) },
        ]),
    )
    for (const key of new Set([...stored.keys(), ...this.#accounts.keys()])) {
      const cached = stored.get(key) ?? { debit: 0n, credit: 0n }
      const summed = this.#accounts.get(key) ?? { debit: 0n, credit: 0n }
      const same = cached.debit === summed.debit && cached.credit === summed.credit
      this.#findings.demand(
        same,
        'I1',
        () =>
          `balance ${key} is kept as ${cached.debit}/${cached.credit}, its entries make ${summed.debit}/${summed.credit}`,
      )
    }
  }

  #add({ entity, asset, account, debit, credit }: EntryRow): void {
    const key = accountKey(entity, asset, account)
    const sums = this.#accounts.get(key) ?? { debit: 0n, credit: 0n }
    this.#accounts.set(key, sums)
    sums.debit += BigInt(debit)
    sums.credit += BigInt(credit)
  }
}

/** The ledger entries are the last item of every kind of decision: [entity, asset, account, debit, credit] each. */
function entriesOf(decision: readonly Item[]): readonly string[] {
  return asList(decision.at(-1), 'ledger entries').map((entry) => {
    const [entity, asset, account, debit, credit] = asList(entry, 'a ledger entry')
    return [
      asText(entity, 'entity'),
      asText(asset, 'asset'),
      asText(account, 'account'),
      asInteger(debit, 'debit'),
      asInteger(credit, 'credit'),
    ].join(' ')
  })
}

function accountKey(entity: string, asset: string, account: string): string {
  return `${entity} ${asset} ${account}`
}
