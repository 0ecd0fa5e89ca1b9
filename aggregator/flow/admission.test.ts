import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { BatchTables, RatingUnit } from '@meterline/shared/model/usage-record.ts'
import { admitUnits, decodeAdmission, encodeAdmission, keyPositionOf, unitAt } from './admission.ts'
import type { EventKeys } from './admission.ts'

const receivedMs = 1_750_000_000_000
const tables: BatchTables = {
  strings: [],
  snapshots: [],
  leases: [],
  anchors: [{ bootId: 'ab'.repeat(16), monotonicMs: 500, wallMs: receivedMs, syncState: 'synced' }],
}

function unit(given: Partial<RatingUnit>): RatingUnit {
  return {
    eventId: 'a',
    source: 'trk-1',
    subject: 'trk-1',
    timeMs: receivedMs - 60_000,
    receivedMonotonicMs: 500,
    anchor: 0,
    snapshot: null,
    labels: [],
    facts: [],
    records: [{ meter: 'data.bytes', quantity: 5n, preratedMicros: null, spends: [] }],
    ...given,
  }
}

/** Event keys in a map, as the index keeps them. */
function mapOfKeys(): EventKeys {
  const entries = new Map<string, { check0: number; check1: number; positionHigh: number; positionLow: number }>()
  const keyAt = (keys: Uint8Array, offset: number): string =>
    Buffer.from(keys.subarray(offset, offset + 16)).toString('hex')
  return {
    lookup: (keys, offset) => entries.get(keyAt(keys, offset)) ?? null,
    stage: (keys, offset, check0, check1, positionHigh, positionLow) =>
      void entries.set(keyAt(keys, offset), { check0, check1, positionHigh, positionLow }),
  }
}

/** What becomes of a second unit after a first one: new, duplicate or conflict. */
function second(first: Partial<RatingUnit>, then: Partial<RatingUnit>, tenants = ['acme', 'acme']): string {
  const keys = mapOfKeys()
  admitUnits(keys, tenants[0] ?? '', { units: [unit(first)], tables }, 1)
  const { admission, keysStaged } = admitUnits(keys, tenants[1] ?? '', { units: [unit(then)], tables }, 2)
  if (admission.duplicates.length > 0) return 'duplicate'
  return admission.conflicts.length > 0 ? 'conflict' : `new, ${keysStaged} key`
}

describe('admission', () => {
  const record = { meter: 'data.bytes', quantity: 5n, preratedMicros: null, spends: [] }
  const asReceived = { timeMs: receivedMs }
  test.each([
    ['the same content', {}, {}, 'duplicate'],
    ['another id', {}, { eventId: 'b' }, 'new, 1 key'],
    ['another source', {}, { source: 'trk-2' }, 'new, 1 key'],
    ['no id', {}, { eventId: null }, 'new, 0 key'],
    ['no id, twice', { eventId: null }, { eventId: null }, 'new, 0 key'],
    ['another quantity', {}, { records: [{ ...record, quantity: 6n }] }, 'conflict'],
    ['another meter', {}, { records: [{ ...record, meter: 'messages' }] }, 'conflict'],
    ['another subject', {}, { subject: 'trk-9' }, 'conflict'],
    ['another stated time', {}, { timeMs: receivedMs - 1 - 60_000 }, 'conflict'],
    ['a label more', {}, { labels: [['k', 'v'] as const] }, 'conflict'],
    ['what the edge adds', {}, { snapshot: 0, records: [{ ...record, preratedMicros: 7n }] }, 'duplicate'],
    [
      'no stated time, at another moment',
      asReceived,
      { timeMs: receivedMs + 900, receivedMonotonicMs: 1400 },
      'duplicate',
    ],
    ['no stated time, told two milliseconds off', { timeMs: receivedMs + 2 }, { timeMs: receivedMs - 2 }, 'duplicate'],
    ['no stated time after a stated one', {}, asReceived, 'conflict'],
    [
      'a stated time that was that of the receipt, later',
      asReceived,
      { receivedMonotonicMs: 90_000, ...asReceived },
      'duplicate',
    ],
    [
      'no stated time and another quantity',
      asReceived,
      { ...asReceived, records: [{ ...record, quantity: 6n }] },
      'conflict',
    ],
  ])('%s', (_name, first, then, outcome) => {
    expect(second(first, then)).toBe(outcome)
  })

  test('the same event of another tenant is another event', () => {
    expect(second({}, {}, ['acme', 'other'])).toBe('new, 1 key')
  })

  test('inside one batch the first one wins', () => {
    const units = [unit({}), unit({ eventId: 'b' }), unit({}), unit({ subject: 'trk-9' })]
    const admitted = admitUnits(mapOfKeys(), 'acme', { units, tables }, 1)
    expect(admitted).toEqual({ admission: { duplicates: [2], conflicts: [3] }, keysStaged: 2 })
  })
})

test('positions come back as they were, as unsigned 32-bit integers', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 50 - 1 }), fc.integer({ min: 0, max: 16_383 }), (logIndex, index) => {
      const position = keyPositionOf(logIndex, index)
      for (const word of [position.positionHigh, position.positionLow]) expect(word >>> 0).toBe(word)
      expect(unitAt(position)).toEqual({ logIndex, unit: index })
    }),
  )
})

test('an admission is stored only when there is something to store', () => {
  expect(encodeAdmission({ duplicates: [], conflicts: [] })).toBeNull()
  expect(decodeAdmission(null)).toEqual({ duplicates: [], conflicts: [] })
  const admission = { duplicates: [1, 16_383], conflicts: [7] }
  expect(decodeAdmission(encodeAdmission(admission))).toEqual(admission)
})
