import type { Fault } from '@meterline/shared/base/errors.ts'
import { seededRandom } from '@meterline/shared/base/random.ts'
import type { AgentMessage, AggregatorMessage } from '@meterline/shared/wire/messages.ts'
import { describe, expect, test } from 'vitest'
import { noFaults } from '../faults/fault-plan.ts'
import type { LinkFaults, Misbehaviour } from '../faults/fault-plan.ts'
import { EventQueue } from './event-queue.ts'
import { EdgeLink } from './link.ts'
import type { Answer } from './connection.ts'

const startMs = Date.UTC(2026, 0, 1)

function batch(number: number): AgentMessage {
  return { kind: 'batch', header: Uint8Array.of(number), signature: new Uint8Array(64), body: new Uint8Array(8) }
}

function receipt(seq: number): AggregatorMessage {
  return { kind: 'receipt', epoch: 1, seq, batchHash: new Uint8Array(32), logIndex: seq }
}

/** One link with something that writes down what reaches each end. */
function bench(faults: Partial<LinkFaults>, seed = 'link') {
  const queue = new EventQueue(startMs, 1)
  const atAggregator: string[] = []
  const atAgent: string[] = []
  const answers: Answer[] = []
  const numberOf = (message: AgentMessage): string =>
    message.kind === 'batch' ? String(message.header[0]) : message.kind
  const observer = {
    note: () => undefined,
    injected: () => undefined,
    sentByAgent: () => undefined,
    sentByAggregator: () => undefined,
    arrivedAtAgent: () => undefined,
  }
  const link = new EdgeLink({
    agent: 'gw-1',
    queue,
    random: seededRandom(seed),
    faults: { ...noFaults.link, ...faults },
    observer,
    accept: (_agent, answer) => {
      answers.push(answer)
      return {
        onMessage: (message) => atAggregator.push(numberOf(message)),
        onClosed: ({ code }: Fault) => atAggregator.push(code),
      }
    },
  })
  const open = () =>
    link.opener(() => true)({
      onMessage: (message) => atAgent.push(message.kind === 'receipt' ? String(message.seq) : message.kind),
      onRoom: () => atAgent.push('room'),
      onClosed: ({ code }) => atAgent.push(code),
    })
  const runFor = (ms: number): void => {
    const limitMs = queue.nowMs + ms
    for (let event = queue.take(limitMs); event !== undefined; event = queue.take(limitMs)) event.run()
    queue.passTo(limitMs)
  }
  return { link, open, runFor, atAggregator, atAgent, answer: () => answers.at(-1) }
}

test('messages arrive once and in order, whatever their delays', () => {
  const { open, runFor, atAggregator, atAgent, answer } = bench({ minDelayMs: 1, maxDelayMs: 400 })
  const end = open()
  for (let number = 1; number <= 20; number++) end.send(batch(number))
  runFor(5000)
  for (let seq = 1; seq <= 20; seq++) answer()?.send(receipt(seq))
  runFor(5000)
  const all = Array.from({ length: 20 }, (_, index) => String(index + 1))
  expect(atAggregator).toEqual(all)
  expect(atAgent).toEqual(all)
})

test('a break loses what is under way and both ends hear of it', () => {
  const { link, open, runFor, atAggregator, atAgent } = bench({ minDelayMs: 100, maxDelayMs: 100 })
  const end = open()
  end.send(batch(1))
  runFor(250)
  end.send(batch(2))
  runFor(10)
  link.breakNow('test')
  end.send(batch(3))
  runFor(1000)
  expect(atAggregator).toEqual(['1', 'uplink_broken'])
  expect(atAgent).toEqual(['uplink_broken'])
  expect(link.connected).toBe(false)
})

test('a silent partition is noticed only after the keepalive, and connecting times out', () => {
  const { link, open, runFor, atAgent } = bench({})
  open()
  runFor(1000)
  link.partition('silent')
  runFor(29_000)
  expect(atAgent).toEqual([])
  runFor(2000)
  expect(atAgent).toEqual(['uplink_broken'])
  open()
  runFor(19_000)
  expect(atAgent).toHaveLength(1)
  runFor(2000)
  expect(atAgent).toEqual(['uplink_broken', 'uplink_unreachable'])
  link.heal()
  open()
  runFor(1000)
  expect(link.connected).toBe(true)
})

test('what was sent before the aggregator closed still arrives', () => {
  const { open, runFor, atAgent, answer } = bench({})
  open()
  runFor(1000)
  answer()?.send(receipt(1))
  answer()?.close({ code: 'busy', message: 'too much' })
  answer()?.send(receipt(2))
  runFor(1000)
  expect(atAgent).toEqual(['1', 'busy'])
})

test('a reader that pauses gets everything when it resumes, the end included', () => {
  const { open, runFor, atAggregator, answer } = bench({})
  const end = open()
  runFor(100)
  answer()?.pause()
  for (let number = 1; number <= 5; number++) end.send(batch(number))
  end.close()
  runFor(1000)
  expect(atAggregator).toEqual([])
  answer()?.resume()
  runFor(1000)
  expect(atAggregator).toEqual(['1', '2', '3', '4', '5', 'uplink_closed'])
})

test('a full pipe says so and tells of room', () => {
  const { open, runFor, atAgent } = bench({})
  const end = open()
  const taken = Array.from({ length: 40 }, (_, index) => end.send(batch(index)))
  expect(taken.slice(0, 31)).toEqual(Array.from({ length: 31 }, () => true))
  expect(taken.at(-1)).toBe(false)
  runFor(1000)
  expect(atAgent).toEqual(['room'])
})

describe('a misbehaving link', () => {
  const nothing: Misbehaviour = { lost: 0, repeated: 0, reordered: 0, corrupted: 0 }
  test.each([
    ['loses', { ...nothing, lost: 1000 }, []],
    ['repeats', { ...nothing, repeated: 1000 }, ['1', '1', '2', '2', '3', '3']],
    ['reorders', { ...nothing, reordered: 1000 }, ['2', '1']],
  ] as const)('%s messages, and a hole ends the connection', (_name, misbehaviour, arrived) => {
    const { open, runFor, atAggregator, atAgent } = bench({ misbehaviour, minDelayMs: 1, maxDelayMs: 1 })
    const end = open()
    runFor(100)
    for (let number = 1; number <= 3; number++) end.send(batch(number))
    runFor(10)
    expect(atAggregator).toEqual(arrived)
    runFor(10_000)
    const breaks = misbehaviour.repeated === 0
    expect(atAgent).toEqual(breaks ? ['uplink_broken'] : [])
  })
})
