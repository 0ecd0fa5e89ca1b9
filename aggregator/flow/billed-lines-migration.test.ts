import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { silentLog } from '@meterline/shared/base/log.ts'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { generateSigningKey, openSigningKey } from '@meterline/shared/integrity/signature.ts'
import { rowsOf, writeEarlierFile } from '@meterline/shared/sqlite/testing/earlier-file.ts'
import { billedLineTables } from '../store/migrations/billed-lines.ts'
import { tenantMigrations } from '../store/schema.ts'
import { tenantFile } from '../store/tenant-files.ts'
import { billCorrections } from './bill-now.ts'
import { closePeriod } from './close-period.ts'
import { usageEvent } from './fixtures/sealing-agent.ts'
import { TestTenant } from './fixtures/test-tenant.ts'
import { verifyBooks } from './verify-books.ts'

const signingKey = openSigningKey(generateSigningKey().privatePem)
/** The newest version without billed lines. */
const before = tenantMigrations.findIndex(({ sql }) => sql === billedLineTables)
const columns = ['key', 'kind', 'period', 'seller', 'buyer', 'currency', 'account', 'description', 'tax_code', 'unit']
const figures = [
  'quantity',
  'events',
  'charge_blocks',
  'amount_micros',
  'charges_micros',
  'invoiced_micros',
  'document',
]

let folders: string[] = []
beforeEach(() => {
  folders = [mkdtempSync(join(tmpdir(), 'meterline-new-')), mkdtempSync(join(tmpdir(), 'meterline-old-'))]
})
afterEach(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

function tenantIn(dataDirectory: string, agent?: TestTenant['agent']): TestTenant {
  const parts = { dataDirectory, signingKey, nowMs: Date.UTC(2025, 6, 1), random: seededRandom('lines') }
  return new TestTenant({ ...parts, log: silentLog(), ...(agent === undefined ? {} : { agent }) })
}

test('documents from before there were billed lines make them, and late usage is billed on top', async () => {
  const [newest = '', earlier = ''] = folders
  const first = tenantIn(newest)
  first.apply((file) =>
    file
      .replace('prices:\n', 'prices:\n  - { id: port, model: recurring, due: in-arrears, amount: "7.505" }\n')
      .replace('prices: [ai-input, ai-output]', 'prices: [port, ai-input, ai-output]'),
  )
  first.use([usageEvent({ id: 'a' }), usageEvent({ id: 'b' })])
  const request = { tenant: 'acme', period: '2025-06' }
  expect(await first.clock.until(closePeriod(first.service, first.clock, request))).toMatchObject({ ok: true })
  first.registry.close()

  const file = tenantFile(earlier, 'acme')
  mkdirSync(dirname(file), { recursive: true })
  writeEarlierFile(tenantFile(newest, 'acme'), file, tenantMigrations.slice(0, before))
  const second = tenantIn(earlier, first.agent.clone())
  const ofDocuments = rowsOf(tenantFile(newest, 'acme'), 'billed_line', [...columns, ...figures]).filter(
    (row) => !row.includes('"document":""'),
  )
  expect(ofDocuments.length).toBe(3)
  expect(second.service.store.lateMarks.list()).toEqual([])
  second.use([usageEvent({ id: 'late' })])
  const billed = await second.clock.until(billCorrections(second.service, second.clock, {}))
  expect(billed).toMatchObject({ ok: true, value: { documents: [{ buyer: 'nordlink' }, { buyer: 'logistics' }] } })
  second.registry.close()
  const untouched = rowsOf(file, 'billed_line', [...columns, ...figures]).filter((row) => ofDocuments.includes(row))
  expect(untouched).toEqual(ofDocuments.filter((row) => row.includes('"buyer":"bright"')))
  const report = verifyBooks(file, 'acme', signingKey.publicKeyBase64)
  expect(report.ok && report.value.problems).toEqual([])
})

test('an old file has the same billed lines as one that had them all along', async () => {
  const [newest = '', earlier = ''] = folders
  const tenant = tenantIn(newest)
  tenant.apply()
  tenant.use([usageEvent({ id: 'a' }), usageEvent({ id: 'b' })])
  const request = { tenant: 'acme', period: '2025-06' }
  expect(await tenant.clock.until(closePeriod(tenant.service, tenant.clock, request))).toMatchObject({ ok: true })
  tenant.registry.close()
  const file = tenantFile(earlier, 'acme')
  mkdirSync(dirname(file), { recursive: true })
  writeEarlierFile(tenantFile(newest, 'acme'), file, tenantMigrations.slice(0, before))
  tenantIn(earlier, tenant.agent.clone()).registry.close()
  const issued = (row: string): boolean => !row.includes('"document":""')
  expect(rowsOf(file, 'billed_line', [...columns, ...figures])).toEqual(
    rowsOf(tenantFile(newest, 'acme'), 'billed_line', [...columns, ...figures]).filter(issued),
  )
})
