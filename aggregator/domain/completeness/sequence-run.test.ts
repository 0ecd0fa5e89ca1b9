import { describe, expect, test } from 'vitest'
import { missingCount, mostMissingRanges, mostRuns, withSequence } from './sequence-run.ts'
import type { SequenceRun } from './sequence-run.ts'

/** The runs after numbers that came at times; without a time, a second after the one before. */
function after(...numbers: readonly (number | readonly [number: number, timeMs: number])[]): readonly SequenceRun[] {
  let runs: readonly SequenceRun[] = []
  let timeMs = 0
  for (const each of numbers) {
    timeMs = typeof each === 'number' ? timeMs + 1_000 : each[1]
    runs = withSequence(runs, { number: typeof each === 'number' ? each : each[0], timeMs, agent: 'gw-1' })
  }
  return runs
}

const holes = (runs: readonly SequenceRun[]): unknown => runs.map(({ missing }) => missing)

describe('the numbers of a device', () => {
  test('without holes leave none', () => {
    expect(after(7, 8, 9)).toEqual([
      { low: 7, head: 9, startMs: 1_000, headMs: 3_000, agent: 'gw-1', missing: [], givenUp: 0 },
    ])
  })

  test.each([
    ['a hole is named', [1, 2, 6], [[[3, 5]]]],
    [
      'several are kept apart',
      [1, 3, 5],
      [
        [
          [2, 2],
          [4, 4],
        ],
      ],
    ],
    [
      'a late number splits its hole',
      [1, 9, [5, 1_500]],
      [
        [
          [2, 4],
          [6, 8],
        ],
      ],
    ],
    ['a late number closes its hole', [1, 3, [2, 1_500]], [[]]],
    ['a late number comes late by its time of arrival', [1, 3, 2], [[]]],
    [
      'numbers before the first that came',
      [
        [5, 5_000],
        [2, 2_000],
      ],
      [[[3, 4]]],
    ],
    ['a repeated number changes nothing', [1, 2, 4, 2, 4], [[[3, 3]]]],
    ['a large jump is a hole', [1, 1_000_000], [[[2, 999_999]]]],
  ] as const)('%s', (_what, numbers, expected) => {
    expect(holes(after(...numbers))).toEqual(expected)
  })

  test('that begin anew at nought begin a run of their own, and the holes before it stay', () => {
    expect(holes(after(5, 8, 0, 1, 3))).toEqual([[[6, 7]], [[2, 2]]])
  })

  test('that fall far begin a run of their own', () => {
    expect(holes(after(5_000, 5_002, 40, 42))).toEqual([[[5_001, 5_001]], [[41, 41]]])
  })

  test('of a run before are told apart by their time', () => {
    const runs = after([500, 1_000], [502, 3_000], [0, 10_000], [2, 12_000], [501, 2_000], [1, 11_000])
    expect(holes(runs)).toEqual([[], []])
    expect(runs.map(({ low, head }) => [low, head])).toEqual([
      [500, 502],
      [0, 2],
    ])
  })

  test('of a run before that come after those of the run behind it are no hole in that', () => {
    expect(holes(after([0, 10_000], [1, 11_000], [700, 1_000], [702, 3_000]))).toEqual([[[701, 701]], []])
  })

  test('of a run before that was not known begin one, though the run behind it has the same numbers', () => {
    const runs = after([0, 10_000], [3, 11_000], [1, 10_500], [1, 2_000], [3, 3_000])
    expect(runs.map(({ low, head, missing }) => ({ low, head, missing }))).toEqual([
      { low: 1, head: 3, missing: [[2, 2]] },
      { low: 0, head: 3, missing: [[2, 2]] },
    ])
  })

  test('of a clock that steps back are of the time of the latest', () => {
    expect(after([1, 1_000], [2, 5_000], [3, 4_000])).toMatchObject([{ head: 3, headMs: 5_000, missing: [] }])
  })

  test('whole runs that are over are forgotten, and of the others the oldest', () => {
    const restarts = Array.from({ length: 3 * mostRuns }, (_, run) => (run % 3 === 0 ? [0, 1, 2] : [0, 2])).flat()
    const runs = after(...restarts)
    expect(runs.length).toBe(mostRuns)
    expect(runs.slice(0, -1).every(({ missing }) => missing.length > 0)).toBe(true)
  })

  test('with too many holes are counted and no longer named', () => {
    const odd = Array.from({ length: mostMissingRanges + 3 }, (_, index) => 2 * index + 1)
    const [run] = after(...odd)
    expect(run).toMatchObject({ givenUp: 2 })
    expect(run?.missing.length).toBe(mostMissingRanges)
    expect(run === undefined ? 0 : missingCount(run)).toBe(odd.length - 1)
  })
})
