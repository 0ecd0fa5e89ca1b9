import { assertThat, failed, fault, ok, type Fault, type Result } from '@meterline/shared/base/errors.ts'
import { formatMicros } from '@meterline/shared/units/money.ts'
import { taxOfAmount } from '../billing/taxes.ts'
import { shareAmount } from './share-amount.ts'

/** A credit note gives back what a document asked for; a debit note asks for more. */
export type NoteKind = 'credit-note' | 'debit-note'

/** A line of an issued document, and what notes have said of it since. */
export interface NotedLine {
  readonly key: string
  readonly taxCode: string | null
  /** Null: not taxed. */
  readonly taxPercent: string | null
  /** Null where the document has one tax of the code and percent, whose region it is. */
  readonly taxRegion: string | null
  /** Whole minor units; below zero on a line that lowers the document. */
  readonly invoicedMicros: bigint
  /** What credit notes gave back of it, in the terms of the line. */
  readonly creditedMicros: bigint
  /** What debit notes added to it. */
  readonly debitedMicros: bigint
}

/** What a document says of the tax of all lines of one code and percent. */
export interface NotedTax {
  readonly code: string
  readonly region: string
  readonly percent: string
  readonly taxMicros: bigint
}

/** An issued document that a note is about. */
export interface NotedDocument {
  readonly number: string
  /** Digits after the point of the currency's minor unit. */
  readonly minorDigits: number
  /** Whether its lines include the tax. */
  readonly inclusive: boolean
  readonly taxes: readonly NotedTax[]
  readonly lines: readonly NotedLine[]
}

/** What a note is to be about: some lines with an amount each (null: all that is left), or the whole document. */
export type NoteRequest =
  | { readonly kind: NoteKind; readonly lines: readonly { readonly key: string; readonly micros: bigint | null }[] }
  | { readonly kind: NoteKind; readonly micros: bigint | null }

export interface NoteLine {
  readonly key: string
  /** As the lines of the document count, with or without tax; of either sign, zero never. */
  readonly micros: bigint
}

export interface NoteTax extends NotedTax {
  /** What is taxed, without the tax. */
  readonly baseMicros: bigint
}

/** What a note comes to, as amounts given back or added: the document it becomes has the sign. */
export interface Note {
  readonly kind: NoteKind
  readonly lines: readonly NoteLine[]
  readonly taxes: readonly NoteTax[]
  readonly taxMicros: bigint
  /** With tax: what the buyer gets back, or owes more. */
  readonly grossMicros: bigint
}

export type NoteFault = Fault<
  'line_unknown' | 'line_named_twice' | 'note_empty' | 'note_too_large' | 'note_not_whole' | 'debit_needs_amount'
>

/**
 * A note about a document. Credit notes together give back no more of a line than it asked for with what debit notes added,
 * and no more than the document comes to; debit notes together add no more to a line than it says. Without an amount a
 * credit note gives back all that is left, line by line. An amount for the whole document is shared among the lines above
 * zero in proportion to what is left of them.
 *
 * Its tax is the difference in the tax of all that notes gave back, before it and with it, so that notes of the whole
 * document give back exactly its tax, in whatever parts.
 */
export function makeNote(document: NotedDocument, request: NoteRequest): Result<Note, NoteFault> {
  const faulty = amountsAsked(request).find((micros) => micros % microsPerUnit(document) !== 0n)
  if (faulty !== undefined) {
    const text = `${formatMicros(faulty)} has finer digits than the currency's minor unit: write whole ones.`
    return failed(fault('note_not_whole', text))
  }
  const lines = 'lines' in request ? linesAsked(document, request.kind, request.lines) : sharedLines(document, request)
  if (!lines.ok) return lines
  if (lines.value.length === 0) {
    return failed(fault('note_empty', `There is nothing left of ${document.number} that a note could be about.`))
  }
  const overall = overallFault(document, request.kind, lines.value)
  if (overall !== null) return failed(overall)
  return ok(noteOfLines(document, request.kind, lines.value))
}

/** What is left of a line to give back; below zero on a line that lowers the document. */
export function creditableMicros({ invoicedMicros, creditedMicros, debitedMicros }: NotedLine): bigint {
  return invoicedMicros + debitedMicros - creditedMicros
}

function amountsAsked(request: NoteRequest): readonly bigint[] {
  const amounts = 'lines' in request ? request.lines.map(({ micros }) => micros) : [request.micros]
  return amounts.filter((micros) => micros !== null)
}

function linesAsked(
  document: NotedDocument,
  kind: NoteKind,
  asked: readonly { readonly key: string; readonly micros: bigint | null }[],
): Result<readonly NoteLine[], NoteFault> {
  const lines: NoteLine[] = []
  for (const { key, micros } of asked) {
    const line = document.lines.find((each) => each.key === key)
    if (line === undefined) {
      return failed(fault('line_unknown', `${document.number} has no line ${key}; "receivable lines" shows them.`))
    }
    if (lines.some((each) => each.key === key)) {
      return failed(fault('line_named_twice', `The line ${key} is named twice: name it once with the whole amount.`))
    }
    const most = kind === 'credit-note' ? creditableMicros(line) : line.invoicedMicros - line.debitedMicros
    if (micros === null && kind === 'debit-note') return failed(debitNeedsAmount())
    const given = micros ?? most
    if (given <= 0n || given > most) return failed(fault('note_too_large', lineText(kind, key, given, most)))
    lines.push({ key, micros: given })
  }
  return ok(lines)
}

function sharedLines(
  document: NotedDocument,
  { kind, micros }: { readonly kind: NoteKind; readonly micros: bigint | null },
): Result<readonly NoteLine[], NoteFault> {
  const left = document.lines.map((line) => ({
    key: line.key,
    micros: kind === 'credit-note' ? creditableMicros(line) : line.invoicedMicros - line.debitedMicros,
  }))
  if (micros === null) {
    return kind === 'debit-note' ? failed(debitNeedsAmount()) : ok(left.filter((line) => line.micros !== 0n))
  }
  const unit = microsPerUnit(document)
  const above = left.filter((line) => line.micros > 0n)
  const most = above.reduce((sum, line) => sum + line.micros, 0n)
  if (micros <= 0n || micros > most) {
    return failed(fault('note_too_large', wholeText(kind, document.number, micros, most)))
  }
  const shares = shareAmount(
    micros / unit,
    above.map((line) => line.micros / unit),
  )
  return ok(
    above.map(({ key }, index) => ({ key, micros: (shares[index] ?? 0n) * unit })).filter((line) => line.micros > 0n),
  )
}

/** A document is never given back more than once, also where a discount stands among its lines. */
function overallFault(document: NotedDocument, kind: NoteKind, lines: readonly NoteLine[]): NoteFault | null {
  if (kind === 'debit-note') return null
  const left = document.lines.reduce((sum, line) => sum + creditableMicros(line), 0n)
  const given = lines.reduce((sum, { micros }) => sum + micros, 0n)
  if (given > left || given < 0n) return fault('note_too_large', wholeText(kind, document.number, given, left))
  return null
}

/** The note that gives back (or adds) these amounts of these lines: its tax follows from what notes said before. */
export function noteOfLines(document: NotedDocument, kind: NoteKind, lines: readonly NoteLine[]): Note {
  const given = new Map(lines.map(({ key, micros }) => [key, micros]))
  const sign = kind === 'credit-note' ? 1n : -1n
  const taxes = document.taxes.flatMap((item): NoteTax[] => {
    const own = document.lines.filter((line) => isTaxedBy(line, item))
    const micros = own.reduce((sum, { key }) => sum + (given.get(key) ?? 0n), 0n)
    if (!own.some(({ key }) => given.has(key))) return []
    const before = own.reduce((sum, line) => sum + line.creditedMicros - line.debitedMicros, 0n)
    const all = own.reduce((sum, line) => sum + line.invoicedMicros, 0n)
    const taxAt = (amount: bigint): bigint =>
      amount === all && amount !== 0n ? item.taxMicros : taxOfAmount(amount, item.percent, document)
    const taxMicros = sign * (taxAt(before + sign * micros) - taxAt(before))
    return [{ ...item, baseMicros: document.inclusive ? micros - taxMicros : micros, taxMicros }]
  })
  const taxMicros = taxes.reduce((sum, tax) => sum + tax.taxMicros, 0n)
  const lineMicros = lines.reduce((sum, { micros }) => sum + micros, 0n)
  return { kind, lines, taxes, taxMicros, grossMicros: document.inclusive ? lineMicros : lineMicros + taxMicros }
}

function isTaxedBy({ taxCode, taxPercent, taxRegion }: NotedLine, { code, percent, region }: NotedTax): boolean {
  return taxCode === code && taxPercent === percent && (taxRegion === null || taxRegion === region)
}

function microsPerUnit({ minorDigits }: NotedDocument): bigint {
  assertThat(minorDigits >= 0 && minorDigits <= 6, 'a minor unit has 0 to 6 digits after the point')
  return 10n ** BigInt(6 - minorDigits)
}

function debitNeedsAmount(): NoteFault {
  return fault('debit_needs_amount', 'A debit note needs an amount: say how much is to be added.')
}

function lineText(kind: NoteKind, key: string, given: bigint, most: bigint): string {
  const what = kind === 'credit-note' ? 'is left to give back of' : 'can be added to'
  return `${formatMicros(given)} is no amount for this note: ${formatMicros(most > 0n ? most : 0n)} ${what} the line ${key}.`
}

function wholeText(kind: NoteKind, number: string, given: bigint, most: bigint): string {
  const what = kind === 'credit-note' ? 'is left to give back of' : 'can be added to'
  return `${formatMicros(given)} is no amount for this note: ${formatMicros(most > 0n ? most : 0n)} ${what} ${number}.`
}
