import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { isOddity } from '../faults/fault-counts.ts'
import type { FaultMode } from '../faults/fault-mode.ts'
import { replayCommand } from './runner/seed-turns.ts'
import { runWorld } from './run-world.ts'
import type { WorldOrder, WorldResult } from './world-options.ts'

/** What a seed's storm has at least, but for worlds in which nothing goes wrong. */
const leastFaults = 20

const fixed: readonly (readonly [string, FaultMode])[] = [
  ['calm', 'none'],
  ['alder', 'stream'],
  ['ash', 'stream'],
  ['beech', 'stream'],
  ['oak', 'misbehaving'],
  ['poplar', 'misbehaving'],
  ['elder', 'disk'],
  ['pine', 'disk'],
  ['linden', 'disk'],
  ['maple', 'damage'],
  ['rowan', 'damage'],
  ['willow', 'actors'],
  ['yew', 'actors'],
]
/** One of each mode is enough to see that nothing but the seed decides what happens. */
const runTwice = new Set(['calm', 'alder', 'oak', 'elder', 'maple', 'willow'])

const fresh = randomBytes(4).toString('hex')
const freshModes: readonly FaultMode[] = ['stream', 'misbehaving', 'disk', 'damage', 'actors']

const known: WorldResult[] = []

function orderOf(seed: string, faults: FaultMode, changes: Partial<WorldOrder> = {}): WorldOrder {
  return { seed, faults, hours: 0.75, publishesPerDevice: 5, without: [], ...changes }
}

/** Empty for a run that kept everything; else what happened, what was violated, and how to see it again. */
function report(order: WorldOrder, { violations, trace }: WorldResult): string {
  if (violations.length === 0) return ''
  const told = violations.map(
    ({ invariant, atMs, step, message }) => `${invariant} at ${new Date(atMs).toISOString()}, step ${step}: ${message}`,
  )
  return [...trace, ...told, `replay: ${replayCommand(order)}`].join('\n')
}

function faultsOf({ faults }: WorldResult): number {
  return Object.entries(faults).reduce((so, [kind, times]) => (isOddity(kind) ? so : so + times), 0)
}

describe('known worlds keep every invariant, and are the same each time', () => {
  test.each(fixed)('%s (%s)', async (seed, faults) => {
    const order = orderOf(seed, faults)
    const first = await runWorld(order)
    known.push(first)
    expect(report(order, first)).toBe('')
    expect(first.mode).toBe(faults)
    expect(faultsOf(first)).toSatisfy((count: number) => (faults === 'none' ? count === 0 : count >= leastFaults))
    if (!runTwice.has(seed)) return
    const second = await runWorld(order)
    expect(second.traceHash).toBe(first.traceHash)
    expect(second.statistics).toEqual(first.statistics)
    expect(second.faults).toEqual(first.faults)
  })
})

describe('worlds nobody has seen before keep every invariant', () => {
  test.each(freshModes.map((mode, index) => [`${fresh}-${index}`, mode] as const))('%s (%s)', async (seed, faults) => {
    const order = orderOf(seed, faults)
    expect(report(order, await runWorld(order))).toBe('')
  })
})

test('a storm of moments goes on until there were faults enough', async () => {
  const order = orderOf('moments', 'stream', { hours: 0.02, publishesPerDevice: 1 })
  const result = await runWorld(order)
  expect(report(order, result)).toBe('')
  expect(faultsOf(result)).toBeGreaterThanOrEqual(leastFaults)
})

test('a hundred days pass with periods closed on the way and partitions of weeks', async () => {
  const order = orderOf('hundred days', 'stream', { hours: 100 * 24, publishesPerDevice: 20 })
  const result = await runWorld({ ...order, traceLines: Number.MAX_SAFE_INTEGER })
  expect(report(order, { ...result, trace: result.trace.slice(-60) })).toBe('')
  expect(result.statistics.trueMinutes).toBeGreaterThan(100 * 24 * 60)
  const closings = result.trace.filter((line) =>
    / operator +close 2\d{3}-\d{2}\S*: clos(?:ed|ing), [1-9]\d* documents/.test(line),
  )
  expect(new Set(closings.map((line) => /close (\S+):/.exec(line)?.[1])).size).toBeGreaterThanOrEqual(4)
  // Calm comes when the storm is over: the months before were closed in the middle of it.
  const calm = result.trace.findIndex((line) => line.endsWith('calm'))
  expect(closings.some((line) => result.trace.indexOf(line) < calm)).toBe(true)
}, 300_000)

test('the known worlds together met every kind of fault that streams and honest processes show', () => {
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
    'prerated',
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
