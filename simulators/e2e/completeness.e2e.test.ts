import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { CorrelationsAnswer, Gap, GapsAnswer } from '@meterline/aggregator/flow/completeness-answers.ts'
import { Publisher } from '../fleets/publisher.ts'
import { runCommand } from '../scenarios/processes.ts'
import { startStack, type Stack } from '../scenarios/stack.ts'

const tenantFile = `
tenant: watch
currency: EUR
operator: { id: watch, name: Watch }
meters: [{ id: data.bytes, unit: byte }]
prices: [{ id: data, meter: data.bytes, model: per-unit, amount: "1", per: 1000 }]
offerings: [{ id: data, name: Data, prices: [data] }]
accounts: [{ id: customer, kind: customer, parent: watch, name: Customer, payer: self }]
subscriptions: [{ id: customer-data, account: customer, offering: data, from: 2025-01-01, subjects: [trk-1, trk-2] }]
expectations: [{ id: beat, subscription: customer-data, every: 1h }]
correlations: [{ id: network, meter: data.bytes, charge: core, control: trk-*, window: 5m, tolerance: { percent: "1" } }]
`

let folder = ''
let stack: Stack

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'meterline-completeness-'))
  stack = await startStack({ folder, tenant: 'watch', agents: ['gw-1', 'gw-2'] })
  const file = join(folder, 'watch.yaml')
  writeFileSync(file, stack.withAgents(tenantFile))
  await stack.apply(file)
})

afterEach(async () => {
  await stack.stop()
  rmSync(folder, { recursive: true, force: true })
})

async function publish(agent: number, device: string, ...payloads: readonly (object | string)[]): Promise<void> {
  const publisher = await Publisher.connect({ url: stack.mqttUrl(agent), clientId: device, window: 10, retryMs: 5000 })
  for (const given of payloads) {
    const payload = Buffer.from(typeof given === 'string' ? given : JSON.stringify(given))
    await publisher.publish({ topic: `meter/v1/${device}/usage`, payload }, () => undefined)
  }
  await publisher.drained()
  await publisher.close()
}

async function gaps(input: object = {}): Promise<GapsAnswer> {
  return (await stack.command('gaps', { tenant: 'watch', ...input })) as GapsAnswer
}

async function gapsWhen(reached: (gaps: readonly Gap[]) => boolean): Promise<readonly Gap[]> {
  const deadlineMs = performance.now() + 20_000
  for (;;) {
    const { gaps: found } = await gaps()
    if (reached(found)) return found
    if (performance.now() > deadlineMs) throw new Error(`the gaps never got there: ${JSON.stringify(found)}`)
    await pause(50)
  }
}

test('what is missing is listed, by device, agent and number, and is gone once it comes through another agent', async () => {
  const time = Date.now()
  const event = (number: number): object => {
    const id = `core-${number}`
    return { id, subject: 'trk-1', time: time + number, meter: 'data.bytes', quantity: 1000, sequence: number }
  }
  await gapsWhen((found) => !found.some(({ kind }) => kind === 'agent-silent'))
  await publish(0, 'core', event(1), event(2), event(5))
  await publish(0, 'trk-2', 'no json')
  await stack.drained()

  const found = await gapsWhen((each) => each.some(({ kind }) => kind === 'agent-suspense'))
  expect(found).toMatchObject([
    { kind: 'agent-suspense', agent: 'gw-1', rows: 1, largest: [{ device: 'trk-2', rows: 1 }] },
    { kind: 'silent', watched: 'trk-2', lastSeenMs: null },
    { kind: 'sequence', source: 'core', subject: 'trk-1', range: { first: 3, last: 4 }, agent: 'gw-1' },
  ])
  const config = stack.deployment.aggregatorConfig
  const told = await runCommand('aggregator', ['gaps', '--config', config, '--kind', 'sequence'])
  expect(told.stdout).toContain('numbers 3 to 4 missing (2)')

  await publish(1, 'core', event(4), event(3))
  await publish(1, 'trk-2', { id: 'own', time, meter: 'data.bytes', quantity: 1 })
  await stack.drained()
  expect((await gaps({ kinds: ['silent', 'sequence'] })).gaps).toEqual([])
}, 60_000)

test('usage reported twice is charged once, and what differs is listed', async () => {
  const time = Date.now() - 600_000
  const usage = (id: string, subject: string, quantity: number): object => {
    return { id, subject, time, meter: 'data.bytes', quantity }
  }
  await publish(0, 'core', usage('a', 'trk-1', 10_000), usage('b', 'trk-2', 10_000))
  await publish(1, 'trk-1', usage('own-a', 'trk-1', 10_050))
  await publish(1, 'trk-2', usage('own-b', 'trk-2', 12_000))
  await stack.drained()

  const [charged, control] = await stack.dispositions([
    { source: 'core', id: 'a' },
    { source: 'trk-1', id: 'own-a' },
  ])
  expect(charged).toMatchObject({ kind: 'charged', amountMicros: '10000000' })
  expect(control).toMatchObject({ kind: 'control', rule: 'network' })
  const answer = (await stack.command('correlations', { tenant: 'watch' })) as CorrelationsAnswer
  expect(answer.rules).toMatchObject([{ counts: { matched: 1, differs: 1 }, charged: '20000', controlled: '22050' }])
  expect(answer.items).toMatchObject([{ subject: 'trk-2', state: 'differs', difference: '-2000' }])
  const told = await runCommand('aggregator', ['correlations', '--config', stack.deployment.aggregatorConfig])
  expect(told.stdout).toContain('difference -2000')
  expect(await stack.verify()).toEqual([])
}, 60_000)
