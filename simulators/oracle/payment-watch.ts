import type { BooksWatch } from './books-watch.ts'
import type { DocumentWatch } from './document-watch.ts'
import type { Findings } from './findings.ts'
import type { Owing } from './who-owes-whom.ts'

/**
 * Follows the money that came in: what buyers were asked for less what they paid is what they owe less their credit, and all
 * that was paid is there (I10). Knows what was paid from those who paid.
 */
export class PaymentWatch {
  readonly #findings: Findings
  readonly #paid: Owing[] = []
  /** Books that were put back may have forgotten payments, and nobody pays twice. */
  #isKnown = true

  constructor(findings: Findings) {
    this.#findings = findings
  }

  /** Somebody pays; the amount counts once, however often it is recorded. */
  paid(payment: Owing): void {
    this.#paid.push(payment)
  }

  booksForget(): void {
    this.#isKnown = false
  }

  /** Holds the books against what was paid, when nothing is under way. */
  check(currency: string, { billing, notes }: DocumentWatch, books: BooksWatch): void {
    if (!this.#isKnown) return
    const relations = billing.relations(notes.all)
    for (const seller of new Set(relations.map((each) => each.seller))) {
      // A reseller pays those above him out of what he got.
      const paid = this.#sum((each) => each.seller === seller) - this.#sum((each) => each.buyer === seller)
      const cash = books.netOf(seller, currency, 'cash')
      this.#demand(cash === paid, () => `${seller} was paid ${paid} micros and has ${cash}`)
    }
    for (const { seller, buyer, askedMicros } of relations) {
      const due = askedMicros - this.#sum((each) => each.seller === seller && each.buyer === buyer)
      const credit = books.netOf(seller, currency, `credit_balance:${buyer}`)
      const owed = books.netOf(seller, currency, `receivable:${buyer}`) + credit
      this.#demand(owed === due, () => `${buyer} owes ${seller} ${due} micros, the books say ${owed}`)
      this.#demand(credit <= 0n, () => `${buyer} has used ${credit} micros of credit that he did not have`)
    }
  }

  #sum(is: (payment: Owing) => boolean): bigint {
    return this.#paid.filter(is).reduce((sum, { amountMicros }) => sum + amountMicros, 0n)
  }

  #demand(holds: boolean, message: () => string): void {
    this.#findings.demand(holds, 'I10', message)
  }
}
