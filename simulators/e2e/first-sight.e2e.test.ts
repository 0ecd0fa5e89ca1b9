import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Publisher } from '../fleets/publisher.ts'
import { startStack, type Stack } from '../scenarios/stack.ts'

const models = 3_000

/** A tenant that sells tokens by a matrix with a row for each model; one of them costs what is given. */
function tenantFile(amountOfOne: string): string {
  const rows = Array.from({ length: models }, (_, number) => {
    const amount = number === 1_500 ? amountOfOne : `${number + 1}`
    return `      - { when: { model: model-${number} }, model: per-unit, amount: "${amount}", per: 1000 }`
  })
  return `
tenant: watch
currency: EUR
operator: { id: watch, name: Watch }
meters: [{ id: tokens, unit: token }]
prices:
  - id: by-model
    meter: tokens
    model: matrix
    dimensions: [model]
    rows:
${rows.join('\n')}
offerings: [{ id: tokens, name: Tokens, prices: [by-model] }]
accounts: [{ id: customer, kind: customer, parent: watch, name: Customer, payer: self }]
subscriptions: [{ id: customer-tokens, account: customer, offering: tokens, from: 2025-01-01, subjects: [app-1] }]
`
}

let folder = ''
let stack: Stack

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'meterline-first-sight-'))
  stack = await startStack({ folder, tenant: 'watch', agents: ['gw-1'] })
  const file = join(folder, 'watch.yaml')
  writeFileSync(file, stack.withAgents(tenantFile('7')))
  await stack.apply(file)
})

afterEach(async () => {
  await stack.stop()
  rmSync(folder, { recursive: true, force: true })
})

type AgentState = Awaited<ReturnType<Stack['agentStatus']>>

async function agentWhen(reached: (status: AgentState) => boolean): Promise<AgentState> {
  const deadlineMs = performance.now() + 20_000
  for (;;) {
    const status = await stack.agentStatus(0)
    if (reached(status)) return status
    if (performance.now() > deadlineMs) throw new Error(`the agent never got there: ${JSON.stringify(status)}`)
    await pause(50)
  }
}

async function publish(id: string): Promise<void> {
  const publisher = await Publisher.connect({ url: stack.mqttUrl(0), clientId: 'app-1', window: 1, retryMs: 5000 })
  const event = { id, time: Date.now(), meter: 'tokens', quantity: 1000, dimensions: { model: 'model-1500' } }
  const payload = Buffer.from(JSON.stringify(event))
  await publisher.publish({ topic: 'meter/v1/app-1/usage', payload }, () => undefined)
  await publisher.drained()
  await publisher.close()
}

test('a price list of thousands of rows reaches an agent in parts, and a subject is bound once it was seen', async () => {
  await agentWhen(({ snapshot }) => snapshot !== null)
  await publish('first')
  await agentWhen(({ subjects }) => subjects.bound === 1)
  await publish('second')
  expect((await stack.agentStatus(0)).counters).toMatchObject({ events: 2, unbound: 1 })

  // What an agent was told holds while nobody is there to tell it anything.
  await stack.drained()
  await stack.killAggregator()
  await stack.killAgent(0)
  await stack.startAgent(0)
  await publish('third')
  expect((await stack.agentStatus(0)).counters).toMatchObject({ events: 3, unbound: 1 })

  await stack.startAggregator()
  await stack.drained()
  const [third] = await stack.dispositions([{ source: 'app-1', id: 'third' }])
  expect(third).toMatchObject({ kind: 'charged', amountMicros: '7000000' })
  expect(await stack.verify()).toEqual([])
}, 90_000)
