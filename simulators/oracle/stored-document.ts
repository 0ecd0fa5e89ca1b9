import type { DocumentRow } from './aggregator-file.ts'

/** A line of a document. */
export interface DocumentLine {
  readonly subscription: string
  readonly meter: string
  readonly segment: string
  readonly quantity: bigint
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
}

/** A day or a tier of a line. */
export interface LinePart {
  readonly quantity: bigint
  readonly amountMicros: bigint
}

/** A document as its bytes say. */
export interface StoredDocument {
  readonly row: DocumentRow
  readonly seller: string
  readonly buyer: string
  readonly lines: readonly DocumentLine[]
  readonly total: string
  readonly totalMicros: bigint
  readonly invoicedMicros: bigint
}

interface DocumentJson {
  readonly seller: { readonly id: string }
  readonly buyer: { readonly id: string }
  readonly rounding: string
  readonly sections: readonly { readonly lines: readonly (Texts & LineParts)[] }[]
  readonly total: Texts
}

type Texts = Readonly<Record<string, string>>

interface LineParts {
  readonly days: readonly Texts[]
  readonly tiers: readonly Texts[]
  readonly limit?: Texts
  readonly fee?: Texts
}

/** Reads a document out of its stored bytes. */
export function readDocument(row: DocumentRow): StoredDocument {
  const json = parsed(row.bytes)
  const lines = json.sections.flatMap((section) =>
    section.lines.map((line) => ({
      subscription: line['subscription'] ?? '',
      meter: line['meter'] ?? '',
      segment: line['segment'] ?? '',
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
    })),
  )
  return {
    row,
    seller: json.seller.id,
    buyer: json.buyer.id,
    lines,
    total: json.total['amount'] ?? '',
    totalMicros: amountOf(json.total, 'amountMicros'),
    invoicedMicros: amountOf(json.total, 'invoicedMicros'),
  }
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
