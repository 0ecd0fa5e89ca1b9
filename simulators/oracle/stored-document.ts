import type { DocumentRow } from './aggregator-file.ts'
import { instantOf } from './calendar.ts'

/** A line of a document. */
export interface DocumentLine {
  readonly subscription: string
  readonly meter: string
  readonly segment: string
  readonly unit: string
  /** What the tenant file calls the price or fee; empty where it is due no more. */
  readonly price: string
  readonly taxCode: string | null
  /** Null: not taxed. */
  readonly taxPercent: string | null
  readonly quantity: bigint
  /** The first charge block of the segment that it bills, and how many. */
  readonly fromBlock: number
  readonly chargeBlocks: number
  readonly openingMicros: bigint
  readonly amountMicros: bigint
  readonly invoicedMicros: bigint
  readonly residueMicros: bigint
  readonly amount: string
  readonly days: readonly LinePart[]
  readonly tiers: readonly LinePart[]
  /** What a minimum or maximum added to the tiers or took off them. */
  readonly limitMicros: bigint
  /** The period that a fee is for; null for usage. */
  readonly feePeriod: string | null
  /** What it is usage of a meter, rather than a fee or what contracts make of charges. */
  readonly isUsage: boolean
  /** The document whose period it corrects; null where it is of the document's own. */
  readonly corrects: Correction | null
}

/** What a line corrects; no document where the buyer got none for that period. */
export interface Correction {
  readonly document: string | null
  readonly period: string
}

/** A day or a tier of a line. */
export interface LinePart {
  readonly quantity: bigint
  readonly amountMicros: bigint
}

/** What a document says of its tax. */
export interface DocumentTax {
  readonly taxMicros: bigint
  /** What is to be paid. */
  readonly grossMicros: bigint
  /** Whether its lines include the tax. */
  readonly inclusive: boolean
}

/** The tax of all lines of a code and rate. */
export interface TaxItem {
  readonly code: string
  readonly percent: string
  readonly taxMicros: bigint
}

/** A document as its bytes say. */
export interface StoredDocument {
  readonly row: DocumentRow
  readonly seller: string
  readonly buyer: string
  readonly issuedAtMs: number
  readonly kind: 'invoice' | 'credit-note' | 'debit-note' | 'progressive'
  /** The document that it is a note about, or takes back; null for what bills. */
  readonly references: string | null
  /** Whether it takes back all of the document that it names. */
  readonly isVoid: boolean
  /** Log index of the version it was made with; null where it does not say. */
  readonly catalogueIndex: number | null
  readonly lines: readonly DocumentLine[]
  /** Null where it says nothing of tax. */
  readonly tax: DocumentTax | null
  readonly taxItems: readonly TaxItem[]
  /** Digits after the point of the currency's minor unit. */
  readonly minorDigits: number
  readonly total: string
  readonly totalMicros: bigint
  readonly invoicedMicros: bigint
}

interface DocumentJson {
  readonly seller: { readonly id: string }
  readonly buyer: { readonly id: string }
  readonly rounding: string
  readonly issuedAt: string
  readonly kind?: StoredDocument['kind']
  readonly references?: string
  readonly voids?: string
  readonly tax?: {
    readonly taxMicros: string
    readonly grossMicros: string
    readonly inclusive: boolean
    readonly items: readonly Texts[]
  }
  readonly minorDigits: number
  readonly catalogue?: number
  readonly sections: readonly { readonly lines: readonly (Texts & LineParts)[] }[]
  readonly total: Texts
}

type Texts = Readonly<Record<string, string>>

interface LineParts {
  readonly days: readonly Texts[]
  readonly tiers: readonly Texts[]
  readonly limit?: Texts
  readonly fee?: Texts
  readonly fromBlock?: number
  readonly chargeBlocks: number
  readonly corrects?: Correction
}

/** Keys of lines that contracts and splits make: `<period>/<owner>/<kind>/…`. */
const notUsage = /^[^/]+\/[^/]+\/(allowance|minimum|commitment|discount|split)\//

/** Reads a document out of its stored bytes. */
export function readDocument(row: DocumentRow): StoredDocument {
  const json = parsed(row.bytes)
  const lines = json.sections.flatMap((section) =>
    section.lines.map((line) => ({
      subscription: line['subscription'] ?? '',
      meter: line['meter'] ?? '',
      segment: line['segment'] ?? '',
      unit: line['unit'] ?? '',
      price: line['price'] ?? '',
      taxCode: line['taxCode'] ?? null,
      taxPercent: line['taxPercent'] ?? null,
      quantity: amountOf(line, 'quantity'),
      openingMicros: amountOf(line, 'openingMicros'),
      amountMicros: amountOf(line, 'amountMicros'),
      invoicedMicros: amountOf(line, 'invoicedMicros'),
      residueMicros: amountOf(line, 'residueMicros'),
      amount: line['amount'] ?? '',
      days: line.days.map(partOf),
      tiers: line.tiers.map(partOf),
      limitMicros: line.limit === undefined ? 0n : amountOf(line.limit, 'amountMicros'),
      feePeriod: line.fee?.['period'] ?? null,
      fromBlock: line.fromBlock ?? 0,
      chargeBlocks: line.chargeBlocks,
      isUsage: line.fee === undefined && !notUsage.test(line['segment'] ?? ''),
      corrects: line.corrects ?? null,
    })),
  )
  return {
    row,
    seller: json.seller.id,
    buyer: json.buyer.id,
    issuedAtMs: instantOf(json.issuedAt),
    kind: json.kind ?? 'invoice',
    references: json.references ?? null,
    isVoid: json.voids !== undefined && json.voids === json.references,
    catalogueIndex: json.catalogue ?? null,
    lines,
    tax: json.tax === undefined ? null : taxOf(json.tax),
    taxItems: (json.tax?.items ?? []).map((item) => ({
      code: item['code'] ?? '',
      percent: item['percent'] ?? '',
      taxMicros: amountOf(item, 'taxMicros'),
    })),
    minorDigits: json.minorDigits,
    total: json.total['amount'] ?? '',
    totalMicros: amountOf(json.total, 'amountMicros'),
    invoicedMicros: amountOf(json.total, 'invoicedMicros'),
  }
}

function taxOf({ taxMicros, grossMicros, inclusive }: NonNullable<DocumentJson['tax']>): DocumentTax {
  const texts = { taxMicros, grossMicros }
  return { taxMicros: amountOf(texts, 'taxMicros'), grossMicros: amountOf(texts, 'grossMicros'), inclusive }
}

function partOf(part: Texts): LinePart {
  return { quantity: amountOf(part, 'quantity'), amountMicros: amountOf(part, 'amountMicros') }
}

/** Whether the parts of a line add up to it. */
export function sumsTo(parts: readonly LinePart[], quantity: bigint, amountMicros: bigint): boolean {
  const sum = (pick: (part: LinePart) => bigint): bigint => parts.reduce((so, part) => so + pick(part), 0n)
  return sum((part) => part.quantity) === quantity && sum((part) => part.amountMicros) === amountMicros
}

/** The name of the rule that lines are rounded by. */
export function ruleOf(bytes: Uint8Array): string {
  return parsed(bytes).rounding
}

function parsed(bytes: Uint8Array): DocumentJson {
  return JSON.parse(new TextDecoder().decode(bytes)) as DocumentJson
}

function amountOf(fields: Readonly<Record<string, string>>, name: string): bigint {
  const text = fields[name]
  if (text === undefined || !/^-?\d+$/.test(text)) throw new Error(`${name} of a document is ${String(text)}`)
  return BigInt(text)
}

/** Whole minor units as a decimal text, the way documents print amounts. */
export function decimalText(units: bigint, digits: number): string {
  const sign = units < 0n ? '-' : ''
  const text = String(units < 0n ? -units : units).padStart(digits + 1, '0')
  return digits === 0 ? sign + text : `${sign}${text.slice(0, -digits)}.${text.slice(-digits)}`
}
