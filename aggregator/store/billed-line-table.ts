import type { Database } from '@meterline/shared/sqlite/open.ts'
import type { RelationParts } from '../domain/billing/billed-relation.ts'
import type { BilledLine } from '../domain/billing/due-line.ts'

type Texts = 'quantity' | 'amountMicros' | 'chargesMicros' | 'invoicedMicros'

/** A line as the file has it: what may exceed 64 bits is text. */
export type StoredBilledLine = Omit<BilledLine, Texts | 'tax'> &
  Readonly<Record<Texts, string>> & { readonly taxRegion: string | null; readonly taxPercent: string | null }

/** An account with lines on documents of a seller to a buyer. */
export type BilledAccount = Pick<BilledLine, 'account' | 'seller' | 'buyer'>

const columns = `key, kind, period AS periodKey, seller, buyer, currency, account, description, tax_code AS taxCode, tax_region AS taxRegion,
  tax_percent AS taxPercent, unit,
  quantity, events, charge_blocks AS chargeBlocks, amount_micros AS amountMicros, charges_micros AS chargesMicros,
  invoiced_micros AS invoicedMicros, document`

/** What documents say of every line so far. */
export class BilledLineTable {
  readonly #save
  readonly #remove
  readonly #find
  readonly #ofRelation
  readonly #relations
  readonly #periods
  readonly #accounts

  constructor(db: Database) {
    this.#save = db.prepare<[StoredBilledLine]>(
      `INSERT INTO billed_line (key, kind, period, seller, buyer, currency, account, description, tax_code, tax_region, tax_percent,
         unit, quantity, events, charge_blocks, amount_micros, charges_micros, invoiced_micros, document)
       VALUES (@key, @kind, @periodKey, @seller, @buyer, @currency, @account, @description, @taxCode, @taxRegion, @taxPercent,
         @unit, @quantity, @events, @chargeBlocks, @amountMicros, @chargesMicros, @invoicedMicros, @document)
       ON CONFLICT (key) DO UPDATE SET kind = excluded.kind, period = excluded.period, seller = excluded.seller,
         buyer = excluded.buyer, currency = excluded.currency, account = excluded.account,
         description = excluded.description, tax_code = excluded.tax_code,
         tax_region = excluded.tax_region, tax_percent = excluded.tax_percent, unit = excluded.unit,
         quantity = excluded.quantity, events = excluded.events, charge_blocks = excluded.charge_blocks,
         amount_micros = excluded.amount_micros, charges_micros = excluded.charges_micros,
         invoiced_micros = excluded.invoiced_micros, document = excluded.document`,
    )
    this.#remove = db.prepare<[string]>('DELETE FROM billed_line WHERE key = ?')
    this.#find = db.prepare<[string], StoredBilledLine>(`SELECT ${columns} FROM billed_line WHERE key = ?`)
    this.#ofRelation = db.prepare<[string, string, string, string], StoredBilledLine>(
      `SELECT ${columns} FROM billed_line WHERE period = ? AND seller = ? AND buyer = ? AND currency = ? ORDER BY id`,
    )
    this.#relations = db.prepare<[string], RelationParts>(
      'SELECT DISTINCT seller, buyer, currency FROM billed_line WHERE period = ? ORDER BY seller, buyer, currency',
    )
    this.#periods = db.prepare<[], string>('SELECT DISTINCT period FROM billed_line ORDER BY period').pluck()
    this.#accounts = db.prepare<[string], BilledAccount>(
      'SELECT DISTINCT account, seller, buyer FROM billed_line WHERE period = ? ORDER BY account, seller, buyer',
    )
  }

  /** Puts lines in the place of what was known of their keys, inside the caller's transaction. */
  save(rows: readonly BilledLine[]): void {
    for (const row of rows) {
      const { tax, quantity, amountMicros, chargesMicros, invoicedMicros, ...others } = row
      this.#save.run({
        ...others,
        taxRegion: tax?.region ?? null,
        taxPercent: tax?.percent ?? null,
        quantity: quantity.toString(),
        amountMicros: amountMicros.toString(),
        chargesMicros: chargesMicros.toString(),
        invoicedMicros: invoicedMicros.toString(),
      })
    }
  }

  /** Forgets a key of which no document says anything any more, inside the caller's transaction. */
  remove(key: string): void {
    this.#remove.run(key)
  }

  find(key: string): BilledLine | null {
    const row = this.#find.get(key)
    return row === undefined ? null : billedLineOf(row)
  }

  /** The lines of a seller and a buyer in a currency that belong to a period, by key, in the order they were first billed. */
  of({ seller, buyer, currency }: RelationParts, periodKey: string): ReadonlyMap<string, BilledLine> {
    const rows = this.#ofRelation.all(periodKey, seller, buyer, currency)
    return new Map(rows.map((row) => [row.key, billedLineOf(row)]))
  }

  /** Who is billed something that belongs to a period. */
  relations(periodKey: string): readonly RelationParts[] {
    return this.#relations.all(periodKey)
  }

  /** Keys of the periods that something billed belongs to, in their order. */
  periodKeys(): readonly string[] {
    return this.#periods.all()
  }

  /** Whose sections something billed of a period stands in, and by whom to whom. */
  accountsIn(periodKey: string): readonly BilledAccount[] {
    return this.#accounts.all(periodKey)
  }
}

/** All lines, by key, for verification; read as they are asked for. */
export function* billedLineRows(db: Database): IterableIterator<BilledLine> {
  const rows = db.prepare<[], StoredBilledLine>(`SELECT ${columns} FROM billed_line ORDER BY key`)
  for (const row of rows.iterate()) yield billedLineOf(row)
}

function billedLineOf({ taxRegion, taxPercent, ...row }: StoredBilledLine): BilledLine {
  return {
    ...row,
    tax: taxRegion === null || taxPercent === null ? null : { region: taxRegion, percent: taxPercent },
    quantity: BigInt(row.quantity),
    amountMicros: BigInt(row.amountMicros),
    chargesMicros: BigInt(row.chargesMicros),
    invoicedMicros: BigInt(row.invoicedMicros),
  }
}
