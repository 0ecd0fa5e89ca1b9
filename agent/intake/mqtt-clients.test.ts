import { execFile, spawnSync } from 'node:child_process'
import { promisify } from 'node:util'
import { connectAsync, type MqttClient } from 'mqtt'
import { describe, expect, test } from 'vitest'
import { openTestDoor } from './intake-for-tests.ts'

const run = promisify(execFile)
const hasMosquitto = spawnSync('mosquitto_pub', ['--help']).error === undefined

async function connected(port: number, clientId: string): Promise<MqttClient> {
  return connectAsync(`mqtt://127.0.0.1:${port}`, { clientId, reconnectPeriod: 0, protocolVersion: 4 })
}

describe('mqtt.js', () => {
  test.each([0, 1, 2] as const)('publishes at QoS %i and is heard by a subscriber', async (qos) => {
    await using door = await openTestDoor()
    door.intake.settleAtOnce()
    const listener = await connected(door.port, 'listener')
    await listener.subscribeAsync('meter/v1/+/ai', { qos: 1 })
    const client = await connected(door.port, 'client')
    const heard = new Promise((resolve) =>
      listener.once('message', (topic, payload) => resolve([topic, payload.toString()])),
    )
    await client.publishAsync('meter/v1/llm-1/ai', '{"hello":true}', { qos })
    expect(await heard).toEqual(['meter/v1/llm-1/ai', '{"hello":true}'])
    expect(door.intake.taken).toEqual(['llm-1/ai {"hello":true}'])
    await Promise.all([client.endAsync(), listener.endAsync()])
  })

  test('keeps many messages in flight at all levels of QoS', async () => {
    await using door = await openTestDoor()
    door.intake.settleAtOnce()
    const client = await connected(door.port, 'client')
    const sent = Array.from({ length: 500 }, (_, index) => ({ payload: `${index}`, qos: (index % 3) as 0 | 1 | 2 }))
    await Promise.all(sent.map(({ payload, qos }) => client.publishAsync('meter/v1/trk-1/usage', payload, { qos })))
    expect(door.intake.taken.toSorted()).toEqual(sent.map(({ payload }) => `trk-1/usage ${payload}`).toSorted())
    await client.endAsync()
  })

  test('sends again what was not stored, once it is connected again', async () => {
    await using door = await openTestDoor()
    const client = await connectAsync(`mqtt://127.0.0.1:${door.port}`, {
      clientId: 'again',
      reconnectPeriod: 10,
      clean: false,
    })
    const acknowledged = client.publishAsync('meter/v1/trk-1/usage', 'x', { qos: 1 })
    await door.intake.arrived(1)
    door.intake.settle(1, 'unavailable')
    await door.intake.arrived(2)
    door.intake.settle()
    await acknowledged
    expect(door.intake.taken).toEqual(['trk-1/usage x', 'trk-1/usage x'])
    await client.endAsync()
  })

  test('a forbidden subscription fails, an allowed one beside it does not', async () => {
    await using door = await openTestDoor()
    const client = await connected(door.port, 'client')
    const granted = await client.subscribeAsync({ 'meter/v1/#': { qos: 1 } })
    expect(granted).toMatchObject([{ topic: 'meter/v1/#', qos: 1 }])
    await expect(client.subscribeAsync('$SYS/#')).rejects.toThrow(/subscri|Unspecified|denied/i)
    await client.endAsync()
  })
})

describe('mosquitto clients', () => {
  test.skipIf(!hasMosquitto)(
    'mosquitto_pub publishes and mosquitto_sub listens, as they are',
    async () => {
      await using door = await openTestDoor()
      door.intake.settleAtOnce()
      const place = ['-h', '127.0.0.1', '-p', String(door.port)]
      const listening = run('mosquitto_sub', [...place, '-t', 'meter/v1/+/usage', '-C', '3', '-W', '20', '-v'])
      // There is no telling from outside when it has subscribed, so something it hears is sent until it has.
      const deadlineMs = Date.now() + 20_000
      let heard = ''
      const done = listening.then(({ stdout }) => (heard = stdout))
      while (heard === '' && Date.now() < deadlineMs) {
        for (const qos of ['0', '1', '2'])
          await run('mosquitto_pub', [...place, '-t', 'meter/v1/trk-1/usage', '-m', `m${qos}`, '-q', qos])
        await Promise.race([done, new Promise((resolve) => setTimeout(resolve, 50))])
      }
      expect(
        heard
          .trim()
          .split('\n')
          .every((line) => /^meter\/v1\/trk-1\/usage m[012]$/.test(line)),
      ).toBe(true)
      expect(new Set(door.intake.taken)).toEqual(new Set(['trk-1/usage m0', 'trk-1/usage m1', 'trk-1/usage m2']))
    },
    30_000,
  )
})
