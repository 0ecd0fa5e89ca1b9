import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { StatusJson } from '@meterline/agent/control/serve-commands.ts'
import type { BackupAnswer } from '@meterline/aggregator/control/backup-answer.ts'
import type { RestoreReport } from '@meterline/aggregator/flow/restore-order.ts'
import { Publisher } from '../fleets/publisher.ts'
import { runCommand } from '../scenarios/processes.ts'
import { startStack, type Stack } from '../scenarios/stack.ts'
import { guardTenant } from './guard-tenant.ts'

let folder = ''
let stack: Stack

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'meterline-restore-'))
  stack = await startStack({ folder, tenant: 'guard', agents: ['gw-1', 'gw-2'] })
  const file = join(folder, 'guard.yaml')
  writeFileSync(file, stack.withAgents(guardTenant))
  await stack.apply(file)
})

afterEach(async () => {
  await stack.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** Has each agent take in so many events and waits until all of them are charged. */
async function publish(names: readonly string[]): Promise<void> {
  for (const agent of [0, 1]) {
    const publisher = await Publisher.connect({
      url: stack.mqttUrl(agent),
      clientId: 'dev-1',
      window: 1,
      retryMs: 5000,
    })
    for (const name of names) {
      const event = { id: `${name}-${agent}`, time: Date.UTC(2025, 2, 1), meter: 'data.bytes', quantity: 7 }
      const payload = Buffer.from(JSON.stringify(event))
      await publisher.publish({ topic: 'meter/v1/dev-1/usage', payload }, () => undefined)
      await publisher.drained()
    }
    await publisher.close()
  }
  await stack.drained()
}

async function statusWhen(agent: number, reached: (status: StatusJson) => boolean): Promise<StatusJson> {
  const deadlineMs = performance.now() + 30_000
  for (;;) {
    const status = await stack.agentStatus(agent)
    if (reached(status)) return status
    if (performance.now() > deadlineMs) throw new Error(`the agent never got there: ${JSON.stringify(status)}`)
    await pause(25)
  }
}

async function restore(backupFile: string, ...more: readonly string[]): Promise<RestoreReport> {
  const where = ['--config', stack.deployment.aggregatorConfig, '--tenant', 'guard', '--from', backupFile]
  const why = ['--by', 'ada', '--reason', 'the disk broke']
  const { code, stdout, stderr } = await runCommand('aggregator', ['restore', ...where, ...why, '--json', ...more])
  if (code !== 0) throw new Error(`restore: ${stderr}${stdout}`)
  return JSON.parse(stdout) as RestoreReport
}

test('an aggregator put back to a backup: refused without a word, and given everything again once it is declared', async () => {
  await publish(['a', 'b'])
  const answer = (await stack.command('backup', {
    tenant: 'guard',
    toDirectory: join(folder, 'backups'),
  })) as BackupAnswer
  const [backup] = answer.backups
  if (backup === undefined) throw new Error('there is no backup')
  await publish(['c', 'd', 'e'])
  const verified = await statusWhen(0, ({ log }) => log.checkpoint !== null && !log.doubted)
  expect(verified).toMatchObject({ log: { generation: 1, evidence: [] } })

  // Somebody copies the old file back by hand.
  await stack.killAggregator()
  const books = join(folder, 'aggregator', 'guard.db')
  for (const ending of ['-wal', '-shm']) rmSync(books + ending, { force: true })
  copyFileSync(backup.file, books)
  await stack.startAggregator()
  for (const agent of [0, 1]) {
    const refusing = await statusWhen(agent, ({ uplink }) => uplink.state === 'quarantined')
    expect(refusing.uplink.fault?.code).toBe('aggregator_behind')
  }

  await stack.killAggregator()
  expect(await restore(backup.file)).toMatchObject({ applied: true, generation: 2 })
  await stack.startAggregator()
  for (const agent of [0, 1]) {
    const status = await statusWhen(agent, ({ uplink, outbox, log }) => {
      return uplink.state === 'streaming' && outbox.batches === 0 && log.generation === 2
    })
    expect(status.chain.settledSeq).toBe(status.chain.sealedSeq)
  }
  await publish(['f'])
  const events = ['a', 'b', 'c', 'd', 'e', 'f'].flatMap((name) =>
    [0, 1].map((agent) => ({ source: 'dev-1', id: `${name}-${agent}` })),
  )
  const found = await stack.dispositions(events)
  expect(found).toEqual(events.map((): unknown => expect.objectContaining({ kind: 'charged' })))
  expect(await stack.verify()).toEqual([])
}, 120_000)
