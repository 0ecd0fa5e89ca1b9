import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { silentLog } from '@meterline/shared/base/log.ts'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { generateSigningKey, openSigningKey } from '@meterline/shared/integrity/signature.ts'
import type { UsageEvent } from '@meterline/shared/model/usage-event.ts'
import { openDatabase } from '@meterline/shared/sqlite/open.ts'
import { temporaryDisk } from '@meterline/shared/sqlite/simulated-disk.ts'
import { appendOnlyTables } from '../store/schema.ts'
import { tenantFile } from '../store/tenant-files.ts'
import { asked, modelEvent as event, withModels } from './fixtures/models-file.ts'
import { usageTimeMs } from './fixtures/sealing-agent.ts'
import { TestTenant } from './fixtures/test-tenant.ts'
import { verifyBooks } from './verify-books.ts'

const signingKey = openSigningKey(generateSigningKey().privatePem)
const hourMs = 3_600_000
let home = ''
let folder = ''

function tenantIn(dataDirectory: string): TestTenant {
  const parts = { dataDirectory, signingKey, nowMs: Date.UTC(2025, 6, 1), random: seededRandom('models') }
  return new TestTenant({ ...parts, log: silentLog() })
}

const usage: readonly (readonly UsageEvent[])[] = [
  [
    asked('a', 'large', 1_000n),
    asked('b', 'large', 1_001n),
    asked('c', 'small', 5_000n),
    asked('d', 'tiny', 5_000n),
    event('e', 'energy', 1_000n, { timeMs: usageTimeMs - hourMs, facts: [['duration', 7_200n]] }),
    event('f', 'payments', 10_000n, { timeMs: usageTimeMs + 10 }),
    event('g', 'messages', 100n),
  ],
  [
    event('h', 'payments', 20_000n, { timeMs: usageTimeMs + 20 }),
    event('i', 'payments', 30_000n, { timeMs: usageTimeMs - 24 * hourMs }),
    event('j', 'payments', 0n, { timeMs: usageTimeMs + 48 * hourMs }),
    event('k', 'messages', 1n),
  ],
]

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'meterline-models-'))
  const tenant = tenantIn(home)
  const applied = tenant.apply(withModels)
  if (!applied.ok) throw new Error(JSON.stringify(applied))
  for (const events of usage) tenant.use(events)
  tenant.clock.advance(10_000)
  tenant.registry.close()
})
afterAll(() => rmSync(home, { recursive: true, force: true }))
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meterline-models-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function problemsAfter(...statements: readonly string[]): readonly string[] {
  const file = join(folder, 'tenant.db')
  copyFileSync(tenantFile(home, 'acme'), file)
  const db = openDatabase({ file, disk: temporaryDisk })
  for (const table of [...appendOnlyTables, 'batch_body']) db.exec(`DROP TRIGGER IF EXISTS ${table}_no_delete`)
  for (const statement of statements) expect(db.prepare(statement).run().changes).toBeGreaterThan(0)
  db.close()
  const report = verifyBooks(file, 'acme', signingKey.publicKeyBase64)
  if (!report.ok) throw new Error(report.fault.message)
  return report.value.problems.filter((problem) => !problem.includes('structure of the file'))
}

test('books with every kind of price hold, and each kind came to what it ought to', () => {
  expect(problemsAfter()).toEqual([])
  const tenant = tenantIn(folder)
  tenant.registry.close()
  const db = openDatabase({ file: tenantFile(home, 'acme'), readOnly: true })
  const rows = db
    .prepare<[], { key: string; quantity: string; events: number; amount: string }>(
      'SELECT key, quantity, events, amount_micros AS amount FROM segment',
    )
    .all()
  db.close()
  const found = rows.map(({ key, quantity, events, amount }) => {
    const [, , meter, , model] = key.split('/')
    return `${meter} ${model ?? '-'}: ${quantity} in ${events} for ${amount}`
  })
  expect(found.toSorted()).toEqual([
    'ai.input_tokens 0: 1000 in 1 for 3000',
    'ai.input_tokens 1: 1001 in 1 for 6006',
    'ai.input_tokens 2: 5000 in 1 for 5000',
    'energy 0: 500 in 1 for 200000',
    'energy 1: 500 in 1 for 50000',
    'messages -: 101 in 2 for 5050000',
    // The earliest two of 100.00, 200.00, 300.00 and 0.00 are free: 2 % of 200.00, and 0.30 twice.
    'payments -: 60000 in 4 for 4600000',
  ])
})

describe('planted corruption is found and named', () => {
  const payments = "WHERE key LIKE '%/payments/%'"
  const days = "WHERE segment_id = (SELECT id FROM segment WHERE key LIKE '%/payments/%')"
  test.each([
    [
      'what whole events cost',
      `UPDATE segment SET exact = '7' ${payments}`,
      /^I9: segment .*payments.* stands elsewhere/,
    ],
    [
      'a free event',
      `UPDATE segment SET earliest = replace(earliest, '"i"', '"x"') ${payments}`,
      /^I9: segment .*payments.* stands elsewhere/,
    ],
    ['no free events', `UPDATE segment SET earliest = '[]' ${payments}`, /^I9: segment .* charged 4600000 micros/],
    ['the records of a day', `UPDATE segment_day SET events = 9 ${days}`, /^I9: the days of segment .*payments/],
    ['what a day cost', `UPDATE segment_day SET exact = '9' ${days}`, /^I9: the days of segment .*payments/],
    [
      'a position where the quantity is all',
      "UPDATE segment SET exact = '7' WHERE key LIKE '%/messages/%'",
      /^I9: segment .*messages.* stands elsewhere/,
    ],
    [
      'another row of a matrix',
      "UPDATE segment SET key = substr(key, 1, length(key) - 1) || '9' WHERE key LIKE '%ai.input_tokens%/2'",
      /^I14: the charge block of segment .*\/9 in batch/,
    ],
  ])('%s', (_what, statement, named) => {
    expect(problemsAfter(statement)).toEqual(expect.arrayContaining([expect.stringMatching(named)]))
  })

  test('which events come first is not known once their body was deleted, and the rest is still checked', () => {
    const gone = 'DELETE FROM batch_body WHERE log_index = 1'
    expect(problemsAfter(gone)).toEqual([])
    const changed = `UPDATE segment SET exact = exact + 1 ${payments}`
    expect(problemsAfter(gone, changed)).toEqual([expect.stringMatching(/payments.* stands elsewhere/)])
  })
})

describe('usage without a row', () => {
  test('is suspended by itself, and is charged when a dated change brings its row', async () => {
    const tenant = tenantIn(folder)
    tenant.apply(withModels)
    tenant.use([asked('d', 'tiny', 5_000n), asked('a', 'large', 10n)])
    const listed = tenant.commands.suspenseList('acme', { limit: 10 })
    expect(listed).toMatchObject({ value: [{ unit: 0, code: 'no_price_row' }] })
    const row = (model: string): string =>
      `{ when: { ai.model: ${model} }, model: per-unit, amount: "2", per: 1000000 }`
    const change = `    changes:\n      - { from: 2025-01-01, model: matrix, dimensions: [ai.model], rows: [${row('tiny')}, ${row('large')}] }\n`
    const applied = tenant.apply((file) =>
      withModels(file).replace('  - id: energy\n    meter', `${change}  - id: energy\n    meter`),
    )
    expect(applied).toMatchObject({ ok: true })
    const order = { units: null, code: 'no_price_row', source: null, dryRun: false, by: 'Ada' }
    const replayed = await tenant.clock.until(tenant.commands.suspenseReplay('acme', order))
    expect(replayed).toMatchObject({ value: { tried: 1, released: 1 } })
    tenant.clock.advance(10_000)
    tenant.registry.close()
    const report = verifyBooks(tenantFile(folder, 'acme'), 'acme', signingKey.publicKeyBase64)
    expect(report).toMatchObject({ value: { problems: [] } })
  })
})
