import { beforeAll, describe, expect, test } from 'vitest'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { hashDeviceSecret, type DeviceCredential } from './device-credentials.ts'
import { connectPacket, described, openTestDoor, RawClient } from './intake-for-tests.ts'
import { isLoopbackAddress } from './mqtt-policy.ts'

const secret = Buffer.from('open sesame')
let devices: DeviceCredential[] = []

beforeAll(async () => {
  const random = seededRandom('mqtt-access')
  const hashes = [await hashDeviceSecret(secret.toString(), random), await hashDeviceSecret('another', random)]
  devices = ['trk-1', 'trk-2'].map((id, index) => ({ id, secretHash: hashes[index] ?? '' }))
})

describe('a CONNECT', () => {
  const claims: readonly [string, Parameters<typeof connectPacket>[0], string][] = [
    ['with the secret', { clientId: 'trk-1', username: 'trk-1', password: secret }, 'connack 0'],
    ['with the secret and without a client id', { clientId: '', username: 'trk-1', password: secret }, 'connack 0'],
    ['with a wrong secret', { clientId: 'trk-1', username: 'trk-1', password: Buffer.from('x') }, 'connack 4'],
    ['with the secret of another device', { clientId: 'trk-2', username: 'trk-2', password: secret }, 'connack 4'],
    ['without a password', { clientId: 'trk-1', username: 'trk-1' }, 'connack 4'],
    ['of a device nobody knows', { clientId: 'trk-9', username: 'trk-9', password: secret }, 'connack 4'],
    [
      'of a device named like a prototype',
      { clientId: '__proto__', username: '__proto__', password: secret },
      'connack 4',
    ],
    ['under the client id of another', { clientId: 'trk-2', username: 'trk-1', password: secret }, 'connack 2'],
    ['under a client id of its own choice', { clientId: 'mosq-1', username: 'trk-1', password: secret }, 'connack 2'],
    ['with nothing, under the client id of a device', { clientId: 'trk-1' }, 'connack 5'],
    ['with nothing, from this machine', { clientId: 'anybody' }, 'connack 0'],
    ['with nothing, not even a client id, from this machine', { clientId: '' }, 'connack 0'],
    ['with nothing, under a client id like a prototype', { clientId: 'constructor' }, 'connack 0'],
  ]
  test.each(claims)('%s', async (_name, fields, answer) => {
    await using door = await openTestDoor({ devices })
    await using client = new RawClient(door.port)
    client.send(connectPacket(fields))
    expect(described(await client.next())).toBe(answer)
  })

  test('with nothing is refused where nobody is taken anonymously', async () => {
    await using door = await openTestDoor({ devices, anonymous: 'never' })
    await using client = new RawClient(door.port)
    client.send(connectPacket())
    expect(described(await client.next())).toBe('connack 5')
    await client.closed
  })

  test('packets wait while the secret is being checked', async () => {
    await using door = await openTestDoor({ devices })
    await using client = new RawClient(door.port)
    client.send(connectPacket({ clientId: 'trk-1', username: 'trk-1', password: secret }))
    for (let id = 1; id <= 20; id++) client.publish('meter/v1/trk-1/usage', `${id}`, id)
    expect(described(await client.next())).toBe('connack 0')
    await door.intake.arrived(20)
    door.intake.settle()
    expect(await client.saidBefore()).toHaveLength(20)
  })

  test('nothing of a refused client is metered', async () => {
    await using door = await openTestDoor({ devices })
    await using client = new RawClient(door.port)
    client.send(connectPacket({ clientId: 'trk-1', username: 'trk-1', password: Buffer.from('x') }))
    client.publish('meter/v1/trk-1/usage', 'x', 1)
    await client.closed
    expect(client.received.map(described)).toEqual(['connack 4'])
    expect(door.intake.taken).toEqual([])
  })
})

test('of many clients at once that claim to be devices, some are told to come back', async () => {
  await using door = await openTestDoor({ devices })
  const clients = Array.from({ length: 300 }, () => new RawClient(door.port))
  for (const [index, client] of clients.entries()) {
    client.send(connectPacket({ clientId: `guess-${index}`, username: `guess-${index}`, password: secret }))
  }
  // Which of them come too late is up to the system; one is enough to know.
  const answer = await Promise.any(
    clients.map(async (client) => {
      const said = described(await client.next())
      return said === 'connack 3' ? said : Promise.reject(new Error(said))
    }),
  )
  expect(answer).toBe('connack 3')
  for (const client of clients) client.socket.destroy()
}, 20_000)

describe.each([
  ['the tap', true],
  ['aedes', false],
])('publishing through %s', (_name, fastPath) => {
  const asDevice = { clientId: 'trk-1', username: 'trk-1', password: secret }

  test('a device may publish its own telemetry', async () => {
    await using door = await openTestDoor({ devices, fastPath })
    await using client = await RawClient.accepted(door.port, asDevice)
    client.publish('meter/v1/trk-1/usage', 'x', 1)
    await door.intake.arrived(1)
    expect(door.intake.taken).toEqual(['trk-1/usage x'])
  })

  const denied: readonly [string, object, string][] = [
    ['a device, for another', asDevice, 'meter/v1/trk-2/usage'],
    ['a device, for one whose name begins like its own', asDevice, 'meter/v1/trk-10/usage'],
    ['a device, to another topic of its own', asDevice, 'meter/v1/trk-1/reject'],
    ['anybody on this machine, for a device with a secret', {}, 'meter/v1/trk-1/usage'],
  ]
  test.each(denied)('%s: denied', async (_who, fields, topic) => {
    await using door = await openTestDoor({ devices, fastPath })
    await using client = await RawClient.accepted(door.port, fields)
    client.publish(topic, 'x', 1)
    await client.closed
    expect(door.intake.taken).toEqual([])
    expect(client.received).toHaveLength(1)
  })
})

describe('subscribing', () => {
  test('a device only sees its own topics, whatever it asks for', async () => {
    await using door = await openTestDoor({ devices })
    await using client = await RawClient.accepted(door.port, { clientId: 'trk-1', username: 'trk-1', password: secret })
    const filters = ['#', 'meter/v1/#', 'meter/v1/+/usage', 'meter/v1/trk-2/reject', '$SYS/#', 'meter/v1/trk-1/#']
    client.send({ cmd: 'subscribe', messageId: 1, subscriptions: filters.map((topic) => ({ topic, qos: 1 as const })) })
    expect(described(await client.next())).toBe('suback 128 128 128 128 128 1')
    await door.door.publish('meter/v1/trk-2/quota', 'not yours', false)
    await door.door.publish('meter/v1/trk-1/quota', 'yours', false)
    expect(described(await client.next())).toBe('publish meter/v1/trk-1/quota yours')
  })

  test('has a limit for each client; the same filter again does not count', async () => {
    await using door = await openTestDoor({ limits: { subscriptionsPerClient: 3 } })
    await using client = await RawClient.accepted(door.port)
    const granted: string[] = []
    for (const [index, leaf] of ['a', 'b', 'b', 'c', 'd', 'a'].entries()) {
      client.send({ cmd: 'subscribe', messageId: index + 1, subscriptions: [{ topic: `meter/v1/x/${leaf}`, qos: 0 }] })
      granted.push(described(await client.next()))
    }
    expect(granted).toEqual(['suback 0', 'suback 0', 'suback 0', 'suback 0', 'suback 128', 'suback 0'])
  })
})

test('what counts as this machine', () => {
  const addresses = [
    '127.0.0.1',
    '127.9.9.9',
    '::1',
    '::ffff:127.0.0.1',
    '10.0.0.1',
    '::ffff:10.0.0.1',
    '',
    '127.0.0.1.example',
    '1::1',
  ]
  expect(addresses.filter(isLoopbackAddress)).toEqual(['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'])
})
