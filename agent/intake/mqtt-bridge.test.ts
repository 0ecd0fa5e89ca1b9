import { describe, expect, test, vi } from 'vitest'
import { openTestBridge } from './mqtt-bridge-for-tests.ts'

const protocols = [4, 5] as const

describe.each(protocols)('a bridge to a broker of protocol version %i', (protocolVersion) => {
  test('keeps its session and subscribes at QoS 1', async () => {
    await using bridge = await openTestBridge({ protocolVersion, username: 'reader', password: 'secret' })
    const peer = await bridge.broker.connection()
    expect(await peer.accept()).toMatchObject({
      cmd: 'connect',
      protocolVersion,
      clean: false,
      clientId: 'meterline-gw-1-plant',
      keepalive: 30,
      username: 'reader',
      password: Buffer.from('secret'),
      ...(protocolVersion === 5 ? { properties: { receiveMaximum: 1000, sessionExpiryInterval: 2_592_000 } } : {}),
    })
    const subscribe = await peer.next()
    expect(subscribe).toMatchObject({
      cmd: 'subscribe',
      subscriptions: [
        { topic: 'plant/+/usage', qos: 1, ...(protocolVersion === 5 ? { rh: 2 } : {}) },
        { topic: 'raw/#', qos: 1, ...(protocolVersion === 5 ? { rh: 1 } : {}) },
      ],
    })
    expect(bridge.status()).toMatchObject({ state: 'subscribing', connections: 1, fault: null })
  })

  test('acknowledges after the commit, in order, in one piece', async () => {
    await using bridge = await openTestBridge({ protocolVersion })
    const peer = await bridge.broker.accepted()
    for (let id = 1; id <= 5; id++) peer.publish('plant/7/usage', `{"n":${id}}`, id)
    await bridge.intake.arrived(5)
    expect(bridge.intake.taken[0]).toBe('plant/usage {"n":1}')
    expect(bridge.status()).toMatchObject({ received: 5, acknowledged: 0, unsettled: 5 })
    expect(peer.unread).toBe(0)
    const chunksBefore = peer.chunks.length
    bridge.intake.settle(3)
    expect(await peer.said(3)).toEqual(['puback 1', 'puback 2', 'puback 3'])
    expect(peer.chunks.length).toBe(chunksBefore + 1)
    bridge.intake.settle()
    expect(await peer.said(2)).toEqual(['puback 4', 'puback 5'])
    expect(bridge.status()).toMatchObject({ state: 'open', acknowledged: 5, unsettled: 0 })
  })

  test('gives rules the topic, and plain usage none', async () => {
    await using bridge = await openTestBridge({ protocolVersion })
    const peer = await bridge.broker.accepted()
    peer.publish('raw/a/b', 'x', 1)
    peer.publish('plant/7/usage', 'y', 2)
    await bridge.intake.arrived(2)
    expect(bridge.intake.taken).toEqual(['plant\0meters\0raw/a/b\0/mapped x', 'plant/usage y'])
  })

  test('a payload over the limit is cut and acknowledged like any other', async () => {
    await using bridge = await openTestBridge({ protocolVersion })
    const peer = await bridge.broker.accepted()
    peer.publish('plant/7/usage', 'z'.repeat(3_000_000), 1)
    peer.publish('plant/7/usage', 'after', 2)
    await bridge.intake.arrived(2)
    expect(bridge.intake.taken).toEqual(['plant/usage 65537 bytes', 'plant/usage after'])
    bridge.intake.settle()
    expect(await peer.said(2)).toEqual(['puback 1', 'puback 2'])
  })
})

describe('messages that are left alone', () => {
  test('retained copies and unknown topics are acknowledged in their turn and not delivered', async () => {
    await using bridge = await openTestBridge()
    const peer = await bridge.broker.accepted()
    peer.publish('plant/7/usage', 'old', 1, { retain: true })
    expect(await peer.said(1)).toEqual(['puback 1'])
    peer.publish('plant/7/usage', 'a', 2)
    peer.publish('plant/7/usage', 'old', 3, { retain: true })
    peer.publish('elsewhere', 'b', 4)
    peer.publish('raw/kept', 'taken', 5, { retain: true })
    await bridge.intake.arrived(2)
    expect(peer.unread).toBe(0)
    bridge.intake.settle(1)
    expect(await peer.said(3)).toEqual(['puback 2', 'puback 3', 'puback 4'])
    bridge.intake.settle()
    expect(await peer.said(1)).toEqual(['puback 5'])
    expect(bridge.status()).toMatchObject({ received: 5, acknowledged: 5, retained: 2, unmatched: 1 })
  })

  test('QoS 0 is stored and counted as lossy, a repetition as such', async () => {
    await using bridge = await openTestBridge()
    const peer = await bridge.broker.accepted()
    peer.publish('plant/7/usage', 'a')
    peer.publish('plant/7/usage', 'b', 9, { dup: true })
    await bridge.intake.arrived(2)
    bridge.intake.settle()
    expect(await peer.said(1)).toEqual(['puback 9'])
    expect(bridge.status()).toMatchObject({ received: 2, acknowledged: 1, lossy: 1, repeated: 1 })
  })
})

describe('a full intake', () => {
  test('stops the reading and goes on, in order, when there is room', async () => {
    await using bridge = await openTestBridge()
    bridge.intake.capacity = 2
    const peer = await bridge.broker.accepted()
    for (let id = 1; id <= 4; id++) peer.publish('plant/7/usage', `${id}`, id)
    await bridge.intake.arrived(2)
    bridge.intake.settle()
    expect(await peer.said(2)).toEqual(['puback 1', 'puback 2'])
    expect(bridge.intake.taken).toHaveLength(2)
    bridge.intake.giveRoom()
    await bridge.intake.arrived(4)
    bridge.intake.settle()
    expect(await peer.said(2)).toEqual(['puback 3', 'puback 4'])
    expect(bridge.intake.taken.at(-1)).toBe('plant/usage 4')
    expect(bridge.status()).toMatchObject({ received: 4, acknowledged: 4, unsettled: 0 })
  })

  test('what could not be stored is not acknowledged, and comes again on a new connection', async () => {
    await using bridge = await openTestBridge()
    const first = await bridge.broker.accepted()
    first.publish('plant/7/usage', 'a', 1)
    await bridge.intake.arrived(1)
    bridge.intake.settle(1, 'unavailable')
    await first.closed
    expect(first.unread).toBe(0)
    expect(bridge.status()).toMatchObject({ state: 'waiting', fault: { code: 'bridge_intake_unavailable' } })
    bridge.clock.advance(1_000)
    const second = await bridge.broker.accepted(true)
    second.publish('plant/7/usage', 'a', 1, { dup: true })
    await bridge.intake.arrived(2)
    bridge.intake.settle()
    expect(await second.said(1)).toEqual(['puback 1'])
    expect(bridge.status()).toMatchObject({ state: 'open', fault: null, sessionsLost: 0, connections: 2 })
  })
})

test('a commit that comes after its connection is gone acknowledges nothing on the next one', async () => {
  await using bridge = await openTestBridge()
  const first = await bridge.broker.accepted()
  first.publish('plant/7/usage', 'a', 1)
  await bridge.intake.arrived(1)
  first.socket.destroy()
  await vi.waitFor(() => expect(bridge.status().state).toBe('waiting'))
  bridge.clock.advance(1_000)
  const second = await bridge.broker.accepted(false)
  bridge.intake.settle()
  second.publish('plant/7/usage', 'b', 7)
  await bridge.intake.arrived(2)
  bridge.intake.settle()
  expect(await second.said(1)).toEqual(['puback 7'])
  expect(bridge.status()).toMatchObject({ acknowledged: 1, sessionsLost: 1 })
})

describe('a broker that misbehaves', () => {
  test.each([
    ['bytes that are no packet', Buffer.from('30ffffffffff', 'hex'), 'bridge_packet_malformed'],
    ['a malformed PUBLISH', Buffer.from('3203000561', 'hex'), 'bridge_packet_malformed'],
    ['QoS 2', Buffer.from('340600016100 0161'.replace(' ', ''), 'hex'), 'bridge_protocol_broken'],
    ['a huge packet that is no message', Buffer.from('90ffffff7f', 'hex'), 'bridge_packet_too_large'],
    ['a second CONNACK', Buffer.from('20020000', 'hex'), 'bridge_protocol_broken'],
    ['a CONNECT', Buffer.from('10020000', 'hex'), 'bridge_protocol_broken'],
    ['a PUBACK for nothing', Buffer.from('40020001', 'hex'), 'bridge_protocol_broken'],
    ['an AUTH', Buffer.from('f000', 'hex'), 'bridge_protocol_broken'],
    ['a malformed SUBACK', Buffer.from('9000', 'hex'), 'bridge_protocol_broken'],
  ])('is left after %s', async (_what, bytes, code) => {
    await using bridge = await openTestBridge()
    const peer = await bridge.broker.accepted()
    peer.sendBytes(bytes)
    await peer.closed
    await vi.waitFor(() => expect(bridge.status()).toMatchObject({ state: 'waiting', fault: { code } }))
  })

  test('is left when a message comes before it accepts', async () => {
    await using bridge = await openTestBridge()
    const peer = await bridge.broker.connection()
    await peer.next()
    peer.publish('plant/7/usage', 'a', 1)
    await peer.closed
    await vi.waitFor(() => expect(bridge.status().fault?.code).toBe('bridge_protocol_broken'))
    expect(bridge.intake.taken).toEqual([])
  })

  test.each([
    [4 as const, 5, 'bridge_refused', /Not authorized$/],
    [4 as const, 1, 'bridge_refused', /try another protocolVersion/],
    [5 as const, 135, 'bridge_refused', /Not authorized$/],
    [5 as const, 132, 'bridge_refused', /try another protocolVersion/],
  ])('version %i, CONNACK %i: %s', async (protocolVersion, returnCode, code, message) => {
    await using bridge = await openTestBridge({ protocolVersion })
    const peer = await bridge.broker.connection()
    await peer.next()
    peer.connack(returnCode)
    await peer.closed
    await vi.waitFor(() =>
      expect(bridge.status().fault).toMatchObject({ code, message: expect.stringMatching(message) }),
    )
  })

  test('says which subscription was refused, and goes on with the others', async () => {
    await using bridge = await openTestBridge()
    const peer = await bridge.broker.connection()
    await peer.accept()
    const subscribe = await peer.next()
    peer.send({ cmd: 'suback', messageId: subscribe.messageId ?? 0, granted: [1, 128] })
    await vi.waitFor(() => expect(bridge.status().state).toBe('open'))
    expect(bridge.status().fault).toMatchObject({
      code: 'bridge_subscription_refused',
      message: expect.stringContaining('raw/#'),
    })
    peer.publish('plant/7/usage', 'a', 1)
    await bridge.intake.arrived(1)
  })

  test('leaves when a broker of version 5 says goodbye, with its reason', async () => {
    await using bridge = await openTestBridge({ protocolVersion: 5 })
    const peer = await bridge.broker.accepted()
    await vi.waitFor(() => expect(bridge.status().state).toBe('open'))
    peer.send({ cmd: 'disconnect', reasonCode: 142 })
    await peer.closed
    await vi.waitFor(() =>
      expect(bridge.status().fault).toMatchObject({
        code: 'bridge_ended_by_broker',
        message: expect.stringContaining('another client connected with the same clientId'),
      }),
    )
  })
})

test('takes leave when it is closed', async () => {
  await using bridge = await openTestBridge()
  const peer = await bridge.broker.accepted()
  await vi.waitFor(() => expect(bridge.status().state).toBe('open'))
  const closing = bridge.bridges.close()
  expect(await peer.said(1)).toEqual(['disconnect'])
  await closing
  expect(bridge.status().state).toBe('closed')
})

test('can be closed while it waits for its broker', async () => {
  const bridge = await openTestBridge()
  await bridge.broker[Symbol.asyncDispose]()
  await bridge.bridges.close()
  expect(bridge.status().state).toBe('closed')
})
