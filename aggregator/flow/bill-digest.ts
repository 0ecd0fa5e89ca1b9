import { canonicalJson } from '@meterline/shared/integrity/canonical-json.ts'
import { sha256, toHex } from '@meterline/shared/integrity/hash.ts'
import { ratingVersion } from '@meterline/shared/rating/dispatch.ts'
import { formatMinorUnits, roundToMinorUnit } from '@meterline/shared/units/money.ts'
import type { Bill } from '../domain/billing/bill.ts'
import { encodeInvoice, issueInvoice } from '../documents/invoice.ts'
import type { BillSummary } from './bill-answers.ts'

/** A bill for lists, and the hash by which it is approved: the same until something of the bill changes. */
export function billSummary(bill: Bill, tenant: string): BillSummary {
  const { seller, buyer, currency } = bill.relation
  const lines = bill.sections.reduce((sum, section) => sum + section.lines.length, 0)
  const unissued = issueInvoice(bill, { tenant, series: '', number: 0, issuedAtMs: 0, ratingVersion })
  const hash = toHex(sha256(encodeInvoice(unissued)))
  return { seller, buyer, currency, kind: bill.kind, period: bill.period.key, lines, total: payableText(bill), hash }
}

/** What all bills are approved by at once: SHA-256 over their hashes in their order, hexadecimal. */
export function digestOfBills(bills: readonly BillSummary[]): string {
  return toHex(sha256(new TextEncoder().encode(canonicalJson(bills.map(({ hash }) => hash)))))
}

/** What has to be paid, as lists show it. */
export function payableText({ taxes, minorDigits, rounding }: Bill): string {
  return formatMinorUnits(roundToMinorUnit(taxes.grossMicros, minorDigits, rounding).minorUnits, minorDigits)
}
