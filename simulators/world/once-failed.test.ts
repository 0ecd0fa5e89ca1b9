import { expect, test } from 'vitest'
import type { FaultMode } from '../faults/fault-mode.ts'
import { runWorld } from './run-world.ts'

/**
 * Worlds that failed once, with what was wrong then. What a seed draws changes with the world, so each of these faults
 * also has a test of its own beside its subject where it was one of the product.
 */
const onceFailed: readonly [seed: string, faults: FaultMode, wrong: string][] = [
  ['h1-593', 'disk', 'an agent whose disk was to be replaced had been started again meanwhile'],
  ['h1-595', 'damage', 'a changed note of a recovery was not found'],
  ['h1-862', 'damage', "a changed note of the aggregator's log was not found by a check of the journal"],
  ['rowan', 'damage', 'books were restored under an aggregator that had started already'],
]

test.each(onceFailed)('%s (%s) does not fail any more: %s', async (seed, faults) => {
  const { violations } = await runWorld({ seed, faults, hours: 0.75, publishesPerDevice: 5 })
  expect(violations).toEqual([])
})
