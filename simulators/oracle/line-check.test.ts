import { expect, test } from 'vitest'
import type { Billed } from './billed-book.ts'
import { lineFaults } from './line-check.ts'
import type { SegmentSums } from './segment-check.ts'
import { SegmentUsage } from './segment-usage.ts'
import type { DocumentLine } from './stored-document.ts'

const key = '2026-11/own/data/x'
const rounding = { minorDigits: 2, rule: 'half-away' }

/** Two ratings of 3 and 4 units at 1.004 each. */
function segments(): ReadonlyMap<string, SegmentSums> {
  const usage = new SegmentUsage({ model: 'per-unit', amount: '1.004', per: 1n })
  const blocks = [3n, 4n].map((quantity, toldAt) => {
    const amountMicros = usage.add({ timeMs: toldAt, source: '', id: null, quantity })
    return { toldAt, quantity, amountMicros, charges: 1, totalMicros: usage.totalMicros }
  })
  return new Map([[key, { usage, blocks } as unknown as SegmentSums]])
}

const first: DocumentLine = {
  subscription: 'own',
  meter: 'data',
  segment: key,
  unit: 'byte',
  price: 'data',
  taxCode: null,
  taxPercent: null,
  quantity: 3n,
  fromBlock: 0,
  chargeBlocks: 1,
  openingMicros: 0n,
  amountMicros: 3_012_000n,
  invoicedMicros: 3_010_000n,
  residueMicros: 2_000n,
  amount: '3.01',
  days: [{ quantity: 3n, amountMicros: 3_012_000n }],
  tiers: [{ quantity: 3n, amountMicros: 3_012_000n }],
  limitMicros: 0n,
  feePeriod: null,
  isUsage: true,
  corrects: null,
}
const before = { blocks: 1, quantity: 3n, amountMicros: 3_012_000n, invoicedMicros: 3_010_000n } as unknown as Billed
/** Both together are 7.028, of which 3.01 was invoiced. */
const second: DocumentLine = {
  ...first,
  quantity: 4n,
  fromBlock: 1,
  amountMicros: 4_016_000n,
  invoicedMicros: 4_020_000n,
  residueMicros: -4_000n,
  amount: '4.02',
  days: [],
  tiers: [],
  corrects: { document: 'acme-000001', period: '2026-11' },
}

test('a line and the correction of it are worth what their charges cost', () => {
  expect(lineFaults(first, { before: undefined, segments: segments(), rounding })).toEqual([])
  expect(lineFaults(second, { before, segments: segments(), rounding })).toEqual([])
})

test.each<readonly [string, Partial<DocumentLine>, RegExp]>([
  ['blocks that were billed', { fromBlock: 0 }, /begins at block 0, documents have had 1/],
  ['blocks that there are not', { chargeBlocks: 2 }, /names 2 blocks, there are 1/],
  ['other units', { quantity: 5n }, /has 5 units, its blocks 4/],
  ['another amount', { amountMicros: 4_016_001n }, /charged 4016000/],
  ['what was due before usage again', { openingMicros: 1n, amountMicros: 4_016_001n }, /documents say 7028001/],
  ['rounded by itself', { invoicedMicros: 4_020_000n + 10_000n }, /is invoiced as 4030000, not 4020000/],
  ['another residue', { residueMicros: 0n }, /the residue is 0/],
  ['days of a correction', { days: first.days }, /although it corrects/],
])('a correction is wrong: %s', (_what, how, expected) => {
  expect(lineFaults({ ...second, ...how }, { before, segments: segments(), rounding }).join('\n')).toMatch(expected)
})

test('a line without usage costs what is due before it', () => {
  const fee = {
    ...first,
    segment: 'fee',
    isUsage: false,
    feePeriod: '2026-11',
    chargeBlocks: 0,
    days: [],
    openingMicros: 3_012_000n,
  }
  expect(lineFaults(fee, { before: undefined, segments: new Map(), rounding })).toEqual([])
  const told = lineFaults({ ...fee, openingMicros: 0n }, { before: undefined, segments: new Map(), rounding })
  expect(told.join('\n')).toMatch(/a fee of 3012000, of which 0 are due before it/)
})
