import { setTimeout as pause } from 'node:timers/promises'
import { BenchServices } from './bench-services.ts'
import { runEndToEnd } from './end-to-end-load.ts'
import { loadDevices } from './load-process.ts'
import { against, alone } from './measurement.ts'
import type { Measurement } from './measurement.ts'
import { MemoryWatch } from './process-usage.ts'

const megabyte = 1e6
const idleMs = 5_000

/** Resident memory of the agent's process: idle, at a steady load, and flat out. The most that was seen each time. */
export const memoryMeasurement: Measurement = {
  name: 'memory',
  about: 'resident memory of the agent, connected to its aggregator',
  run: async (bench) => {
    const services = await bench.during('starting', () => BenchServices.start(bench.folder, loadDevices(10)))
    const peakDuring = async (work: () => Promise<unknown>): Promise<number> => {
      const watch = new MemoryWatch(services.agentPid)
      let peakBytes = 0
      try {
        await work()
      } finally {
        peakBytes = watch.stop()
      }
      return peakBytes / megabyte
    }
    try {
      const idle = await bench.during('idle', () => peakDuring(() => pause(bench.quick ? 500 : idleMs)))
      const steadyEvents = bench.quick ? 5_000 : 150_000
      const steady = await bench.during('5,000 events/s', () =>
        peakDuring(() =>
          runEndToEnd(services, {
            connections: 10,
            window: 200,
            ratePerSecond: 5_000,
            events: steadyEvents,
            warmUpEvents: 0,
          }),
        ),
      )
      const flatOutEvents = bench.quick ? 20_000 : 1_000_000
      const flatOut = await bench.during('flat out', () =>
        peakDuring(() =>
          runEndToEnd(services, { connections: 10, window: 200, events: flatOutEvents, warmUpEvents: 0 }),
        ),
      )
      const after = await bench.during('idle again', () => peakDuring(() => pause(bench.quick ? 500 : idleMs)))
      return [
        against('agent memory, idle', 'MB', idle, { sense: 'at most', value: 110 }),
        against('agent memory, 5000 events/s', 'MB', steady, { sense: 'at most', value: 150 }),
        against('agent memory, flat out', 'MB', flatOut, { sense: 'at most', value: 300 }),
        alone('agent memory, idle after that', 'MB', after),
      ]
    } finally {
      await services.stop()
    }
  },
}
