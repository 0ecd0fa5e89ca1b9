import { describe, expect, test } from 'vitest'
import type { AgentMessage, AggregatorMessage } from './messages.ts'
import { controlRunMethod, edgeSessionMethod } from './proto.ts'
import type { RunReply } from './proto.ts'

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)

/** protobufjs hands out Buffers; only their bytes count. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return [...value]
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]))
}

const agentMessages: AgentMessage[] = [
  {
    kind: 'hello',
    protocolVersion: 1,
    tenant: 'acme',
    agent: 'gw-1',
    epoch: 1,
    lastSealedSeq: Number.MAX_SAFE_INTEGER,
    chainHash: new Uint8Array(32).fill(7),
    snapshotHash: bytes(),
    features: ['checkpoint'],
    checkpoint: { generation: 2, size: 77, root: new Uint8Array(32).fill(3) },
    retainedFromSeq: 12,
  },
  { kind: 'batch', header: bytes(1, 2), signature: bytes(3), body: bytes(4, 5, 6) },
  {
    kind: 'report',
    atMs: 1_749_988_800_000,
    clockSync: 'unsynced',
    suspendedRows: 3,
    suspendedBytes: 900,
    suspended: [{ code: 'payload_malformed', device: 'trk-1', rows: 3, times: 7 }],
    refusedDeliveries: 1,
    connectedDevices: 2_000,
    outbox: { batches: 1, bytes: 40_000, oldestSealedMs: 1_749_988_700_000 },
    counters: { deliveries: 7, events: 6, records: 5, unbound: 4, withoutId: 3, duplicates: 2, suspended: 1 },
  },
  { kind: 'part-request', hashes: [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)] },
  { kind: 'subject-request', subjects: ['trk-1', 'trk-2'] },
]

const aggregatorMessages: AggregatorMessage[] = [
  { kind: 'welcome', receivedSeq: 0, chainHash: new Uint8Array(32), features: [], generation: 1, restore: null },
  {
    kind: 'welcome',
    receivedSeq: 0,
    chainHash: new Uint8Array(32),
    features: ['report', 'later'],
    generation: 2,
    restore: { bytes: bytes(123, 125), signature: bytes(1) },
  },
  { kind: 'checkpoint', note: 'a note', generation: 1, fromSize: 3, consistency: [bytes(1), bytes(2)] },
  { kind: 'receipt', epoch: 1, seq: 2, batchHash: new Uint8Array(32).fill(9), logIndex: 0 },
  { kind: 'snapshot', bytes: bytes(123, 125), signature: bytes(1) },
  { kind: 'snapshot-part', bytes: bytes(123, 125) },
  { kind: 'subject-answer', bytes: bytes(123, 125), signature: bytes(1) },
  { kind: 'refusal', code: 'sequence_gap', message: 'Batch 3 came before batch 2.', seq: 3, permanent: false },
]

const replies: RunReply[] = [
  { kind: 'progress', message: 'half way' },
  { kind: 'result', json: '{"a":1}' },
  { kind: 'fault', code: 'period_running', message: 'It still runs.', detailsJson: '' },
]

describe('edge messages', () => {
  test.each(agentMessages)('$kind comes back as it was sent', (message) => {
    const decoded = edgeSessionMethod.decodeRequest(edgeSessionMethod.encodeRequest(message))
    expect(plain(decoded)).toEqual(plain({ ok: true, value: message }))
  })

  test.each(aggregatorMessages)('$kind comes back as it was sent', (message) => {
    const decoded = edgeSessionMethod.decodeResponse(edgeSessionMethod.encodeResponse(message))
    expect(plain(decoded)).toEqual(plain({ ok: true, value: message }))
  })

  test('the bytes on the wire are those of the proto: field numbers never change', () => {
    const wire = edgeSessionMethod.encodeRequest({
      kind: 'batch',
      header: bytes(1),
      signature: bytes(2),
      body: bytes(3),
    })
    expect(wire.toString('hex')).toBe('12090a0101120102' + '1a0103')
    const receipt = edgeSessionMethod.encodeResponse({
      kind: 'receipt',
      epoch: 1,
      seq: 2,
      batchHash: bytes(3),
      logIndex: 4,
    })
    expect(receipt.toString('hex')).toBe('120908011002' + '1a0103' + '2004')
  })

  test('the welcome of the first version is that of an aggregator in its first generation that knows no features', () => {
    const decoded = edgeSessionMethod.decodeResponse(Buffer.from('0a050801120102', 'hex'))
    expect(decoded).toMatchObject({ ok: true, value: { features: [], generation: 1, restore: null } })
  })

  test('the hello of the first version holds no checkpoint and retains nothing', () => {
    const decoded = edgeSessionMethod.decodeRequest(Buffer.from('0a0a080112046163' + '6d652001', 'hex'))
    expect(decoded).toMatchObject({ ok: true, value: { features: [], checkpoint: null, retainedFromSeq: 0 } })
  })

  test.each<[string, AgentMessage]>([
    ['too many parts', { kind: 'part-request', hashes: Array.from({ length: 9 }, () => bytes(1)) }],
    ['too many subjects', { kind: 'subject-request', subjects: Array.from({ length: 513 }, () => 's') }],
    ['an empty subject', { kind: 'subject-request', subjects: ['trk-1', ''] }],
    ['a subject that is too long', { kind: 'subject-request', subjects: ['é'.repeat(65)] }],
  ])('a request for %s is refused', (_what, request) => {
    const wire = edgeSessionMethod.encodeRequest(request)
    expect(edgeSessionMethod.decodeRequest(wire)).toMatchObject({ ok: false, fault: { code: 'message_malformed' } })
  })

  test('a report of too many reasons is refused', () => {
    const suspended = Array.from({ length: 101 }, () => ({ code: 'x', device: 'd', rows: 1, times: 1 }))
    const report = agentMessages.find((message) => message.kind === 'report')
    const wire = edgeSessionMethod.encodeRequest({ ...report, suspended } as AgentMessage)
    expect(edgeSessionMethod.decodeRequest(wire)).toMatchObject({ ok: false, fault: { code: 'message_malformed' } })
  })

  test('a clock state of a later version is not known here', () => {
    const report = agentMessages.find((message) => message.kind === 'report')
    const wire = edgeSessionMethod.encodeRequest({ ...report, clockSync: 'leaping' } as unknown as AgentMessage)
    expect(edgeSessionMethod.decodeRequest(wire)).toMatchObject({ ok: true, value: { clockSync: 'unknown' } })
  })

  test.each([
    ['random bytes', Buffer.from('ffffffffff', 'hex')],
    ['a truncated message', Buffer.from('120a0a01', 'hex')],
    ['an empty message', Buffer.alloc(0)],
    ['a sequence number beyond 2^53', Buffer.from('0a0b28ffffffffffffffffff01', 'hex')],
  ])('%s is a fault and no exception', (_name, wire) => {
    const decoded = edgeSessionMethod.decodeRequest(wire)
    expect(decoded).toMatchObject({ ok: false, fault: { code: 'message_malformed' } })
  })
})

describe('control messages', () => {
  test.each(replies)('$kind comes back as it was sent', (reply) => {
    expect(controlRunMethod.decodeResponse(controlRunMethod.encodeResponse(reply))).toEqual({ ok: true, value: reply })
  })
})
