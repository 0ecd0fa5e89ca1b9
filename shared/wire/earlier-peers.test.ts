import { fromJSON } from '@grpc/proto-loader'
import { describe, expect, test } from 'vitest'
import type { Hello, Welcome } from './messages.ts'
import { edgeSessionMethod } from './proto.ts'

/** Greetings as the first version of the protocol had them. */
const firstVersion = fromJSON(
  {
    nested: {
      Hello: {
        fields: {
          protocolVersion: { type: 'uint32', id: 1 },
          tenant: { type: 'string', id: 2 },
          agent: { type: 'string', id: 3 },
          epoch: { type: 'uint64', id: 4 },
          lastSealedSeq: { type: 'uint64', id: 5 },
          chainHash: { type: 'bytes', id: 6 },
          snapshotHash: { type: 'bytes', id: 7 },
        },
      },
      Welcome: {
        fields: {
          receivedSeq: { type: 'uint64', id: 1 },
          chainHash: { type: 'bytes', id: 2 },
          features: { rule: 'repeated', type: 'string', id: 3 },
        },
      },
      AgentMessage: { oneofs: { message: { oneof: ['hello'] } }, fields: { hello: { type: 'Hello', id: 1 } } },
      AggregatorMessage: {
        oneofs: { message: { oneof: ['welcome'] } },
        fields: { welcome: { type: 'Welcome', id: 1 } },
      },
      Edge: {
        methods: {
          Session: { requestType: 'AgentMessage', requestStream: true, responseType: 'AggregatorMessage', comment: '' },
        },
      },
    },
  },
  { longs: Number },
)

// What its agent and its aggregator said, encoded with its own proto.
const helloHex = '0a3608011204' + '61636d65' + '1a04' + '67772d31' + '2001' + '2804' + '3220' + '07'.repeat(32) + '3a00'
const welcomeHex = '0a2c08031220' + '09'.repeat(32) + '1a067265706f7274'

const hello: Hello = {
  kind: 'hello',
  protocolVersion: 1,
  tenant: 'acme',
  agent: 'gw-1',
  epoch: 1,
  lastSealedSeq: 4,
  chainHash: new Uint8Array(32).fill(7),
  snapshotHash: new Uint8Array(0),
  features: [],
  checkpoint: null,
  retainedFromSeq: 0,
}
const welcome: Welcome = {
  kind: 'welcome',
  receivedSeq: 3,
  chainHash: new Uint8Array(32).fill(9),
  features: ['report'],
  generation: 1,
  restore: null,
}

function service(): { requestDeserialize(bytes: Buffer): unknown; responseDeserialize(bytes: Buffer): unknown } {
  const edge = firstVersion['Edge'] as unknown as Record<string, ReturnType<typeof service>>
  const { Session } = edge
  if (Session === undefined) throw new Error('the first version has its one method')
  return Session
}

describe('an agent of the first version and an aggregator of this one', () => {
  test('what the agent does not say is nothing held, nothing kept, no feature', () => {
    const decoded = edgeSessionMethod.decodeRequest(Buffer.from(helloHex, 'hex'))
    expect(decoded).toEqual({
      ok: true,
      value: { ...hello, chainHash: Buffer.from(hello.chainHash), snapshotHash: Buffer.alloc(0) },
    })
  })

  test('the agent reads a welcome and passes over what it does not know', () => {
    const restored: Welcome = { ...welcome, generation: 2, restore: { bytes: Buffer.of(1), signature: Buffer.of(2) } }
    const read = service().responseDeserialize(edgeSessionMethod.encodeResponse(restored))
    const known = { receivedSeq: 3, chainHash: Buffer.from(welcome.chainHash), features: ['report'] }
    expect(read).toMatchObject({ welcome: known })
  })
})

describe('an agent of this version and an aggregator of the first one', () => {
  test('a welcome without a generation is of the first, without a restore', () => {
    const decoded = edgeSessionMethod.decodeResponse(Buffer.from(welcomeHex, 'hex'))
    expect(decoded).toEqual({ ok: true, value: { ...welcome, chainHash: Buffer.from(welcome.chainHash) } })
  })

  test('the aggregator reads a hello and passes over what it does not know', () => {
    const checkpoint = { generation: 1, size: 77, root: new Uint8Array(32).fill(3) }
    const wire = edgeSessionMethod.encodeRequest({ ...hello, features: ['checkpoint'], checkpoint, retainedFromSeq: 2 })
    const read = service().requestDeserialize(wire)
    const known = { protocolVersion: 1, tenant: 'acme', agent: 'gw-1', epoch: 1, lastSealedSeq: 4 }
    expect(read).toMatchObject({ hello: { ...known, chainHash: Buffer.from(hello.chainHash) } })
  })
})
