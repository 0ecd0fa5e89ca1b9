import { BenchServices } from './bench-services.ts'
import { runEndToEnd } from './end-to-end-load.ts'
import { loadDevices } from './load-process.ts'
import { against, alone, notMeasurable } from './measurement.ts'
import type { Measurement } from './measurement.ts'
import { buildSlowFsync } from './slow-fsync.ts'

const delayMs = 5
const rowName = `end-to-end, fsync + ${delayMs} ms`

/** An agent whose disk is as slow as a memory card; the aggregator's stays as it is. */
export const slowDiskMeasurement: Measurement = {
  name: 'slow-disk',
  about: `end to end with ${delayMs} ms added to each fsync of the agent`,
  run: async (bench) => {
    const slow = buildSlowFsync(bench.folder)
    if (!slow.available) return [notMeasurable(rowName, 'events/s', slow.reason)]
    const services = await bench.during('starting', () => BenchServices.start(bench.folder, loadDevices(10)))
    try {
      await services.stopAgent()
      await services.startAgent(slow.environment(delayMs))
      const events = bench.quick ? 20_000 : 400_000
      const result = await bench.during('10 connections × 200', () =>
        runEndToEnd(services, { connections: 10, window: 200, events, warmUpEvents: events / 10 }),
      )
      return [
        against(rowName, 'events/s', result.perSecond, { sense: 'at least', value: 40_000 }),
        alone(`${rowName}, PUBACK p50`, 'ms', result.load.p50Ms, 'shows that the delay is in force'),
      ]
    } finally {
      await services.stop()
    }
  },
}
