import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client, credentials } from '@grpc/grpc-js'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  TestPrograms,
  type EndedProgram,
  type StartedProgram,
} from '@meterline/shared/command-line/testing/test-programs.ts'
import type { Result } from '@meterline/shared/base/errors.ts'
import { openDatabase } from '@meterline/shared/sqlite/open.ts'
import type { AggregatorMessage, BatchMessage } from '@meterline/shared/wire/messages.ts'
import { edgeSessionMethod } from '@meterline/shared/wire/proto.ts'
import type { WireFault } from '@meterline/shared/wire/proto.ts'
import type { TenantStatus } from '../flow/commands.ts'
import { acmeFile } from '../flow/fixtures/tenant-file.ts'
import { SealingAgent, usageEvent } from '../flow/fixtures/sealing-agent.ts'

const program = fileURLToPath(new URL('../bin/meterline-aggregator.mjs', import.meta.url))
const programs = new TestPrograms()
let folder = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meterline-cli-'))
})
afterEach(() => {
  programs.kill()
  rmSync(folder, { recursive: true, force: true })
})

async function aggregator(...args: string[]): Promise<EndedProgram> {
  return await programs.start([process.execPath, program, ...args]).ended
}

function writeConfig(extra = ''): string {
  const file = join(folder, 'aggregator.yaml')
  writeFileSync(file, `dataDirectory: ${join(folder, 'data')}\nedge: { host: 127.0.0.1, port: 0 }\n${extra}`)
  return file
}

interface Ready {
  readonly pid: number
  readonly edge: { readonly port: number }
  readonly publicKey: string
}

async function run(config: string): Promise<StartedProgram & { readonly ready: Ready }> {
  const readyFile = join(folder, 'ready.json')
  const started = await programs.startUntilReady([process.execPath, program, 'run', '--config', config], readyFile)
  return { ...started, ready: JSON.parse(readFileSync(readyFile, 'utf8')) as Ready }
}

/** Sends batches as an agent would and waits for as many receipts. */
async function deliver(port: number, agent: SealingAgent, batches: readonly BatchMessage[]): Promise<void> {
  const client = new Client(`localhost:${port}`, credentials.createInsecure())
  const { path, encodeRequest, decodeResponse } = edgeSessionMethod
  const stream = client.makeBidiStreamRequest(path, encodeRequest, decodeResponse)
  const receipts = new Promise<void>((resolve, reject) => {
    let waiting = batches.length
    stream.on('error', reject)
    stream.on('data', (message: Result<AggregatorMessage, WireFault>) => {
      if (!message.ok) return reject(new Error(message.fault.message))
      if (message.value.kind === 'refusal') return reject(new Error(message.value.message))
      if (message.value.kind === 'receipt' && --waiting === 0) resolve()
    })
  })
  stream.write(agent.hello())
  for (const batch of batches) stream.write(batch)
  await receipts
  stream.removeAllListeners('error').on('error', () => undefined)
  stream.cancel()
  client.close()
}

describe('init', () => {
  test('makes a key of mode 0600 once, and prints its public part each time', async () => {
    const config = writeConfig()
    const first = await aggregator('init', '--config', config, '--json')
    expect(first.code).toBe(0)
    const made = JSON.parse(first.out) as { publicKey: string; keyFile: string; created: boolean }
    expect(made.created).toBe(true)
    expect(statSync(made.keyFile).mode & 0o777).toBe(0o600)
    expect(statSync(join(folder, 'data')).mode & 0o777).toBe(0o700)
    const second = JSON.parse((await aggregator('init', '--config', config, '--json')).out) as typeof made
    expect(second).toEqual({ ...made, created: false })
    expect((await aggregator('init', '--config', config)).out).toContain(`aggregatorKey: ${made.publicKey}`)
    expect(readdirSync(join(folder, 'data'))).toEqual(['aggregator.key'])
  })
})

describe('the configuration', () => {
  test('is checked with every mistake named', async () => {
    const file = join(folder, 'aggregator.yaml')
    writeFileSync(file, 'dataDirectry: x\nedge: { host: 0.0.0.0, port: 99999 }\n')
    const checked = await aggregator('config', 'check', '--config', file)
    expect(checked.code).toBe(3)
    expect(checked.err).toContain('did you mean dataDirectory?')
    expect(checked.err).toContain('edge.port')
    expect((await aggregator('run', '--config', file)).code).toBe(3)
  })

  test('does not offer plain text to other machines', async () => {
    const file = join(folder, 'aggregator.yaml')
    writeFileSync(file, `dataDirectory: ${folder}\nedge: { host: 0.0.0.0 }\n`)
    const checked = await aggregator('config', 'check', '--config', file)
    expect(checked.code).toBe(3)
    expect(checked.err).toContain('edge.tls')
    expect(checked.err).toContain('loopback')
  })

  test('has a reference of every key', async () => {
    const { code, out } = await aggregator('config', 'reference')
    expect(code).toBe(0)
    for (const key of ['dataDirectory', 'edge.tls.ca', 'control.socket', 'limits.sessions']) expect(out).toContain(key)
  })
})

describe('commands', () => {
  test.each([
    [['--help'], 0],
    [['apply', '--help'], 0],
    [['invoice', 'show', '--help'], 0],
    [['version'], 0],
    [['nonsense'], 2],
    [['apply'], 2],
    [['close-period'], 2],
    [['evidence', 'list', '--limit', 'many'], 2],
  ])('%j ends with %i', async (args, code) => {
    const ended = await aggregator(...args)
    expect(ended.code).toBe(code)
    expect(`${ended.out}${ended.err}`.length).toBeGreaterThan(0)
  })

  test('without a service say what to do', async () => {
    const config = writeConfig()
    const text = await aggregator('status', '--config', config)
    expect([text.code, text.out]).toEqual([5, ''])
    expect(text.err).toContain('Start it with "run"')
    const json = await aggregator('status', '--config', config, '--json')
    expect(JSON.parse(json.err)).toMatchObject({ fault: { code: 'control_unreachable' } })
    expect((await aggregator('run', '--config', config)).code).toBe(4)
  })
})

test('from init to verified invoices, over a restart', async () => {
  const config = writeConfig()
  await aggregator('init', '--config', config)
  const agent = new SealingAgent('acme', 'gw-1')
  const tenantFile = join(folder, 'acme.yaml')
  writeFileSync(tenantFile, acmeFile([{ id: 'gw-1', key: agent.key.publicKeyBase64 }]))
  const service = await run(config)
  const ask = async (...args: string[]): Promise<EndedProgram> => await aggregator(...args, '--config', config)

  const wrong = join(folder, 'wrong.yaml')
  writeFileSync(wrong, acmeFile([]).replace('kind: fleet', 'kind: flet'))
  const refused = await ask('apply', '-f', wrong)
  expect(refused.code).toBe(6)
  expect(refused.err).toMatch(/wrong\.yaml:\d+:\d+: accounts\[2\]\.kind: .*did you mean fleet\?/)
  expect((await ask('apply', '-f', join(folder, 'absent.yaml'))).code).toBe(2)
  expect((await ask('apply', '-f', tenantFile, '--dry-run')).out).toContain('dry run')
  expect((await ask('apply', '-f', tenantFile)).out).toContain('version 0 is in force')
  expect((await ask('apply', '-f', tenantFile)).out).toContain('nothing to change')

  const batches = [
    agent.seal([usageEvent({ id: 'a' }), usageEvent({ id: 'b', subject: 'nobody' })]),
    agent.seal([usageEvent({ id: 'c' })]),
  ]
  await deliver(service.ready.edge.port, agent, batches)
  for (let tries = 0; tries < 200; tries++) {
    const { unratedBatches } = JSON.parse((await ask('status', '--tenant', 'acme', '--json')).out) as TenantStatus
    if (unratedBatches === 0) break
  }
  expect((await ask('status')).out).toContain('2 batches, 3 events')
  expect((await ask('disposition', 'trk-1', 'a', 'b', 'z')).out).toMatch(
    /a: charged 0\.02[^]*>[^ :]+:[^ :]+ {2}data\.bytes at price [a-z-]+ {2}0\.[^]*unknown_subject[^]*z: unknown/,
  )
  expect((await ask('suspense', 'list')).out).toContain('unknown_subject')
  expect((await ask('suspense', 'show', '1:1')).out).toMatch(/in suspense +unknown_subject[^]*usage +data\.bytes 1000/)
  expect((await ask('suspense', 'replay', '--all')).out).toContain('1 stays in suspense: unknown_subject 1.')
  expect((await ask('suspense', 'replay')).code).toBe(2)
  const discard = ['suspense', 'discard', '1:1', '--reason', 'a bench device', '--by', 'Ada'] as const
  expect(await ask(...discard)).toMatchObject({ code: 0, out: '1:1: discarded\n' })
  expect((await ask(...discard)).code).toBe(6)
  expect((await ask('disposition', 'trk-1', 'b')).out).toMatch(/b: discarded by Ada at .*: a bench device/)
  expect((await ask('evidence', 'list')).out).toContain('no evidence')

  const second = await aggregator('run', '--config', config)
  expect(second.code).toBe(4)
  expect(second.out).toContain('data_in_use')

  const closed = await ask('close-period', '2025-06', '--json')
  expect(JSON.parse(closed.out)).toMatchObject({
    period: '2025-06',
    documents: [{ buyer: 'nordlink' }, { buyer: 'logistics' }],
  })
  expect((await ask('close-period', '2031-01')).code).toBe(6)
  expect((await ask('invoice', 'list')).out).toContain('nordlink-000001')
  expect((await ask('invoice', 'show', 'nordlink-000001')).out).toContain('Hansa Logistics')
  expect((await ask('invoice', 'show', 'nobody-000001')).code).toBe(6)
  const page = join(folder, 'invoice.html')
  expect((await ask('invoice', 'page', 'nordlink-000001', '--output', page)).out).toContain(page)
  expect(readFileSync(page, 'utf8')).toContain('Hansa Logistics')
  expect((await ask('invoice', 'page', 'nordlink-000001', '--output', folder)).code).toBe(2)
  const csv = await ask('invoice', 'csv', 'nordlink-000001', 'acme-000001')
  expect(csv.out).toMatch(/^document,kind,[^]*\r\nnordlink-000001,invoice,[^]*\r\nacme-000001,invoice,/)
  expect((await ask('invoice', 'csv', 'nordlink-000001', '--output', join(folder, 'lines.csv'))).code).toBe(0)
  expect(csv.out.startsWith(readFileSync(join(folder, 'lines.csv'), 'utf8'))).toBe(true)
  expect((await ask('invoice', 'csv', 'nordlink-000001', '--output', folder)).code).toBe(2)
  expect((await ask('invoice', 'csv', 'nobody-000001')).code).toBe(6)
  const before = await ask('invoice', 'show', 'nordlink-000001', '--json')
  expect(JSON.parse(before.out)).toMatchObject({ type: 'meterline-invoice', buyer: { id: 'logistics' } })

  service.child.kill('SIGTERM')
  const ended = await service.ended
  expect(ended.code).toBe(0)
  for (const line of ended.out.trim().split('\n')) expect(JSON.parse(line)).toHaveProperty('event')
  expect(existsSync(join(folder, 'data', 'control.sock'))).toBe(false)

  const again = await run(config)
  const after = await ask('invoice', 'show', 'nordlink-000001', '--json')
  expect(after.out).toBe(before.out)
  const stored = openDatabase({ file: join(folder, 'data', 'acme.db'), readOnly: true })
  const row = stored
    .prepare<[], { hash: Uint8Array }>(`SELECT document_hash AS hash FROM document WHERE number = 'nordlink-000001'`)
    .get()
  stored.close()
  // What is printed is what was hashed: not a byte more.
  expect(createHash('sha256').update(after.out).digest('hex')).toBe(Buffer.from(row?.hash ?? []).toString('hex'))
  expect((await ask('verify')).out).toContain('acme: no problems.')
  again.child.kill('SIGINT')
  expect((await again.ended).code).toBe(0)

  const db = openDatabase({ file: join(folder, 'data', 'acme.db') })
  db.exec(`UPDATE balance SET credit_micros = '1' WHERE account = 'revenue'`)
  db.close()
  const verified = await ask('verify', '--json')
  expect(verified.code).toBe(8)
  expect(JSON.parse(verified.out)).toMatchObject([
    {
      tenant: 'acme',
      problems: [expect.stringMatching(/^I1/), expect.anything(), expect.anything(), expect.anything()],
    },
  ])
  expect((await ask('verify', '--tenant', 'absent')).code).toBe(6)
})
