import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { silentLog } from '@meterline/shared/base/log.ts'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { generateSigningKey, openSigningKey } from '@meterline/shared/integrity/signature.ts'
import { migrate } from '@meterline/shared/sqlite/migrate.ts'
import { openDatabase } from '@meterline/shared/sqlite/open.ts'
import { temporaryDisk } from '@meterline/shared/sqlite/simulated-disk.ts'
import { migrationCrashImages } from '@meterline/shared/sqlite/testing/crash-images.ts'
import { rowsOf, shapeOf, writeEarlierFile } from '@meterline/shared/sqlite/testing/earlier-file.ts'
import { tenantMigrations } from '../store/schema.ts'
import { tenantFile } from '../store/tenant-files.ts'
import { closePeriod } from './close-period.ts'
import { usageEvent, type SealingAgent } from './fixtures/sealing-agent.ts'
import { dearerInput } from './fixtures/tenant-file.ts'
import { TestTenant } from './fixtures/test-tenant.ts'
import { verifyBooks } from './verify-books.ts'

const signingKey = openSigningKey(generateSigningKey().privatePem)
const newest = tenantMigrations.length
// The first step, the keys, was never released without the second.
const earlier = tenantMigrations.slice(1, -1).map(({ version }) => version)
let home = ''
let agent: SealingAgent
let folder = ''

function tenantIn(dataDirectory: string, known?: SealingAgent): TestTenant {
  const parts = { dataDirectory, signingKey, nowMs: Date.UTC(2025, 6, 1), random: seededRandom('migrations') }
  return new TestTenant({ ...parts, log: silentLog(), ...(known === undefined ? {} : { agent: known }) })
}

/** Books with batches on several legs, a conflict, something in suspense, two catalogues, and a checkpoint. */
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'meterline-books-'))
  const tenant = tenantIn(home)
  agent = tenant.agent
  tenant.apply()
  tenant.use([usageEvent({ id: 'a' }), usageEvent({ id: 'b' }), usageEvent({ id: 'x', subject: 'nobody' })])
  tenant.apply((file) => dearerInput(file))
  tenant.use([
    usageEvent({ id: 'a', measured: [{ meter: 'data.bytes', quantity: 5n }] }),
    usageEvent({ id: 'ai', subject: 'llm-1', measured: [{ meter: 'ai.input_tokens', quantity: 77_777n }] }),
  ])
  tenant.clock.advance(10_000)
  tenant.registry.close()
})
afterAll(() => rmSync(home, { recursive: true, force: true }))

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meterline-migrations-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function booksOfVersion(version: number): string {
  const file = tenantFile(folder, 'acme')
  mkdirSync(dirname(file), { recursive: true })
  writeEarlierFile(tenantFile(home, 'acme'), file, tenantMigrations.slice(0, version))
  return file
}

function problemsOf(file: string): readonly string[] {
  const report = verifyBooks(file, 'acme', signingKey.publicKeyBase64)
  if (!report.ok) throw new Error(report.fault.message)
  return report.value.problems
}

describe.each(earlier)('books of version %i', (version) => {
  test('go over to the newest with every row they had', () => {
    const file = booksOfVersion(version)
    const before = shapeOf(file).map(({ table, columns }) => ({ table, columns, rows: rowsOf(file, table, columns) }))
    expect(before.flatMap(({ rows }) => rows).length).toBeGreaterThan(40)
    const db = openDatabase({ file, disk: temporaryDisk })
    expect(migrate(db, tenantMigrations)).toBe(newest)
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok')
    expect(db.pragma('foreign_key_check')).toEqual([])
    db.close()
    for (const { table, columns, rows } of before) {
      expect({ table, rows: rowsOf(file, table, columns) }).toEqual({ table, rows })
    }
  })

  test('are used: the same agent goes on, repetitions are known, the period closes, and the books verify', async () => {
    const file = booksOfVersion(version)
    const known = agent.clone()
    const tenant = tenantIn(folder, known)
    tenant.use([usageEvent({ id: 'b' }), usageEvent({ id: 'after' })])
    const closed = await tenant.clock.until(
      closePeriod(tenant.service, tenant.clock, { tenant: 'acme', period: '2025-06' }),
    )
    expect(closed).toMatchObject({ ok: true })
    tenant.clock.advance(10_000)
    tenant.registry.close()
    expect(problemsOf(file)).toEqual([])
  })

  test('killed at every statement and page of the migrations they have whole steps, and go on from there', () => {
    const file = booksOfVersion(version)
    const images = migrationCrashImages(file, tenantMigrations, folder)
    const left = images.map((image) => {
      const db = openDatabase({ file: image, disk: temporaryDisk })
      const found = Number(db.pragma('user_version', { simple: true }))
      expect(migrate(db, tenantMigrations)).toBe(newest)
      db.close()
      return found
    })
    const steps = tenantMigrations.map((step) => step.version).slice(version - 1)
    expect([...new Set(left)].toSorted((one, other) => one - other)).toEqual(steps)
    const whole = rowsOf(file, 'log', ['log_index', 'hex(entry)'])
    for (const image of images) expect(rowsOf(image, 'log', ['log_index', 'hex(entry)'])).toEqual(whole)
  })
})

test('books of a newer version are refused and stay as they are', () => {
  const file = tenantFile(folder, 'acme')
  mkdirSync(dirname(file), { recursive: true })
  copyFileSync(tenantFile(home, 'acme'), file)
  const db = openDatabase({ file, disk: temporaryDisk })
  db.pragma(`user_version = ${newest + 1}`)
  db.pragma(`application_id = ${newest + 1}`)
  db.close()
  const before = readFileSync(file)
  const tenant = tenantIn(folder, agent.clone())
  expect(tenant.registry.find('acme')).toBeTypeOf('string')
  tenant.registry.close()
  expect(readFileSync(file)).toEqual(before)
})
