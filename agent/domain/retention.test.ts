import { describe, expect, test } from 'vitest'
import { releasable, type RetentionFacts, type SettledBatch } from './retention.ts'

const limits = { retainMs: 1_000, bytes: 500 }
/** Batch `seq` has 100 bytes, lies at ten times its number in the log, and was settled at a hundred times it. */
const batch = (seq: number, settledMs: number | null = seq * 100): SettledBatch => ({
  seq,
  bytes: 100,
  logIndex: seq * 10,
  settledMs,
})
const five = [1, 2, 3, 4, 5].map((seq) => batch(seq))
const facts: RetentionFacts = { retainedBytes: 500, nowMs: 1_300, coveredSize: 1_000 }

describe('settled batches', () => {
  test.each<[string, readonly SettledBatch[], Partial<RetentionFacts>, number]>([
    ['go when they are old enough', five, {}, 3],
    ['stay while none is old enough', five, { nowMs: 1_099 }, 0],
    ['go at the very age', five, { nowMs: 1_100 }, 1],
    ['stay until the verified log covers them', five, { coveredSize: 20 }, 1],
    ['stay when the log ends right before them', five, { coveredSize: 10 }, 0],
    ['go by age alone when there is no checkpoint to wait for', five, { coveredSize: null }, 3],
    ['go over the cap, covered or not', five, { retainedBytes: 650, nowMs: 0, coveredSize: 0 }, 2],
    ['stay at the cap', five, { nowMs: 0 }, 0],
    ['go by whichever lets more go', five, { retainedBytes: 501 }, 3],
    ['go over the cap as far as they were looked through', five, { retainedBytes: 5_000 }, 5],
    ['stay when the clock is known to be wrong', five, { nowMs: null }, 0],
    ['go over the cap also then', five, { nowMs: null, retainedBytes: 501 }, 1],
    ['settled by a wrong clock stay', [batch(1, null), batch(2, null)], {}, 0],
    ['settled by a wrong clock go with the next whose age is known', [batch(1, null), batch(2), batch(3, null)], {}, 2],
    ['settled in the future stay', [batch(1, 9_999_999), batch(2, 9_999_999)], {}, 0],
    ['that are none are none', [], { retainedBytes: 5_000 }, 0],
  ])('%s', (_name, oldest, about, expected) => {
    expect(releasable(oldest, limits, { ...facts, ...about })).toBe(expected)
  })
})
