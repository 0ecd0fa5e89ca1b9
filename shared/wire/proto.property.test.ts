import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { textFits } from '../model/usage-event.ts'
import type { AgentMessage } from './messages.ts'
import { controlRunMethod, edgeSessionMethod } from './proto.ts'

const bytes = fc.uint8Array({ maxLength: 200 })
const count = fc.maxSafeNat()

const message: fc.Arbitrary<AgentMessage> = fc.oneof(
  fc.record({ kind: fc.constant('batch'), header: bytes, signature: bytes, body: bytes }),
  fc.record({
    kind: fc.constant('hello'),
    protocolVersion: fc.nat(),
    tenant: fc.string({ unit: 'grapheme' }),
    agent: fc.string(),
    epoch: count,
    lastSealedSeq: count,
    chainHash: bytes,
    snapshotHash: bytes,
    features: fc.array(fc.string(), { maxLength: 5 }),
    checkpoint: fc.option(fc.record({ generation: count, size: count, root: bytes })),
    retainedFromSeq: count,
  }),
  fc.record({ kind: fc.constant('part-request'), hashes: fc.array(bytes, { maxLength: 8 }) }),
  fc.record({
    kind: fc.constant('subject-request'),
    subjects: fc.array(
      fc.string({ minLength: 1, maxLength: 30, unit: 'grapheme' }).filter((text) => textFits(text, 128)),
    ),
  }),
  fc.record({
    kind: fc.constant('report'),
    atMs: count,
    clockSync: fc.constantFrom('unknown', 'synced', 'unsynced'),
    suspendedRows: count,
    suspendedBytes: count,
    suspended: fc.array(fc.record({ code: fc.string(), device: fc.string(), rows: count, times: count })),
    refusedDeliveries: count,
    connectedDevices: count,
    outbox: fc.record({ batches: count, bytes: count, oldestSealedMs: fc.option(count.filter((ms) => ms > 0)) }),
    counters: fc.record({
      deliveries: count,
      events: count,
      records: count,
      unbound: count,
      withoutId: count,
      duplicates: count,
      suspended: count,
    }),
  }),
)

/** protobufjs hands out Buffers; only their bytes count. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array || Array.isArray(value)) return [...value].map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]))
}

test('whatever an agent can say comes back as it was sent', () => {
  fc.assert(
    fc.property(message, (sent) => {
      const decoded = edgeSessionMethod.decodeRequest(edgeSessionMethod.encodeRequest(sent))
      expect(decoded.ok && plain(decoded.value)).toEqual(plain(sent))
    }),
  )
})

test('no bytes make a decoder throw', () => {
  const { decodeRequest, decodeResponse } = edgeSessionMethod
  const decoders = [decodeRequest, decodeResponse, controlRunMethod.decodeRequest, controlRunMethod.decodeResponse]
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (wire) => {
      for (const decode of decoders) {
        const decoded = decode(Buffer.from(wire))
        if (!decoded.ok) expect(decoded.fault.code).toBe('message_malformed')
      }
    }),
    { numRuns: 2_000 },
  )
})

test('no change to a message makes a decoder throw', () => {
  fc.assert(
    fc.property(message, fc.nat(), fc.integer({ min: 0, max: 255 }), (sent, place, value) => {
      const wire = edgeSessionMethod.encodeRequest(sent)
      if (wire.length > 0) wire[place % wire.length] = value
      expect(() => edgeSessionMethod.decodeRequest(wire)).not.toThrow()
    }),
  )
})
