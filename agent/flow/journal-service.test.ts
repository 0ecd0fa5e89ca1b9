import DatabaseConstructor from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { generateSigningKey, openSigningKey } from '@meterline/shared/integrity/signature.ts'
import { DeviceNumbers, GroupFiller } from './group.ts'
import type { JournalQuestion, JournalReply } from './journal-port.ts'
import { JournalService } from './journal-service.ts'
import { TestDisk } from './testing/test-disk.ts'
import { testSettings } from './testing/test-settings.ts'

const signingKey = openSigningKey(generateSigningKey().privatePem)
const group = { deliveries: 100, payloadBytes: 100_000 }
let disk: TestDisk
let service: JournalService | null = null

beforeEach(() => {
  disk = new TestDisk()
})

afterEach(() => {
  service?.close()
  service = null
  disk.remove()
})

function open(): ReturnType<typeof JournalService.open> {
  const opened = JournalService.open(testSettings(disk, { disk: undefined }), signingKey, seededRandom('journal'), 0)
  if (opened.ok) service = opened.value
  return opened
}

function close(): void {
  service?.close()
  service = null
}

function apply(ids: readonly string[]): JournalReply | undefined {
  const filler = new GroupFiller(group)
  const devices = new DeviceNumbers(100)
  const device = devices.numberOf('dev-1')
  for (const id of ids) {
    filler.add(device, 'usage', Buffer.from(JSON.stringify({ id, meter: 'm', quantity: 1, time: 1 })), 0)
  }
  const at = { bootId: '0'.repeat(32), monotonicMs: 1000, wallMs: 1_760_000_000_000, syncState: 'synced' as const }
  return service?.handle({ kind: 'group', group: filler.handOver(devices.handOver(), at), receipts: [], at })
}

/** Puts something into suspense that nobody can read. */
function suspend(): void {
  const filler = new GroupFiller(group)
  const devices = new DeviceNumbers(100)
  filler.add(devices.numberOf('dev-1'), 'usage', Buffer.from('{"meter":2}'), 0)
  const at = { bootId: '0'.repeat(32), monotonicMs: 1000, wallMs: 1_760_000_000_000, syncState: 'synced' as const }
  service?.handle({ kind: 'group', group: filler.handOver(devices.handOver(), at), receipts: [], at })
}

/** Changes the closed file behind the journal's back. */
function tamper(sql: string): void {
  const db = new DatabaseConstructor(disk.journalFile)
  expect(db.prepare(sql).run().changes).toBeGreaterThan(0)
  db.close()
}

describe('a journal', () => {
  test('opened without having been closed holds every commit that was answered', () => {
    open()
    apply(['e1', 'e2', 'e3'])
    apply(['e4'])
    disk.crash()
    close()
    expect(open()).toMatchObject({
      ok: true,
      value: { opening: { chain: { sealedSeq: 2 }, progress: { openUnits: 0 } } },
    })
    expect(apply(['e1', 'e2', 'e3', 'e4', 'e5'])).toMatchObject({ fault: null, progress: { openUnits: 1 } })
    const loaded = service?.handle({ kind: 'load', fromSeq: 1, maxCount: 10, maxBytes: 1_000_000 })
    expect(loaded).toMatchObject({ batches: [{ seq: 1 }, { seq: 2 }] })
  })

  test('whose receipts name nothing it holds stops rather than deletes', () => {
    open()
    apply(['e1', 'e2'])
    const receipt = { epoch: 1, seq: 1, batchHash: new Uint8Array(32), logIndex: 0 }
    const at = { bootId: '0'.repeat(32), monotonicMs: 2000, wallMs: 1_760_000_001_000, syncState: 'synced' as const }
    const reply = service?.handle({ kind: 'tend', receipts: [receipt], at })
    expect(reply).toMatchObject({ fault: { code: 'journal_failed' } })
    expect(apply(['e3'])).toMatchObject({ fault: { code: 'journal_failed' } })
    close()
    expect(open()).toMatchObject({ ok: true, value: { opening: { progress: { outboxBatches: 1 } } } })
  })
})

describe('a question that meets damage', () => {
  test.each<[string, JournalQuestion, string]>([
    ['status', { kind: 'status' }, `INSERT INTO recovery VALUES (1, 1, 'Ada', NULL, 'no JSON', 0)`],
    [
      'status, with half a report',
      { kind: 'status' },
      `INSERT INTO recovery VALUES (1, 1, 'Ada', NULL, '{"lost": []}', 0)`,
    ],
    ['an entry of the suspense', { kind: 'suspense-show', number: 1 }, `UPDATE suspense SET positions = '[1'`],
  ])('is answered with it, and the journal takes nothing more: %s', (_what, question, sql) => {
    open()
    suspend()
    close()
    tamper(sql)
    open()
    const answer = service?.answer(question)
    expect(answer).toMatchObject({ kind: 'unanswered', fault: { code: 'journal_damaged' } })
    expect(service?.failure).toMatchObject({ code: 'journal_damaged' })
    expect(apply(['e1'])).toMatchObject({ fault: { code: 'journal_damaged' } })
  })
})

describe('a damaged journal is not opened', () => {
  test.each([
    ['a sealed batch is missing', 'DELETE FROM batch WHERE seq = 2'],
    ['units of a sealed batch are missing', 'DELETE FROM chunk WHERE id = 1'],
    [
      'a header was changed',
      'UPDATE batch SET header = CAST(substr(header, 1, 20) || substr(header, 22) AS BLOB) WHERE seq = 1',
    ],
    ['the chain ends elsewhere', 'UPDATE chain SET sealed_hash = zeroblob(32)'],
    ['the open batch cannot be read', `UPDATE chunk SET units = x'ff' WHERE id = (SELECT max(id) FROM chunk)`],
    ['nobody owns it', 'DELETE FROM chain'],
  ])('%s', (_what, sql) => {
    open()
    apply(['e1', 'e2', 'e3'])
    apply(['e4', 'e5'])
    close()
    tamper(sql)
    const opened = open()
    expect(opened.ok ? 'opened' : opened.fault.code).toBe('journal_damaged')
  })
})
