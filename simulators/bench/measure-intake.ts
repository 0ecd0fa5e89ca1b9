import { join } from 'node:path'
import { withBareAedes } from './bare-broker.ts'
import { BenchServices } from './bench-services.ts'
import { runLoad, loadDevices } from './load-process.ts'
import { beside, median } from './measurement.ts'
import type { BenchRun, Finding, Measurement } from './measurement.ts'
import { cpuMicrosOf } from './process-usage.ts'
import { rawRowsPerSecond } from './raw-rows-process.ts'

interface IntakeRun {
  readonly perSecond: number
  readonly cpuMicrosPerEvent: number
}

/**
 * The agent alone: PUBLISH to PUBACK, with event, key, records and pre-rated charge on the disk. It has its snapshot; the
 * aggregator is stopped, so that it takes no CPU, and the outbox fills.
 */
export const intakeMeasurement: Measurement = {
  name: 'intake',
  about: 'agent alone, PUBLISH to PUBACK after the commit, beside bare aedes and beside raw inserts',
  run: async (bench) => {
    const request = { connections: 10, window: 200, ...sized(bench) }
    const rounds = bench.quick ? 1 : 3
    const aedes: number[] = []
    for (let round = 1; round <= rounds; round++) {
      aedes.push(
        await bench.during(`bare aedes, round ${round}`, () =>
          withBareAedes(async (port) => (await runLoad({ ...request, port })).acknowledgedPerSecond),
        ),
      )
    }
    const rows = bench.quick ? 20_000 : 200_000
    const raw = await bench.during('raw inserts of the same rows', () =>
      rawRowsPerSecond({ file: join(bench.folder, 'raw.db'), rows, keysPresent: 0, onOneCore: false }),
    )
    const runs = await agentRuns(bench, request, rounds)
    const perSecond = median(runs.map((run) => run.perSecond))
    const cpuMicros = median(runs.map((run) => run.cpuMicrosPerEvent))
    return findings(perSecond, cpuMicros, median(aedes), raw)
  },
}

async function agentRuns(
  bench: BenchRun,
  request: Omit<Parameters<typeof runLoad>[0], 'port'>,
  rounds: number,
): Promise<readonly IntakeRun[]> {
  const services = await bench.during('starting', () => BenchServices.start(bench.folder, loadDevices(10)))
  try {
    await services.stopAggregator()
    const runs: IntakeRun[] = []
    for (let round = 1; round <= rounds; round++) {
      runs.push(
        await bench.during(`agent, round ${round}`, async () => {
          const cpuBefore = cpuMicrosOf(services.agentPid)
          const load = await runLoad({ ...request, port: services.mqttPort })
          const cpuMicros = cpuMicrosOf(services.agentPid) - cpuBefore
          const cpuMicrosPerEvent = cpuMicros / (request.events + request.warmUpEvents)
          return { perSecond: load.acknowledgedPerSecond, cpuMicrosPerEvent }
        }),
      )
    }
    return runs
  } finally {
    await services.stop()
  }
}

function findings(perSecond: number, cpuMicros: number, aedes: number, raw: number): Finding[] {
  return [
    beside('agent intake 10x200, beside bare aedes', 'events/s', perSecond, aedes, {
      goal: { sense: 'at least', value: 0.3, of: 'ratio' },
    }),
    beside('agent intake 10x200, beside raw inserts', 'events/s', perSecond, raw),
    { name: 'agent intake CPU', unit: 'µs/event', value: Number(cpuMicros.toPrecision(4)), limit: null, ratio: null },
  ]
}

function sized(bench: BenchRun): { readonly events: number; readonly warmUpEvents: number } {
  return bench.quick ? { events: 40_000, warmUpEvents: 4_000 } : { events: 600_000, warmUpEvents: 60_000 }
}
