import { parsePeriodKey } from '@meterline/shared/units/period.ts'
import { catalogueFromBytes } from '../domain/catalogue/compile-catalogue.ts'
import type { Catalogue } from '../domain/catalogue/catalogue.ts'
import { feesDue, feeSegmentKey, hasFees } from '../domain/billing/fees-due.ts'
import type { DueFee } from '../domain/billing/fees-due.ts'
import { calendarMonths } from '../domain/periods/billing-cycle.ts'
import type { Invoice, InvoiceLine } from '../documents/invoice.ts'
import type { BooksReader } from '../store/books-reader.ts'
import type { PeriodRow } from '../store/document-table.ts'
import type { BooksAudit } from './books-audit.ts'
import { isAsLogged } from './verify-standing.ts'

/** A fee that has to stand on a document, and on whose. */
interface ExpectedFee {
  readonly due: DueFee
  readonly seller: string
  readonly buyer: string
}

/**
 * Holds the fees of periods that were barred before it was kept what documents say of each line against those that the
 * catalogue of the period asks for: each stands on one document of its seller to its buyer, as the catalogue says, and no
 * other does (I10). Documents since then are made of differences, and are looked at with everything else that is due.
 */
export class FeeCheck {
  readonly #audit: BooksAudit
  readonly #periods: readonly PeriodRow[]
  /** Fees that no document was found to bill yet, by period and segment key. */
  readonly #open = new Map<string, Map<string, ExpectedFee>>()

  constructor(reader: BooksReader, audit: BooksAudit) {
    this.#audit = audit
    const tables = reader.documents.billingTables()
    this.#periods = reader.standing.barredPeriods().filter(({ key }) => !tables.documents.keepsLines(key))
    let catalogueIndex = -1
    let catalogue: Catalogue | null = null
    for (const period of this.#periods) {
      // Neighbouring periods are mostly billed with the same catalogue.
      if (period.catalogueIndex !== catalogueIndex) {
        catalogueIndex = period.catalogueIndex
        catalogue = readCatalogue(reader, catalogueIndex)
        if (catalogue === null)
          audit.report(`I12: period ${period.key} was barred with a catalogue that is missing or damaged`)
      }
      if (catalogue !== null) this.#open.set(period.key, expectedFees(catalogue, period.key))
    }
  }

  /** A fee on a document that is made of differences. */
  see({ segment }: InvoiceLine): void {
    for (const open of this.#open.values()) open.delete(segment)
  }

  /** What is wrong with a fee on a document of before, for the end of a sentence; undefined: nothing. */
  fault(invoice: Invoice, line: InvoiceLine): string | undefined {
    const open = this.#open.get(invoice.period.key)
    const expected = open?.get(line.segment)
    if (open === undefined || expected === undefined) return 'is a fee that its subscription does not owe, or twice'
    open.delete(line.segment)
    const { due, seller, buyer } = expected
    if (invoice.seller.id !== seller || invoice.buyer.id !== buyer || invoice.currency !== due.fee.currency) {
      return `is a fee that ${buyer} owes ${seller} in ${due.fee.currency}`
    }
    if (line.fee?.due !== due.due || line.fee.period !== due.period.key) return 'is a fee that is due at another time'
    const says = `${line.amountMicros} micros for ${line.quantity}`
    const owes = `${due.amountMicros} micros for ${due.quantity}`
    return says === owes ? undefined : `is a fee of ${says}, the catalogue of its period asks for ${owes}`
  }

  /** Reports the fees of closed periods that no document bills; of a period that is being closed more may come. */
  finish(): void {
    for (const { key, state } of this.#periods) {
      if (state !== 'closed') continue
      for (const segment of this.#open.get(key)?.keys() ?? []) {
        this.#audit.report(`I10: the fee ${segment} stands on no document of period ${key}`)
      }
    }
  }
}

function readCatalogue(reader: BooksReader, logIndex: number): Catalogue | null {
  const row = reader.standing.catalogueInForceAt(logIndex)
  // What was damaged may refer to what is not there any more; `checkStanding` reports it.
  const catalogue = row === undefined || !isAsLogged(reader, row) ? null : catalogueFromBytes(row.content)
  return catalogue?.ok === true ? catalogue.value : null
}

/** The fees of a period by segment key; costs are left out, whose documents partners issue. */
function expectedFees(catalogue: Catalogue, periodKey: string): Map<string, ExpectedFee> {
  const expected = new Map<string, ExpectedFee>()
  const period = parsePeriodKey(periodKey)
  if (!period.ok || !hasFees(catalogue)) return expected
  for (const subscription of catalogue.subscriptions.values()) {
    if (subscription.kind === 'cost') continue
    for (const due of feesDue(subscription, period.value, calendarMonths)) {
      // What was due in advance for the own period was then billed only where the subscription began with it.
      const isOfBefore = due.due === 'in-advance' && due.period.key === periodKey
      if (isOfBefore && subscription.fromMs < period.value.startMs) continue
      const seller = subscription.seller.id
      const buyer = subscription.account.payer.id
      expected.set(feeSegmentKey(subscription.id, due), { due, seller, buyer })
    }
  }
  return expected
}
