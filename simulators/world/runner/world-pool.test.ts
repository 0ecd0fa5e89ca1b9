import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '@meterline/shared/base/clock.ts'
import { expect, test } from 'vitest'
import { runWorld, memoryBackedFolder } from '../run-world.ts'
import type { WorldOrder } from '../world-options.ts'
import { runTurns } from './run-turns.ts'
import type { TurnsOrder } from './seed-turns.ts'
import { openWorldPool } from './world-pool.ts'

const tiny: WorldOrder = { seed: 'pool', faults: 'none', hours: 0.02, publishesPerDevice: 1, without: [] }
const order: TurnsOrder = {
  firstSeed: 'pool',
  seeds: 3,
  modes: ['none'],
  hours: tiny.hours,
  publishesPerDevice: tiny.publishesPerDevice,
  without: [],
  twicePercent: 50,
}
const clock = systemClock()
const listener = { failed: () => undefined, advanced: () => undefined }
const running = new AbortController().signal

async function withPool<Value>(
  limitMs: number,
  work: (pool: ReturnType<typeof openWorldPool>, folder: string) => Promise<Value>,
): Promise<Value> {
  const folder = mkdtempSync(join(memoryBackedFolder(), 'meterline-pool-'))
  const pool = openWorldPool(clock, { jobs: 2, folder, traceLines: 5, limitMs })
  try {
    return await work(pool, folder)
  } finally {
    await pool.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

test('worlds on threads are the worlds of this thread, each in its own turn, and leave no files', async () => {
  await withPool(60_000, async (pool, folder) => {
    const tally = await runTurns(order, { pool, jobs: 2, clock, timeMs: null, stop: running, listener })
    expect(tally.failed).toEqual([])
    expect(tally.total).toMatchObject({ seeds: 3, repeated: 1, failures: 0 })
    const { answer } = await pool.run({ index: 0, order: { ...tiny, seed: 'pool-1' }, twice: true })
    const here = await runWorld({ ...tiny, seed: 'pool-1' })
    expect(answer).toMatchObject({ repeatedHash: here.traceHash, result: { traceHash: here.traceHash } })
    expect(readdirSync(folder)).toEqual([])
  })
})

test('a world that does not end is ended and counts as failed, and its thread is replaced', async () => {
  await withPool(1, async (pool) => {
    for (let turn = 0; turn < 2; turn++) {
      const { answer } = await pool.run({ index: turn, order: tiny, twice: false })
      expect(answer).toEqual({ broken: 'the world did not end within 1 minutes of real time' })
    }
  })
})

test('no world begins when the time is up or the run was stopped', async () => {
  await withPool(60_000, async (pool) => {
    const options = { pool, jobs: 2, clock, listener }
    const late = await runTurns(order, { ...options, timeMs: 0, stop: running })
    const stopped = await runTurns(order, { ...options, timeMs: null, stop: AbortSignal.abort() })
    expect([late.total.seeds, stopped.total.seeds]).toEqual([0, 0])
  })
})
