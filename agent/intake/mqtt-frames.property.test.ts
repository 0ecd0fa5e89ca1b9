import fc from 'fast-check'
import { generate, parser, type Packet } from 'mqtt-packet'
import { expect, test } from 'vitest'
import { FrameReader, frameStatus, packetTypes, PublishView } from './mqtt-frames.ts'

interface Publish {
  readonly topic: string
  readonly payload: string
  readonly qos: number
  readonly packetId: number | undefined
}

const topics = fc.stringMatching(/^[a-z0-9/é]{1,40}$/)
const packetIds = fc.integer({ min: 1, max: 65_535 })
const payloads = fc.uint8Array({ maxLength: 3000 }).map((bytes) => Buffer.from(bytes))
const publishes = fc
  .record({
    topic: topics,
    payload: payloads,
    messageId: packetIds,
    qos: fc.constantFrom<(0 | 1 | 2)[]>(0, 1, 2),
    dup: fc.boolean(),
    retain: fc.boolean(),
  })
  .map((rest): Packet => ({ ...rest, cmd: 'publish', dup: rest.dup && rest.qos > 0 }))
const packets: fc.Arbitrary<Packet> = fc.oneof(
  { weight: 4, arbitrary: publishes },
  fc.constantFrom<Packet[]>({ cmd: 'pingreq' }, { cmd: 'disconnect' }),
  packetIds.map((messageId): Packet => ({ cmd: 'puback', messageId })),
  packetIds.map((messageId): Packet => ({ cmd: 'pubrel', messageId })),
  fc
    .tuple(packetIds, topics)
    .map(([messageId, topic]): Packet => ({ cmd: 'subscribe', messageId, subscriptions: [{ topic, qos: 1 }] })),
  topics.map((clientId): Packet => ({
    cmd: 'connect',
    clientId,
    clean: true,
    keepalive: 30,
    protocolId: 'MQTT',
    protocolVersion: 4,
  })),
)

/** The stream cut into pieces at arbitrary places. */
function chunksOf(stream: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [0, ...cuts.map((cut) => cut % (stream.length + 1)).toSorted((a, b) => a - b), stream.length]
  return places.slice(1).map((end, index) => stream.subarray(places[index], end))
}

function readAll(chunks: readonly Buffer[]): { frames: Buffer[]; publishes: Publish[]; held: number } {
  const reader = new FrameReader(1 << 20)
  const view = new PublishView()
  const frames: Buffer[] = []
  const publishes: Publish[] = []
  for (const chunk of chunks) {
    reader.push(chunk)
    while (reader.next() === frameStatus.frame) {
      const { bytes, start, end } = reader
      frames.push(Buffer.from(bytes.subarray(start, end)))
      if ((bytes[start] ?? 0) >> 4 !== packetTypes.publish) continue
      expect(view.read(reader)).toBe(true)
      publishes.push({
        topic: bytes.toString('utf8', view.topicStart, view.topicEnd),
        payload: bytes.toString('hex', view.payloadStart, view.payloadEnd),
        qos: view.qos,
        packetId: view.qos === 0 ? undefined : view.packetId,
      })
    }
  }
  return { frames, publishes, held: reader.heldBytes }
}

function readByMqttPacket(chunks: readonly Buffer[]): { count: number; publishes: Publish[] } {
  const reader = parser()
  const publishes: Publish[] = []
  let count = 0
  reader.on('packet', (packet) => {
    count++
    if (packet.cmd !== 'publish') return
    const { topic, payload, qos, messageId } = packet
    publishes.push({ topic, payload: Buffer.from(payload).toString('hex'), qos, packetId: messageId })
  })
  for (const chunk of chunks) if (chunk.length > 0) reader.parse(chunk)
  return { count, publishes }
}

test('finds the packets mqtt-packet finds, however the stream is cut', () => {
  fc.assert(
    fc.property(fc.array(packets, { maxLength: 12 }), fc.array(fc.nat(), { maxLength: 40 }), (sent, cuts) => {
      const written = sent.map((packet) => generate(packet))
      const chunks = chunksOf(Buffer.concat(written), cuts)
      const found = readAll(chunks)
      const expected = readByMqttPacket(chunks)
      expect(found.frames).toEqual(written)
      expect(found.frames.length).toBe(expected.count)
      expect(found.publishes).toEqual(expected.publishes)
      expect(found.held).toBe(0)
    }),
    { numRuns: 500 },
  )
})

test('whatever the bytes: it never throws, never goes backwards and never holds more than the limit allows', () => {
  const limitBytes = 2000
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 10_000 }), fc.array(fc.nat(), { maxLength: 20 }), (bytes, cuts) => {
      const reader = new FrameReader(limitBytes)
      const view = new PublishView()
      let frames = 0
      for (const chunk of chunksOf(Buffer.from(bytes), cuts)) {
        reader.push(chunk)
        for (let status = reader.next(); status !== frameStatus.needMore; status = reader.next()) {
          if (status === frameStatus.malformed) return
          if (status === frameStatus.oversized) reader.truncate()
          else {
            view.read(reader)
            frames++
          }
        }
        expect(reader.heldBytes).toBeLessThanOrEqual(2 * limitBytes + 1024)
      }
      expect(frames).toBeLessThanOrEqual(bytes.length / 2)
    }),
    { numRuns: 1000 },
  )
})
