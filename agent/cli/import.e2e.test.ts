import type { ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  TestPrograms,
  type EndedProgram,
  type StartedProgram,
} from '@meterline/shared/command-line/testing/test-programs.ts'
import { generateSigningKey } from '@meterline/shared/integrity/signature.ts'
import type { StatusJson } from '../control/serve-commands.ts'
import type { ImportSummary } from './import-focus.ts'

const program = fileURLToPath(new URL('../bin/meterline-agent.mjs', import.meta.url))
const programs = new TestPrograms()
let folder = ''
let config = ''

function start(...args: string[]): StartedProgram {
  return programs.start([process.execPath, program, ...args])
}

async function agent(...args: string[]): Promise<EndedProgram> {
  return await start(...args).ended
}

async function runAgent(): Promise<ChildProcess> {
  const readyFile = join(folder, 'ready.json')
  return (await programs.startUntilReady([process.execPath, program, 'run', '--config', config], readyFile)).child
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'meterline-import-'))
  config = join(folder, 'agent.yaml')
  const lines = [
    'tenant: acme',
    'agent: core-1',
    `dataDirectory: ${join(folder, 'data')}`,
    'mqtt: { listeners: [{ host: 127.0.0.1, port: 0 }] }',
    'mappings: [{ name: focus, profile: focus-1.0 }]',
    `uplink: { address: "localhost:1", aggregatorKey: "${generateSigningKey().publicKeyBase64}" }`,
  ]
  writeFileSync(config, `${lines.join('\n')}\n`)
  await agent('init', '--config', config)
})

afterEach(() => {
  programs.kill()
  rmSync(folder, { recursive: true, force: true })
})

type Cells = Readonly<Record<string, string>>

const columns =
  'BilledCost,BillingAccountId,BillingCurrency,BillingPeriodEnd,BillingPeriodStart,ChargeCategory,ChargeDescription,ChargePeriodEnd,ChargePeriodStart,EffectiveCost,ListCost,RegionId,ResourceId,ServiceName,SubAccountId,Tags'.split(
    ',',
  )

function row(cells: Cells): Cells {
  return {
    BilledCost: '0.125',
    BillingAccountId: 'payer-1',
    BillingCurrency: 'USD',
    BillingPeriodStart: '2024-09-01T00:00:00Z',
    BillingPeriodEnd: '2024-10-01T00:00:00Z',
    ChargeCategory: 'Usage',
    ChargeDescription: 'On-demand, per hour',
    ChargePeriodStart: '2024-09-03T04:00:00Z',
    ChargePeriodEnd: '2024-09-03T05:00:00Z',
    EffectiveCost: '0.125',
    ListCost: '0.2',
    RegionId: 'eu-west-1',
    ServiceName: 'Compute',
    SubAccountId: 'acc-1',
    Tags: '{"env":"prod"}',
    ...cells,
  }
}

function writeCsv(name: string, rows: readonly Cells[]): string {
  const cell = (text = ''): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
  const lines = rows.map((cells) => columns.map((column) => cell(cells[column])).join(','))
  const file = join(folder, name)
  writeFileSync(file, [columns.join(','), ...lines, ''].join('\n'))
  return file
}

async function importFile(file: string, ...more: string[]): Promise<ImportSummary> {
  const { code, out, err } = await agent('import', 'focus', file, '--config', config, '--json', ...more)
  if (code !== 0) throw new Error(`the import ended with ${code}: ${err}`)
  return JSON.parse(out) as ImportSummary
}

/** How far the import says it is, in rows. */
function importedRows(): number {
  const imports = join(folder, 'data', 'imports')
  const [progress] = existsSync(imports) ? readdirSync(imports).filter((name) => name.endsWith('.json')) : []
  if (progress === undefined) return 0
  return (JSON.parse(readFileSync(join(imports, progress), 'utf8')) as { rows: number }).rows
}

async function importedBeyond(rows: number): Promise<number> {
  for (let tries = 0; tries < 4000; tries++) {
    const now = importedRows()
    if (now > rows) return now
    await pause(5)
  }
  throw new Error(`the import never got beyond ${rows} rows`)
}

async function counters(): Promise<StatusJson['counters']> {
  return (JSON.parse((await agent('status', '--config', config, '--json')).out) as StatusJson).counters
}

const sample = [
  row({ ResourceId: 'vm-1' }),
  row({ ResourceId: 'vm-2', BilledCost: '0.0000000004' }),
  row({ ResourceId: 'vm-2', ChargeCategory: 'Credit', BilledCost: '-3.5' }),
  // Taxes are of the account as a whole.
  row({ ChargeCategory: 'Tax', BilledCost: '19', SubAccountId: '', ServiceName: 'NULL', RegionId: '' }),
  // Two charges that nothing tells apart.
  row({ ResourceId: 'vm-3' }),
  row({ ResourceId: 'vm-3' }),
]

describe('import focus', () => {
  test('takes each row in once, and says what it cannot use', async () => {
    await runAgent()
    const file = writeCsv('september.csv', [...sample, row({ BilledCost: 'much' })])
    const first = await importFile(file)
    expect(first).toMatchObject({ rows: 7, skippedRows: 0, storedRows: 6 })
    expect(Object.values(first.rejected)).toEqual([1])
    expect(first.examples[0]).toMatch(/^row 7: .*much/)
    // One record a row, and one more for the credit: what it takes off has a meter of its own.
    expect(await counters()).toMatchObject({ events: 6, records: 7, suspended: 1 })

    expect(await importFile(file)).toMatchObject({ rows: 7, skippedRows: 7, storedRows: 0 })
    // The same rows in another file, restated in what may be restated, and one with another cost.
    const restated = sample.map((cells, index) => ({ ...cells, Tags: '{"env":"test"}', ListCost: String(index) }))
    const again = await importFile(
      writeCsv('october.csv', [...restated.slice(1), { ...sample[0], BilledCost: '0.25' }]),
    )
    expect(again).toMatchObject({ rows: 6, storedRows: 5, rejected: { event_conflict: 1 } })
    expect(await counters()).toMatchObject({ events: 6, duplicates: 5 })
    // Of another source they are other charges.
    expect(await importFile(file, '--source', 'other-cloud')).toMatchObject({ storedRows: 6 })
    expect(await counters()).toMatchObject({ events: 12 })
  })

  test('goes on where it was when it, or the agent, was killed', async () => {
    const running = await runAgent()
    const rows = Array.from({ length: 20_000 }, (_, index) => row({ ResourceId: `vm-${index}` }))
    const file = writeCsv('large.csv', rows)
    const first = start('import', 'focus', file, '--config', config)
    const reached = await importedBeyond(0)
    first.child.kill('SIGKILL')
    await first.ended
    const second = start('import', 'focus', file, '--config', config)
    await importedBeyond(reached)
    running.kill('SIGKILL')
    // It cannot know what became of the command under way: it says so, and ends.
    expect((await second.ended).code).toBe(5)

    await runAgent()
    const { rows: count, skippedRows, storedRows } = await importFile(file)
    expect(count).toBe(20_000)
    expect(skippedRows).toBeGreaterThan(0)
    expect(storedRows).toBe(20_000 - skippedRows)
    expect((await counters()).events).toBe(20_000)
    expect(importedRows()).toBe(20_000)
  })

  test('says what is missing', async () => {
    const file = writeCsv('small.csv', sample)
    const alone = await agent('import', 'focus', file, '--config', config)
    expect([alone.code, alone.err]).toEqual([5, expect.stringContaining('control_unreachable')])
    await runAgent()
    const unmapped = await agent('import', 'focus', file, '--config', config, '--map', 'other')
    expect([unmapped.code, unmapped.err]).toEqual([6, expect.stringContaining('has no mapping rule other')])
    const absent = await agent('import', 'focus', join(folder, 'none.csv'), '--config', config)
    expect([absent.code, absent.err]).toEqual([6, expect.stringContaining('import_file_unreadable')])
    const column = await agent('import', 'focus', file, '--config', config, '--subject-column', 'Owner')
    expect([column.code, column.err]).toEqual([6, expect.stringContaining('no column Owner')])
  })
})
