import { expect, test } from 'vitest'
import { duration, progressLine } from './progress-line.ts'
import { WorldTally } from './world-tally.ts'

function standing(changes: Partial<WorldTally['total']>): Pick<WorldTally, 'total'> {
  return { total: { ...new WorldTally().total, ...changes } }
}

test.each([
  [0, '0 s'],
  [59_400, '59 s'],
  [130_000, '2 min 10 s'],
  [3_900_000, '1 h 05 min'],
])('%i ms are told as %s', (ms, told) => {
  expect(duration(ms)).toBe(told)
})

test('before the first world only the limit says how much time is left', () => {
  const none = standing({})
  expect(progressLine(none, { seeds: 10, passedMs: 0, timeMs: null })).toBe(
    '0/10 worlds · 0 faults · 0 steps/s · 0 agent-years · none failed',
  )
  expect(progressLine(none, { seeds: 10, passedMs: 5_000, timeMs: 60_000 })).toContain('55 s left')
})

test('what comes first ends the run: the last world or the time', () => {
  const half = standing({ seeds: 500, failures: 2, faults: 12_345, steps: 2_000_000, agentMinutes: 1_051_920 })
  const told = '500/1000 worlds · 12,345 faults · 20,000 steps/s · 2 agent-years · 2 FAILED · '
  expect(progressLine(half, { seeds: 1000, passedMs: 100_000, timeMs: null })).toBe(`${told}1 min 40 s left`)
  expect(progressLine(half, { seeds: 1000, passedMs: 100_000, timeMs: 130_000 })).toBe(`${told}30 s left`)
})
