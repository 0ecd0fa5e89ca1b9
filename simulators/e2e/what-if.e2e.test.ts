import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import type { AdvanceReport, ClockAnswer } from '@meterline/aggregator/flow/advance-clock.ts'
import type { Simulation } from '@meterline/aggregator/flow/simulation-answers.ts'
import { Publisher } from '../fleets/publisher.ts'
import { runCommand } from '../scenarios/processes.ts'
import { startStack, type Stack } from '../scenarios/stack.ts'
import { guardTenant } from './guard-tenant.ts'

let folder = ''
let stack: Stack

afterEach(async () => {
  await stack.stop()
  rmSync(folder, { recursive: true, force: true })
})

async function started(edit: (file: string) => string = (file) => file): Promise<void> {
  folder = mkdtempSync(join(tmpdir(), 'meterline-what-if-'))
  stack = await startStack({ folder, tenant: 'guard', agents: ['gw-1'] })
  await stack.apply(fileOf('guard.yaml', edit))
}

/** A file of the tenant with the agent of the stack in it. */
function fileOf(name: string, edit: (file: string) => string): string {
  const path = join(folder, name)
  writeFileSync(path, edit(stack.withAgents(guardTenant)))
  return path
}

async function publish(id: string, subject: string, timeMs: number, quantity: number): Promise<void> {
  const publisher = await Publisher.connect({ url: stack.mqttUrl(0), clientId: subject, window: 1, retryMs: 5000 })
  const payload = Buffer.from(JSON.stringify({ id, time: timeMs, meter: 'data.bytes', quantity }))
  await publisher.publish({ topic: `meter/v1/${subject}/usage`, payload }, () => undefined)
  await publisher.drained()
  await publisher.close()
  await stack.drained()
}

async function aggregator(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return await runCommand('aggregator', [...args, '--config', stack.deployment.aggregatorConfig])
}

test('a running service says what a month would have cost at other prices, and changes nothing by it', async () => {
  await started()
  await publish('a', 'dev-1', Date.UTC(2025, 2, 1), 7_000)
  await publish('b', 'dev-1', Date.UTC(2025, 2, 2), 3_000)
  await stack.closePeriod('2025-03')
  await publish('late', 'dev-1', Date.UTC(2025, 2, 3), 1_000)
  await publish('stranger', 'dev-2', Date.UTC(2025, 2, 3), 2_000)
  const dearer = fileOf('dearer.yaml', (file) =>
    file.replace('amount: "1"', 'amount: "3"').replace('[dev-1]', '[dev-1, dev-2]'),
  )
  const ask = ['simulate-bill', '--account', 'customer', '--period', '2025-03', '--with']
  const before = await stack.command('status', {})
  const shown = await aggregator(...ask, dearer)
  expect(shown).toMatchObject({ code: 0 })
  expect(shown.stdout).toMatch(
    /^guard to customer in EUR\naccount +line +now +then +difference +billed +since billed$/m,
  )
  expect(shown.stdout).toMatch(/^customer +Data: data\.bytes +11\.00 +33\.00 +22\.00 +10\.00 +23\.00$/m)
  expect(shown.stdout).toContain('Usage in suspense would add 6.00 EUR to its charges.')
  expect(shown.stdout).toContain('Rated again: 3 units of 3 batches. Nothing was written.')
  expect(shown.stdout).toMatch(
    /would be charged once it is replayed: 1 unit, on none of these bills\.\n.*unknown_subject/,
  )
  expect(shown.stdout).toContain('dearer.yaml could not be applied as it is, only tried:')
  const json = await aggregator(...ask, dearer, '--json')
  const simulation = JSON.parse(json.stdout) as Simulation
  expect(simulation.bills).toMatchObject([{ now: { toPay: '11.00' }, tried: { toPay: '33.00' }, billed: '10.00' }])

  const same = await aggregator(...ask, join(folder, 'guard.yaml'))
  expect(same.stdout).toMatch(/^ +all lines +11\.00 +11\.00 +0\.00 +10\.00 +1\.00$/m)
  expect(same.stdout).not.toContain('could not be applied')
  expect(await stack.command('status', {})).toEqual(before)

  expect(await aggregator(...ask, join(folder, 'none.yaml'))).toMatchObject({ code: 2 })
  const unknown = await aggregator(
    'simulate-bill',
    '--account',
    'nobody',
    '--period',
    '2025-03',
    '--with',
    dearer,
    '--json',
  )
  expect(unknown).toMatchObject({ code: 6 })
  expect(JSON.parse(unknown.stderr)).toMatchObject({ fault: { code: 'account_unknown' } })
  expect(await stack.verify()).toEqual([])
}, 120_000)

test('the clock of a test tenant is moved through closings, stands where it was after a kill, and its documents say TEST', async () => {
  await started((file) =>
    file
      .replace('currency: EUR', 'currency: EUR\ntest: true')
      .replace('subscriptions:', 'billingProfiles: [{ id: customer, grace: 3d }]\nsubscriptions:'),
  )
  const shown = JSON.parse((await aggregator('clock', 'show', '--json')).stdout) as ClockAnswer
  const began = new Date(shown.nowMs)
  const nextMonth = Date.UTC(began.getUTCFullYear(), began.getUTCMonth() + 1, 1)
  expect(shown).toMatchObject({ tenant: 'guard', unclosed: [] })
  expect(shown.nextDueMs).toBe(nextMonth)
  await publish('a', 'dev-1', shown.nowMs, 7_000)

  const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10)
  const advance = async (toMs: number): Promise<AdvanceReport> => {
    const moved = await aggregator('clock', 'advance', '--to', day(toMs), '--by', 'Ada', '--json')
    expect(moved).toMatchObject({ code: 0 })
    return JSON.parse(moved.stdout) as AdvanceReport
  }
  const graceOverMs = nextMonth + 3 * 86_400_000
  expect(await advance(nextMonth)).toMatchObject({ steps: [{ atMs: nextMonth, what: 'waits', documents: [] }] })
  await stack.killAggregator()
  await stack.startAggregator()
  expect(JSON.parse((await aggregator('clock', 'show', '--json')).stdout)).toMatchObject({
    nowMs: nextMonth,
    nextDueMs: graceOverMs,
  })
  // Late usage comes within the grace.
  await publish('late', 'dev-1', shown.nowMs, 1_000)
  expect(await advance(graceOverMs + 86_400_000)).toMatchObject({
    fromMs: nextMonth,
    steps: [{ atMs: graceOverMs, what: 'closed', documents: ['guard-000001'] }],
  })
  const text = await aggregator('invoice', 'show', 'guard-000001')
  expect(text.stdout).toMatch(/^TEST Invoice +guard-000001$/m)
  expect(text.stdout).toMatch(new RegExp(`^Issued +${day(graceOverMs)}T00:00:00`, 'm'))
  expect(text.stdout).toMatch(/^Total EUR +8\.00$/m)

  const back = await aggregator('clock', 'advance', '--to', day(nextMonth), '--by', 'Ada', '--json')
  expect(JSON.parse(back.stderr)).toMatchObject({ fault: { code: 'clock_backwards' } })
  expect((await aggregator('clock', 'show')).stdout).toMatch(/^The clock of guard stands at /)
  expect(await stack.verify()).toEqual([])
}, 120_000)

test('an ordinary tenant has no clock that can be moved', async () => {
  await started()
  const refused = await aggregator('clock', 'advance', '--to', '2040-01-01', '--by', 'Ada')
  expect(refused).toMatchObject({ code: 6, stdout: '' })
  expect(refused.stderr).toContain('test: true')
})
