import { BenchServices } from './bench-services.ts'
import { runEndToEnd } from './end-to-end-load.ts'
import { loadDevices } from './load-process.ts'
import { against, alone, median } from './measurement.ts'
import type { BenchRun, Finding, Measurement } from './measurement.ts'

const manyConnections = 1_000

/** PUBLISH → PUBACK after the commit → signed batch → verified, keys checked, rated on three legs, posted. */
export const endToEndMeasurement: Measurement = {
  name: 'end-to-end',
  about: 'agent and aggregator as processes over mTLS, until everything is rated and posted',
  run: async (bench) => {
    const services = await bench.during('starting', () =>
      BenchServices.start(bench.folder, loadDevices(manyConnections)),
    )
    try {
      return [...(await tenByTwoHundred(bench, services)), ...(await others(bench, services))]
    } finally {
      await services.stop()
    }
  },
}

async function tenByTwoHundred(bench: BenchRun, services: BenchServices): Promise<Finding[]> {
  const request = { connections: 10, window: 200, ...sized(bench, 800_000) }
  const runs = []
  for (let round = 1; round <= (bench.quick ? 1 : 3); round++) {
    runs.push(await bench.during(`10 connections × 200, round ${round}`, () => runEndToEnd(services, request)))
  }
  const perSecond = median(runs.map((run) => run.perSecond))
  const agentCpu = median(runs.map((run) => run.agentCpuMicrosPerEvent))
  return [
    against('end-to-end 10x200', 'events/s', perSecond, { sense: 'at least', value: 80_000 }),
    alone('end-to-end 10x200, acknowledged', 'events/s', median(runs.map((run) => run.load.acknowledgedPerSecond))),
    against('end-to-end agent CPU', 'µs/event', agentCpu, { sense: 'at most', value: 9 }),
    alone('end-to-end aggregator CPU', 'µs/event', median(runs.map((run) => run.aggregatorCpuMicrosPerEvent))),
  ]
}

async function others(bench: BenchRun, services: BenchServices): Promise<Finding[]> {
  const unpipelined = await bench.during('1,000 connections × 1', () =>
    runEndToEnd(services, { connections: manyConnections, window: 1, ...sized(bench, 200_000) }),
  )
  const steady = await bench.during('20,000 events/s, open loop', () =>
    runEndToEnd(services, { connections: 10, window: 200, ratePerSecond: 20_000, ...sized(bench, 200_000) }),
  )
  return [
    against('end-to-end 1000x1', 'events/s', unpipelined.perSecond, { sense: 'at least', value: 25_000 }),
    alone('end-to-end 1000x1, acknowledged', 'events/s', unpipelined.load.acknowledgedPerSecond),
    alone('PUBACK p50 at 20000 events/s', 'ms', steady.load.p50Ms),
    against('PUBACK p99 at 20000 events/s', 'ms', steady.load.p99Ms, { sense: 'at most', value: 20 }),
  ]
}

/** A tenth of the events comes before as warm-up. */
function sized(bench: BenchRun, events: number): { readonly events: number; readonly warmUpEvents: number } {
  const size = bench.quick ? events / 20 : events
  return { events: size, warmUpEvents: size / 10 }
}
