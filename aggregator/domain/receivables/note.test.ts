import { describe, expect, test } from 'vitest'
import { makeNote, type NotedDocument, type NotedLine } from './note.ts'

function line(key: string, invoicedMicros: bigint, other: Partial<NotedLine> = {}): NotedLine {
  const untouched = { creditedMicros: 0n, debitedMicros: 0n }
  return { key, invoicedMicros, taxCode: 'vat', taxPercent: '19', taxRegion: null, ...untouched, ...other }
}

const nineteen = { code: 'vat', region: 'DE', percent: '19', taxMicros: 7_600_000n }
const document: NotedDocument = {
  number: 'acme-000001',
  minorDigits: 2,
  inclusive: false,
  taxes: [nineteen],
  lines: [line('data', 30_000_000n), line('flat', 20_000_000n), line('discount', -10_000_000n)],
}

describe('a credit note', () => {
  test('of the whole document gives back every line and exactly its tax', () => {
    expect(makeNote(document, { kind: 'credit-note', micros: null })).toMatchObject({
      ok: true,
      value: {
        lines: [
          { key: 'data', micros: 30_000_000n },
          { key: 'flat', micros: 20_000_000n },
          { key: 'discount', micros: -10_000_000n },
        ],
        taxes: [{ code: 'vat', region: 'DE', percent: '19', baseMicros: 40_000_000n, taxMicros: 7_600_000n }],
        taxMicros: 7_600_000n,
        grossMicros: 47_600_000n,
      },
    })
  })

  test('of an amount is shared by the lines above zero', () => {
    const made = makeNote(document, { kind: 'credit-note', micros: 10_010_000n })
    expect(made).toMatchObject({
      ok: true,
      value: {
        lines: [
          { key: 'data', micros: 6_010_000n },
          { key: 'flat', micros: 4_000_000n },
        ],
        taxMicros: 1_900_000n,
        grossMicros: 11_910_000n,
      },
    })
  })

  test('takes the tax out of amounts that include it', () => {
    const inclusive = { ...document, inclusive: true, taxes: [{ ...nineteen, taxMicros: 6_390_000n }] }
    expect(makeNote(inclusive, { kind: 'credit-note', lines: [{ key: 'flat', micros: null }] })).toMatchObject({
      ok: true,
      value: { taxes: [{ baseMicros: 16_810_000n, taxMicros: 3_190_000n }], grossMicros: 20_000_000n },
    })
  })

  test('reverses no tax of a line without any', () => {
    const untaxed = { ...document, taxes: [], lines: [line('data', 5_000_000n, { taxCode: null, taxPercent: null })] }
    expect(makeNote(untaxed, { kind: 'credit-note', micros: null })).toMatchObject({
      ok: true,
      value: { taxes: [], taxMicros: 0n, grossMicros: 5_000_000n },
    })
  })

  test('may give back what a debit note added', () => {
    const added = { ...document, lines: [line('data', 30_000_000n, { debitedMicros: 5_000_000n })] }
    expect(makeNote(added, { kind: 'credit-note', lines: [{ key: 'data', micros: 35_000_000n }] }).ok).toBe(true)
    expect(makeNote(added, { kind: 'credit-note', lines: [{ key: 'data', micros: 35_010_000n }] }).ok).toBe(false)
  })
})

const credit = 'credit-note' as const
const debit = 'debit-note' as const

test.each([
  ['of a line that is not there', { kind: credit, lines: [{ key: 'other', micros: 10_000n }] }, 'line_unknown'],
  ['of more than the line', { kind: credit, lines: [{ key: 'flat', micros: 20_010_000n }] }, 'note_too_large'],
  [
    'of a line that lowers the document',
    { kind: credit, lines: [{ key: 'discount', micros: 10_000n }] },
    'note_too_large',
  ],
  [
    'of lines that are more than the document together',
    { kind: credit, lines: ['data', 'flat'].map((key) => ({ key, micros: null })) },
    'note_too_large',
  ],
  ['of more than the document', { kind: credit, micros: 40_010_000n }, 'note_too_large'],
  ['of nothing', { kind: credit, micros: 0n }, 'note_too_large'],
  ['below the cent', { kind: credit, micros: 1_005_000n }, 'note_not_whole'],
  ['below the cent of a line', { kind: credit, lines: [{ key: 'data', micros: 1n }] }, 'note_not_whole'],
  [
    'of one line twice',
    { kind: credit, lines: ['flat', 'flat'].map((key) => ({ key, micros: 10_000n })) },
    'line_named_twice',
  ],
  ['that adds without an amount', { kind: debit, micros: null }, 'debit_needs_amount'],
  ['that adds more than the line', { kind: debit, lines: [{ key: 'flat', micros: 20_010_000n }] }, 'note_too_large'],
])('a note %s is refused', (_what, request, code) => {
  expect(makeNote(document, request)).toMatchObject({ ok: false, fault: { code } })
})

test('a document that was given back whole has nothing left', () => {
  const lines = document.lines.map((each) => ({ ...each, creditedMicros: each.invoicedMicros }))
  expect(makeNote({ ...document, lines }, { kind: 'credit-note', micros: null })).toMatchObject({
    ok: false,
    fault: { code: 'note_empty' },
  })
})
