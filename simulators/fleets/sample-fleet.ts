import { seededRandom, type Random } from '@meterline/shared/base/random.ts'

/** What ought to become of a message once it has been published. */
export type Expectation = 'charged' | 'repeat' | 'suspended'

/** One message of the fleet, in the order it is published. */
export interface FleetMessage {
  readonly device: string
  readonly kind: 'usage' | 'ai'
  readonly payload: Buffer
  /** Null where the message is so broken that it has no id. */
  readonly eventId: string | null
  readonly expectation: Expectation
  /** Which of the agents it goes through; a repeat goes through another than the first. */
  readonly agent: number
}

/** The sample fleet: who publishes, how much, in which month, from which seed. */
export interface FleetPlan {
  readonly seed: string
  readonly trackers: readonly string[]
  readonly aiServers: readonly string[]
  readonly messagesPerTracker: number
  readonly callsPerServer: number
  readonly agents: number
  /** Start and length of the simulated time, so that the usage falls into one billing period. */
  readonly startMs: number
  readonly spanMs: number
}

const SPOILED_PER_MILLE = 8
const REPEATED_PER_MILLE = 20

/** The devices the sample tenant knows. */
export function sampleDevices(): { trackers: string[]; aiServers: string[] } {
  const numbered = (prefix: string, count: number): string[] =>
    Array.from({ length: count }, (_, index) => `${prefix}${String(index + 1).padStart(2, '0')}`)
  return { trackers: [...numbered('trk-n-', 10), ...numbered('trk-s-', 10)], aiServers: ['llm-1', 'llm-2', 'llm-3'] }
}

/** Every message of the plan. The same plan gives the same messages, byte for byte. */
export function* fleetMessages(plan: FleetPlan): Generator<FleetMessage> {
  const random = seededRandom(plan.seed)
  const devices = [
    ...plan.trackers.map((device) => ({ device, kind: 'usage' as const, messages: plan.messagesPerTracker })),
    ...plan.aiServers.map((device) => ({ device, kind: 'ai' as const, messages: plan.callsPerServer })),
  ]
  const most = Math.max(...devices.map((each) => each.messages))
  for (let turn = 0; turn < most; turn += 1) {
    for (const { device, kind, messages } of devices) {
      if (turn >= messages) continue
      const timeMs = plan.startMs + Math.floor((plan.spanMs * turn) / messages) + random.below(1000)
      const agent = random.below(plan.agents)
      const message =
        kind === 'usage'
          ? trackerMessage(random, device, turn, timeMs, agent)
          : aiMessage(random, device, turn, timeMs, agent)
      yield message
      if (random.below(1000) < REPEATED_PER_MILLE && plan.agents > 1) {
        yield { ...message, agent: (agent + 1) % plan.agents, expectation: 'repeat' }
      }
      if (random.below(1000) < SPOILED_PER_MILLE) yield spoiledMessage(random, message, turn, timeMs)
    }
  }
}

function trackerMessage(random: Random, device: string, turn: number, timeMs: number, agent: number): FleetMessage {
  const id = `${device}-${String(turn).padStart(6, '0')}`
  const usage = { 'data.bytes': 180 + random.below(900), messages: 1 }
  // Half of the devices speak CloudEvents, as a mixed fleet does.
  const event =
    device.endsWith('0') || device.endsWith('5')
      ? {
          specversion: '1.0',
          id,
          source: device,
          type: 'tracker.position',
          time: new Date(timeMs).toISOString(),
          data: { usage },
        }
      : { id, time: timeMs, usage }
  return { device, kind: 'usage', payload: json(event), eventId: id, expectation: 'charged', agent }
}

function aiMessage(random: Random, device: string, turn: number, timeMs: number, agent: number): FleetMessage {
  const id = `chatcmpl-${device}-${String(turn).padStart(6, '0')}`
  const input = 200 + random.below(6000)
  const output = 20 + random.below(900)
  const event = {
    'gen_ai.response.id': id,
    'gen_ai.response.model': 'bright-large-2',
    'gen_ai.operation.name': 'chat',
    'gen_ai.usage.input_tokens': input,
    'gen_ai.usage.cache_read.input_tokens': random.below(3) === 0 ? random.below(input) : 0,
    'gen_ai.usage.output_tokens': output,
    'gen_ai.usage.reasoning.output_tokens': random.below(4) === 0 ? random.below(output) : 0,
    time: timeMs,
  }
  return { device, kind: 'ai', payload: json(event), eventId: id, expectation: 'charged', agent }
}

/** What real fleets also send: broken JSON, negative and fractional quantities, ids used twice, meters nobody sells. */
function spoiledMessage(random: Random, good: FleetMessage, turn: number, timeMs: number): FleetMessage {
  const id = `${good.device}-bad-${String(turn).padStart(6, '0')}`
  const base = { ...good, kind: 'usage' as const, expectation: 'suspended' as const }
  switch (random.below(5)) {
    case 0:
      return { ...base, eventId: null, payload: Buffer.from('{"id": "cut off') }
    case 1:
      return { ...base, eventId: id, payload: json({ id, time: timeMs, meter: 'data.bytes', quantity: -5 }) }
    case 2:
      return { ...base, eventId: id, payload: json({ id, time: timeMs, meter: 'data.bytes', quantity: 1.5 }) }
    case 3:
      return { ...base, eventId: id, payload: json({ id, time: timeMs, meter: 'unsold.meter', quantity: 5 }) }
    default:
      return {
        ...base,
        eventId: good.eventId,
        payload: json({ id: good.eventId, time: timeMs, meter: 'data.bytes', quantity: 999_999 }),
      }
  }
}

function json(value: object): Buffer {
  return Buffer.from(JSON.stringify(value))
}
