import { expect, test } from 'vitest'
import type { FaultMode } from '../faults/fault-mode.ts'
import { runWorld } from './run-world.ts'

/**
 * Worlds that failed once, with what was wrong then. What a seed draws changes with the world, so each of these faults
 * also has a test of its own beside its subject where it was one of the product.
 */
const onceFailed: readonly [seed: string, faults: FaultMode, wrong: string, hours?: number, publishes?: number][] = [
  ['h1-593', 'disk', 'an agent whose disk was to be replaced had been started again meanwhile'],
  ['h1-595', 'damage', 'a changed note of a recovery was not found'],
  ['h1-862', 'damage', "a changed note of the aggregator's log was not found by a check of the journal"],
  ['rowan', 'damage', 'books were restored under an aggregator that had started already'],
  ['q2-463', 'actors', 'a full disk let a false name be refused for good without evidence of it', 0.25, 3],
  ['q2-539', 'actors', 'the world took an agent for at rest that was still to take batches back', 0.25, 3],
  ['h2-1269', 'damage', 'nobody looked after a damaged journal whose agent was down when the faults ended', 0.25, 3],
  ['h2-2580', 'actors', 'a power cut while the log was emptied after a failed fsync left half of a commit', 0.25, 3],
  ['h2-3989', 'actors', 'the same, in an open batch', 0.25, 3],
  ['h2-5362', 'damage', 'what differed from a named loss was looked for in the log and not in suspense', 0.25, 3],
  ['h2-3321', 'disk', 'the world asked an aggregator that had not opened its books again yet', 0.25, 3],
  ['n6-129', 'damage', 'a journal was held against restored books that nobody had read again', 0.25, 3],
  ['n6-1481', 'stream', 'nobody thought of old bindings with new prices', 0.25, 3],
]

test.each(onceFailed)(
  '%s (%s) does not fail any more: %s',
  async (seed, faults, _wrong, hours = 0.75, publishesPerDevice = 5) => {
    const { violations } = await runWorld({ seed, faults, hours, publishesPerDevice })
    expect(violations).toEqual([])
  },
)
