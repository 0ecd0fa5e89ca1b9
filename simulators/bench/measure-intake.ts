import { join } from 'node:path'
import { withBareAedes } from './bare-broker.ts'
import { BenchServices } from './bench-services.ts'
import { loadDevices, runLoad } from './load-process.ts'
import type { LoadRequest } from './load-process.ts'
import { alone, beside, median } from './measurement.ts'
import type { BenchRun, Finding, Measurement } from './measurement.ts'
import { cpuMicrosOf } from './process-usage.ts'
import { rawRowsPerSecond } from './raw-rows-process.ts'

/** Events a second of one round, and what the agent took for each. */
interface Round {
  readonly aedes: number
  readonly agent: number
  readonly agentCpuMicros: number
  readonly payloadBytes: number
}

/**
 * The agent alone: PUBLISH to PUBACK, with event, key, records and pre-rated charge on the disk. It has its snapshot; the
 * aggregator is stopped, so that it takes no CPU, and the outbox fills.
 */
export const intakeMeasurement: Measurement = {
  name: 'intake',
  about: 'agent alone, PUBLISH to PUBACK after the commit, beside bare aedes and beside raw inserts',
  run: async (bench) => {
    const services = await bench.during('starting', () => BenchServices.start(bench.folder, loadDevices(10)))
    try {
      await services.stopAggregator()
      // Aedes and agent take turns, so that a busy moment of the machine does not meet only one of them.
      const rounds: Round[] = []
      for (let number = 1; number <= (bench.quick ? 1 : 3); number++) {
        rounds.push(await oneRound(bench, services, `round ${number}`))
      }
      const raw = await bench.during('raw inserts of the same rows', () =>
        rawRowsPerSecond({
          file: join(bench.folder, 'raw.db'),
          rows: bench.quick ? 20_000 : 200_000,
          keysPresent: 0,
          onOneCore: false,
        }),
      )
      return findings(rounds, raw)
    } finally {
      await services.stop()
    }
  },
}

async function oneRound(bench: BenchRun, services: BenchServices, label: string): Promise<Round> {
  const [events, warmUpEvents] = bench.quick ? [40_000, 4_000] : [600_000, 60_000]
  const request: Omit<LoadRequest, 'port'> = { connections: 10, window: 200, events, warmUpEvents }
  const aedes = await bench.during(`bare aedes, ${label}`, () =>
    withBareAedes(async (port) => await runLoad({ ...request, port })),
  )
  const cpuBefore = cpuMicrosOf(services.agentPid)
  const agent = await bench.during(`agent, ${label}`, () => runLoad({ ...request, port: services.mqttPort }))
  const agentCpuMicros = (cpuMicrosOf(services.agentPid) - cpuBefore) / (events + warmUpEvents)
  return {
    aedes: aedes.acknowledgedPerSecond,
    agent: agent.acknowledgedPerSecond,
    agentCpuMicros,
    payloadBytes: agent.payloadBytes,
  }
}

function findings(rounds: readonly Round[], raw: number): Finding[] {
  // The round with the middle ratio stands for all: its two figures were measured right after each other.
  const ordered = rounds.toSorted((left, right) => left.agent / left.aedes - right.agent / right.aedes)
  const middle = ordered[Math.floor(ordered.length / 2)] ?? { aedes: 0, agent: 0, payloadBytes: 0 }
  return [
    beside('agent intake 10x200, beside bare aedes', 'events/s', middle.agent, middle.aedes, {
      goal: { sense: 'at least', value: 0.3, of: 'ratio' },
      note: `one plain usage event of ${middle.payloadBytes} bytes a PUBLISH, time-ordered ids`,
    }),
    beside('agent intake 10x200, beside raw inserts', 'events/s', median(rounds.map(({ agent }) => agent)), raw),
    alone('agent intake CPU', 'µs/event', median(rounds.map(({ agentCpuMicros }) => agentCpuMicros))),
  ]
}
