import { feesDue, feeSegmentKey, type DueFee } from '../domain/billing/fees-due.ts'
import type { Catalogue } from '../domain/catalogue/catalogue.ts'
import { periodOfKey } from '../domain/periods/billing-cycle.ts'
import type { Invoice, InvoiceLine } from '../documents/invoice.ts'

/** What a fee on a document is held against: what documents say of it with this one. */
export interface SaidFee {
  readonly amountMicros: bigint
  readonly quantity: bigint
}

/**
 * What is wrong with a fee on a document that corrects nothing, for the end of a sentence; undefined: nothing. By the
 * catalogue that the document was made with, its subscription owes it on the bill of the document's period, in all what
 * documents say of it, and to the document's seller (I10).
 */
export function dueFeeFault(
  catalogue: Catalogue,
  invoice: Invoice,
  line: InvoiceLine,
  said: SaidFee,
): string | undefined {
  const due = dueFee(catalogue, invoice, line)
  if (due === null) return 'is a fee that its subscription does not owe'
  const { fee, amountMicros, quantity, period } = due
  if (fee.currency !== invoice.currency) return `is a fee that is owed in ${fee.currency}`
  if (line.fee?.due !== due.due || line.fee.period !== period.key) return 'is a fee that is due at another time'
  const says = `${said.amountMicros} micros for ${said.quantity}`
  const owes = `${amountMicros} micros for ${quantity}`
  return says === owes ? undefined : `is a fee of ${says}, its catalogue asks for ${owes}`
}

/** The fee that a line bills; null: its subscription does not owe it to the document's seller on this bill. */
function dueFee(catalogue: Catalogue, invoice: Invoice, line: InvoiceLine): DueFee | null {
  const period = periodOfKey(catalogue.cycles, invoice.period.key)
  const subscription = catalogue.subscriptions.get(line.subscription)
  if (!period.ok || subscription === undefined) return null
  const account = subscription.accountAt(period.value.startMs)
  const isBetween = account.payer.id === invoice.buyer.id && account.seller?.id === invoice.seller.id
  if (!isBetween) return null
  const fees = feesDue(subscription, period.value, account.payer.cycle)
  return fees.find((due) => feeSegmentKey(subscription.id, due) === line.segment) ?? null
}
