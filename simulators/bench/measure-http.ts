import { freePort } from '../scenarios/free-port.ts'
import { BenchServices } from './bench-services.ts'
import { runChild } from './child-program.ts'
import type { HttpLoadReport } from './http-load.ts'
import { alone, beside, median } from './measurement.ts'
import type { BenchRun, Finding, Measurement } from './measurement.ts'
import { cpuMicrosOf } from './process-usage.ts'
import { withServed } from './served-child.ts'

const source = 'load-http'

/** Events a second of one round, and what the agent took for each. */
interface Round {
  readonly bare: number
  readonly agent: number
  readonly agentCpuMicros: number
  readonly bodyBytes: number
}

/** The HTTP door alone, request to answer after the commit; the aggregator is stopped, so that it takes no CPU. */
export const httpMeasurement: Measurement = {
  name: 'http',
  about: 'batches of 100 events over HTTP, answered after the commit, beside a bare node:http server that parses them',
  run: async (bench) => {
    const port = await freePort()
    const services = await bench.during('starting', () =>
      BenchServices.start(bench.folder, [source], { httpPorts: [port] }),
    )
    try {
      await services.stopAggregator()
      const rounds: Round[] = []
      for (let number = 1; number <= (bench.quick ? 1 : 3); number++) {
        rounds.push(await oneRound(bench, services.agentPid, port, `round ${number}`))
      }
      return findings(rounds)
    } finally {
      await services.stop()
    }
  },
}

async function oneRound(bench: BenchRun, agentPid: number, agentPort: number, label: string): Promise<Round> {
  const [events, warmUp] = bench.quick ? [40_000, 4_000] : [600_000, 60_000]
  const load = async (port: number): Promise<HttpLoadReport> => {
    const flags = { port, path: `/v1/events?source=${source}`, events, 'warm-up': warmUp }
    const args = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)])
    return (await runChild({ file: 'http-load.ts', args })) as HttpLoadReport
  }
  const bare = await bench.during(`bare node:http, ${label}`, () =>
    withServed('bare-http.ts', [], async ({ port }) => await load(port)),
  )
  const cpuBefore = cpuMicrosOf(agentPid)
  const agent = await bench.during(`agent, ${label}`, () => load(agentPort))
  const agentCpuMicros = (cpuMicrosOf(agentPid) - cpuBefore) / (events + warmUp)
  const { bodyBytes } = agent
  return { bare: bare.eventsPerSecond, agent: agent.eventsPerSecond, agentCpuMicros, bodyBytes }
}

function findings(rounds: readonly Round[]): Finding[] {
  // The round with the middle ratio stands for all: its two figures were measured right after each other.
  const ordered = rounds.toSorted((left, right) => left.agent / left.bare - right.agent / right.bare)
  const middle = ordered[Math.floor(ordered.length / 2)] ?? { agent: 0, bare: 0, bodyBytes: 0 }
  return [
    beside('HTTP intake 20 connections, beside bare node:http', 'events/s', middle.agent, middle.bare, {
      goal: { sense: 'at least', value: 0.5, of: 'ratio' },
      note: `batches of 100 plain usage events, ${middle.bodyBytes} bytes a body`,
    }),
    alone('HTTP intake CPU', 'µs/event', median(rounds.map(({ agentCpuMicros }) => agentCpuMicros))),
  ]
}
