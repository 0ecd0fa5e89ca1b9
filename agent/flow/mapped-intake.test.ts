import { afterEach, beforeEach, expect, test } from 'vitest'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { generateSigningKey, openSigningKey } from '@meterline/shared/integrity/signature.ts'
import type { RuleDefinition } from '../domain/mapping/rule-definition.ts'
import { sparkplugBytes } from '../domain/mapping/testing/sparkplug-bytes.ts'
import { DeviceNumbers, GroupFiller } from './group.ts'
import type { CounterRow } from '../store/journal.ts'
import { JournalService } from './journal-service.ts'
import { originText } from './origin.ts'
import type { DeliveryKind } from './ports.ts'
import { TestDisk } from './testing/test-disk.ts'
import { testSettings } from './testing/test-settings.ts'

const signingKey = openSigningKey(generateSigningKey().privatePem)
const group = { deliveries: 100, payloadBytes: 200_000 }
const mappings: readonly RuleDefinition[] = [
  { name: 'list', id: ['topic', 'key'], meters: [{ meter: 'm', quantity: 'record' }] },
  { name: 'sparks', profile: 'sparkplug-b', meters: [{ meter: 'energy', quantity: '/value' }] },
  { name: 'calls', eventTypes: ['call'], when: [{ at: '/n', isNot: 0 }], meters: [{ meter: 'calls', quantity: '/n' }] },
]
let disk: TestDisk
let service: JournalService

beforeEach(() => {
  disk = new TestDisk()
  service = open()
})

afterEach(() => {
  service.close()
  disk.remove()
})

function open(): JournalService {
  const opened = JournalService.open(
    testSettings(disk, {
      group,
      seal: { lingerMs: 1_000_000, maxUnits: 1000, maxBytes: 700_000 },
      outboxBytes: 100_000_000,
      suspense: { rows: 100, bytes: 1_000_000, rowsPerDevice: 100, payloadBytes: 65_536 },
      mappings,
    }),
    signingKey,
    seededRandom('mapped'),
    0,
  )
  if (!opened.ok) throw new Error(opened.fault.message)
  return opened.value
}

interface Delivery {
  readonly rule?: string
  readonly topic?: string
  readonly payload: string | Uint8Array
}

/** Commits deliveries of one device as one group. */
function apply(...deliveries: readonly Delivery[]): void {
  const filler = new GroupFiller(group)
  const devices = new DeviceNumbers(200)
  for (const { rule = null, topic = null, payload } of deliveries) {
    const origin = originText({ device: 'dev-1', rule, topic, idempotencyKey: null })
    const kind: DeliveryKind = rule === null ? 'usage' : 'mapped'
    filler.add(devices.numberOf(origin), kind, Buffer.from(payload), 0)
  }
  const at = { bootId: '0'.repeat(32), monotonicMs: 1000, wallMs: 1_793_872_800_000, syncState: 'synced' } as const
  const named = { ...devices.handOver(), devicesRestarted: true }
  const reply = service.handle({ kind: 'group', group: filler.handOver(named, at), receipts: [], at })
  if (reply.kind !== 'group' || reply.fault !== null) throw new Error(JSON.stringify(reply))
}

function counters(): CounterRow {
  const answer = service.answer({ kind: 'status' })
  if (answer.kind !== 'status') throw new Error(answer.kind)
  return answer.status.counters
}

test('a delivery is read by the rule that its origin names, and a repeat of it counts nothing', () => {
  apply({ rule: 'list', topic: 'a', payload: '[1, 2, -1]' })
  apply({ rule: 'list', topic: 'a', payload: '[1, 2]' }, { rule: 'list', topic: 'b', payload: '[1]' })
  expect(counters()).toMatchObject({ deliveries: 3, events: 3, duplicates: 2, suspended: 1 })
})

test('a rule that is gone puts the delivery to suspense', () => {
  apply({ rule: 'former', payload: '{}' })
  expect(counters()).toMatchObject({ deliveries: 1, events: 0, suspended: 1 })
})

test('CloudEvents of a type with a rule are read by it; what its filters leave out is only a delivery', () => {
  const event = (id: string, type: string, data: object): string =>
    JSON.stringify({ specversion: '1.0', id, source: 's', type, data })
  apply({ payload: event('1', 'call', { n: 3 }) }, { payload: event('2', 'call', { n: 0 }) })
  expect(counters()).toMatchObject({ deliveries: 2, events: 1, suspended: 0 })
  apply({
    payload: `[${event('3', 'call', { n: 0 })}, ${event('4', 'call', { n: -1 })}, ${event('5', 'call', { n: 1 })}]`,
  })
  expect(counters()).toMatchObject({ deliveries: 3, events: 2, suspended: 1 })
  apply({ payload: event('6', 'other', { n: 3 }) }, { payload: event('7', 'other', { meter: 'm', quantity: 1 }) })
  expect(counters()).toMatchObject({ deliveries: 5, events: 3, suspended: 2 })
})

test('what a Sparkplug birth said is known after a restart', () => {
  const birth = sparkplugBytes({ timestamp: 1, metrics: [{ name: 'Total', alias: 1, datatype: 8, isNull: true }] })
  const data = sparkplugBytes({ timestamp: 2, metrics: [{ alias: 1, long: 7n }] })
  apply({ rule: 'sparks', topic: 'spBv1.0/g/DBIRTH/n/d', payload: birth })
  service.close()
  service = open()
  apply({ rule: 'sparks', topic: 'spBv1.0/g/DDATA/n/d', payload: data })
  expect(counters()).toMatchObject({ deliveries: 2, events: 1, suspended: 0 })
})

test('payloads of very many very small records fit into one commit, and are known afterwards', () => {
  const payload = `[${'1,'.repeat(999)}1]`
  const deliveries = Array.from({ length: 90 }, (_, at) => ({ rule: 'list', topic: `t${at}`, payload }))
  apply(...deliveries)
  expect(counters()).toMatchObject({ deliveries: 90, events: 90_000, duplicates: 0 })
  apply(...deliveries.slice(0, 3))
  service.close()
  service = open()
  apply(...deliveries.slice(-3))
  expect(counters()).toMatchObject({ events: 90_000, duplicates: 6_000 })
})
