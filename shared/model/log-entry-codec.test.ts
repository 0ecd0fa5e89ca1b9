import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeDeterministic, encodeDeterministic } from '../integrity/deterministic-bytes.ts'
import { decodeLogEntry, encodeLogEntry } from './log-entry-codec.ts'
import { longestLogEntryBytes, type LogEntry } from './log-entry.ts'

const bytes = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length })
const text = fc.string({ unit: 'binary', maxLength: 20 })
const index = fc.maxSafeInteger().map(Math.abs)
const amount = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n })
const entries = fc.array(
  fc.record({ entity: text, asset: text, account: text, debitMicros: amount, creditMicros: amount }),
  { maxLength: 4 },
)
const posting = fc.record({ seller: text, buyer: text, currency: text, amountMicros: amount, sumRoot: bytes(32) })
const suspended = fc
  .uniqueArray(fc.record({ unit: fc.nat(16_383), code: text }), { maxLength: 5, selector: ({ unit }) => unit })
  .map((units) => units.toSorted((a, b) => a.unit - b.unit))

const units = fc
  .uniqueArray(fc.nat(16_383), { maxLength: 5 })
  .map((numbers) => numbers.toSorted((left, right) => left - right))

const numberGaps = fc
  .uniqueArray(
    fc.record({
      entity: fc.string({ unit: 'grapheme-ascii', maxLength: 8 }),
      series: fc.string({ unit: 'grapheme-ascii', maxLength: 8 }),
      from: fc.integer({ min: 1, max: 1000 }),
      to: fc.integer({ min: 1000, max: 2000 }),
    }),
    { maxLength: 4, selector: ({ entity, series }) => `${entity}\0${series}` },
  )
  .map((gaps) => gaps.toSorted((a, b) => (`${a.entity}\0${a.series}` < `${b.entity}\0${b.series}` ? -1 : 1)))

const logEntries: fc.Arbitrary<LogEntry> = fc.oneof(
  fc.record({ kind: fc.constant('batch' as const), header: fc.uint8Array({ maxLength: 300 }), signature: bytes(64) }),
  fc.record({ kind: fc.constant('catalogue' as const), contentHash: bytes(32), content: fc.uint8Array() }),
  fc.record({
    kind: fc.constant('ledger' as const),
    ratingVersion: text,
    catalogueIndex: index,
    batchIndex: index,
    partition: text,
    postings: fc.array(posting, { maxLength: 3 }),
    entries,
  }),
  fc.record({
    kind: fc.constant('document' as const),
    entity: text,
    series: text,
    number: index,
    documentHash: bytes(32),
    entries,
  }),
  fc.record({ kind: fc.constant('suspense' as const), batchIndex: index, units: suspended }),
  fc.record({
    kind: fc.constant('control' as const),
    batchIndex: index,
    units: suspended.map((units) => units.map(({ unit, code }) => ({ unit, rule: code }))),
  }),
  fc.record({ kind: fc.constant('release' as const), batchIndex: index, units, by: text }),
  fc.record({ kind: fc.constant('discard' as const), batchIndex: index, units, reason: text, by: text }),
  fc.record({ kind: fc.constant('void' as const), batchIndex: index, units, reason: text, by: text }),
  fc.record({ kind: fc.constant('checkpoint' as const), note: text }),
  fc.record({
    kind: fc.constant('restore' as const),
    declaration: fc.uint8Array({ maxLength: 300 }),
    signature: bytes(64),
    numberGaps,
  }),
  fc.record({
    kind: fc.constant('decision' as const),
    name: text,
    content: fc.uint8Array({ maxLength: 300 }),
    entries,
  }),
)

describe('a log entry', () => {
  it('of every kind comes back from its bytes', () => {
    fc.assert(
      fc.property(logEntries, (entry) => {
        const decoded = decodeLogEntry(encodeLogEntry(entry))
        expect(decoded).toEqual({ ok: true, value: entry })
      }),
      { numRuns: 300 },
    )
  })

  it('that is accepted encodes to the same bytes again', () => {
    fc.assert(
      fc.property(logEntries, fc.nat(), fc.nat(255), (entry, at, byte) => {
        const changed = Uint8Array.from(encodeLogEntry(entry))
        changed[at % changed.length] = byte
        const decoded = decodeLogEntry(changed)
        const again = decoded.ok ? encodeLogEntry(decoded.value) : changed
        expect(Buffer.from(again)).toEqual(Buffer.from(changed))
      }),
      { numRuns: 1000 },
    )
  })

  it('begins with its format and its kind', () => {
    const decoded = decodeDeterministic(encodeLogEntry({ kind: 'checkpoint', note: 'x' }))
    expect(decoded).toEqual({ ok: true, value: [1, 'checkpoint', 'x'] })
  })

  it.each([
    { what: 'of another kind', bytes: encodeDeterministic([1, 'wish', 5]), code: 'log_entry_unknown_kind' },
    {
      what: 'named like a property of all objects',
      bytes: encodeDeterministic([1, 'toString']),
      code: 'log_entry_unknown_kind',
    },
    { what: 'of another format', bytes: encodeDeterministic([2, 'checkpoint', 'x']), code: 'log_entry_malformed' },
    { what: 'with a field more', bytes: encodeDeterministic([1, 'checkpoint', 'x', 'y']), code: 'log_entry_malformed' },
    { what: 'with a field less', bytes: encodeDeterministic([1, 'checkpoint']), code: 'log_entry_malformed' },
    { what: 'that is empty', bytes: new Uint8Array(0), code: 'log_entry_malformed' },
    {
      what: 'with a unit suspended twice',
      bytes: encodeDeterministic([
        1,
        'suspense',
        4,
        [
          [1, 'no_price'],
          [1, 'no_price'],
        ],
      ]),
      code: 'log_entry_malformed',
    },
    {
      what: 'with a gap of numbers that ends before it begins',
      bytes: encodeDeterministic([1, 'restore', new Uint8Array(1), new Uint8Array(64), [['acme', 'acme', 3, 2]]]),
      code: 'log_entry_malformed',
    },
    {
      what: 'with two gaps in one series',
      bytes: encodeDeterministic([
        1,
        'restore',
        new Uint8Array(1),
        new Uint8Array(64),
        [
          ['acme', 'acme', 3, 4],
          ['acme', 'acme', 7, 9],
        ],
      ]),
      code: 'log_entry_malformed',
    },
    {
      what: 'with a decision that says too much',
      bytes: encodeDeterministic([1, 'decision', 'payment', new Uint8Array(65_537), []]),
      code: 'log_entry_malformed',
    },
    { what: 'too large', bytes: new Uint8Array(longestLogEntryBytes + 1), code: 'log_entry_too_large' },
  ])('$what is refused', ({ bytes: refused, code }) => {
    expect(decodeLogEntry(refused)).toMatchObject({ ok: false, fault: { code } })
  })
})
