import { describe, expect, test } from 'vitest'
import { checkAgainstSchema } from '@meterline/shared/config/schema-mistakes.ts'
import { bridgeMistakes, bridgesSchema } from './bridges.ts'

const good = { name: 'plant', url: 'mqtts://broker.example:8883', subscriptions: [{ topic: 'a/#', kind: 'usage' }] }

function mistakesOf(...bridges: readonly object[]): readonly string[] {
  const checked = checkAgainstSchema(bridgesSchema, bridges, () => ({ file: 'agent.yaml', line: 0, column: 0 }))
  return checked.ok ? [] : checked.mistakes.map(({ path, message }) => `${path} ${message}`)
}

describe('the configuration of bridges', () => {
  test('fills in its defaults', () => {
    expect(bridgesSchema.parse([good])).toEqual([
      {
        ...good,
        protocolVersion: 5,
        keepaliveSeconds: 30,
        receiveMaximum: 1000,
        sessionExpirySeconds: 2_592_000,
        subscriptions: [{ topic: 'a/#', kind: 'usage', retained: 'skip' }],
      },
    ])
    expect(bridgesSchema.parse(undefined)).toEqual([])
  })

  test.each(['mqtt://127.0.0.1:1883', 'mqtt://localhost', 'mqtt://[::1]:1883', 'mqtts://10.0.0.1'])(
    'takes %s',
    (url) => {
      expect(mistakesOf({ ...good, url })).toEqual([])
    },
  )

  test.each([
    ['mqtt://broker.example:1883', 'would carry secrets and usage to broker.example in plain text: write mqtts://'],
    ['mqtt://localhost.example', 'would carry secrets and usage to localhost.example in plain text: write mqtts://'],
    [
      'mqtts://user:pass@broker.example',
      'holds a user name or password, which would show in logs: write username and passwordFile',
    ],
    ['mqtts://broker.example/topic', 'goes on behind the port: topics belong under subscriptions'],
    ['wss://broker.example', 'is no broker: write mqtts://host:port, or mqtt://127.0.0.1:1883 for this machine'],
    ['broker.example', 'is no broker: write mqtts://host:port, or mqtt://127.0.0.1:1883 for this machine'],
  ])('refuses %s', (url, reason) => {
    expect(mistakesOf({ ...good, url })).toEqual([`[0].url ${reason}`])
  })

  test.each([
    [
      'neither kind nor rule',
      { topic: 'a' },
      '[0].subscriptions[0] needs either kind (usage or ai) or rule, and not both',
    ],
    [
      'both',
      { topic: 'a', kind: 'ai', rule: 'r' },
      '[0].subscriptions[0] needs either kind (usage or ai) or rule, and not both',
    ],
    [
      'a bad filter',
      { topic: 'a#', kind: 'ai' },
      '[0].subscriptions[0].topic has a # that is not the whole last level: write a topic filter',
    ],
  ])('refuses a subscription with %s', (_what, subscription, mistake) => {
    expect(mistakesOf({ ...good, subscriptions: [subscription] })).toEqual([mistake])
  })

  test('refuses filters that overlap, shared ones included', () => {
    const subscriptions = [
      { topic: 'plant/+/usage', kind: 'usage' },
      { topic: 'plant/7/#', kind: 'usage' },
      { topic: '$share/g/plant/8/usage', kind: 'usage' },
      { topic: 'other', kind: 'usage' },
    ]
    const because = 'a message that matches both would be delivered twice or read by the wrong rule'
    expect(mistakesOf({ ...good, subscriptions })).toEqual([
      `[0].subscriptions[1].topic overlaps with plant/+/usage: ${because}`,
      `[0].subscriptions[2].topic overlaps with plant/+/usage: ${because}`,
    ])
  })

  test('refuses half a certificate, TLS files without TLS, a password without a user, a name twice', () => {
    expect(mistakesOf({ ...good, tls: { cert: 'a.crt' } })).toEqual(['[0].tls needs cert and key together'])
    expect(mistakesOf({ ...good, url: 'mqtt://localhost', tls: {} })).toEqual([
      '[0].tls needs an url that begins with mqtts://',
    ])
    expect(mistakesOf({ ...good, password: 'secret' })).toEqual([
      '[0].password needs a username (MQTT 3.1.1, section 3.1.2.9)',
    ])
    expect(mistakesOf(good, good)).toEqual(['[1].name plant is the name of another bridge already'])
  })

  test('refers to rules that are there, and is no device with a secret', () => {
    const bridges = bridgesSchema.parse([
      {
        ...good,
        subscriptions: [
          { topic: 'a', kind: 'usage' },
          { topic: 'b', rule: 'meters' },
          { topic: 'c', rule: 'metres' },
        ],
      },
    ])
    expect(bridgeMistakes(bridges, new Set(['meters']), new Set(['dev-1']))).toEqual([
      {
        path: ['bridges', 0, 'subscriptions', 2, 'rule'],
        message: 'names the mapping rule metres, which is not under mappings: there are meters',
      },
    ])
    expect(bridgeMistakes(bridges, new Set(['meters', 'metres']), new Set(['plant']))).toEqual([
      {
        path: ['bridges', 0, 'name'],
        message: 'plant is a device with a secret: its events and those of the bridge could not be told apart',
      },
    ])
  })
})
