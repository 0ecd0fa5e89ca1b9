import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { temporaryDisk } from '@meterline/shared/sqlite/simulated-disk.ts'
import type { BilledLine } from '../domain/billing/due-line.ts'
import { TenantStore } from './tenant-store.ts'

const relation = { seller: 'nordlink', buyer: 'hansa', currency: 'EUR' }
const line: BilledLine = {
  ...relation,
  key: '2025-06/s/data.bytes/abc',
  kind: 'usage',
  periodKey: '2025-06',
  account: 'north',
  description: 'Tracker: data.bytes',
  taxCode: null,
  unit: 'byte',
  quantity: 2n ** 80n,
  events: 3,
  chargeBlocks: 2,
  amountMicros: -(2n ** 70n),
  chargesMicros: 2n ** 66n,
  invoicedMicros: 0n,
  tax: { region: 'DE', percent: '19' },
  document: 'nordlink-000001',
}

let folder = ''
let store: TenantStore
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meterline-lines-'))
  store = open()
})
afterEach(() => {
  store.close()
  rmSync(folder, { recursive: true, force: true })
})

function open(): TenantStore {
  const file = join(folder, 'books.db')
  return new TenantStore({ file, disk: temporaryDisk, keyMemtableKeys: 64, keysPerCommit: 64 })
}

function commit(writes: Partial<Parameters<TenantStore['commitDocuments']>[0]>): void {
  const nothing = { entries: [], documents: [], ledger: [], billed: [], cleared: [], late: [] }
  store.commitDocuments({ ...nothing, ...writes }, { logSize: store.log.size })
}

describe('billed lines', () => {
  test('are found by key and by relation and period, whatever their size, also after a restart', () => {
    commit({ billed: [line, { ...line, key: '2025-07/s/data.bytes/abc', periodKey: '2025-07' }] })
    store.close()
    store = open()
    expect(store.billedLines.find(line.key)).toEqual(line)
    expect([...store.billedLines.of(relation, '2025-06').keys()]).toEqual([line.key])
    expect(store.billedLines.of({ ...relation, currency: 'USD' }, '2025-06').size).toBe(0)
    expect(store.billedLines.relations('2025-07')).toEqual([relation])
  })

  test('are replaced by what a later document says, and can be forgotten', () => {
    commit({ billed: [line] })
    const later = { ...line, events: 4, document: 'nordlink-000002' }
    commit({ billed: [later] })
    expect([...store.billedLines.of(relation, '2025-06').values()]).toEqual([later])
    store.billedLines.remove(line.key)
    expect(store.billedLines.find(line.key)).toBeNull()
  })
})

describe('late marks', () => {
  const june = { ...relation, period: '2025-06' }

  test('are set for periods that are barred only, once, and cleared with a document', () => {
    commit({ late: [june] })
    expect(store.lateMarks.list()).toEqual([])
    store.commitClosing('2025-06', 0, 1, { logSize: store.log.size })
    commit({ late: [june, june, { ...june, period: '2025-07' }] })
    expect(store.lateMarks.list()).toEqual([june])
    expect(store.lateMarks.periodsOf(relation)).toEqual(['2025-06'])
    expect(store.lateMarks.periodsOf({ ...relation, buyer: 'bright' })).toEqual([])
    commit({ cleared: [june] })
    expect(store.lateMarks.list()).toEqual([])
  })
})
