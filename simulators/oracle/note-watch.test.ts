import { expect, test } from 'vitest'
import { BilledBook } from './billed-book.ts'
import { Findings } from './findings.ts'
import { NoteWatch } from './note-watch.ts'
import type { DocumentLine, StoredDocument } from './stored-document.ts'

const cent = 10_000n
const noFigures = { quantity: 0n, fromBlock: 0, chargeBlocks: 0, residueMicros: 0n, taxCode: 'vat', taxPercent: '19' }

function lineOf(segment: string, cents: bigint): DocumentLine {
  const micros = cents * cent
  const amounts = { openingMicros: micros, amountMicros: micros, invoicedMicros: micros }
  return { ...noFigures, segment, ...amounts } as unknown as DocumentLine
}

function documentOf(
  number: string,
  lines: readonly DocumentLine[],
  taxCents: bigint,
  more: Partial<StoredDocument> = {},
): StoredDocument {
  const invoicedMicros = lines.reduce((sum, line) => sum + line.invoicedMicros, 0n)
  const taxMicros = taxCents * cent
  return {
    row: { number, period: '2026-06', purpose: 'period' },
    kind: 'invoice',
    references: null,
    isVoid: false,
    minorDigits: 2,
    lines,
    invoicedMicros,
    tax: { taxMicros, grossMicros: invoicedMicros + taxMicros, inclusive: false },
    taxItems: [{ code: 'vat', percent: '19', taxMicros }],
    ...more,
  } as unknown as StoredDocument
}

function credit(number: string, cents: Readonly<Record<string, bigint>>, taxCents: bigint): StoredDocument {
  const lines = Object.entries(cents).map(([key, given]) => lineOf(`2026-06/${number}/credit/${key}`, -given))
  return documentOf(number, lines, -taxCents, { kind: 'credit-note', references: 'acme-1' })
}

/** What is found wrong with notes about a document of 1.00 and 2.00 with 0.57 of tax. */
function told(...notes: readonly StoredDocument[]): readonly string[] {
  const findings = new Findings(() => ({ atMs: 0, step: 0 }))
  const watch = new NoteWatch(findings)
  const book = new BilledBook()
  const original = documentOf('acme-1', [lineOf('2026-06/a', 100n), lineOf('2026-06/b', 200n)], 57n)
  for (const line of original.lines) book.add(original, line)
  watch.noteBilled(original)
  for (const note of notes) watch.take(note, book)
  return findings.violations.map(({ message }) => message)
}

const voided = documentOf(
  'acme-cn-9',
  [lineOf('2026-06/a', -100n), lineOf('2026-06/b', -200n)].map((line) => ({ ...line, chargeBlocks: 0 })),
  -57n,
  { kind: 'credit-note', references: 'acme-1', isVoid: true },
)

test('notes in parts give back all of a document and exactly its tax', () => {
  // Of 1.50 the tax is 0.285, so 0.29; the rest is what is left of 0.57.
  expect(told(credit('acme-cn-1', { '2026-06/b': 150n }, 29n))).toEqual([])
  const rest = { '2026-06/a': 100n, '2026-06/b': 50n }
  expect(told(credit('acme-cn-1', { '2026-06/b': 150n }, 29n), credit('acme-cn-2', rest, 28n))).toEqual([])
  expect(told(credit('acme-cn-1', { '2026-06/b': 150n }, 29n), credit('acme-cn-2', rest, 29n))).toEqual([
    'document acme-cn-2: has -290000 micros of tax, with the notes before it -280000',
  ])
})

test('no note gives back more of a line than there is, or of another document', () => {
  const [more] = told(credit('acme-cn-1', { '2026-06/a': 101n }, 19n))
  expect(more).toBe('document acme-cn-1: of 1000000 micros of 2026-06/a 1010000 are given back')
  expect(told(credit('acme-cn-1', { '2026-06/c': 1n }, 0n))[0]).toContain('2026-06/c is about no line of acme-1')
  const foreign = { ...credit('acme-cn-1', {}, 0n), references: 'acme-2' }
  expect(told(foreign)).toEqual(['document acme-cn-1: is about acme-2, which is no document'])
})

test('a void is all of a document the other way round, once, and of one without notes', () => {
  expect(told(voided)).toEqual([])
  expect(told(voided, voided)).toContain('document acme-cn-9: takes acme-1 back, which was taken back before')
  expect(told(credit('acme-cn-1', { '2026-06/a': 1n }, 0n), voided)[0]).toContain('although there are notes about it')
  expect(told({ ...voided, lines: voided.lines.slice(1) })[0]).toContain('is not acme-1 the other way round')
  expect(told(voided, credit('acme-cn-1', { '2026-06/a': 1n }, 0n))).toContain(
    'document acme-cn-1: is about acme-1, which was taken back',
  )
})
