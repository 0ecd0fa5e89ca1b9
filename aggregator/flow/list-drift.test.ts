import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { silentLog } from '@meterline/shared/base/log.ts'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { toHex } from '@meterline/shared/integrity/hash.ts'
import { generateSigningKey, openSigningKey } from '@meterline/shared/integrity/signature.ts'
import { decodeLogEntry } from '@meterline/shared/model/log-entry-codec.ts'
import type { LedgerEntry, LedgerLogEntry } from '@meterline/shared/model/log-entry.ts'
import { openDatabase } from '@meterline/shared/sqlite/open.ts'
import { temporaryDisk } from '@meterline/shared/sqlite/simulated-disk.ts'
import { preratingDrift } from '../domain/ledger/templates.ts'
import { BooksReader } from '../store/books-reader.ts'
import { appendOnlyTables } from '../store/schema.ts'
import { tenantFile } from '../store/tenant-files.ts'
import { BooksAudit } from './books-audit.ts'
import { usageEvent } from './fixtures/sealing-agent.ts'
import { TestTenant } from './fixtures/test-tenant.ts'
import type { DriftItem } from './list-drift.ts'
import { verifyBooks } from './verify-books.ts'
import { DriftCheck } from './verify-drift.ts'
import { areEntriesOf } from './verify-entries.ts'

const signingKey = openSigningKey(generateSigningKey().privatePem)
let dataDirectory = ''
let tenant: TestTenant
let oldSnapshot: Uint8Array = new Uint8Array(0)

/** From the middle of June a megabyte costs a third more. */
const dearer = (file: string): string =>
  file.replace(
    '{ upTo: 5000, amount: "0.02" }, { amount: "0.01" }] }',
    '{ upTo: 5000, amount: "0.02" }, { amount: "0.01" }],\n      changes: [{ from: 2025-06-15, model: per-unit, per: 1000, amount: "0.03" }] }',
  )

beforeEach(() => {
  dataDirectory = mkdtempSync(join(tmpdir(), 'meterline-drift-'))
  const parts = { dataDirectory, signingKey, nowMs: Date.UTC(2025, 6, 1), random: seededRandom('drift') }
  tenant = new TestTenant({ ...parts, log: silentLog() })
  tenant.apply()
  oldSnapshot = snapshotHash()
})
afterEach(() => {
  tenant.registry.kill()
  rmSync(dataDirectory, { recursive: true, force: true })
})

function snapshotHash(): Uint8Array {
  const { inForce } = tenant.service
  if (inForce === null) throw new Error('a catalogue is in force')
  return inForce.snapshot().hash
}

function drift(period?: string): readonly DriftItem[] {
  const listed = tenant.commands.drift('acme', { period, limit: 10 })
  if (!listed.ok) throw new Error(listed.fault.message)
  return listed.value
}

function ledgerEntries(): readonly LedgerLogEntry[] {
  return [...tenant.service.store.log.entriesFrom(0)].flatMap(({ entry }) => {
    const decoded = decodeLogEntry(entry)
    return decoded.ok && decoded.value.kind === 'ledger' ? [decoded.value] : []
  })
}

function memorandum(account: string): bigint {
  const { debitMicros, creditMicros } = tenant.service.store.ledger.balance('nordlink', 'EUR', account)
  return debitMicros - creditMicros
}

function problems(change: string | null = null): readonly string[] {
  tenant.clock.advance(10_000)
  tenant.registry.close()
  const file = join(dataDirectory, 'copy.db')
  copyFileSync(tenantFile(dataDirectory, 'acme'), file)
  const db = openDatabase({ file, disk: temporaryDisk })
  for (const table of [...appendOnlyTables, 'batch_body']) db.exec(`DROP TRIGGER IF EXISTS ${table}_no_delete`)
  if (change !== null) expect(db.prepare(change).run().changes).toBeGreaterThan(0)
  db.close()
  const report = verifyBooks(file, 'acme', signingKey.publicKeyBase64)
  if (!report.ok) throw new Error(report.fault.message)
  return report.value.problems.filter((problem) => !problem.includes('structure of the file'))
}

const event = (id: string, subject = 'trk-1'): ReturnType<typeof usageEvent> =>
  usageEvent({ id, source: subject, subject })

describe('usage that was pre-rated with the snapshot before a dated change', () => {
  beforeEach(() => {
    tenant.apply(dearer)
    // 1,000 bytes are 20,000 micros there and 30,000 here.
    tenant.use([event('a'), event('b')], { snapshotHash: oldSnapshot, micros: [20_000n] })
    tenant.use([event('c')], { snapshotHash: oldSnapshot, micros: [45_000n] })
    tenant.use([event('d')], { snapshotHash: oldSnapshot, micros: [null] })
    tenant.use([event('e')], { snapshotHash: snapshotHash(), micros: [1n] })
    tenant.use([event('f')])
  })

  test('is listed by agent, meter and snapshot, and stands on the memorandum accounts of the seller', () => {
    const item = {
      period: '2025-06',
      agent: 'gw-1',
      seller: 'nordlink',
      currency: 'EUR',
      meter: 'data.bytes',
      snapshot: toHex(oldSnapshot),
      records: 3,
      shortMicros: '20000',
      excessMicros: '15000',
      driftMicros: '5000',
    }
    expect(drift()).toEqual([item])
    expect(drift('2025-06')).toEqual([item])
    expect(drift('2025-07')).toEqual([])
    expect(memorandum('prerating:drift')).toBe(5_000n)
    expect(memorandum('prerating:drift-contra')).toBe(-5_000n)
    expect(memorandum('revenue')).toBe(-180_000n)
    expect(problems()).toEqual([])
  })

  test.each([
    ['a changed sum', "UPDATE drift SET short_micros = '1'", /^I9: the drift of data\.bytes at agent gw-1 .* is not/],
    ['another agent', "UPDATE drift SET agent = 'gw-2'", /^I9: the drift of data\.bytes at agent gw-2 .* is not/],
    ['a row removed', 'DELETE FROM drift', /^I9: the drift of data\.bytes at agent gw-1 .* is missing/],
  ])('verify finds %s', (_what, change, named) => {
    expect(problems(change)[0]).toMatch(named)
  })

  test('verify finds a ledger transaction that posts another drift', () => {
    const { inForce, store } = tenant.service
    const entry = ledgerEntries().find(({ partition }) => partition === 'nordlink')
    if (inForce === null || entry === undefined) throw new Error('nordlink has a ledger transaction')
    const reader = new BooksReader(tenantFile(dataDirectory, 'acme'))
    const check = new DriftCheck(reader, new BooksAudit())
    check.putInForce(inForce.version, inForce.catalogue)
    const own = { ...event('a'), eventId: 'a', receivedMonotonicMs: 0, anchor: 0, snapshot: 0 }
    const unit = { ...own, records: [{ meter: 'data.bytes', quantity: 1000n, preratedMicros: 20_000n, spends: [] }] }
    check.decide(store.log.size, { agent: 'gw-1', units: [unit, unit], snapshots: [oldSnapshot] }, [0, 1])
    const isRight = (entries: readonly LedgerEntry[], drifts = check.drifts): boolean =>
      areEntriesOf({ ...entry, entries }, inForce.catalogue, drifts)
    expect(isRight(entry.entries)).toBe(true)
    const charges = entry.entries.filter(({ account }) => !account.startsWith('prerating:'))
    expect(isRight(charges)).toBe(false)
    expect(isRight([...charges, ...preratingDrift('nordlink', 'EUR', 20_001n)])).toBe(false)
    expect(isRight(charges, null)).toBe(true)
    expect(isRight(entry.entries, null)).toBe(true)
    const reversed = entry.entries.map(({ debitMicros, creditMicros, ...books }) => {
      return { ...books, debitMicros: creditMicros, creditMicros: debitMicros }
    })
    expect(isRight(reversed)).toBe(false)
    reader.close()
  })

  test('is not worked out again where a body was deleted', () => {
    expect(problems('DELETE FROM batch_body WHERE log_index = 2')).toEqual([])
  })
})

test('a unit that is released drifts against the version it is charged by then', async () => {
  tenant.use([event('a', 'trk-3')], { snapshotHash: oldSnapshot, micros: [20_000n] })
  expect(drift()).toEqual([])
  tenant.apply((file) => dearer(file).replace('subjects: [trk-1, trk-2]', 'subjects: [trk-1, trk-2, trk-3]'))
  const order = { units: null, code: null, source: null, dryRun: false, by: 'Ada' }
  await tenant.clock.until(tenant.commands.suspenseReplay('acme', order))
  expect(drift()).toMatchObject([{ agent: 'gw-1', records: 1, driftMicros: '10000' }])
  expect(problems()).toEqual([])
})

test('another snapshot with the same price makes no drift, and nothing is posted', () => {
  tenant.apply((file) => file.replace('Hansa Logistics', 'Hansa'))
  tenant.use([event('a')], { snapshotHash: oldSnapshot, micros: [20_000n] })
  expect(drift()).toEqual([])
  expect(memorandum('prerating:drift')).toBe(0n)
  expect(problems()).toEqual([])
})
