import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { hashDeviceSecret } from './device-credentials.ts'
import type { DoorRule } from './door-rule.ts'
import { openTestDoor, RawClient, type TestDoor } from './intake-for-tests.ts'
import { MappedTopics } from './mqtt-mapped-topics.ts'

function rule(name: string, topics: readonly string[], publishers: readonly string[] | null = null): DoorRule {
  return { name, topics, publishers, readsLines: false }
}

const rules = [
  rule('uplinks', ['application/+/device/+/event/up', 'exact/topic']),
  rule('plant', ['spBv1.0/#'], ['trk-1', 'scada']),
  rule('boxes', ['meter/v1/+/box', 'caf\u00e9/#']),
]

describe('which rule reads a topic', () => {
  const topics: readonly [string, string | null][] = [
    ['application/1/device/a/event/up', 'uplinks'],
    ['application/1/device/a/event/join', null],
    ['application/1/device/a/event/up/x', null],
    ['application//device//event/up', 'uplinks'],
    ['exact/topic', 'uplinks'],
    ['exact/topic/', null],
    ['spBv1.0', 'plant'],
    ['spBv1.0/g/NDATA/n', 'plant'],
    ['caf\u00e9/x', 'boxes'],
    ['caf\ufffd/x', null],
    ['spBv1.0/a\0b', null],
    ['spBv1.0/+', null],
    ['spBv1.0/a#', null],
    [`spBv1.0/${'x'.repeat(300)}`, null],
    ['', null],
  ]
  test.each(topics)('%j', (topic, expected) => {
    expect(new MappedTopics(rules).ruleOf(topic)?.name ?? null).toBe(expected)
  })

  test('topics of the brokers themselves are nobody\u2019s', () => {
    expect(new MappedTopics([rule('all', ['#'])]).ruleOf('$SYS/x')).toBeNull()
    expect(new MappedTopics([rule('all', ['#'])]).ruleOf('x/$y')?.name).toBe('all')
  })

  test('agrees with matching as a regular expression', () => {
    const level = fc.constantFrom('a', 'b', 'cd', '')
    const filters = fc
      .tuple(fc.array(fc.oneof(level, fc.constant('+')), { minLength: 1, maxLength: 4 }), fc.boolean())
      .map(([levels, open]) => [...levels, ...(open ? ['#'] : [])].join('/'))
      .filter((filter) => filter !== '')
    fc.assert(
      fc.property(filters, fc.array(level, { minLength: 1, maxLength: 5 }), (filter, levels) => {
        const topic = levels.join('/')
        if (topic === '') return
        const pattern = filter.replaceAll('+', '[^/]*').replace(/\/#$/, '(/.*)?').replace(/^#$/, '.*')
        const read = new MappedTopics([rule('r', [filter])]).ruleOf(topic) !== null
        expect(read).toBe(new RegExp(`^${pattern}$`).test(topic))
      }),
      { numRuns: 1000 },
    )
  })
})

/** Publishes at QoS 1 and gives what the intake took, or `closed` when the connection ended for it. */
async function taken(door: TestDoor, client: RawClient, topic: string, qos: 1 | 2 = 1): Promise<string | undefined> {
  const before = door.intake.taken.length
  if (qos === 1) client.publish(topic, '{}', 7)
  else client.send({ cmd: 'publish', topic, payload: '{}', qos, messageId: 7, dup: false, retain: true })
  const answer = await Promise.race([client.next().catch(() => null), client.closed.then(() => null)])
  return answer === null ? 'closed' : door.intake.taken[before]
}

describe.each([
  ['off the socket', true],
  ['through aedes', false],
])('a topic that a rule reads, %s', (_way, fastPath) => {
  test('is open to devices with a secret, in their own name', async () => {
    const secretHash = await hashDeviceSecret('s3cret', seededRandom('salt'))
    await using door = await openTestDoor({
      rules,
      fastPath,
      devices: [
        { id: 'trk-1', secretHash },
        { id: 'trk-2', secretHash },
      ],
    })
    door.intake.settleAtOnce()
    const as = async (device: string): Promise<RawClient> =>
      await RawClient.accepted(door.port, { clientId: device, username: device, password: Buffer.from('s3cret') })
    await using first = await as('trk-1')
    const up = 'application/1/device/a/event/up'
    expect(await taken(door, first, up)).toBe(`trk-1\0uplinks\0${up}\0/mapped {}`)
    expect(await taken(door, first, 'spBv1.0/g/NDATA/n')).toBe('trk-1\0plant\0spBv1.0/g/NDATA/n\0/mapped {}')
    expect(await taken(door, first, 'caf\u00e9/x')).toBe('trk-1\0boxes\0caf\u00e9/x\0/mapped {}')
    expect(await taken(door, first, 'meter/v1/trk-1/usage')).toBe('trk-1/usage {}')
    await using second = await as('trk-2')
    expect(await taken(door, second, up)).toBe(`trk-2\0uplinks\0${up}\0/mapped {}`)
    // Not among the rule's publishers.
    expect(await taken(door, second, 'spBv1.0/g/NDATA/n')).toBe('closed')
  })

  test('is open to this machine, in the rule\u2019s name whatever the client calls itself', async () => {
    const secretHash = await hashDeviceSecret('s3cret', seededRandom('salt'))
    const own = [...rules, rule('scada', ['scada/+'], ['trk-1', 'scada'])]
    await using door = await openTestDoor({ rules: own, fastPath, devices: [{ id: 'boxes', secretHash }] })
    door.intake.settleAtOnce()
    const nameIn = async (clientId: string, topic: string): Promise<string> => {
      await using client = await RawClient.accepted(door.port, { clientId })
      return (await taken(door, client, topic))?.split('\0')[0] ?? ''
    }
    for (const clientId of ['gw-7', 'gw-8', 'plant', '']) expect(await nameIn(clientId, 'exact/topic')).toBe('uplinks')
    expect(await nameIn('has blank', 'exact/topic')).toBe('uplinks')
    // A client id is no proof of being among the publishers; the rule's own name may be one of them.
    expect(await nameIn('scada', 'spBv1.0/g/NDATA/n')).toBe('closed')
    expect(await nameIn('gw-7', 'scada/1')).toBe('scada')
    // The rule has the name of a device with a secret: nobody may publish in it.
    expect(await nameIn('', 'meter/v1/x/box')).toBe('closed')
  })

  test('and a device\u2019s own topics are closed to strangers for names of another door', async () => {
    await using door = await openTestDoor({ rules, fastPath, reserved: ['shop', 'uplinks'] })
    door.intake.settleAtOnce()
    for (const topic of ['meter/v1/shop/usage', 'exact/topic']) {
      await using client = await RawClient.accepted(door.port, { clientId: 'shop' })
      expect(await taken(door, client, topic)).toBe('closed')
    }
  })

  test('is closed where no rule reads it, and to what is the topic of a device', async () => {
    const secretHash = await hashDeviceSecret('s3cret', seededRandom('salt'))
    const all = [rule('all', ['#'])]
    await using door = await openTestDoor({ rules: all, fastPath, devices: [{ id: 'trk-1', secretHash }] })
    door.intake.settleAtOnce()
    await using client = await RawClient.accepted(door.port, { clientId: 'gw-7' })
    expect(await taken(door, client, 'any/thing')).toBe('all\0all\0any/thing\0/mapped {}')
    expect(await taken(door, client, 'meter/v1/trk-1/usage')).toBe('closed')
    await using other = await openTestDoor({ rules, fastPath })
    await using stranger = await RawClient.accepted(other.port)
    expect(await taken(other, stranger, 'any/thing')).toBe('closed')
  })

  test('takes QoS 2, and keeps nothing for later subscribers', async () => {
    await using door = await openTestDoor({ rules, fastPath })
    door.intake.settleAtOnce()
    await using client = await RawClient.accepted(door.port, { clientId: 'gw-7' })
    expect(await taken(door, client, 'exact/topic', 2)).toBe('uplinks\0uplinks\0exact/topic\0/mapped {}')
  })
})
