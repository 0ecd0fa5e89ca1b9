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
  folder = mkdtempSync(join(tmpdir(), 'meterline-usage-'))
  config = join(folder, 'aggregator.yaml')
  writeFileSync(config, `dataDirectory: ${join(folder, 'data')}\nedge: { host: 127.0.0.1, port: 0 }\n`)
  await aggregator('init')
  const readyFile = join(folder, 'ready.json')
  await programs.startUntilReady([process.execPath, program, 'run', '--config', config], readyFile)
})
afterEach(() => {
  programs.kill()
  rmSync(folder, { recursive: true, force: true })
})

async function aggregator(...args: string[]): Promise<EndedProgram> {
  return await programs.start([process.execPath, program, ...args, '--config', config]).ended
}

const why = ['--reason', 'a test', '--by', 'Ada'] as const

test('what cannot be voided is refused by name, and an order that makes no sense before it is asked', async () => {
  const file = join(folder, 'acme.yaml')
  writeFileSync(file, acmeFile([]))
  expect(await aggregator('apply', '-f', file)).toMatchObject({ code: 0 })

  const unknown = await aggregator('usage', 'void', '--source', 'trk-1', '--id', 'a', ...why)
  expect(unknown).toMatchObject({ code: 6 })
  expect(unknown.out).toMatch(/^trk-1 a: refused, event_unknown: nothing with this identity/)
  const list = join(folder, 'list.jsonl')
  writeFileSync(list, '1:0\n{"source":"trk-1","id":"b"}\n')
  const listed = await aggregator('usage', 'void', '--file', list, '--json', '--dry-run', ...why)
  expect(listed).toMatchObject({ code: 6 })
  expect(JSON.parse(listed.out)).toMatchObject({ dryRun: true, voided: 0, refused: 2 })

  expect(await aggregator('usage', 'void', ...why)).toMatchObject({ code: 2 })
  expect(await aggregator('usage', 'void', '--source', 'trk-1', ...why)).toMatchObject({ code: 2 })
  expect(await aggregator('usage', 'void', '1:0', '--file', list, ...why)).toMatchObject({ code: 2 })
  expect(await aggregator('usage', 'void', 'one', ...why)).toMatchObject({ code: 2 })
  expect(await aggregator('usage', 'void', '--file', join(folder, 'absent'), ...why)).toMatchObject({ code: 2 })
  expect(await aggregator('usage', 'void', '1:0', '--by', 'Ada')).toMatchObject({ code: 2 })
})
