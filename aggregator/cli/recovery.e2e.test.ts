import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestPrograms, type EndedProgram } from '@meterline/shared/command-line/testing/test-programs.ts'
import type { BackupAnswer } from '../control/backup-answer.ts'
import { acmeFile, dearerInput } from '../flow/fixtures/tenant-file.ts'
import type { RestoreReport } from '../flow/restore-order.ts'

const program = fileURLToPath(new URL('../bin/meterline-aggregator.mjs', import.meta.url))
const programs = new TestPrograms()
let folder = ''
let config = ''
let backups = ''

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'meterline-recovery-'))
  config = join(folder, 'aggregator.yaml')
  backups = join(folder, 'backups')
  writeFileSync(config, `dataDirectory: ${join(folder, 'data')}\nedge: { host: 127.0.0.1, port: 0 }\n`)
})
afterAll(() => {
  programs.kill()
  rmSync(folder, { recursive: true, force: true })
})

async function aggregator(...args: string[]): Promise<EndedProgram> {
  return await programs.start([process.execPath, program, ...args, '--config', config]).ended
}

/** A running aggregator; the function stops it and waits for its end. */
async function run(): Promise<() => Promise<EndedProgram>> {
  const readyFile = join(folder, 'ready.json')
  const commandLine = [process.execPath, program, 'run', '--config', config]
  const { child, ended } = await programs.startUntilReady(commandLine, readyFile)
  return async () => {
    child.kill('SIGTERM')
    return await ended
  }
}

async function apply(edit: (file: string) => string): Promise<void> {
  const file = join(folder, 'acme.yaml')
  writeFileSync(file, edit(acmeFile([])))
  expect(await aggregator('apply', '--file', file)).toMatchObject({ code: 0 })
}

describe('the command line', () => {
  test('makes a backup of running books, and restores it when they stand', async () => {
    expect(await aggregator('init')).toMatchObject({ code: 0 })
    const stop = await run()
    await apply((file) => file)

    const made = await aggregator('backup', '--tenant', 'all', '--to', backups, '--json')
    expect(made).toMatchObject({ code: 0, err: '' })
    const [backup] = (JSON.parse(made.out) as BackupAnswer).backups
    expect(backup).toMatchObject({ tenant: 'acme', generation: 1, size: 1 })
    expect(readdirSync(backups)).toHaveLength(2)
    await apply((file) => dearerInput(file))

    const restore = ['restore', '--from', backup?.file ?? '', '--tenant', 'acme', '--by', 'Ada', '--reason', 'a test']
    const tooEarly = await aggregator(...restore)
    expect(tooEarly).toMatchObject({ code: 6 })
    expect(tooEarly.err).toContain('another aggregator runs on it')
    expect(await stop()).toMatchObject({ code: 0 })

    const tried = await aggregator(...restore, '--dry-run')
    expect(tried).toMatchObject({ code: 0 })
    expect(tried.out).toContain('1 catalogue')
    const restored = await aggregator(...restore, '--json')
    expect(restored).toMatchObject({ code: 0, err: '' })
    const report = JSON.parse(restored.out) as RestoreReport
    expect(report).toMatchObject({ applied: true, generation: 2, size: 1, lost: { logEntries: 1, catalogues: 1 } })
    expect(existsSync(report.replacedFile ?? '')).toBe(true)

    expect(await aggregator('verify', '--json')).toMatchObject({ code: 0 })
    const stopAgain = await run()
    const shown = await aggregator('status')
    expect(shown.out).toMatch(/generation 2: restored to 1 entry at .* by Ada: a test/)
    await stopAgain()
  }, 60_000)

  test('says what is wrong with an order', async () => {
    const restore = ['restore', '--from', 'nothing.db', '--tenant', 'acme', '--by', 'Ada', '--reason', 'a test']
    const both = await aggregator(...restore, '--nothing-issued', '--last-number', 'acme=3')
    expect(both).toMatchObject({ code: 2 })
    expect(await aggregator(...restore, '--last-number', 'acme')).toMatchObject({ code: 2 })
    const missing = await aggregator(...restore)
    expect(missing).toMatchObject({ code: 6 })
    expect(missing.err).toContain('manifest_unusable')
    expect(await aggregator('backup', '--to', backups)).toMatchObject({ code: 5 })
  }, 30_000)
})
