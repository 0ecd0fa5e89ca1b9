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

/** What is counted for subscriptions whose offering has it. */
const countedFees = ['seats', 'rooms']
  .map((each) => `  - { id: ${each}, model: recurring, amount: "1", each: { quantity: ${each} } }\n`)
  .join('')

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'meterline-subscription-'))
  config = join(folder, 'aggregator.yaml')
  writeFileSync(config, `dataDirectory: ${join(folder, 'data')}\nedge: { host: 127.0.0.1, port: 0 }\n`)
  const tenant = join(folder, 'acme.yaml')
  writeFileSync(tenant, acmeFile([]).replace('prices:\n', `prices:\n${countedFees}`))
  await aggregator('init')
  const readyFile = join(folder, 'ready.json')
  await programs.startUntilReady([process.execPath, program, 'run', '--config', config], readyFile)
  await aggregator('apply', '-f', tenant)
})
afterEach(() => {
  programs.kill()
  rmSync(folder, { recursive: true, force: true })
})

async function aggregator(...args: string[]): Promise<EndedProgram> {
  return await programs.start([process.execPath, program, ...args, '--config', config]).ended
}

test('a subscription is changed by date, shown, and changed back by a running service', async () => {
  const own = (name: string, ...args: string[]): Promise<EndedProgram> =>
    aggregator('subscription', name, 'bright-ai', ...args)
  const pause = await own('pause', '--at', '2040-01-01', '--until', '2040-02-01', '--reason', 'ice', '--by', 'Ada')
  expect(pause).toMatchObject({ code: 0, err: '' })
  expect(pause.out).toMatch(/^~ subscription bright-ai: \+pause from 2040-01-01/)
  expect(pause.out).toContain('This is version 2 of the catalogue.')
  expect((await own('quantity', '--at', '2040-03-01', '--set', 'seats=5', '--set', 'rooms=2', '--json')).out).toContain(
    '"applied":true',
  )
  expect((await own('change', '--at', '2040-04-01', '--offering', 'tracker')).code).toBe(0)
  expect((await own('resume', '--at', '2040-01-15')).code).toBe(0)
  expect((await own('cancel', '--at', '2041-01-01')).code).toBe(0)
  expect((await own('cancel', '--at', '2041-01-01')).out).toContain('is so already')

  const shown = await own('show', '--at', '2040-01-02')
  expect(shown.out).toMatch(/^at +2040-01-02: paused, ai$/m)
  expect(shown.out).toMatch(/^2040-01-15 +resume +to come$/m)
  expect(shown.out).toMatch(/^2040-03-01 +quantity +2 rooms, 5 seats +to come$/m)
  expect(shown.out).toMatch(/^2040-04-01 +change +tracker, version first +to come$/m)
  const listed = await aggregator('subscription', 'list', '--account', 'bright', '--at', '2040-05-01')
  expect(listed.out).toMatch(/^bright-ai +bright +tracker +active +2025-01-01 +2041-01-01 +2041-01-01$/m)
  const history = await aggregator('catalogue', 'history')
  expect(history.out).toContain('subscription bright-ai: pause at 2040-01-01T00:00:00.000Z (by Ada)')

  expect((await own('undo', '--at', '2041-01-01')).out).toContain('no to (was 2041-01-01T00:00:00.000Z)')
  expect(await own('undo', '--at', '2041-01-01')).toMatchObject({ code: 6 })
  const past = await own('cancel', '--at', '2026-01-01', '--json')
  expect(past.code).toBe(6)
  expect(past.err).toContain('"code":"back_dated"')
  expect((await own('cancel', '--at', '2026-01-01', '--backdate', '--dry-run')).out).toContain('Dry run')
  expect((await own('quantity', '--at', '2040-01-01', '--set', 'seats')).code).toBe(2)
  expect((await own('quantity', '--at', '2040-01-01')).err).toContain("'--set <name=count>' not specified")
  expect((await own('quantity', '--at', '2040-01-01', '--set', 'seat=1')).err).toContain('did you mean seats?')
  expect((await aggregator('verify')).code).toBe(0)
})
