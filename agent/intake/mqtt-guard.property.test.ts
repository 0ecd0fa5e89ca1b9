import fc from 'fast-check'
import { generate, type Packet } from 'mqtt-packet'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectPacket, openTestDoor, RawClient, type TestDoor } from './intake-for-tests.ts'

let door: TestDoor
beforeAll(async () => {
  door = await openTestDoor()
  door.intake.settleAtOnce()
})
afterAll(() => door.door.close())

const topics = fc.constantFrom(
  'meter/v1/trk-1/usage',
  'meter/v1/llm-1/ai',
  'meter/v1/+/usage',
  '#',
  '',
  'a/'.repeat(200),
  '__proto__',
)
const ids = fc.integer({ min: 0, max: 65_535 })
const packets: fc.Arbitrary<Packet> = fc.oneof(
  fc
    .tuple(topics, ids, fc.constantFrom<(0 | 1 | 2)[]>(0, 1, 2))
    .map(([topic, messageId, qos]): Packet => ({
      cmd: 'publish',
      topic: topic === '' ? 'x' : topic,
      payload: 'p',
      qos,
      messageId,
      dup: false,
      retain: false,
    })),
  fc
    .tuple(topics, ids)
    .map(([topic, messageId]): Packet => ({
      cmd: 'subscribe',
      messageId,
      subscriptions: [{ topic: topic === '' ? 'x' : topic, qos: 1 }],
    })),
  fc
    .tuple(topics, ids)
    .map(([topic, messageId]): Packet => ({
      cmd: 'unsubscribe',
      messageId,
      unsubscriptions: [topic === '' ? 'x' : topic],
    })),
  ids.map((messageId): Packet => ({ cmd: 'pubrel', messageId })),
  ids.map((messageId): Packet => ({ cmd: 'pubrec', messageId })),
  ids.map((messageId): Packet => ({ cmd: 'puback', messageId })),
  fc.constantFrom<Packet[]>(
    { cmd: 'pingreq' },
    { cmd: 'pingresp' },
    { cmd: 'disconnect' },
    connectPacket({ clientId: 'other' }),
  ),
)
/** One packet, whole or with a byte changed, or bytes that are none. */
const pieces = fc.oneof(
  packets.map((packet) => generate(packet)),
  fc.tuple(packets, fc.nat(), fc.integer({ min: 0, max: 255 })).map(([packet, at, byte]) => {
    const bytes = Buffer.from(generate(packet))
    bytes[at % bytes.length] = byte
    return bytes
  }),
  // Every packet type and flags with a short body of anything.
  fc
    .tuple(fc.integer({ min: 0, max: 255 }), fc.uint8Array({ maxLength: 20 }))
    .map(([head, body]) => Buffer.of(head, body.length, ...body)),
)

test('whatever clients send, the door stays open for the others', async () => {
  await fc.assert(
    fc.asyncProperty(fc.boolean(), fc.array(pieces, { minLength: 1, maxLength: 8 }), async (isAccepted, sent) => {
      await using hostile = new RawClient(door.port)
      if (isAccepted) hostile.send(connectPacket({ clientId: 'hostile' }))
      for (const bytes of sent) hostile.sendBytes(bytes)
      await using honest = await RawClient.accepted(door.port, { clientId: 'honest' })
      const before = door.intake.taken.length
      honest.publish('meter/v1/trk-1/usage', 'honest', 1)
      for (;;) {
        const packet = await honest.next()
        if (packet.cmd === 'puback') break
      }
      expect(door.intake.taken.slice(before)).toContain('trk-1/usage honest')
    }),
    { numRuns: 400 },
  )
  expect(door.door.status().heldBytes).toBeLessThanOrEqual(64 * 1024)
}, 60_000)
