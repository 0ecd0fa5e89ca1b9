import { z } from 'zod'
import { failed, fault, ok, type Fault, type Result } from '@meterline/shared/base/errors.ts'
import { canonicalJson } from '@meterline/shared/integrity/canonical-json.ts'
import { toHex } from '@meterline/shared/integrity/hash.ts'
import { formatInstant } from '@meterline/shared/units/instant.ts'
import type { Bill, BillLine, BillTotal } from '../domain/billing/period-bill.ts'
import type { LedgerEntry } from '../domain/ledger/entry.ts'

/** What makes a bill an issued document. */
export interface Issue {
  readonly tenant: string
  /** The numbering it belongs to, one or more per legal entity. */
  readonly series: string
  /** Gapless within the series, from 1. */
  readonly number: number
  readonly issuedAtMs: number
  readonly ratingVersion: string
}

const party = z.strictObject({ id: z.string(), name: z.string() })
const digits = z.string().regex(/^-?[0-9]+$/)
const money = z.string().regex(/^-?[0-9]+(\.[0-9]+)?$/)
const total = z.strictObject({ amount: money, amountMicros: digits, invoicedMicros: digits, residueMicros: digits })

const lineSchema = z.strictObject({
  description: z.string(),
  subscription: z.string(),
  offering: z.string(),
  price: z.string(),
  terms: z.string(),
  meter: z.string(),
  unit: z.string(),
  quantity: digits,
  events: z.int(),
  openingMicros: digits,
  amountMicros: digits,
  invoicedMicros: digits,
  residueMicros: digits,
  amount: money,
  segment: z.string(),
  chargesRoot: z.string().regex(/^[0-9a-f]{64}$/),
  chargeBlocks: z.int(),
  // Documents that were issued before lines showed their parts have neither.
  days: z
    .array(
      z.strictObject({ day: z.string().regex(/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/), quantity: digits, amountMicros: digits }),
    )
    .default([]),
  tiers: z
    .array(
      z.strictObject({
        fromUnits: digits,
        upToUnits: digits.nullable(),
        terms: z.string(),
        quantity: digits,
        amountMicros: digits,
      }),
    )
    .default([]),
  // What most lines do not have is left out.
  limit: z
    .strictObject({ kind: z.enum(['minimum', 'maximum']), amountMicros: digits, terms: z.string() })
    .exactOptional(),
  taxCode: z.string().exactOptional(),
  fee: z.strictObject({ due: z.enum(['in-advance', 'in-arrears', 'once']), period: z.string() }).exactOptional(),
})

const invoiceSchema = z.strictObject({
  type: z.literal('meterline-invoice'),
  format: z.literal(1),
  tenant: z.string(),
  series: z.string(),
  number: z.int(),
  issuedAt: z.string(),
  period: z.strictObject({ key: z.string(), from: z.string(), to: z.string() }),
  seller: party,
  buyer: party,
  currency: z.string(),
  minorDigits: z.int(),
  rounding: z.enum(['half-away', 'half-even']),
  ratingVersion: z.string(),
  sections: z.array(z.strictObject({ account: party, depth: z.int(), lines: z.array(lineSchema), total })),
  total,
  ledger: z.array(
    z.strictObject({
      entity: z.string(),
      asset: z.string(),
      account: z.string(),
      debitMicros: digits,
      creditMicros: digits,
    }),
  ),
})

/** An issued invoice as its JSON says it (docs/formats.md, "Invoice and line"): amounts and quantities are texts. */
export type Invoice = z.infer<typeof invoiceSchema>
export type InvoiceLine = z.infer<typeof lineSchema>

/** The bill as an issued invoice. It holds no time but its period and the time of issue. */
export function issueInvoice(bill: Bill, issue: Issue): Invoice {
  return {
    type: 'meterline-invoice',
    format: 1,
    tenant: issue.tenant,
    series: issue.series,
    number: issue.number,
    issuedAt: formatInstant(issue.issuedAtMs),
    period: { key: bill.period.key, from: formatInstant(bill.period.startMs), to: formatInstant(bill.period.endMs) },
    seller: bill.seller,
    buyer: bill.buyer,
    currency: bill.relation.currency,
    minorDigits: bill.minorDigits,
    rounding: bill.rounding,
    ratingVersion: issue.ratingVersion,
    sections: bill.sections.map(({ account, depth, lines, total: sectionTotal }) => ({
      account,
      depth,
      lines: lines.map(lineJson),
      total: totalJson(sectionTotal),
    })),
    total: totalJson(bill.total),
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

function lineJson({ limit, taxCode, fee, ...line }: BillLine): InvoiceLine {
  return {
    ...line,
    quantity: line.quantity.toString(),
    openingMicros: line.openingMicros.toString(),
    amountMicros: line.amountMicros.toString(),
    invoicedMicros: line.invoicedMicros.toString(),
    residueMicros: line.residueMicros.toString(),
    chargesRoot: toHex(line.chargesRoot),
    days: line.days.map(({ day, quantity, amountMicros }) => ({
      day,
      quantity: quantity.toString(),
      amountMicros: amountMicros.toString(),
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
    ...(fee === null ? {} : { fee }),
  }
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
