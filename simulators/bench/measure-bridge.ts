import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { freePort } from '../scenarios/free-port.ts'
import { Mosquitto, mosquittoMissing } from '../scenarios/mosquitto.ts'
import { BenchServices } from './bench-services.ts'
import { runLoad } from './load-process.ts'
import { alone, beside, median, notMeasurable } from './measurement.ts'
import type { BenchRun, Finding, Measurement } from './measurement.ts'
import { cpuMicrosOf } from './process-usage.ts'
import { withServed } from './served-child.ts'

const name = 'bridge intake 10x200, beside an mqtt.js subscriber'
const device = 'plant'
const topic = 'meter/v1/+/usage'
const patienceMs = 120_000

/** Events a second of one round, and what the agent took for each. */
interface Round {
  readonly subscriber: number
  readonly bridge: number
  readonly agentCpuMicros: number
}

/** The same load through the same Mosquitto, once to a subscriber that stores nothing, once into the agent's journal. */
export const bridgeMeasurement: Measurement = {
  name: 'bridge',
  about: 'events through Mosquitto into the agent, acknowledged after the commit, beside an mqtt.js subscriber',
  run: async (bench) => {
    if (mosquittoMissing) return [notMeasurable(name, 'events/s', 'needs mosquitto')]
    const broker = await Mosquitto.started({ folder: join(bench.folder, 'mosquitto'), port: await freePort() })
    try {
      const rounds: Round[] = []
      for (let number = 1; number <= (bench.quick ? 1 : 3); number++) {
        rounds.push(await oneRound(bench, broker, `round ${number}`))
      }
      return findings(rounds)
    } finally {
      await broker.stop()
    }
  },
}

async function oneRound(bench: BenchRun, broker: Mosquitto, label: string): Promise<Round> {
  const port = Number(new URL(broker.url).port)
  const subscriber = await bench.during(`mqtt.js subscriber, ${label}`, () =>
    withServed('bare-subscriber.ts', ['--port', String(port), '--topic', topic], async (child) => {
      return await throughput(bench, port, async () => Number((await child.ask())['received']))
    }),
  )
  return { subscriber, ...(await throughAgent(bench, broker, label)) }
}

async function throughAgent(bench: BenchRun, broker: Mosquitto, label: string): Promise<Omit<Round, 'subscriber'>> {
  const bridges = [{ name: device, url: broker.url, subscriptions: [{ topic, kind: 'usage' }] }]
  const folder = join(bench.folder, label.replace(' ', '-'))
  const services = await BenchServices.start(folder, [device], { agentSettings: { bridges } })
  try {
    // It takes no CPU, as with the other doors that are measured; the outbox fills.
    await services.stopAggregator()
    const status = async (): Promise<{ state: string; acknowledged: number }> => {
      const [bridge] = (await services.agentStatus()).bridges
      return bridge ?? { state: 'none', acknowledged: 0 }
    }
    await until(async () => (await status()).state === 'open')
    const port = Number(new URL(broker.url).port)
    const cpuBefore = cpuMicrosOf(services.agentPid)
    const perSecond = await bench.during(`bridge, ${label}`, () =>
      throughput(bench, port, async () => (await status()).acknowledged),
    )
    const { events, warmUpEvents } = sizes(bench)
    const agentCpuMicros = (cpuMicrosOf(services.agentPid) - cpuBefore) / (events + warmUpEvents)
    return { bridge: perSecond, agentCpuMicros }
  } finally {
    await services.stop()
  }
}

function sizes(bench: BenchRun): { readonly events: number; readonly warmUpEvents: number } {
  return bench.quick ? { events: 20_000, warmUpEvents: 2_000 } : { events: 300_000, warmUpEvents: 30_000 }
}

/** Events a second from the first that is published to the last that has come out at the other end. */
async function throughput(bench: BenchRun, port: number, received: () => Promise<number>): Promise<number> {
  const { events, warmUpEvents } = sizes(bench)
  await runLoad({ port, connections: 10, window: 200, events: warmUpEvents, warmUpEvents: 0 })
  await until(async () => (await received()) >= warmUpEvents)
  const load = await runLoad({ port, connections: 10, window: 200, events, warmUpEvents: 0 })
  const publishedMs = performance.now()
  await until(async () => (await received()) >= events + warmUpEvents)
  return events / (load.seconds + (performance.now() - publishedMs) / 1000)
}

function findings(rounds: readonly Round[]): Finding[] {
  // The round with the middle ratio stands for all: its two figures were measured right after each other.
  const ordered = rounds.toSorted((left, right) => left.bridge / left.subscriber - right.bridge / right.subscriber)
  const middle = ordered[Math.floor(ordered.length / 2)] ?? { bridge: 0, subscriber: 0 }
  return [
    beside(name, 'events/s', middle.bridge, middle.subscriber, {
      goal: { sense: 'at least', value: 0.5, of: 'ratio' },
      note: 'through Mosquitto at QoS 1, MQTT 5, 1,000 in flight; load and broker share the machine',
    }),
    alone('bridge intake CPU', 'µs/event', median(rounds.map(({ agentCpuMicros }) => agentCpuMicros))),
  ]
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + patienceMs
  while (!(await holds())) {
    if (performance.now() > deadlineMs) throw new Error(`not everything came through within ${patienceMs / 1000} s`)
    await pause(10)
  }
}
