import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { TestPrograms, type EndedProgram } from '@meterline/shared/command-line/testing/test-programs.ts'
import { acmeFile } from '../flow/fixtures/tenant-file.ts'

const program = fileURLToPath(new URL('../bin/meterline-aggregator.mjs', import.meta.url))
const programs = new TestPrograms()
let folder = ''
let config = ''

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'meterline-bills-'))
  config = join(folder, 'aggregator.yaml')
  writeFileSync(config, `dataDirectory: ${join(folder, 'data')}\nedge: { host: 127.0.0.1, port: 0 }\n`)
  await aggregator('init')
  await start()
})
afterEach(() => {
  programs.kill()
  rmSync(folder, { recursive: true, force: true })
})

async function start(): Promise<void> {
  const readyFile = join(folder, 'ready.json')
  rmSync(readyFile, { force: true })
  await programs.startUntilReady([process.execPath, program, 'run', '--config', config], readyFile)
}

async function aggregator(...args: string[]): Promise<EndedProgram> {
  return await programs.start([process.execPath, program, ...args, '--config', config]).ended
}

/** acme's file with a fee of its AI customer, whose documents acme approves. */
function applied(): string {
  const text = acmeFile([])
    .replace('prices:\n', 'prices:\n  - { id: port, model: recurring, due: in-arrears, amount: "7.50" }\n')
    .replace('prices: [ai-input, ai-output]', 'prices: [port, ai-input, ai-output]')
    .replace('subscriptions:\n', 'billingProfiles:\n  - { id: acme, approval: true }\nsubscriptions:\n')
  const path = join(folder, 'acme.yaml')
  writeFileSync(path, text)
  return path
}

test('bills are shown, approved and issued by a running service, and stay issued when it is killed', async () => {
  expect(await aggregator('apply', '-f', applied())).toMatchObject({ code: 0 })
  const waiting = await aggregator('close-period', '2025-06')
  expect(waiting).toMatchObject({ code: 0 })
  expect(waiting.out).toContain('Period 2025-06 is not closed yet: 1 bill waits. Ask for it again.')
  const tried = await aggregator('close-period', '2025-06', '--dry-run')
  expect(tried.out).toMatch(/^Would be issued:\n[^]*acme +bright +invoice +1 +7\.50 +EUR/)
  const digest = /^digest ([0-9a-f]{64})$/m.exec(tried.out)?.[1] ?? ''
  expect(waiting.out).toContain(`digest ${digest}`)

  expect(await aggregator('close-period', '2025-06', '--approve', digest)).toMatchObject({ code: 2 })
  const other = await aggregator('close-period', '2025-06', '--approve', '0'.repeat(64), '--by', 'Ada', '--json')
  expect(other).toMatchObject({ code: 6 })
  expect(JSON.parse(other.err)).toMatchObject({ fault: { code: 'bills_changed' } })
  const closed = await aggregator('close-period', '2025-06', '--approve', digest, '--by', 'Ada', '--json')
  expect(JSON.parse(closed.out)).toMatchObject({
    state: 'closed',
    documents: [{ number: 'acme-000001', total: '7.50' }],
    waiting: [],
    digest: null,
  })

  programs.kill()
  await start()
  const again = await aggregator('close-period', '2025-06', '--json')
  expect(JSON.parse(again.out)).toEqual(JSON.parse(closed.out))
  expect((await aggregator('bill', 'corrections')).out).toBe('Nothing was issued.\n')
  expect((await aggregator('bill', 'progressive', '--dry-run')).out).toBe('Nothing would be issued.\n')
  expect(await aggregator('verify')).toMatchObject({ code: 0 })
})
