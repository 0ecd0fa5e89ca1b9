import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { StatusJson } from '@meterline/agent/control/serve-commands.ts'
import { chunkSum } from '@meterline/agent/store/row-sums.ts'
import type { EvidenceItem, TenantStatus } from '@meterline/aggregator/flow/commands.ts'
import { generateSigningKey } from '@meterline/shared/integrity/signature.ts'
import type { Chunk } from '@meterline/shared/model/unit-codec.ts'
import { Publisher } from '../fleets/publisher.ts'
import { runCommand, startService } from '../scenarios/processes.ts'
import { startStack, type Stack } from '../scenarios/stack.ts'
import { guardTenant } from './guard-tenant.ts'

let folder = ''
let stack: Stack

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'meterline-refusals-'))
  stack = await startStack({ folder, tenant: 'guard', agents: ['gw-1', 'gw-2'], startAgents: false })
})

afterEach(async () => {
  await stack.stop()
  rmSync(folder, { recursive: true, force: true })
})

async function applyTenant(edit: (text: string) => string = (text) => text): Promise<void> {
  const file = join(folder, 'guard.yaml')
  writeFileSync(file, edit(stack.withAgents(guardTenant)))
  await stack.apply(file)
}

async function publish(agent: number, count: number): Promise<void> {
  const publisher = await Publisher.connect({ url: stack.mqttUrl(agent), clientId: 'dev-1', window: 10, retryMs: 5000 })
  for (let number = 0; number < count; number += 1) {
    const event = { id: `event-${number}`, time: Date.UTC(2025, 2, 1), meter: 'data.bytes', quantity: 7 }
    await publisher.publish(
      { topic: 'meter/v1/dev-1/usage', payload: Buffer.from(JSON.stringify(event)) },
      () => undefined,
    )
  }
  await publisher.drained()
  await publisher.close()
}

async function statusWhen(agent: number, reached: (status: StatusJson) => boolean): Promise<StatusJson> {
  const deadlineMs = performance.now() + 20_000
  for (;;) {
    const status = await stack.agentStatus(agent)
    if (reached(status)) return status
    if (performance.now() > deadlineMs) throw new Error(`the agent never got there: ${JSON.stringify(status.uplink)}`)
    await pause(25)
  }
}

async function evidence(): Promise<EvidenceItem[]> {
  return (await stack.command('evidence-list', { tenant: 'guard' })) as EvidenceItem[]
}

async function centre(): Promise<TenantStatus> {
  return (await stack.command('status', { tenant: 'guard' })) as TenantStatus
}

/** Leaves five events sealed in the journal of gw-1; neither it nor the aggregator runs afterwards. */
async function sealAtEdge(): Promise<void> {
  await stack.killAggregator()
  await stack.startAgent(0)
  await publish(0, 5)
  await statusWhen(0, (status) => status.outbox.batches > 0 && status.open.units === 0)
  await stack.killAgent(0)
}

interface ChunkRow extends Chunk {
  readonly id: number
}

/** Flips a bit of the first chunk's units; the sum beside it becomes what `sumOf` says, or stays when that is null. */
function changeChunk(sumOf: (chunk: ChunkRow) => number | null): void {
  const journal = new Database(join(folder, 'gw-1', 'journal.db'))
  const chunk = journal
    .prepare<[], ChunkRow>(
      `SELECT id, unit_count AS unitCount, record_count AS recordCount, tables_delta AS tablesDelta, units
       FROM chunk ORDER BY id`,
    )
    .get()
  if (chunk === undefined) throw new Error('the journal holds no chunk')
  const { id, units } = chunk
  // The last byte but one of the last unit lies in its quantity: still well-formed, and worth another amount.
  units[units.length - 3] = (units.at(-3) ?? 0) ^ 1
  journal.prepare('UPDATE chunk SET units = ?, sum = ifnull(?, sum) WHERE id = ?').run(units, sumOf(chunk), id)
  journal.close()
}

describe('what is refused, by name, and kept as evidence', () => {
  test('a byte flipped in a stored batch: the agent itself finds it, and ends', async () => {
    await applyTenant()
    await sealAtEdge()
    changeChunk(() => null)
    await stack.startAggregator()
    const { configFile } = stack.deployment.agentService(0, Number(edgePort()))
    const ended = await runCommand('agent', ['run', '--config', configFile])
    expect(ended).toMatchObject({ code: 7, stdout: expect.stringContaining('journal_damaged') as string })
    expect((await centre()).units).toBe(0)
  }, 60_000)

  test('a batch that was changed so that its agent does not notice', async () => {
    await applyTenant()
    await sealAtEdge()
    changeChunk((chunk) => chunkSum(chunk.id, chunk))
    await stack.startAggregator()
    await stack.startAgent(0)

    const status = await statusWhen(0, ({ uplink }) => uplink.state === 'quarantined')
    expect(status.uplink.fault?.code).toBe('batch_root_mismatch')
    expect((await evidence()).map(({ agent, code }) => ({ agent, code }))).toContainEqual({
      agent: 'gw-1',
      code: 'batch_root_mismatch',
    })
    expect((await centre()).units).toBe(0)
  }, 60_000)

  test('a batch signed by another key', async () => {
    const registered = generateSigningKey().publicKeyBase64
    await applyTenant((text) => text.replace(stack.deployment.agents[1]?.signingKey ?? '', registered))
    await stack.startAgent(1)
    await publish(1, 3)
    const status = await statusWhen(1, ({ uplink }) => uplink.state === 'quarantined')
    expect(status.uplink.fault?.code).toBe('signature_invalid')
    expect((await evidence()).map(({ agent, code }) => ({ agent, code }))).toContainEqual({
      agent: 'gw-2',
      code: 'signature_invalid',
    })
    expect((await centre()).units).toBe(0)
  }, 60_000)

  test('the client certificate of another agent', async () => {
    await applyTenant()
    const spec = stack.deployment.agentService(1, Number(edgePort()))
    const config = readFileSync(spec.configFile, 'utf8')
    const foreign = config.replace('gw-2.crt', 'gw-1.crt').replace('gw-2.key', 'gw-1.key')
    expect(foreign).not.toBe(config)
    writeFileSync(spec.configFile, foreign)
    const agent = await startService(spec)
    try {
      await publish(1, 3)
      const status = await statusWhen(1, ({ uplink }) => uplink.state === 'quarantined')
      expect(status.uplink.fault?.code).toBe('agent_certificate_mismatch')
      expect((await evidence()).map(({ code }) => code)).toContain('agent_certificate_mismatch')
      expect((await centre()).units).toBe(0)
    } finally {
      await agent.stop()
    }
  }, 60_000)
})

function edgePort(): string {
  const match = /port: (\d+)/.exec(readFileSync(stack.deployment.aggregatorConfig, 'utf8'))
  return match?.[1] ?? ''
}
