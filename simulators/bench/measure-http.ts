import { assertThat } from '@meterline/shared/base/errors.ts'
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
  readonly door: number
  readonly agent: number
  readonly agentCpuMicros: number
  readonly bodyBytes: number
}

/** The HTTP door alone, request to answer after the commit; the aggregator is stopped, so that it takes no CPU. */
export const httpMeasurement: Measurement = {
  name: 'http',
  about:
    'batches of 100 events over HTTP, the door alone and to the commit, beside a bare node:http server that parses them',
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
  const door = await bench.during(`the door alone, ${label}`, () =>
    withServed('http-door-alone.ts', [], async ({ port }) => await load(port)),
  )
  const cpuBefore = cpuMicrosOf(agentPid)
  const agent = await bench.during(`agent, ${label}`, () => load(agentPort))
  const agentCpuMicros = (cpuMicrosOf(agentPid) - cpuBefore) / (events + warmUp)
  const { bodyBytes } = agent
  return {
    bare: bare.eventsPerSecond,
    door: door.eventsPerSecond,
    agent: agent.eventsPerSecond,
    agentCpuMicros,
    bodyBytes,
  }
}

function findings(rounds: readonly Round[]): Finding[] {
  const door = middleOf(rounds, ({ door: rate, bare }) => rate / bare)
  const agent = middleOf(rounds, ({ agent: rate, bare }) => rate / bare)
  const body = `batches of 100 plain usage events, ${agent.bodyBytes} bytes a body`
  return [
    beside('HTTP door alone, beside bare node:http', 'events/s', door.door, door.bare, {
      note: `${body}; requests are judged, bodies read into usage events and answered, nothing is stored`,
    }),
    beside('HTTP intake to the commit, beside bare node:http', 'events/s', agent.agent, agent.bare, {
      goal: { sense: 'at least', value: 0.5, of: 'ratio' },
      note: 'the same through the whole agent, answered after the durable commit: the journal is the limit of every door',
    }),
    alone('HTTP intake CPU', 'µs/event', median(rounds.map(({ agentCpuMicros }) => agentCpuMicros))),
  ]
}

/** The round with the middle ratio stands for all: its two figures were measured right after each other. */
function middleOf(rounds: readonly Round[], ratio: (round: Round) => number): Round {
  const ordered = rounds.toSorted((left, right) => ratio(left) - ratio(right))
  const middle = ordered[Math.floor(ordered.length / 2)]
  assertThat(middle !== undefined, 'there is at least one round')
  return middle
}
