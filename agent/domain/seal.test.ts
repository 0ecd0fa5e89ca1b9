import { expect, test } from 'vitest'
import { sealDue, sizeReached } from './seal.ts'

const limits = { lingerMs: 100, maxUnits: 10, maxBytes: 1000 }
const open = { unitCount: 5, bytes: 500, full: false }

test.each([
  ['growing', open, false],
  ['empty, whatever it says', { unitCount: 0, bytes: 2000, full: true }, false],
  ['enough units', { ...open, unitCount: 10 }, true],
  ['enough bytes', { ...open, bytes: 1000 }, true],
  ['no room for another unit', { ...open, full: true }, true],
])('the open batch takes no more: %s', (_name, size, expected) => {
  expect(sizeReached(size, limits)).toBe(expected)
})

test.each([
  ['not yet', open, 1000, 1099, false],
  ['after the linger', open, 1000, 1100, true],
  ['at once when it is large enough', { ...open, unitCount: 10 }, 1000, 1000, true],
  ['never while it is empty', { ...open, unitCount: 0 }, null, 9999, false],
])('the open batch is sealed: %s', (_name, size, sinceMs, nowMs, expected) => {
  expect(sealDue(size, sinceMs, limits, nowMs)).toBe(expected)
})
