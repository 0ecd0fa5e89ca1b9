import { toHex } from '@meterline/shared/integrity/hash.ts'
import { sumRoot } from '@meterline/shared/integrity/merkle-sum.ts'
import { dayMs } from '@meterline/shared/units/civil.ts'
import { formatInstant, parseDay, parseInstant } from '@meterline/shared/units/instant.ts'
import { formatMinorUnits, roundToMinorUnit } from '@meterline/shared/units/money.ts'
import type { LedgerEntry } from '../domain/ledger/entry.ts'
import type { Note, NoteKind } from '../domain/receivables/note.ts'
import type { Invoice, InvoiceLine } from './invoice.ts'

/** What makes a note an issued document. */
export interface NoteIssue {
  readonly series: string
  /** Gapless within the series, from 1. */
  readonly number: number
  /** Of the note and of the document it is about, as people call them. */
  readonly name: string
  readonly references: string
  readonly issuedAtMs: number
  readonly reason: string
  readonly entries: readonly LedgerEntry[]
}

/** Days until a document is due that says nothing of it. */
export const usualPaymentDays = 14

/** Instant at which the day begins (UTC) on which an issued document is due. */
export function dueMsOf({ dueOn, issuedAt }: Pick<Invoice, 'dueOn' | 'issuedAt'>): number {
  const day = dueOn === undefined ? null : parseDay(dueOn)
  if (day?.ok === true) return day.value
  const issuedMs = issuedMsOf({ issuedAt })
  return issuedMs - (issuedMs % dayMs) + usualPaymentDays * dayMs
}

/** When a document was issued, epoch milliseconds; its text was written by `formatInstant`. */
export function issuedMsOf({ issuedAt }: Pick<Invoice, 'issuedAt'>): number {
  const issued = parseInstant(issuedAt)
  return issued.ok ? issued.value : 0
}

/** The key of a note's line: it says nothing of what is due of the line it is about, whose own key stands at its end. */
export function noteLineKey(period: string, name: string, kind: NoteKind, line: string): string {
  return `${period}/${name}/${kind === 'credit-note' ? 'credit' : 'debit'}/${line}`
}

/** The key of the line that a note's line is about; null for the line of another document. */
export function notedLineKey(noteLine: string): string | null {
  return /^[^/]+\/[^/]+\/(?:credit|debit)\/(.+)$/.exec(noteLine)?.[1] ?? null
}

/**
 * A note as a document of its own: the parties, currency and sections of the document it is about, with what it gives back
 * (below zero) or adds of each of its lines.
 */
export function noteDocument(original: Invoice, note: Note, issue: NoteIssue): Invoice {
  const sign = note.kind === 'credit-note' ? -1n : 1n
  const given = new Map(note.lines.map(({ key, micros }) => [key, sign * micros]))
  const sections = original.sections.flatMap(({ account, depth, lines }) => {
    const own = lines.flatMap((line) => noteLines(original, note.kind, issue, line, given.get(line.segment)))
    return own.length === 0 ? [] : [{ account, depth, lines: own, total: totalOf(own, original.minorDigits) }]
  })
  return {
    ...headOf(original, issue),
    kind: note.kind,
    ...(note.kind === 'debit-note' ? dueOnOf(original, issue) : {}),
    sections,
    total: totalOf(
      sections.flatMap(({ lines }) => lines),
      original.minorDigits,
    ),
    ...(original.tax === undefined ? {} : { tax: taxOf(original, original.tax, note, sign) }),
    ledger: issue.entries.map(entryJson),
  }
}

/** What takes a document back: a credit note, or where it is one itself a debit note. */
export function voidKindOf({ kind }: Pick<Invoice, 'kind'>): NoteKind {
  return kind === 'credit-note' ? 'debit-note' : 'credit-note'
}

/** A document that takes another back whole: every figure of every line, and every entry, the other way round. */
export function voidDocument(original: Invoice, issue: NoteIssue): Invoice {
  return {
    ...headOf(original, issue),
    kind: voidKindOf(original),
    voids: issue.references,
    sections: original.sections.map(({ account, depth, lines, total }) => ({
      account,
      depth,
      lines: lines.map(takenBack),
      total: negatedTotal(total),
    })),
    total: negatedTotal(original.total),
    ...(original.tax === undefined ? {} : { tax: negatedTax(original.tax) }),
    ledger: issue.entries.map(entryJson),
  }
}

function headOf(
  { test, tenant, period, seller, buyer, currency, minorDigits, rounding, ratingVersion, catalogue }: Invoice,
  { series, number, issuedAtMs, references, reason }: NoteIssue,
): Omit<Invoice, 'sections' | 'total' | 'ledger'> {
  return {
    type: 'meterline-invoice',
    format: 1,
    ...(test === undefined ? {} : { test }),
    tenant,
    series,
    number,
    issuedAt: formatInstant(issuedAtMs),
    reason,
    references,
    period,
    seller,
    buyer,
    currency,
    minorDigits,
    rounding,
    ratingVersion,
    ...(catalogue === undefined ? {} : { catalogue }),
  }
}

function dueOnOf(original: Invoice, { issuedAtMs }: NoteIssue): Pick<Invoice, 'dueOn'> {
  if (original.dueOn === undefined) return {}
  const issuedMs = issuedMsOf(original)
  const days = (dueMsOf(original) - (issuedMs - (issuedMs % dayMs))) / dayMs
  return { dueOn: formatInstant(issuedAtMs + days * dayMs).slice(0, 10) }
}

function noteLines(
  { period, minorDigits }: Invoice,
  kind: NoteKind,
  { name, references }: NoteIssue,
  line: InvoiceLine,
  micros: bigint | undefined,
): readonly InvoiceLine[] {
  if (micros === undefined) return []
  const { description, subscription, offering, price, terms, meter, taxCode, taxPercent, taxRegion } = line
  return [
    {
      description,
      subscription,
      offering,
      price,
      terms,
      meter,
      unit: '',
      quantity: '0',
      events: 0,
      openingMicros: micros.toString(),
      amountMicros: micros.toString(),
      invoicedMicros: micros.toString(),
      residueMicros: '0',
      amount: moneyText(micros, minorDigits),
      segment: noteLineKey(period.key, name, kind, line.segment),
      chargesRoot: toHex(sumRoot([]).hash),
      chargeBlocks: 0,
      days: [],
      tiers: [],
      ...(taxCode === undefined ? {} : { taxCode }),
      ...(taxPercent === undefined ? {} : { taxPercent }),
      ...(taxRegion === undefined ? {} : { taxRegion }),
      corrects: { document: references, period: period.key },
    },
  ]
}

function takenBack(line: InvoiceLine): InvoiceLine {
  const { limit, ...kept } = line
  return {
    ...kept,
    ...(limit === undefined ? {} : { limit: { ...limit, amountMicros: negated(limit.amountMicros) } }),
    quantity: negated(line.quantity),
    events: line.events === 0 ? 0 : -line.events,
    openingMicros: negated(line.openingMicros),
    ...negatedTotal(line),
    days: line.days.map((day) => ({
      ...day,
      quantity: negated(day.quantity),
      amountMicros: negated(day.amountMicros),
    })),
    tiers: line.tiers.map((tier) => ({
      ...tier,
      quantity: negated(tier.quantity),
      amountMicros: negated(tier.amountMicros),
    })),
  }
}

function negatedTotal({ amount, amountMicros, invoicedMicros, residueMicros }: Invoice['total']): Invoice['total'] {
  return {
    amount: negatedText(amount),
    amountMicros: negated(amountMicros),
    invoicedMicros: negated(invoicedMicros),
    residueMicros: negated(residueMicros),
  }
}

type InvoiceTax = NonNullable<Invoice['tax']>

function negatedTax(tax: InvoiceTax): InvoiceTax {
  return {
    ...tax,
    items: tax.items.map((item) => ({
      ...item,
      baseMicros: negated(item.baseMicros),
      taxMicros: negated(item.taxMicros),
    })),
    taxMicros: negated(tax.taxMicros),
    amount: negatedText(tax.amount),
    grossMicros: negated(tax.grossMicros),
    gross: negatedText(tax.gross),
  }
}

function taxOf({ minorDigits }: Invoice, tax: InvoiceTax, note: Note, sign: bigint): InvoiceTax {
  const taxMicros = sign * note.taxMicros
  const grossMicros = sign * note.grossMicros
  return {
    items: note.taxes.map(({ code, region, percent, baseMicros, taxMicros: own }) => ({
      code,
      name: tax.items.find((item) => item.code === code)?.name ?? code,
      region,
      percent,
      baseMicros: (sign * baseMicros).toString(),
      taxMicros: (sign * own).toString(),
    })),
    taxMicros: taxMicros.toString(),
    amount: moneyText(taxMicros, minorDigits),
    grossMicros: grossMicros.toString(),
    gross: moneyText(grossMicros, minorDigits),
    inclusive: tax.inclusive,
    ...(tax.note === undefined ? {} : { note: tax.note }),
  }
}

/** Notes are made of whole minor units. */
function totalOf(lines: readonly InvoiceLine[], minorDigits: number): Invoice['total'] {
  const micros = lines.reduce((sum, line) => sum + BigInt(line.invoicedMicros), 0n)
  const text = micros.toString()
  return { amount: moneyText(micros, minorDigits), amountMicros: text, invoicedMicros: text, residueMicros: '0' }
}

function moneyText(micros: bigint, minorDigits: number): string {
  return formatMinorUnits(roundToMinorUnit(micros, minorDigits, 'half-away').minorUnits, minorDigits)
}

function negated(digits: string): string {
  return (-BigInt(digits)).toString()
}

function negatedText(amount: string): string {
  if (/^[0.]+$/.test(amount)) return amount
  return amount.startsWith('-') ? amount.slice(1) : `-${amount}`
}

function entryJson({ entity, asset, account, debitMicros, creditMicros }: LedgerEntry): Invoice['ledger'][number] {
  return { entity, asset, account, debitMicros: debitMicros.toString(), creditMicros: creditMicros.toString() }
}
