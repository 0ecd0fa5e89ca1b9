import { describe, expect, test } from 'vitest'
import type { HuntResult } from './hunt-defects.ts'
import { medianSeeds, plantedPage } from './planted-page.ts'

function result(name: string, seedsRun: number | null, isCaught = true): HuntResult {
  const world = { kind: 'world', invariants: ['I1'], saying: /off/ } as const
  const inTest = { kind: 'test', test: 'a/b.test.ts' } as const
  return {
    defect: {
      name,
      file: 'a/b.ts',
      find: 'x',
      replace: 'y',
      breaks: 'a promise',
      caughtBy: seedsRun === null ? inTest : world,
    },
    caught: isCaught ? { by: seedsRun === null ? 'a test' : 'I1', message: 'a|b is off' } : null,
    seedsRun,
    seed: isCaught && seedsRun !== null ? seedsRun - 1 : null,
    otherwise: [],
  }
}

describe('the page of planted defects', () => {
  test('says how each was caught, and what was not', () => {
    const page = plantedPage([result('one', 3), result('two', null), result('three', 50, false)], 50)
    expect(page).toContain('| one | a promise | a/b.ts | I1: a\\|b is off | 3 |')
    expect(page).toContain('| two | a promise | a/b.ts | `a/b.test.ts`: a test |  |')
    expect(page).toContain('| three | a promise | a/b.ts | nothing |  |')
    expect(page).toMatch(/3 defects of \d+, 1 not caught\. 2 are shown by worlds, after a median of 3; 1 by tests\./)
  })

  test.each([
    [[5], 5],
    [[9, 1, 2], 2],
    [[1, 1, 1, 400], 1],
    [[], null],
  ])('the median of %j is %s', (seeds, median) => {
    expect(medianSeeds(seeds.map((seedsRun) => result('x', seedsRun)))).toBe(median)
  })

  test('a defect that nothing caught has no place in the median', () => {
    expect(medianSeeds([result('a', 2), result('b', 1000, false)])).toBe(2)
  })
})
