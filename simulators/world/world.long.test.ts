import { randomBytes } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { systemClock } from '@meterline/shared/base/clock.ts'
import { expect, test } from 'vitest'
import { faultModes } from '../faults/fault-mode.ts'
import { memoryBackedFolder } from './run-world.ts'
import { runTurns } from './runner/run-turns.ts'
import type { TurnsOrder } from './runner/seed-turns.ts'
import { openWorldPool } from './runner/world-pool.ts'
import { failureReport } from './runner/world-report.ts'

const firstSeed = randomBytes(4).toString('hex')
const hangingMs = 3_600_000
const jobs = availableParallelism()

/** Empty when every world kept every invariant; else what the failing ones did and how to see it again. */
async function complaints(order: Partial<TurnsOrder>): Promise<string> {
  const clock = systemClock()
  const pool = openWorldPool(clock, { jobs, folder: memoryBackedFolder(), traceLines: 60, limitMs: hangingMs })
  try {
    const tally = await runTurns(
      {
        firstSeed,
        seeds: 1,
        modes: faultModes,
        hours: null,
        publishesPerDevice: null,
        without: [],
        twicePercent: 10,
        ...order,
      },
      {
        pool,
        jobs,
        clock,
        timeMs: null,
        stop: new AbortController().signal,
        listener: { failed: () => undefined, advanced: () => undefined },
      },
    )
    return tally.failed.map(failureReport).join('\n')
  } finally {
    await pool.close()
  }
}

test(`2,000 worlds nobody has seen before, from seed ${firstSeed}`, async () => {
  expect(await complaints({ seeds: 2_000 })).toBe('')
})

test(`whole days at full traffic, from seed ${firstSeed}`, async () => {
  const order = { firstSeed: `${firstSeed}-day`, seeds: 24, hours: 24, publishesPerDevice: 300 }
  expect(await complaints(order)).toBe('')
})

test(`whole years, from seed ${firstSeed}`, async () => {
  const order = { firstSeed: `${firstSeed}-year`, seeds: 12, hours: 365 * 24, publishesPerDevice: 60 }
  expect(await complaints(order)).toBe('')
})
