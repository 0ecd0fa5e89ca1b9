import { generate } from 'mqtt-packet'
import { describe, expect, test } from 'vitest'
import { connectPacket, described, openTestDoor, RawClient } from './intake-for-tests.ts'
import { defaultMqttLimits } from './mqtt-limits.ts'

const usageTopic = 'meter/v1/trk-1/usage'

describe.each([
  ['the tap on the socket', true],
  ['aedes', false],
])('telemetry through %s', (_name, fastPath) => {
  test('QoS 1 is acknowledged after the commit and not before, in the order sent', async () => {
    await using door = await openTestDoor({ fastPath })
    await using client = await RawClient.accepted(door.port)
    client.publish(usageTopic, '{"a":1}', 7)
    client.publish('meter/v1/llm-1/ai', '{"a":2}', 8)
    client.publish(usageTopic, '{"a":3}', 65_535)
    await door.intake.arrived(3)
    expect(door.intake.taken).toEqual(['trk-1/usage {"a":1}', 'llm-1/ai {"a":2}', 'trk-1/usage {"a":3}'])
    expect(client.received.map(described)).toEqual(['connack 0'])

    door.intake.settle(2)
    expect([described(await client.next()), described(await client.next())]).toEqual(['puback 7', 'puback 8'])
    door.intake.settle(1)
    expect(described(await client.next())).toBe('puback 65535')
  })

  test('QoS 0 is handed over and not acknowledged', async () => {
    await using door = await openTestDoor({ fastPath })
    await using client = await RawClient.accepted(door.port)
    client.publish(usageTopic, 'x')
    await door.intake.arrived(1)
    door.intake.settle()
    expect(await client.saidBefore()).toEqual([])
  })

  test('QoS 2 gets its PUBREC after the commit', async () => {
    await using door = await openTestDoor({ fastPath })
    await using client = await RawClient.accepted(door.port)
    client.send({ cmd: 'publish', topic: usageTopic, payload: 'x', qos: 2, messageId: 5, dup: false, retain: false })
    await door.intake.arrived(1)
    expect(client.received).toHaveLength(1)
    door.intake.settle()
    expect(described(await client.next())).toBe('pubrec 5')
    client.send({ cmd: 'pubrel', messageId: 5 })
    expect(described(await client.next())).toBe('pubcomp 5')
    expect(door.intake.taken).toHaveLength(1)
  })

  test('what cannot be stored is not acknowledged: the connection is closed', async () => {
    await using door = await openTestDoor({ fastPath })
    await using client = await RawClient.accepted(door.port)
    client.publish(usageTopic, 'a', 1)
    client.publish(usageTopic, 'b', 2)
    await door.intake.arrived(2)
    door.intake.settle(2, 'unavailable')
    await client.closed
    expect(client.received.map(described)).toEqual(['connack 0'])
  })

  test('without room nothing is lost, nothing comes twice, and the order stays', async () => {
    await using door = await openTestDoor({ fastPath })
    await using client = await RawClient.accepted(door.port)
    door.intake.capacity = 10
    const payloads = Array.from({ length: 300 }, (_, index) => `${index} ${'x'.repeat(50)}`)
    for (const [index, payload] of payloads.entries()) client.publish(usageTopic, payload, index + 1)
    for (let settled = 0; settled < payloads.length;) {
      await door.intake.arrived(settled + 1)
      settled = door.intake.taken.length
      door.intake.settle()
      door.intake.giveRoom()
    }
    expect(door.intake.taken).toEqual(payloads.map((payload) => `trk-1/usage ${payload}`))
    const acknowledged = await client.saidBefore()
    expect(acknowledged).toEqual(payloads.map((_payload, index) => `puback ${index + 1}`))
  })

  test('a payload over 64 KiB reaches the intake cut down, and is acknowledged', async () => {
    await using door = await openTestDoor({ fastPath })
    await using client = await RawClient.accepted(door.port)
    client.publish(usageTopic, 'x'.repeat(300_000), 1)
    client.publish(usageTopic, 'next', 2)
    await door.intake.arrived(2)
    expect(door.intake.taken).toEqual(['trk-1/usage 65537 bytes', 'trk-1/usage next'])
    door.intake.settle()
    expect(await client.saidBefore()).toEqual(['puback 1', 'puback 2'])
  })

  test('local subscribers see it after the commit, at its QoS, and never as a retained message', async () => {
    await using door = await openTestDoor({ fastPath })
    await using listener = await RawClient.accepted(door.port, { clientId: 'listener' })
    listener.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'meter/v1/+/usage', qos: 1 }] })
    expect(described(await listener.next())).toBe('suback 1')
    await using client = await RawClient.accepted(door.port)
    client.send({ cmd: 'publish', topic: usageTopic, payload: 'x', qos: 1, messageId: 9, dup: false, retain: true })
    client.publish('meter/v1/llm-1/ai', 'not asked for')
    await door.intake.arrived(2)
    expect(await listener.saidBefore()).toEqual([])
    door.intake.settle()
    expect(await listener.next()).toMatchObject({
      cmd: 'publish',
      topic: usageTopic,
      qos: 1,
      retain: false,
      payload: Buffer.from('x'),
    })

    await using late = await RawClient.accepted(door.port, { clientId: 'late' })
    late.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'meter/v1/#', qos: 1 }] })
    expect(described(await late.next())).toBe('suback 1')
    expect(await late.saidBefore()).toEqual([])
  })

  test('a will is neither metered nor published', async () => {
    await using door = await openTestDoor({ fastPath })
    await using listener = await RawClient.accepted(door.port, { clientId: 'listener' })
    listener.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'meter/v1/#', qos: 1 }] })
    await listener.next()
    const will = { topic: usageTopic, payload: Buffer.from('dead'), qos: 1 as const, retain: false }
    const client = await RawClient.accepted(door.port, { clientId: 'doomed', will })
    client.socket.resetAndDestroy()
    await client.closed
    // A second client under the same id is accepted only after aedes is done with the first.
    await using again = await RawClient.accepted(door.port, { clientId: 'doomed' })
    again.publish(usageTopic, 'alive', 1)
    await door.intake.arrived(1)
    door.intake.settle()
    expect(described(await listener.next())).toBe(`publish ${usageTopic} alive`)
    expect(door.intake.taken).toEqual(['trk-1/usage alive'])
  })

  test('a topic that is no telemetry closes the connection', async () => {
    await using door = await openTestDoor({ fastPath })
    for (const topic of ['meter/v1/trk-1/reject', 'meter/v1/trk-1', '$SYS/x', 'elsewhere', 'meter/v1/+/usage']) {
      await using client = await RawClient.accepted(door.port)
      client.publish(topic, 'x', 1)
      await client.closed
      expect(client.received).toHaveLength(1)
    }
    expect(door.intake.taken).toEqual([])
  })

  test('packets sent behind the CONNECT wait for its CONNACK', async () => {
    await using door = await openTestDoor({ fastPath })
    door.intake.settleAtOnce()
    await using client = new RawClient(door.port)
    client.send(
      connectPacket(),
      { cmd: 'publish', topic: usageTopic, payload: 'a', qos: 1, messageId: 1, dup: false, retain: false },
      { cmd: 'pingreq' },
    )
    const said = [await client.next(), await client.next(), await client.next()].map(described)
    expect(said[0]).toBe('connack 0')
    expect(said.toSorted()).toEqual(['connack 0', 'pingresp', 'puback 1'])
  })

  test('a new connection under the same id takes over; what the old one is owed does not go to it', async () => {
    await using door = await openTestDoor({ fastPath })
    await using first = await RawClient.accepted(door.port, { clientId: 'same' })
    first.publish(usageTopic, 'from the first', 1)
    await door.intake.arrived(1)
    await using second = await RawClient.accepted(door.port, { clientId: 'same' })
    await first.closed
    second.publish(usageTopic, 'from the second', 2)
    await door.intake.arrived(2)
    door.intake.settle()
    expect(await second.saidBefore()).toEqual(['puback 2'])
    expect(first.received.map(described)).toEqual(['connack 0'])
  })

  test('one byte at a time', async () => {
    await using door = await openTestDoor({ fastPath })
    door.intake.settleAtOnce()
    await using client = new RawClient(door.port)
    const publish = {
      cmd: 'publish',
      topic: usageTopic,
      payload: 'slow',
      qos: 1,
      messageId: 300,
      dup: false,
      retain: false,
    } as const
    for (const byte of Buffer.concat([generate(connectPacket()), generate(publish)])) client.sendBytes(Buffer.of(byte))
    expect([described(await client.next()), described(await client.next())]).toEqual(['connack 0', 'puback 300'])
    expect(door.intake.taken).toEqual(['trk-1/usage slow'])
  })
})

test('a client that is not settled is not read further, and goes on when it is', async () => {
  await using door = await openTestDoor({ limits: { pendingBytesPerConnection: 1280 } })
  await using client = await RawClient.accepted(door.port)
  for (let id = 1; id <= 100; id++) client.publish(usageTopic, 'x', id)
  // Each counts 128 bytes: its 64, and one byte rounded up to 64.
  for (let taken = 10; taken < 100; taken += 10) {
    await door.intake.arrived(taken)
    expect(await pingFrom(door.port)).toEqual([])
    expect(door.intake.taken).toHaveLength(taken)
    door.intake.settle()
  }
  await door.intake.arrived(100)
  door.intake.settle()
  expect(await client.saidBefore()).toHaveLength(100)
})

/** Proves that the broker went through its event loop: another client got an answer meanwhile. */
async function pingFrom(port: number): Promise<string[]> {
  await using other = await RawClient.accepted(port, { clientId: 'other' })
  return await other.saidBefore()
}

test('more messages for local subscribers than may be on their way are metered all the same', async () => {
  await using door = await openTestDoor({ limits: { forwards: 1 } })
  await using listener = await RawClient.accepted(door.port, { clientId: 'listener' })
  listener.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'meter/v1/#', qos: 0 }] })
  await listener.next()
  await using client = await RawClient.accepted(door.port)
  for (let id = 1; id <= 3; id++) client.publish(usageTopic, `${id}`, id)
  await door.intake.arrived(3)
  door.intake.settle()
  expect(await client.saidBefore()).toEqual(['puback 1', 'puback 2', 'puback 3'])
  expect(described(await listener.next())).toBe(`publish ${usageTopic} 1`)
  expect(door.door.status().notForwarded).toBe(2)
})

const listened = ['meter/v1/trk-1/usage', 'meter/v1/+/usage', 'meter/v1/#']
test.each(listened)('what a listener to %s unsubscribed from or left is not forwarded any more', async (topic) => {
  await using door = await openTestDoor({ limits: { forwards: 0 } })
  door.intake.settleAtOnce()
  await using client = await RawClient.accepted(door.port)
  const forwardsOf = async (id: number): Promise<number> => {
    const before = door.door.status().notForwarded
    client.publish(usageTopic, 'x', id)
    expect(described(await client.next())).toBe(`puback ${id}`)
    return door.door.status().notForwarded - before
  }
  const subscriptions = [{ topic, qos: 0 as const }]
  for (const round of [10, 20]) {
    await using listener = await RawClient.accepted(door.port, { clientId: 'listener' })
    listener.send({ cmd: 'subscribe', messageId: 1, subscriptions }, { cmd: 'subscribe', messageId: 2, subscriptions })
    await listener.next()
    await listener.next()
    expect(await forwardsOf(round)).toBe(1)
    listener.send({ cmd: 'unsubscribe', messageId: 3, unsubscriptions: [topic] })
    await listener.next()
    expect(await forwardsOf(round + 1)).toBe(0)
    listener.send({ cmd: 'subscribe', messageId: 4, subscriptions })
    await listener.next()
    expect(await forwardsOf(round + 2)).toBe(1)
    listener.send({ cmd: 'disconnect' })
    await listener.closed
    expect(await forwardsOf(round + 3)).toBe(0)
  }
})

test('a listener hears of each message after its own commit, also of those without a packet id', async () => {
  await using door = await openTestDoor()
  await using client = await RawClient.accepted(door.port)
  client.publish(usageTopic, 'a')
  await door.intake.arrived(1)
  await using listener = await RawClient.accepted(door.port, { clientId: 'listener' })
  listener.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: usageTopic, qos: 0 }] })
  await listener.next()
  client.publish(usageTopic, 'b')
  await door.intake.arrived(2)
  door.intake.settle(1)
  expect(await listener.saidBefore()).toEqual([])
  door.intake.settle(1)
  expect(described(await listener.next())).toBe(`publish ${usageTopic} b`)
})

test('a rejected event is told to its device, if it listens', async () => {
  await using door = await openTestDoor()
  await using client = await RawClient.accepted(door.port)
  client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'meter/v1/trk-1/reject', qos: 1 }] })
  await client.next()
  door.intake.reject({ device: 'trk-2', code: 'x', message: 'not for this one', eventId: null, index: 0, events: 1 })
  door.intake.reject({
    device: 'trk-1',
    code: 'quantity_negative',
    message: 'the quantity -1 is negative',
    eventId: 'e-1',
    index: 0,
    events: 1,
  })
  expect(described(await client.next())).toBe(
    'publish meter/v1/trk-1/reject {"code":"quantity_negative","message":"the quantity -1 is negative","id":"e-1"}',
  )
})

test('the agent publishes to local subscribers, retained when it says so', async () => {
  await using door = await openTestDoor()
  await door.door.publish('meter/v1/trk-1/quota', '{"state":"ok"}', true)
  await using client = await RawClient.accepted(door.port)
  client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'meter/v1/trk-1/quota', qos: 0 }] })
  await client.next()
  expect(described(await client.next())).toBe('publish meter/v1/trk-1/quota {"state":"ok"}')
})

test('a connection that is closed by the door gets no acknowledgement later', async () => {
  const door = await openTestDoor()
  await using client = await RawClient.accepted(door.port)
  client.publish(usageTopic, 'x', 1)
  await door.intake.arrived(1)
  await door.door.close()
  await client.closed
  door.intake.settle()
  door.intake.giveRoom()
  expect(client.received.map(described)).toEqual(['connack 0'])
  await expect(RawClient.accepted(door.port)).rejects.toThrow('closed')
})

test('a listener that does not read is closed and holds nobody up', async () => {
  await using door = await openTestDoor({ limits: { forwardBytes: 64 * 1024 * 1024 } })
  door.intake.settleAtOnce()
  await using listener = await RawClient.accepted(door.port, { clientId: 'listener' })
  listener.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'meter/v1/#', qos: 0 }] })
  await listener.next()
  listener.socket.pause()
  await using client = await RawClient.accepted(door.port)
  // More than the buffers of a local connection in both directions.
  for (let id = 1; id <= 400; id++) client.publish(usageTopic, 'x'.repeat(60_000), id)
  for (let id = 1; id <= 400; id++) expect(described(await client.next())).toBe(`puback ${id}`)
  door.clock.advance(defaultMqttLimits.drainMs + 3_000)
  expect(door.door.status().closed).toMatchObject({ client_does_not_read: 1 })
  expect(await client.saidBefore()).toEqual([])
})

test('acknowledgements never land inside a packet that aedes is writing', async () => {
  await using door = await openTestDoor({ limits: { forwardBytes: 64 * 1024 * 1024 } })
  door.intake.settleAtOnce()
  await using client = await RawClient.accepted(door.port)
  client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'meter/v1/trk-1/usage', qos: 0 }] })
  await client.next()
  // Both kinds of packets pile up in the door while the client does not read.
  client.socket.pause()
  const count = 300
  for (let id = 1; id <= count; id++) client.publish(usageTopic, `${id} ${'x'.repeat(30_000)}`, id)
  await door.intake.arrived(50)
  client.socket.resume()
  const said = new Set<string>()
  while (said.size < 2 * count) said.add(described(await client.next()).slice(0, 40))
  const sizes = client.received.map((packet) => (packet.cmd === 'publish' ? packet.payload.length : 0))
  expect(new Set(sizes.filter((bytes) => bytes > 0))).toEqual(new Set([30_002, 30_003, 30_004]))
})
