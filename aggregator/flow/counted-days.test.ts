import { expect, test } from 'vitest'
import { encodeLogEntry } from '@meterline/shared/model/log-entry-codec.ts'
import type { LegPosting } from '@meterline/shared/model/log-entry.ts'
import { countedDay, firstRatedIndex } from './counted-days.ts'

const posting: LegPosting = { seller: 'a', buyer: 'b', currency: 'EUR', amountMicros: 1n, sumRoot: new Uint8Array(32) }

function ledger(batchIndex: number, postings: readonly LegPosting[]): Uint8Array {
  const about = { ratingVersion: 'm2', catalogueIndex: 0, partition: 'a', entries: [] }
  return encodeLogEntry({ kind: 'ledger', batchIndex, postings, ...about })
}

const day = 86_400_000
const kept = { days: 10, positions: 20 }

test.each([
  ['before days were kept', 10, 5n, null],
  ['before their records were counted', 11, 5n, { day: 3, isRecordCounted: false }],
  ['then, and used nothing', 20, 0n, null],
  ['since', 21, 5n, { day: 3, isRecordCounted: true }],
  ['since, and used nothing', 21, 0n, { day: 3, isRecordCounted: true }],
] as const)('what was decided %s is counted so', (_what, decidedIndex, quantity, expected) => {
  expect(countedDay(kept, decidedIndex, { timeMs: 3 * day + 5, quantity })).toEqual(expected)
})

test('the first rating of a batch is its first ledger transaction with postings', () => {
  const entries = [ledger(9, []), ledger(0, []), ledger(1, [posting]), ledger(0, [posting]), ledger(0, [posting])]
  const log = { entry: (index: number): Uint8Array | undefined => entries[index] }
  expect(firstRatedIndex(log, 0, 4)).toBe(3)
  expect(firstRatedIndex(log, 0, 2)).toBe(3)
  expect(firstRatedIndex(log, 2, 4)).toBe(5)
  expect(firstRatedIndex(log, 0, 1)).toBe(2)
})
