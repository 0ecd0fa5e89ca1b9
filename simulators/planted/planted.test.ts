import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { runWorld } from '../world/run-world.ts'
import { allDefects } from './all-defects.ts'
import { defaultJobs, huntDefects } from './hunt-defects.ts'
import type { HuntResult } from './hunt-defects.ts'
import { huntWorld } from './hunt-in-worlds.ts'
import { plantDefect } from './source-defect.ts'

const root = join(import.meta.dirname, '..', '..')
/** Seeds tried here for each: those that need more than their hint fall in the first ones. `sim planted` tries many. */
const mostSeeds = 20

describe('every planted defect', () => {
  test.each(allDefects)('$name is where it says', ({ file, ...defect }) => {
    const planted = plantDefect(readFileSync(join(root, file), 'utf8'), { file, ...defect })
    expect(planted).toMatchObject({ ok: true })
    expect(defect.replace).not.toBe(defect.find)
  })

  test('has a name of its own, and those that a test catches name one that there is', () => {
    expect(new Set(allDefects.map(({ name }) => name)).size).toBe(allDefects.length)
    const tests = allDefects.flatMap(({ caughtBy }) => (caughtBy.kind === 'test' ? [caughtBy.test] : []))
    expect(tests.filter((file) => !existsSync(join(root, file)))).toEqual([])
  })

  test('a text that does not occur exactly once is refused', () => {
    const [defect] = allDefects
    if (defect === undefined) throw new Error('there are defects')
    expect(plantDefect('', defect)).toMatchObject({ fault: { code: 'defect_out_of_place' } })
    expect(plantDefect(defect.find + defect.find, defect)).toMatchObject({ fault: { code: 'defect_out_of_place' } })
    expect(plantDefect(`a${defect.find}b`, defect)).toEqual({ ok: true, value: `a${defect.replace}b` })
  })
})

describe('without a defect', () => {
  test.each([0, 1, 2, 3, 4])('nothing is reported in world %i', async (seed) => {
    expect((await runWorld(huntWorld(seed))).violations).toEqual([])
  })
})

describe('is caught', () => {
  let hunts: ReadonlyMap<string, Promise<HuntResult>> = new Map()
  beforeAll(() => {
    hunts = huntDefects(allDefects, { mostSeeds, jobs: defaultJobs, hinted: true })
    // Each test waits for its own; one that failed before its turn came is told there.
    for (const hunt of hunts.values()) hunt.catch(() => undefined)
  })

  test.each(allDefects)('$name', { timeout: 300_000 }, async ({ name }) => {
    const { caught, otherwise } = (await hunts.get(name)) ?? {}
    expect({ caught, otherwise }).toMatchObject({ caught: { by: expect.any(String) as string } })
  })
})
