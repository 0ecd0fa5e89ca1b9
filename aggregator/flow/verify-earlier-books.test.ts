import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { silentLog } from '@meterline/shared/base/log.ts'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { sha256, toHex } from '@meterline/shared/integrity/hash.ts'
import { openSigningKey } from '@meterline/shared/integrity/signature.ts'
import { openDatabase } from '@meterline/shared/sqlite/open.ts'
import { temporaryDisk } from '@meterline/shared/sqlite/simulated-disk.ts'
import { decodeInvoice } from '../documents/invoice.ts'
import { tenantFile } from '../store/tenant-files.ts'
import { TestTenant } from './fixtures/test-tenant.ts'
import { verifyBooks } from './verify-books.ts'

/** The key of the aggregator that wrote these books; it was made for them and signs nothing else. */
const earlierBooksKey = openSigningKey(
  `-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIKpMz/6ZpUnjCUPNFUyTvOGVYnXFASpRIIQ1ZhAIFfOa
-----END PRIVATE KEY-----
`,
)

/**
 * Books of the tenant acme as they were written before documents billed differences: two closed months with usage on
 * several legs, a price with free events and one with a first flat fee, fees of every kind (one in advance, of a
 * subscription older than the books), usage of a closed period and a conflict in suspense, and usage of the month that runs.
 */
function writeEarlierBooks(): string {
  const written = tenantFile(dataDirectory, 'acme')
  mkdirSync(dirname(written), { recursive: true })
  writeFileSync(written, gunzipSync(readFileSync(new URL('fixtures/earlier-books.db.gz', import.meta.url))))
  return written
}

let dataDirectory = ''
let file = ''
let tenant: TestTenant

beforeEach(() => {
  dataDirectory = mkdtempSync(join(tmpdir(), 'meterline-earlier-'))
  file = writeEarlierBooks()
  const nowMs = Date.UTC(2025, 8, 2)
  const parts = { dataDirectory, signingKey: earlierBooksKey, nowMs, random: seededRandom('earlier') }
  tenant = new TestTenant({ ...parts, log: silentLog() })
})
afterEach(() => {
  tenant.registry.kill()
  rmSync(dataDirectory, { recursive: true, force: true })
})

function report(): { readonly problems: readonly string[]; readonly checked: Readonly<Record<string, number>> } {
  const found = verifyBooks(file, 'acme', earlierBooksKey.publicKeyBase64)
  if (!found.ok) throw new Error(found.fault.message)
  return found.value
}

function documents(): readonly string[] {
  return [...tenant.service.store.documents.all()].map(
    ({ number, total, bytes }) => `${number} ${total} ${toHex(sha256(bytes)).slice(0, 16)}`,
  )
}

/** The lines of a document: what it corrects or its period, price, quantity and amount. */
function linesOf(number: string): readonly string[] {
  const row = tenant.service.store.documents.find(number)
  const invoice = decodeInvoice(row?.bytes ?? new Uint8Array(0))
  if (!invoice.ok) throw new Error(invoice.fault.message)
  return invoice.value.sections.flatMap(({ lines }) =>
    lines.map(({ corrects, fee, price, quantity, amount }) => {
      const place = corrects === undefined ? (fee?.period ?? invoice.value.period.key) : `corrects ${corrects.document}`
      return `${place} ${price} ${quantity} ${amount}`
    }),
  )
}

const issuedBefore = [
  'acme-000001 132.83',
  'acme-000002 25.04',
  'acme-000003 53.30',
  'acme-000004 25.01',
  'nordlink-000001 0.15',
  'nordlink-000002 0.04',
]

test('books from before documents billed differences hold, and no byte of their documents changes', () => {
  const { problems, checked } = report()
  expect(problems).toEqual([])
  expect(checked).toMatchObject({ documents: 6, segments: 14, 'charge blocks': 17 })
  expect(documents().map((text) => text.slice(0, -17))).toEqual(issuedBefore)
})

test('usage of a period that was closed then is charged by a replay and billed by difference', async () => {
  const before = documents()
  const order = { units: null, code: null, source: null, dryRun: false, by: 'Ada' }
  const replayed = await tenant.clock.until(tenant.commands.suspenseReplay('acme', order))
  expect(replayed).toMatchObject({ value: { released: 2, stay: 1 } })
  expect(report().problems).toEqual([])
  const closed = await tenant.clock.until(tenant.commands.closePeriod({ tenant: 'acme', period: '2025-08' }))
  expect(closed).toMatchObject({ ok: true })
  expect(report().problems).toEqual([])
  expect(documents()).toEqual(expect.arrayContaining([...before]))
  expect(linesOf('nordlink-000003')).toEqual([
    '2025-08 retail-data 1000 0.02',
    'corrects nordlink-000001 retail-data 2000 0.02',
  ])
  expect(linesOf('acme-000006')).toContain('corrects acme-000002 wholesale-data 2000 0.01')
  // By the rule of its time the fee of that period was billed with the one before, or never: that stays.
  expect(
    [...linesOf('acme-000005'), ...linesOf('acme-000006')].filter((line) => /^corrects .*platform/.test(line)),
  ).toEqual([])
})

test('what was billed in advance is not billed again', async () => {
  const closed = await tenant.clock.until(tenant.commands.closePeriod({ tenant: 'acme', period: '2025-08' }))
  expect(closed).toMatchObject({ ok: true })
  expect(linesOf('acme-000005').filter((line) => line.includes('platform'))).toEqual(['2025-09 platform 1 25.00'])
  expect(report().problems).toEqual([])
})

test.each([
  [
    'a billed line that is forgotten',
    "DELETE FROM billed_line WHERE key LIKE '%/setup%' OR id = 1",
    /^I10: the billed line/,
  ],
  [
    'another setup fee',
    `UPDATE document SET bytes = CAST(replace(CAST(bytes AS TEXT), '"49000000"', '"19000000"') AS BLOB) WHERE number = 'acme-000001'`,
    /^acme-000001: I10: the line of .* is a fee of 19000000 micros for 1, the catalogue of its period asks for 49000000/,
  ],
  [
    'a billed line of another amount',
    "UPDATE billed_line SET amount_micros = '7' WHERE id = 2",
    /^I10: the billed line/,
  ],
])('%s is found', (_what, statement, named) => {
  tenant.registry.close()
  const db = openDatabase({ file, disk: temporaryDisk })
  db.exec('DROP TRIGGER document_no_update')
  expect(db.prepare(statement).run().changes).toBeGreaterThan(0)
  db.close()
  expect(report().problems).toEqual(expect.arrayContaining([expect.stringMatching(named)]))
})
