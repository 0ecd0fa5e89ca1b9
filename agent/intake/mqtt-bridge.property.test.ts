import { Duplex } from 'node:stream'
import fc from 'fast-check'
import { generate, type Packet } from 'mqtt-packet'
import { describe, expect, test } from 'vitest'
import { HeldIntake } from './intake-for-tests.ts'
import { BridgeConnection, type BridgeSide } from './mqtt-bridge-connection.ts'
import type { BridgeFault } from './mqtt-bridge-faults.ts'
import type { BridgeProtocolVersion } from './mqtt-bridge-publish.ts'
import { BridgeRoutes } from './mqtt-bridge-routes.ts'

/** A socket without a network: takes what is written and says what the test says. */
class Wire extends Duplex {
  readonly written: Buffer[] = []

  say(bytes: Uint8Array): void {
    this.emit('data', Buffer.from(bytes))
  }

  override _read(): void {
    // The test emits what there is.
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.written.push(chunk)
    done()
  }
}

interface Bench {
  readonly wire: Wire
  readonly intake: HeldIntake
  readonly side: BridgeSide
  readonly faults: BridgeFault[]
}

function connected(protocolVersion: BridgeProtocolVersion): Bench {
  const wire = new Wire()
  const intake = new HeldIntake()
  const faults: BridgeFault[] = []
  const side: BridgeSide = {
    intake,
    routes: new BridgeRoutes('plant', [
      { topic: 'a/+', kind: 'usage', retained: 'skip' },
      { topic: 'b/#', rule: 'odd', retained: 'take' },
    ]),
    protocolVersion,
    counts: { received: 0, acknowledged: 0, lossy: 0, repeated: 0, retained: 0, unmatched: 0 },
    onUnmatched: () => undefined,
    onClosed: (fault) => void faults.push(fault),
  }
  const connection = new BridgeConnection(wire, side)
  connection.stream.resume()
  wire.say(generate({ cmd: 'connack', sessionPresent: true, returnCode: 0, reasonCode: 0 }, { protocolVersion }))
  return { wire, intake, side, faults }
}

const version = fc.constantFrom<BridgeProtocolVersion>(4, 5)
const messages = fc.array(
  fc.record({
    topic: fc.constantFrom('a/1', 'a/2', 'b', 'b/c/d', 'elsewhere'),
    payload: fc.oneof(fc.string(), fc.constant('x'.repeat(70_000))),
    qos: fc.constantFrom<0 | 1>(0, 1),
    retain: fc.boolean(),
    dup: fc.constant(false),
  }),
  { maxLength: 20 },
)

describe('a connection of a bridge', () => {
  test('takes, skips and acknowledges the same however the bytes are cut and whenever the commits come', () => {
    const steps = fc.array(fc.record({ bytes: fc.integer({ min: 1, max: 80_000 }), commits: fc.nat({ max: 3 }) }), {
      minLength: 1,
      maxLength: 60,
    })
    fc.assert(
      fc.property(version, messages, steps, (protocolVersion, sent, cuts) => {
        const stream = Buffer.concat(
          sent.map((message, index) => {
            const packet: Packet = {
              cmd: 'publish',
              ...message,
              ...(message.qos === 1 ? { messageId: index + 1 } : {}),
            }
            return generate(packet, { protocolVersion })
          }),
        )
        const { wire, intake, side, faults } = connected(protocolVersion)
        let at = 0
        for (let step = 0; at < stream.length; step++) {
          const { bytes = stream.length, commits = 0 } = cuts[step] ?? {}
          wire.say(stream.subarray(at, at + bytes))
          at += bytes
          intake.settle(commits)
        }
        intake.settle()

        const taken = sent.filter(({ topic, retain }) => (topic.startsWith('a/') ? !retain : topic.startsWith('b')))
        expect(intake.taken).toEqual(taken.map(({ topic, payload }) => describedTaking(topic, payload)))
        // In their order, each once, whatever became of them.
        const acknowledged = sent.flatMap(({ qos }, index) => (qos === 1 ? [index + 1] : []))
        expect(pubacks(wire)).toEqual(acknowledged)
        expect(side.counts).toMatchObject({ received: sent.length, acknowledged: acknowledged.length })
        expect(faults).toEqual([])
      }),
      { numRuns: 300 },
    )
  })

  test('survives any bytes, and never acknowledges what is not committed', () => {
    const noise = fc.oneof(fc.uint8Array({ maxLength: 300 }), hostileFrame())
    fc.assert(
      fc.property(version, fc.array(noise, { maxLength: 8 }), (protocolVersion, pieces) => {
        const { wire, intake, side, faults } = connected(protocolVersion)
        for (const piece of pieces) wire.say(piece)
        expect(side.counts.received).toBeGreaterThanOrEqual(intake.taken.length)
        // Nothing has been committed: what is acknowledged by now was skipped.
        expect(pubacks(wire).length).toBeLessThanOrEqual(side.counts.retained + side.counts.unmatched)
        expect(faults.length).toBeLessThanOrEqual(1)
      }),
      { numRuns: 2_000 },
    )
  })
})

/** Frames of every type whose length fits, with a body that is mostly wrong. */
function hostileFrame(): fc.Arbitrary<Uint8Array> {
  return fc
    .tuple(fc.integer({ min: 0, max: 255 }), fc.uint8Array({ maxLength: 120 }))
    .map(([head, body]) => Uint8Array.of(head, body.length, ...body))
}

function pubacks(wire: Wire): readonly number[] {
  const bytes = Buffer.concat(wire.written)
  const ids: number[] = []
  for (let at = 0; at < bytes.length; at += 4) {
    expect(bytes.subarray(at, at + 2)).toEqual(Buffer.of(0x40, 2))
    ids.push(bytes.readUInt16BE(at + 2))
  }
  return ids
}

function describedTaking(topic: string, payload: string): string {
  const cut = payload.length > 65_536 ? '65537 bytes' : payload
  const text = Buffer.byteLength(payload) > 100 && payload.length <= 65_536 ? `${payload.length} bytes` : cut
  return topic.startsWith('a/') ? `plant/usage ${text}` : `plant\0odd\0${topic}\0/mapped ${text}`
}
