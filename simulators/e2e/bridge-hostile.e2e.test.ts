import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { residentBytesOf } from '../bench/process-usage.ts'
import { Publisher } from '../fleets/publisher.ts'
import { startStack, type Stack } from '../scenarios/stack.ts'
import { HostileBroker } from './hostile-broker.ts'

const attacks = 10_000
const warmUpAttacks = 1_500
/** What the agent's memory may have grown by after the attack, held against what it was after a smaller one. */
const mostGrowthBytes = 64 * 1024 * 1024

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
  id: '/id',
  meters: [{ meter: 'data.bytes', quantity: { at: '/usage', ceilingDivide: 24 } }],
}
/** Room for all of it, or most payloads would be refused unread. */
const limits = { suspenseRows: 100_000, suspenseRowsPerDevice: 100_000, suspenseBytes: 1024 * 1024 * 1024 }

describe('a foreign broker that means ill', () => {
  const seed = randomUUID()
  let folder = ''
  let broker: HostileBroker
  let stack: Stack
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'meterline-bridge-hostile-'))
    broker = await HostileBroker.listening(seededRandom(seed))
    const subscriptions = [
      { topic: 'plant/+/usage', kind: 'usage' },
      { topic: 'plant/+/ai', kind: 'ai' },
      { topic: 'odd/#', rule: 'odd' },
    ]
    const bridges = [{ name: 'evil', url: broker.url, subscriptions }]
    const agentSettings = { mappings: [oddRule], bridges, limits }
    stack = await startStack({ folder, tenant: 'calm', agents: ['gw-1'], agentSettings })
    writeFileSync(join(folder, 'calm.yaml'), stack.withAgents(TENANT))
    await stack.apply(join(folder, 'calm.yaml'))
  })
  afterAll(async () => {
    await stack.stop()
    await broker.close()
    rmSync(folder, { recursive: true, force: true })
  })

  test(`sends ${attacks} hostile payloads: nothing breaks, nothing grows, and a neighbour notices nothing`, async () => {
    await broker.attack(warmUpAttacks)
    const { pid } = await stack.agentStatus(0)
    const beforeBytes = residentBytesOf(pid)
    const connectionsBefore = broker.connections
    const good = neighbour(stack)
    await broker.attack(attacks)
    const ids = await good.finish()

    const status = await stack.agentStatus(0)
    expect(status.pid, `seed ${seed}`).toBe(pid)
    expect(residentBytesOf(pid) - beforeBytes, `seed ${seed}`).toBeLessThan(mostGrowthBytes)
    expect(status.suspense.rows, `seed ${seed}`).toBeGreaterThan(attacks / 4)
    // It broke the protocol from time to time, and the bridge came back each time.
    expect(broker.connections - connectionsBefore, `seed ${seed}`).toBeGreaterThanOrEqual(20)
    expect(ids.length, `seed ${seed}`).toBeGreaterThan(100)
    await stack.drained()
    const became = await stack.dispositions(ids.map((id) => ({ source: 'good-1', id })))
    expect(
      became.filter(({ kind }) => kind !== 'charged'),
      `seed ${seed}`,
    ).toEqual([])
    expect(await stack.verify(), `seed ${seed}`).toEqual([])
  }, 120_000)
})

/** A well-behaved device at the agent's own broker, until it is told that it is over. */
function neighbour(stack: Stack): { finish(): Promise<readonly string[]> } {
  const ids: string[] = []
  let isOver = false
  const publishing = (async () => {
    const options = { url: stack.mqttUrl(0), clientId: 'good-1', window: 4, retryMs: 60_000 }
    const publisher = await Publisher.connect(options)
    while (!isOver) {
      const id = `good-${ids.length}`
      ids.push(id)
      const event = { id, time: '2025-03-01T00:00:00Z', meter: 'data.bytes', quantity: 7 }
      const message = { topic: 'meter/v1/good-1/usage', payload: Buffer.from(JSON.stringify(event)) }
      await publisher.publish(message, () => undefined)
      await pause(1)
    }
    await publisher.drained()
    await publisher.close()
    if (publisher.repeats > 0) throw new Error('a good message had to be repeated')
    return ids
  })()
  // Should it fail early, that is heard of at the end.
  publishing.catch(() => undefined)
  return {
    finish() {
      isOver = true
      return publishing
    },
  }
}
