import { expect, test } from 'vitest'
import { AssertionFailure } from '../base/errors.ts'
import { parseSegmentKey, segmentKey, segmentKeyPrefix } from './segment.ts'

test.each<readonly [model: number | null, key: string]>([
  [null, '2026-11/north-trackers/data.bytes/a1b2'],
  [0, '2026-11/north-trackers/data.bytes/a1b2/0'],
  [2999, '2026-11/north-trackers/data.bytes/a1b2/2999'],
])('a segment key of model %s names its period first and reads back', (model, key) => {
  expect(segmentKey('north-trackers', 'a1b2', 'data.bytes', '2026-11', model)).toBe(key)
  expect(key.startsWith(segmentKeyPrefix('2026-11'))).toBe(true)
  expect(parseSegmentKey(key)).toEqual({
    subscription: 'north-trackers',
    priceId: 'a1b2',
    meter: 'data.bytes',
    periodKey: '2026-11',
    model,
  })
})

test.each(['', '2026-11/north', '2026-11/a/b/c/d', '2026-11/a/b/c/', '2026-11/a/b/c/-1', '2026-11/a/b/c/1/2'])(
  '%j is no segment key',
  (text) => {
    expect(() => parseSegmentKey(text)).toThrow(AssertionFailure)
  },
)
