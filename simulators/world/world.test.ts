import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { FaultMode } from '../faults/fault-mode.ts'
import { runWorld } from './run-world.ts'
import type { WorldResult } from './world-options.ts'

const publishesPerDevice = 24

const fixed: readonly (readonly [string, FaultMode])[] = [
  ['calm', 'none'],
  ['alder', 'stream'],
  ['ash', 'stream'],
  ['beech', 'stream'],
  ['elder', 'stream'],
  ['pine', 'stream'],
  ['linden', 'stream'],
  ['maple', 'stream'],
  ['oak', 'misbehaving'],
  ['poplar', 'misbehaving'],
  ['rowan', 'misbehaving'],
]

const known: WorldResult[] = []

const fresh = randomBytes(4).toString('hex')
const freshModes: readonly (readonly [string, FaultMode])[] = [
  [`${fresh}-0`, 'stream'],
  [`${fresh}-1`, 'stream'],
  [`${fresh}-2`, 'misbehaving'],
]

/** Empty for a run that kept everything; else what happened, what was violated, and how to see it again. */
function report({ seed, mode, violations, trace }: WorldResult): string {
  if (violations.length === 0) return ''
  const told = violations.map(
    ({ invariant, atMs, step, message }) => `${invariant} at ${new Date(atMs).toISOString()}, step ${step}: ${message}`,
  )
  const replay = `replay: npm run sim -- world --seeds 1 --seed ${seed} --faults ${mode} --publishes ${publishesPerDevice} --trace`
  return [...trace, ...told, replay].join('\n')
}

describe('known worlds keep every invariant, and are the same each time', () => {
  test.each(fixed)('%s (%s)', async (seed, faults) => {
    const first = await runWorld({ seed, faults, publishesPerDevice })
    known.push(first)
    expect(report(first)).toBe('')
    const second = await runWorld({ seed, faults, publishesPerDevice })
    expect(second.traceHash).toBe(first.traceHash)
    expect(second.statistics).toEqual(first.statistics)
  })
})

describe('worlds nobody has seen before keep every invariant', () => {
  test.each(freshModes)('%s (%s)', async (seed, faults) => {
    const result = await runWorld({ seed, faults, publishesPerDevice })
    expect(report(result)).toBe('')
  })
})

test('the known worlds together met every kind of fault', () => {
  const sum = (name: keyof WorldResult['statistics']): number =>
    known.reduce((so, { statistics }) => so + statistics[name], 0)
  for (const name of [
    'agentCrashes',
    'aggregatorCrashes',
    'crashesInsideAStep',
    'partitions',
    'clockSteps',
    'rejects',
    'notTaken',
    'unavailable',
    'charged',
    'suspendedAtAggregator',
    'suspendedAtAgents',
    'documents',
    'released',
    'discarded',
  ] as const) {
    expect({ name, count: sum(name) }).toSatisfy(({ count }: { count: number }) => count > 0)
  }
  // Repeats were needed: more was submitted than published.
  expect(sum('submissions')).toBeGreaterThan(sum('publishes'))
})
