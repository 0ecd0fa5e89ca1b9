import { generate } from 'mqtt-packet'
import { describe, expect, test } from 'vitest'
import { connectPacket, described, openTestDoor, RawClient } from './intake-for-tests.ts'
import type { CloseReason } from './mqtt-door-side.ts'
import { defaultMqttLimits } from './mqtt-limits.ts'

const usageTopic = 'meter/v1/trk-1/usage'
const field = (text: string): Buffer =>
  Buffer.concat([Buffer.of(text.length >> 8, text.length & 255), Buffer.from(text)])

describe('before a client is accepted', () => {
  const openings: readonly [string, Uint8Array, CloseReason][] = [
    ['another protocol', Buffer.from('GET / HTTP/1.1\r\n\r\n'), 'connect_missing'],
    [
      'a PUBLISH',
      generate({ cmd: 'publish', topic: usageTopic, payload: 'x', qos: 0, dup: false, retain: false }),
      'connect_missing',
    ],
    ['a PINGREQ', generate({ cmd: 'pingreq' }), 'connect_missing'],
    ['a CONNECT over 4 KiB', generate(connectPacket({ username: 'x'.repeat(4096) })), 'connect_missing'],
    ['the promise of 256 MB', Buffer.of(0x10, 0xff, 0xff, 0xff, 0x7f), 'connect_missing'],
    ['a length that never ends', Buffer.of(0x10, 0xff, 0xff, 0xff, 0xff), 'packet_malformed'],
    ['a CONNECT of rubbish', Buffer.of(0x10, 4, 1, 2, 3, 4), 'closed_by_broker'],
    [
      'a CONNECT with reserved flags',
      Buffer.concat([Buffer.of(0x11), generate(connectPacket()).subarray(1)]),
      'closed_by_broker',
    ],
  ]
  test.each(openings)('%s is closed', async (_name, bytes, reason) => {
    await using door = await openTestDoor()
    await using client = new RawClient(door.port)
    client.sendBytes(bytes)
    await client.closed
    expect(client.received).toEqual([])
    expect(door.door.status()).toMatchObject({ connections: 0, heldBytes: 0, closed: { [reason]: 1 } })
  })

  test('silence, and a CONNECT that never ends, are closed after five seconds', async () => {
    await using door = await openTestDoor()
    await using silent = new RawClient(door.port)
    await using slow = new RawClient(door.port)
    slow.sendBytes(generate(connectPacket()).subarray(0, 5))
    await using accepted = await RawClient.accepted(door.port)
    expect(door.door.status().connections).toBe(3)
    door.clock.advance(4_500)
    expect(door.door.status().connections).toBe(3)
    door.clock.advance(3_000)
    await Promise.all([silent.closed, slow.closed])
    expect(door.door.status()).toMatchObject({ connections: 1, closed: { connect_too_late: 2 } })
    expect(await accepted.saidBefore()).toEqual([])
  })

  test('MQTT 5 is refused with return code 1', async () => {
    await using door = await openTestDoor()
    await using client = new RawClient(door.port)
    client.send(connectPacket({ protocolVersion: 5 }))
    await client.closed
    expect(client.received.map(described)).toEqual(['connack 1'])
  })

  test('MQTT 3.1 is taken', async () => {
    await using door = await openTestDoor()
    await using client = await RawClient.accepted(door.port, { protocolId: 'MQIsdp', protocolVersion: 3 })
    client.publish(usageTopic, 'x', 3)
    await door.intake.arrived(1)
    door.intake.settle()
    expect(described(await client.next())).toBe('puback 3')
  })

  test('more than there is place for is closed, and a place becomes free again', async () => {
    await using door = await openTestDoor({ limits: { connections: 2 } })
    const first = await RawClient.accepted(door.port, { clientId: 'a' })
    await using second = await RawClient.accepted(door.port, { clientId: 'b' })
    await expect(RawClient.accepted(door.port, { clientId: 'c' })).rejects.toThrow('closed')
    first.send({ cmd: 'disconnect' })
    await first.closed
    await using third = await RawClient.accepted(door.port, { clientId: 'd' })
    expect(await third.saidBefore()).toEqual([])
    expect(await second.saidBefore()).toEqual([])
  })

  test('what is sent before the CONNACK has a limit', async () => {
    await using door = await openTestDoor({ limits: { earlyBytes: 1000 } })
    await using client = new RawClient(door.port)
    client.sendBytes(Buffer.concat([generate(connectPacket()), Buffer.alloc(2000, 0xc0)]))
    await client.closed
    expect(client.received).toEqual([])
    expect(door.door.status()).toMatchObject({ heldBytes: 0, closed: { too_much_before_connack: 1 } })
  })

  test('a lasting session is not kept: no message waits for an absent client', async () => {
    await using door = await openTestDoor()
    const first = await RawClient.accepted(door.port, { clientId: 'lasting', clean: false })
    first.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'meter/v1/#', qos: 1 }] })
    expect(described(await first.next())).toBe('suback 1')
    first.send({ cmd: 'disconnect' })
    await first.closed
    await door.door.publish('meter/v1/x/quota', 'missed', false)
    await using again = new RawClient(door.port)
    again.send(connectPacket({ clientId: 'lasting', clean: false }))
    expect(await again.next()).toMatchObject({ cmd: 'connack', returnCode: 0, sessionPresent: false })
    expect(await again.saidBefore()).toEqual([])
  })
})

describe('after a client is accepted', () => {
  const packets: readonly [string, Uint8Array, CloseReason][] = [
    ['a second CONNECT', generate(connectPacket()), 'closed_by_broker'],
    ['a packet of the reserved type', Buffer.of(0x00, 0x00), 'closed_by_broker'],
    ['a PUBLISH with both QoS bits', Buffer.of(0x36, 5, 0, 1, 0x61, 0, 1), 'packet_malformed'],
    [
      'a PUBLISH with packet id 0',
      Buffer.concat([Buffer.of(0x32, 24), field(usageTopic), Buffer.of(0, 0)]),
      'packet_malformed',
    ],
    ['a PUBLISH that is too short for its topic', Buffer.of(0x30, 3, 0, 9, 0x61), 'packet_malformed'],
    ['a SUBSCRIBE over the limit', Buffer.of(0x82, 0xff, 0xff, 0x7f), 'packet_too_large'],
    ['a PUBLISH at QoS 2 over the limit', Buffer.of(0x34, 0xff, 0xff, 0x7f), 'packet_too_large'],
    ['a length that never ends', Buffer.of(0x30, 0xff, 0xff, 0xff, 0xff), 'packet_malformed'],
    [
      'an oversized PUBLISH elsewhere',
      generate({
        cmd: 'publish',
        topic: 'else/where',
        payload: Buffer.alloc(70_000),
        qos: 0,
        dup: false,
        retain: false,
      }),
      'packet_too_large',
    ],
    [
      'a SUBSCRIBE with wrong flags',
      Buffer.concat([
        Buffer.of(0x80),
        generate({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'a', qos: 0 }] }).subarray(1),
      ]),
      'closed_by_broker',
    ],
  ]
  test.each(packets)('%s is closed', async (_name, bytes, reason) => {
    await using door = await openTestDoor()
    await using client = await RawClient.accepted(door.port)
    client.sendBytes(bytes)
    await client.closed
    expect(door.intake.taken).toEqual([])
    expect(door.door.status()).toMatchObject({ connections: 0, heldBytes: 0, closed: { [reason]: 1 } })
  })

  test('one and a half times its keepalive without a word closes it; any packet counts as one', async () => {
    await using door = await openTestDoor()
    door.intake.settleAtOnce()
    await using quiet = await RawClient.accepted(door.port, { clientId: 'quiet', keepalive: 10 })
    await using busy = await RawClient.accepted(door.port, { clientId: 'busy', keepalive: 10 })
    await using never = await RawClient.accepted(door.port, { clientId: 'never', keepalive: 0 })
    door.clock.advance(9_000)
    busy.publish(usageTopic, 'tapped', 1)
    expect(described(await busy.next())).toBe('puback 1')
    door.clock.advance(5_500)
    expect(door.door.status().connections).toBe(3)
    door.clock.advance(3_000)
    await quiet.closed
    expect(door.door.status()).toMatchObject({ connections: 2, closed: { keepalive_missed: 1 } })
    door.clock.advance(10_000)
    await busy.closed
    expect(door.door.status()).toMatchObject({ connections: 1, closed: { keepalive_missed: 2 } })
    expect(await never.saidBefore()).toEqual([])
  })

  test('a stall of this process is not held against the clients', async () => {
    await using door = await openTestDoor()
    await using client = await RawClient.accepted(door.port, { keepalive: 10 })
    door.clock.advance(60_000, 60_000)
    expect(await client.saidBefore()).toEqual([])
    expect(door.door.status().connections).toBe(1)
  })

  test('a client that waits for the intake is not taken for a silent one', async () => {
    await using door = await openTestDoor()
    door.intake.capacity = 0
    await using client = await RawClient.accepted(door.port, { keepalive: 10 })
    await using other = await RawClient.accepted(door.port, { clientId: 'other' })
    client.publish(usageTopic, 'x', 1)
    expect(await other.saidBefore()).toEqual([])
    door.clock.advance(60_000)
    door.intake.capacity = 1
    door.intake.giveRoom()
    await door.intake.arrived(1)
    door.intake.settle()
    expect(await client.saidBefore()).toEqual(['puback 1'])
  })

  test('unfinished packets of all connections together have a limit', async () => {
    await using door = await openTestDoor({ limits: { heldBytes: 100_000 } })
    await using first = await RawClient.accepted(door.port, { clientId: 'a' })
    await using second = await RawClient.accepted(door.port, { clientId: 'b' })
    const begun = generate({
      cmd: 'publish',
      topic: usageTopic,
      payload: Buffer.alloc(60_000),
      qos: 1,
      messageId: 1,
      dup: false,
      retain: false,
    })
    first.sendBytes(begun.subarray(0, 55_000))
    second.sendBytes(begun.subarray(0, 55_000))
    await Promise.race([first.closed, second.closed])
    expect(door.door.status()).toMatchObject({ connections: 1, closed: { too_much_held: 1 } })
    expect(door.door.status().heldBytes).toBeLessThanOrEqual(2 * 65_536)
    expect(defaultMqttLimits.heldBytes).toBeGreaterThanOrEqual(100 * 65_536)
  })
})
