import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { residentBytesOf } from '../bench/process-usage.ts'
import { Publisher } from '../fleets/publisher.ts'
import { freePort } from '../scenarios/free-port.ts'
import { startStack, type Stack } from '../scenarios/stack.ts'
import { HostileHttpClient, HostileMqttClient, type HostileClient } from './hostile-clients.ts'

const attackers = 16
const attacks = 10_000
/** What the agent's memory may have grown by after the attack, held against what it was after a smaller one. */
const mostGrowthBytes = 64 * 1024 * 1024
const warmUpAttacks = 1_000

const TENANT = `
tenant: calm
currency: EUR
operator: { id: calm, name: Calm }
meters: [{ id: data.bytes, unit: byte }]
prices: [{ id: data, meter: data.bytes, model: per-unit, amount: "1", per: 1000 }]
offerings: [{ id: data, name: Data, prices: [data] }]
accounts: [{ id: customer, kind: customer, parent: calm, name: Customer, payer: self }]
subscriptions: [{ id: customer-data, account: customer, offering: data, from: 2025-01-01, subjects: [good-1] }]
`

const oddRule = {
  name: 'odd',
  topics: ['odd/#'],
  id: '/id',
  meters: [{ meter: 'data.bytes', quantity: { at: '/usage', ceilingDivide: 24 } }],
}

/** Room for all of it, or most payloads would be refused unread. */
const roomySuspense = { suspenseRows: 100_000, suspenseRowsPerDevice: 100_000, suspenseBytes: 1024 * 1024 * 1024 }

describe('hostile payloads at the doors', () => {
  let folder = ''
  let stack: Stack
  let httpPort = 0

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'meterline-hostile-'))
    httpPort = await freePort()
    const agentSettings = { mappings: [oddRule], limits: roomySuspense }
    stack = await startStack({ folder, tenant: 'calm', agents: ['gw-1'], httpPorts: [httpPort], agentSettings })
    writeFileSync(join(folder, 'calm.yaml'), stack.withAgents(TENANT))
    await stack.apply(join(folder, 'calm.yaml'))
  })

  afterEach(async () => {
    await stack.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  /** Attacks from all sides at once while neighbours go about their business; gives what went wrong, in words. */
  async function attackedBy(seed: string, clientOf: (name: string, seed: string) => HostileClient): Promise<string[]> {
    const clients = Array.from({ length: attackers }, (_, at) => clientOf(`evil-${at}`, `${seed}/${at}`))
    await attack(clients, warmUpAttacks)
    const { pid } = await stack.agentStatus(0)
    const beforeBytes = residentBytesOf(pid)
    const good = neighbours(seed)
    await attack(clients, attacks)
    for (const client of clients) client.close()
    const ids = await good.finish()

    const problems: string[] = []
    const status = await stack.agentStatus(0)
    if (status.pid !== pid) problems.push('the agent is another one')
    const grownBytes = residentBytesOf(pid) - beforeBytes
    if (grownBytes > mostGrowthBytes) problems.push(`the agent has grown by ${grownBytes} bytes`)
    if (status.suspense.rows < attacks / 4) problems.push(`only ${status.suspense.rows} payloads reached the suspense`)
    await stack.drained()
    const became = await stack.dispositions(ids.map((id) => ({ source: 'good-1', id })))
    const lost = became.filter(({ kind }) => kind !== 'charged')
    if (became.length !== ids.length || lost.length > 0)
      problems.push(`${lost.length} of ${ids.length} good events lost`)
    if (ids.length < 100) problems.push(`only ${ids.length} good events were published`)
    problems.push(...(await stack.verify()))
    return problems.length === 0 ? [] : [...problems, `seed ${seed}`]
  }

  /** Well-behaved publishers at both doors, as long as the attack lasts. */
  function neighbours(seed: string): { finish(): Promise<string[]> } {
    const ids: string[] = []
    let isOver = false
    const event = (id: string): string => {
      ids.push(id)
      return JSON.stringify({ id, time: '2025-03-01T00:00:00Z', meter: 'data.bytes', quantity: 7 })
    }
    const overMqtt = async (): Promise<void> => {
      const publisher = await Publisher.connect({
        url: stack.mqttUrl(0),
        clientId: 'good-1',
        window: 4,
        retryMs: 60_000,
      })
      for (let number = 0; !isOver; number++) {
        const payload = Buffer.from(event(`${seed}-m-${number}`))
        await publisher.publish({ topic: 'meter/v1/good-1/usage', payload }, () => undefined)
      }
      await publisher.drained()
      await publisher.close()
      if (publisher.repeats > 0) throw new Error('a good message had to be repeated')
    }
    const overHttp = async (): Promise<void> => {
      for (let number = 0; !isOver; number++) {
        const body = `[${event(`${seed}-h-${number}`)}]`
        const headers = { 'content-type': 'application/json' }
        const url = `http://127.0.0.1:${httpPort}/v1/events?source=good-1`
        const answer = await fetch(url, { method: 'POST', body, headers })
        if (answer.status !== 204)
          throw new Error(`a good request was answered ${answer.status}: ${await answer.text()}`)
      }
    }
    const running = Promise.all([overMqtt(), overHttp()])
    // Whoever fails early is heard of at the end.
    running.catch(() => undefined)
    return {
      async finish() {
        isOver = true
        await running
        return ids
      },
    }
  }

  test('over MQTT: nothing breaks, nothing grows, and neighbours notice nothing', async () => {
    const seed = randomUUID()
    const clientOf = (name: string, own: string): HostileClient =>
      new HostileMqttClient(Number(new URL(stack.mqttUrl(0)).port), seededRandom(own), name)
    expect(await attackedBy(seed, clientOf)).toEqual([])
  })

  test('over HTTP: nothing breaks, nothing grows, and neighbours notice nothing', async () => {
    const seed = randomUUID()
    const statuses = new Map<number, number>()
    const clientOf = (name: string, own: string): HostileClient =>
      new HostileHttpClient(httpPort, seededRandom(own), name, statuses)
    expect(await attackedBy(seed, clientOf)).toEqual([])
    // Each was answered for what it was, and none with an error of the server's own.
    expect([...statuses.keys()].filter((status) => ![200, 204, 400, 413, 415, 429, 503].includes(status))).toEqual([])
    expect(statuses.get(400)).toBeGreaterThan(attacks / 4)
  })
})

async function attack(clients: readonly HostileClient[], count: number): Promise<void> {
  let left = count
  await Promise.all(
    clients.map(async (client) => {
      while (left > 0) {
        left -= 1
        await client.attack()
      }
    }),
  )
}
