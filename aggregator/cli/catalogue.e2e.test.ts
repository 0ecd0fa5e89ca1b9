import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { TestPrograms, type EndedProgram } from '@meterline/shared/command-line/testing/test-programs.ts'
import { acmeFile, dearerInput } from '../flow/fixtures/tenant-file.ts'

const program = fileURLToPath(new URL('../bin/meterline-aggregator.mjs', import.meta.url))
const programs = new TestPrograms()
let folder = ''
let config = ''

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'meterline-catalogue-'))
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

function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

test('the catalogue is shown, listed, compared and exported by a running service', async () => {
  const first = file('first.yaml', acmeFile([]))
  const second = file('second.yaml', dearerInput(acmeFile([]), '2040-01-01'))
  expect(await aggregator('catalogue', 'show')).toMatchObject({ code: 6 })
  expect(await aggregator('apply', '-f', first)).toMatchObject({ code: 0 })
  expect(await aggregator('apply', '-f', second)).toMatchObject({ code: 0 })

  const shown = await aggregator('catalogue', 'show', '--at', '2041-06-01')
  expect(shown).toMatchObject({ code: 0, err: '' })
  expect(shown.out).toMatch(/^acme: version 1 /)
  expect(shown.out).toMatch(/^ai-input .* 2040-01-01T00:00:00.000Z .* model per-unit amount 3.1 per 1000000$/m)
  expect((await aggregator('catalogue', 'show', '--version', '0')).out).toMatch(/^acme: version 0 /)

  const history = await aggregator('catalogue', 'history', '--json')
  expect(JSON.parse(history.out)).toMatchObject([
    { version: 1, fileName: second },
    { version: 0, fileName: first },
  ])

  const change = '~ price ai-input: +change from 2040-01-01T00:00:00.000Z: model per-unit amount 3.1 per 1000000'
  expect((await aggregator('catalogue', 'diff', '0')).out).toBe(`version 0 → version 1: 1 difference\n${change}\n`)
  expect((await aggregator('catalogue', 'diff', first, '1')).out).toBe(
    `${first} → version 1: 1 difference\n${change}\n`,
  )
  expect(await aggregator('catalogue', 'diff', '9')).toMatchObject({ code: 6 })
  expect(await aggregator('catalogue', 'diff', join(folder, 'absent.yaml'))).toMatchObject({ code: 2 })

  const out = join(folder, 'exported.yaml')
  expect(await aggregator('catalogue', 'export', '--out', out)).toMatchObject({ code: 0 })
  expect((await aggregator('catalogue', 'export')).out.trimEnd()).toBe(readFileSync(out, 'utf8').trimEnd())
  expect((await aggregator('apply', '-f', out)).out).toContain('nothing to change')
  expect(existsSync(out)).toBe(true)
  expect(await aggregator('catalogue', 'export', '--out', out)).toMatchObject({ code: 2 })
})
