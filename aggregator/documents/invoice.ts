import type { z } from 'zod'
import { failed, fault, ok, type Fault, type Result } from '@meterline/shared/base/errors.ts'
import { canonicalJson } from '@meterline/shared/integrity/canonical-json.ts'
import { toHex } from '@meterline/shared/integrity/hash.ts'
import { dayMs } from '@meterline/shared/units/civil.ts'
import { formatInstant } from '@meterline/shared/units/instant.ts'
import { formatMinorUnits, roundToMinorUnit } from '@meterline/shared/units/money.ts'
import type { Bill, BillLine, BillTotal } from '../domain/billing/bill.ts'
import type { DocumentParty } from '../domain/billing/document-party.ts'
import type { LineTax } from '../domain/billing/due-line.ts'
import { regionNamed, type BillTaxes } from '../domain/billing/taxes.ts'
import type { LedgerEntry } from '../domain/ledger/entry.ts'
import { invoiceSchema, type lineSchema } from './invoice-schema.ts'
import { dayOf } from './period-days.ts'

/** What makes a bill an issued document. */
export interface Issue {
  readonly tenant: string
  /** The numbering it belongs to, one or more per legal entity. */
  readonly series: string
  /** Gapless within the series, from 1. */
  readonly number: number
  readonly issuedAtMs: number
  readonly ratingVersion: string
  /** Log index of the catalogue it was made with. */
  readonly catalogue?: number
}

/**
 * An issued invoice, credit note or debit note as its JSON says it (docs/formats.md, "Invoice and line"): amounts and
 * quantities are texts.
 */
export type Invoice = z.infer<typeof invoiceSchema>
export type InvoiceLine = z.infer<typeof lineSchema>

/** The bill as an issued invoice. It holds no time but its period, the time of issue, and the day it is due. */
export function issueInvoice(bill: Bill, issue: Issue): Invoice {
  const { kind, isTest, minorDigits, paymentDays, taxes } = bill
  const taxed = taxes.lines.values()
  return {
    type: 'meterline-invoice',
    format: 1,
    ...(kind === 'invoice' ? {} : { kind }),
    ...(isTest ? { test: true } : {}),
    tenant: issue.tenant,
    series: issue.series,
    number: issue.number,
    issuedAt: formatInstant(issue.issuedAtMs),
    ...(paymentDays === null || kind === 'credit-note'
      ? {}
      : { dueOn: dayOf(formatInstant(issue.issuedAtMs + paymentDays * dayMs)) }),
    period: { key: bill.period.key, from: formatInstant(bill.period.startMs), to: formatInstant(bill.period.endMs) },
    seller: partyJson(bill.seller),
    buyer: partyJson(bill.buyer),
    currency: bill.relation.currency,
    minorDigits,
    rounding: bill.rounding,
    ratingVersion: issue.ratingVersion,
    ...(issue.catalogue === undefined ? {} : { catalogue: issue.catalogue }),
    sections: bill.sections.map(({ account, depth, lines, total: sectionTotal }) => ({
      account,
      depth,
      lines: lines.map((line) => lineJson(line, taxed.next().value ?? null, taxes.items)),
      total: totalJson(sectionTotal),
    })),
    total: totalJson(bill.total),
    ...(taxes.items.length === 0 && taxes.note === null ? {} : { tax: taxJson(taxes, minorDigits) }),
    ledger: [...bill.openingEntries, ...bill.issueEntries].map(entryJson),
  }
}

/** The immutable bytes of an invoice: canonical JSON (RFC 8785) in UTF-8. */
export function encodeInvoice(invoice: Invoice): Uint8Array {
  return new TextEncoder().encode(canonicalJson(invoice))
}

/** Reads the bytes of an issued invoice. */
export function decodeInvoice(bytes: Uint8Array): Result<Invoice, Fault<'invoice_malformed'>> {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return failed(fault('invoice_malformed', 'the invoice is no JSON text: its bytes are damaged'))
  }
  const parsed = invoiceSchema.safeParse(value)
  if (parsed.success) return ok(parsed.data)
  const [issue] = parsed.error.issues
  const place = issue?.path.map(String).join('.') ?? ''
  return failed(fault('invoice_malformed', `the invoice cannot be read at ${place}: ${issue?.message ?? ''}`))
}

/** How people call an invoice: its series and number, `nordlink-000012`. */
export function invoiceName({ series, number }: { readonly series: string; readonly number: number }): string {
  return `${series}-${String(number).padStart(6, '0')}`
}

/** What most lines do not have is left out. */
function lineJson(line: BillLine, tax: LineTax | null, items: BillTaxes['items']): InvoiceLine {
  const { kind, limit, taxCode, fee, fromBlock, corrects } = line
  const taxRegion = regionNamed(taxCode, tax, items)
  return {
    description: line.description,
    subscription: line.subscription,
    offering: line.offering,
    price: line.price,
    terms: line.terms,
    meter: line.meter,
    unit: line.unit,
    quantity: line.quantity.toString(),
    events: line.events,
    openingMicros: line.openingMicros.toString(),
    ...totalJson(line),
    segment: line.segment,
    chargesRoot: toHex(line.chargesRoot),
    chargeBlocks: line.chargeBlocks,
    days: line.days.map((own) => ({
      day: own.day,
      quantity: own.quantity.toString(),
      amountMicros: own.amountMicros.toString(),
    })),
    tiers: line.tiers.map(({ fromUnits, upToUnits, terms, quantity, amountMicros }) => ({
      fromUnits: fromUnits.toString(),
      upToUnits: upToUnits === null ? null : upToUnits.toString(),
      terms,
      quantity: quantity.toString(),
      amountMicros: amountMicros.toString(),
    })),
    ...(limit === null ? {} : { limit: { ...limit, amountMicros: limit.amountMicros.toString() } }),
    ...(taxCode === null ? {} : { taxCode }),
    ...(tax === null ? {} : { taxPercent: tax.percent }),
    ...(taxRegion === null ? {} : { taxRegion }),
    ...(fee === null ? {} : { fee }),
    // A fee says what it is for; one that is owed no more does not.
    ...(kind === 'usage' || fee !== null ? {} : { kind }),
    ...(fromBlock === 0 ? {} : { fromBlock }),
    ...(corrects === null ? {} : { corrects }),
  }
}

function partyJson({ address, taxIds, ...own }: DocumentParty): Invoice['buyer'] {
  return {
    ...own,
    ...(address === undefined ? {} : { address: [...address] }),
    ...(taxIds === undefined ? {} : { taxIds: taxIds.map((taxId) => ({ ...taxId })) }),
  }
}

function taxJson(taxes: BillTaxes, minorDigits: number): NonNullable<Invoice['tax']> {
  const { items, taxMicros, grossMicros, inclusive, note } = taxes
  return {
    items: items.map(({ baseMicros, taxMicros: micros, ...own }) => ({
      ...own,
      baseMicros: baseMicros.toString(),
      taxMicros: micros.toString(),
    })),
    taxMicros: taxMicros.toString(),
    amount: moneyText(taxMicros, minorDigits),
    grossMicros: grossMicros.toString(),
    gross: moneyText(grossMicros, minorDigits),
    inclusive,
    ...(note === null ? {} : { note }),
  }
}

/** Whole minor units as people write them. */
function moneyText(micros: bigint, minorDigits: number): string {
  return formatMinorUnits(roundToMinorUnit(micros, minorDigits, 'half-away').minorUnits, minorDigits)
}

function totalJson({ amount, amountMicros, invoicedMicros, residueMicros }: BillTotal): Invoice['total'] {
  return {
    amount,
    amountMicros: amountMicros.toString(),
    invoicedMicros: invoicedMicros.toString(),
    residueMicros: residueMicros.toString(),
  }
}

function entryJson({ entity, asset, account, debitMicros, creditMicros }: LedgerEntry): Invoice['ledger'][number] {
  return { entity, asset, account, debitMicros: debitMicros.toString(), creditMicros: creditMicros.toString() }
}
