import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { FaultError } from '@meterline/shared/base/errors.ts'
import { noMeteringChanges } from '@meterline/shared/metering/state.ts'
import { openDatabase } from '@meterline/shared/sqlite/open.ts'
import { temporaryDisk } from '@meterline/shared/sqlite/simulated-disk.ts'
import type { Accumulator } from '@meterline/shared/rating/accumulate.ts'
import type { LedgerEntry } from '@meterline/shared/model/log-entry.ts'
import { lockData } from './data-lock.ts'
import { evidenceCaps } from './evidence-table.ts'
import { appendOnlyTables } from './schema.ts'
import { listTenants, tenantFile } from './tenant-files.ts'
import { TenantStore } from './tenant-store.ts'

let folder = ''
let open: TenantStore[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meterline-store-'))
})
afterEach(() => {
  for (const store of open) store.close()
  open = []
  rmSync(folder, { recursive: true, force: true })
})

function openStore(): TenantStore {
  const file = tenantFile(folder, 'acme')
  const store = new TenantStore({ file, disk: temporaryDisk, keyMemtableKeys: 64, keysPerCommit: 64 })
  open.push(store)
  return store
}

function reopened(store: TenantStore): TenantStore {
  store.close()
  open = open.filter((each) => each !== store)
  return openStore()
}

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)
const hash = (value: number): Uint8Array => new Uint8Array(32).fill(value)
const entry = (account: string, debitMicros: bigint, creditMicros: bigint): LedgerEntry => ({
  entity: 'acme',
  asset: 'EUR',
  account,
  debitMicros,
  creditMicros,
})

/** Beyond what a 64-bit integer holds, with names that need care in JSON. */
const accumulator: Accumulator = {
  quantity: 2n ** 70n,
  events: 1,
  exact: 2n ** 80n,
  earliest: [
    { timeMs: 5, source: 'gate"way', id: '', quantity: 2n ** 62n },
    { timeMs: 5, source: 'gateway', id: '7\u2028', quantity: 0n },
  ],
  amountMicros: 5n,
}

/** A row in each table that only grows. */
function fill(store: TenantStore): void {
  const batch = {
    logIndex: 0,
    agent: 'gw-1',
    epoch: 1,
    seq: 1,
    batchHash: hash(1),
    unitCount: 1,
    recordCount: 1,
    receivedMs: 1,
    admission: null,
    body: bytes(1),
  }
  const counted = { batches: 1 }
  const received = {
    entries: [bytes(1)],
    batches: [batch],
    chains: [],
    evidence: [],
    counted,
    receivedMs: 1,
    keysStaged: 0,
  }
  store.commitReceived(received, { logSize: 0 })
  store.commitRated(
    {
      entries: [bytes(2)],
      ledger: [{ logIndex: 1, entries: [entry('unbilled:x', 5n, 0n), entry('revenue', 0n, 5n)] }],
      accumulators: new Map([['s', accumulator]]),
      blocks: [
        { batchIndex: 0, segmentKey: 's', amountMicros: 5n, leaf: hash(3), block: bytes(3), releaseIndex: null },
      ],
      days: new Map([['s', new Map([[20_000, { quantity: 2n ** 70n, events: 1, exact: 2n ** 80n }]])]]),
      metering: noMeteringChanges,
      drift: [],
      charged: [],
      suspended: [],
      observations: null,
      cursor: 0,
    },
    { logSize: 1 },
  )
  const catalogue = { logIndex: 2, contentHash: hash(4), content: bytes(4), fileName: 'f', appliedMs: 1 }
  store.commitCatalogue({ entries: [bytes(4)], catalogue }, { logSize: 2 })
  const document = {
    entity: 'acme',
    series: 'acme',
    sequence: 1,
    number: 'acme-000001',
    buyer: 'x',
    period: '2025-06',
    currency: 'EUR',
    total: '0.01',
    logIndex: 3,
    documentHash: hash(5),
    bytes: bytes(5),
    purpose: 'period' as const,
  }
  const issued = { entries: [bytes(5)], documents: [document], ledger: [], billed: [], cleared: [], late: [] }
  store.commitDocuments(issued, { logSize: 3 })
  store.commitCheckpoint({ size: 4, note: 'note', sealedMs: 1 }, { logSize: 4 })
}

describe('the database itself', () => {
  test.each(appendOnlyTables)('refuses to change or delete a row of %s', (table) => {
    fill(openStore())
    const db = openDatabase({ file: tenantFile(folder, 'acme') })
    try {
      const [column] = db.prepare<[], { name: string }>(`SELECT name FROM pragma_table_info('${table}')`).all()
      expect(db.prepare(`SELECT * FROM ${table}`).all().length).toBeGreaterThan(0)
      expect(() => db.prepare(`UPDATE ${table} SET ${column?.name} = ${column?.name}`).run()).toThrow(/append-only/)
      expect(() => db.prepare(`DELETE FROM ${table}`).run()).toThrow(/append-only/)
      db.pragma('recursive_triggers = ON')
      expect(() => db.prepare(`REPLACE INTO ${table} SELECT * FROM ${table}`).run()).toThrow(/append-only/)
    } finally {
      db.close()
    }
  })

  test('lets a body be deleted and never changed', () => {
    fill(openStore())
    const db = openDatabase({ file: tenantFile(folder, 'acme') })
    try {
      expect(() => db.prepare('UPDATE batch_body SET body = body').run()).toThrow(/never changed/)
      expect(db.prepare('DELETE FROM batch_body').run().changes).toBe(1)
    } finally {
      db.close()
    }
  })

  test('keeps files to their owner', () => {
    openStore()
    expect(statSync(tenantFile(folder, 'acme')).mode & 0o777).toBe(0o600)
  })
})

describe('a store', () => {
  test('is the same after it was opened again', () => {
    const before = openStore()
    fill(before)
    const root = [...before.log.root()]
    const after = reopened(before)
    expect(after.log.size).toBe(4)
    expect([...after.log.root()]).toEqual(root)
    expect(after.ratingCursor()).toBe(0)
    expect(after.ledger.balance('acme', 'EUR', 'revenue')).toEqual({ debitMicros: 0n, creditMicros: 5n })
    // More than a 64-bit integer holds, to the last digit.
    expect(after.segments.accumulator('s')).toEqual(accumulator)
    expect(after.totals.all()).toMatchObject({ batches: 1, units: 0 })
  })

  test('writes nothing of a commit that fails', () => {
    const store = openStore()
    fill(store)
    const writes = {
      entries: [bytes(9)],
      ledger: [{ logIndex: 4, entries: [entry('revenue', 0n, 1n)] }],
      accumulators: new Map(),
      blocks: [],
      days: new Map(),
      metering: noMeteringChanges,
      drift: [],
      charged: [],
      // The same unit twice breaks the primary key at the end of the transaction.
      observations: null,
      suspended: [1, 2].map(() => ({
        logIndex: 0,
        unit: 0,
        code: 'c',
        message: 'm',
        source: 's',
        eventId: null,
        subject: 's',
        timeMs: 1,
      })),
      cursor: 5,
    }
    expect(() => store.commitRated(writes, { logSize: 4 })).toThrow(/UNIQUE/)
    const after = reopened(store)
    expect(after.log.size).toBe(4)
    expect(after.ratingCursor()).toBe(0)
    expect(after.ledger.balance('acme', 'EUR', 'revenue').creditMicros).toBe(5n)
  })

  test('refuses a decision that was made for another state', () => {
    const store = openStore()
    fill(store)
    expect(() => store.commitCheckpoint({ size: 3, note: '', sealedMs: 0 }, { logSize: 3 })).toThrow(
      /decided at log size 3/,
    )
  })

  test('keeps the first pieces of evidence of each agent and counts what comes again', () => {
    const store = openStore()
    const piece = (agent: string, value: number) => ({
      agent,
      code: 'signature_invalid',
      message: 'm',
      address: 'a',
      fingerprint: Uint8Array.from([value >> 8, value & 0xff]),
      header: bytes(),
      signature: bytes(),
      body: bytes(),
      seenMs: value,
    })
    for (let value = 0; value < evidenceCaps.piecesPerAgent + 5; value++) {
      store.commitEvidence([piece('gw-1', value)], { logSize: 0 })
    }
    store.commitEvidence([piece('gw-1', 0), piece('gw-2', 0)], { logSize: 0 })
    const list = store.evidence.list(1000)
    expect(list).toHaveLength(evidenceCaps.piecesPerAgent + 1)
    expect(list[0]).toMatchObject({ agent: 'gw-1', seen: 2, firstSeenMs: 0 })
    expect(list.at(-1)).toMatchObject({ agent: 'gw-2', seen: 1 })
    expect(store.totals.all().evidenceNotKept).toBe(5)
  })
})

test('only files of tenants are taken for tenants', () => {
  for (const name of ['acme', 'b.2'])
    new TenantStore({
      file: tenantFile(folder, name),
      disk: temporaryDisk,
      keyMemtableKeys: 64,
      keysPerCommit: 64,
    }).close()
  const lock = lockData(folder)
  expect(listTenants(folder)).toEqual(['acme', 'b.2'])
  lock.release()
})

test('a data directory is held by one aggregator, and free again when that ends', () => {
  const first = lockData(folder)
  expect(() => lockData(folder)).toThrow(FaultError)
  expect(() => lockData(folder)).toThrow(/another aggregator runs on it/)
  first.release()
  lockData(folder).release()
})
