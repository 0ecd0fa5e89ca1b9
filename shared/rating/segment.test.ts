import { expect, test } from 'vitest'
import { AssertionFailure } from '../base/errors.ts'
import { parseSegmentKey, segmentKey, segmentKeyPrefix } from './segment.ts'

test('a segment key names its period first and reads back', () => {
  const key = segmentKey('north-trackers', 'a1b2', 'data.bytes', '2026-11')
  expect(key).toBe('2026-11/north-trackers/data.bytes/a1b2')
  expect(key.startsWith(segmentKeyPrefix('2026-11'))).toBe(true)
  expect(parseSegmentKey(key)).toEqual({
    subscription: 'north-trackers',
    priceId: 'a1b2',
    meter: 'data.bytes',
    periodKey: '2026-11',
  })
})

test.each(['', '2026-11/north', '2026-11/a/b/c/d'])('%j is no segment key', (text) => {
  expect(() => parseSegmentKey(text)).toThrow(AssertionFailure)
})
