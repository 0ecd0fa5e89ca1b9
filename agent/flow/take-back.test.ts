import DatabaseConstructor from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { generateSigningKey, openSigningKey } from '@meterline/shared/integrity/signature.ts'
import type { ClockReading } from '@meterline/shared/model/usage-record.ts'
import type { LogTrust } from '../domain/checkpoint-trust.ts'
import type { BatchReceipt } from '../domain/uplink-types.ts'
import { DeviceNumbers, GroupFiller } from './group.ts'
import type { JournalReply, JournalRequest, JournalStatus, StoredBatch } from './journal-port.ts'
import { JournalService } from './journal-service.ts'
import { TestDisk } from './testing/test-disk.ts'
import { testSettings } from './testing/test-settings.ts'

const signingKey = openSigningKey(generateSigningKey().privatePem)
const group = { deliveries: 100, payloadBytes: 100_000 }
const hashOf = (seq: number): Uint8Array => new Uint8Array(32).fill(seq)
const restored: LogTrust = { generation: 2, head: { size: 7, root: hashOf(7), note: null }, doubted: false }

let disk: TestDisk
let service: JournalService | null = null
let nowMs = 0

beforeEach(() => {
  disk = new TestDisk()
  nowMs = 1_760_000_000_000
})

afterEach(() => {
  close()
  disk.remove()
})

function at(): ClockReading {
  return { bootId: '0'.repeat(32), monotonicMs: nowMs, wallMs: nowMs, syncState: 'synced' }
}

/** Opens the journal; a batch has two units, and the outbox takes `outboxBytes`. */
function open(outboxBytes = 10_000_000, retainedBytes = 10_000_000): ReturnType<typeof JournalService.open> {
  const opened = JournalService.open(
    testSettings(disk, { outboxBytes, retention: { retainMs: 86_400_000, bytes: retainedBytes } }),
    signingKey,
    seededRandom('journal'),
    nowMs,
  )
  if (opened.ok) service = opened.value
  return opened
}

function close(): void {
  service?.close()
  service = null
}

function handle(request: JournalRequest): JournalReply {
  if (service === null) throw new Error('the journal is not open')
  return service.handle(request)
}

function apply(ids: readonly string[], receipts: readonly BatchReceipt[] = []): JournalReply {
  const filler = new GroupFiller(group)
  const devices = new DeviceNumbers(100)
  const device = devices.numberOf('dev-1')
  for (const id of ids) {
    filler.add(device, 'usage', Buffer.from(JSON.stringify({ id, meter: 'm', quantity: 1, time: 1 })), 0)
  }
  return handle({ kind: 'group', group: filler.handOver(devices.handOver(), at()), receipts, at: at() })
}

function load(): readonly StoredBatch[] {
  const reply = handle({ kind: 'load', fromSeq: 1, maxCount: 100, maxBytes: 10_000_000 })
  return reply.kind === 'load' ? reply.batches : []
}

const receiptOf = ({ seq, batchHash }: StoredBatch): BatchReceipt => ({ epoch: 1, seq, batchHash, logIndex: seq + 100 })

/** Six events in three batches, all settled; returns them as they were sent. */
function settleThree(): readonly StoredBatch[] {
  apply(['e1', 'e2'])
  apply(['e3', 'e4'])
  apply(['e5', 'e6'])
  const batches = load()
  expect(handle({ kind: 'tend', receipts: batches.map(receiptOf), at: at() })).toMatchObject({ fault: null })
  expect(load()).toEqual([])
  return batches
}

function takeBack(toSeq: number, toHash: Uint8Array, receipts: readonly BatchReceipt[] = []): JournalReply {
  return handle({ kind: 'take-back', order: { toSeq, toHash, trust: restored }, receipts, at: at() })
}

function status(): JournalStatus {
  const answer = service?.answer({ kind: 'status' })
  if (answer?.kind !== 'status') throw new Error('the journal answered another question')
  return answer.status
}

/** Changes the closed file behind the journal's back. */
function tamper(sql: string): void {
  const db = new DatabaseConstructor(disk.journalFile)
  expect(db.prepare(sql).run().changes).toBeGreaterThan(0)
  db.close()
}

describe('taking back', () => {
  test('brings back the very bytes, durably, with the new generation', () => {
    open()
    const [first, ...later] = settleThree()
    const hash = first?.batchHash ?? new Uint8Array()
    expect(takeBack(1, hash)).toMatchObject({ fault: null, outcome: 'done', progress: { outboxBatches: 2 } })
    expect(load()).toEqual(later)
    disk.crash()
    close()
    open()
    expect(load()).toEqual(later)
    expect(status()).toMatchObject({
      chain: { settledSeq: 1, sealedSeq: 3 },
      lastLogIndex: 101,
      outbox: { batches: 2 },
      retained: { batches: 1, fromSeq: 1 },
      log: { generation: 2, head: { size: 7 } },
    })
    expect(handle({ kind: 'tend', receipts: later.map(receiptOf), at: at() })).toMatchObject({ fault: null })
    expect(status()).toMatchObject({ chain: { settledSeq: 3 }, retained: { batches: 3, fromSeq: 1 } })
  })

  test('of everything brings back everything', () => {
    open()
    const batches = settleThree()
    expect(takeBack(0, new Uint8Array(32))).toMatchObject({ outcome: 'done' })
    expect(load()).toEqual(batches)
    expect(status()).toMatchObject({ lastLogIndex: null, retained: { batches: 0, bytes: 0, fromSeq: 0 } })
  })

  test('of nothing only notes the new generation', () => {
    open()
    const batches = settleThree()
    expect(takeBack(3, batches[2]?.batchHash ?? new Uint8Array())).toMatchObject({ outcome: 'done' })
    expect(status()).toMatchObject({ outbox: { batches: 0 }, retained: { batches: 3 }, log: { generation: 2 } })
  })

  test('of what is not kept, or follows another batch, changes nothing', () => {
    open()
    const batches = settleThree()
    const bytes = status().retained.bytes
    close()
    open(10_000_000, bytes - 1)
    apply(['e7'])
    nowMs += 100
    expect(status().retained).toMatchObject({ batches: 2, fromSeq: 2 })
    expect(takeBack(0, new Uint8Array(32))).toMatchObject({ fault: null, outcome: 'gone' })
    expect(takeBack(1, batches[1]?.batchHash ?? new Uint8Array())).toMatchObject({ fault: null, outcome: 'forked' })
    expect(status()).toMatchObject({ chain: { settledSeq: 3 }, log: { generation: 1 }, retained: { batches: 2 } })
    expect(takeBack(1, batches[0]?.batchHash ?? new Uint8Array())).toMatchObject({ outcome: 'done' })
  })

  test('takes the receipts of before first', () => {
    open()
    apply(['e1', 'e2'])
    apply(['e3', 'e4'])
    const [first, second] = load()
    if (first === undefined || second === undefined) throw new Error('there are no two batches')
    const receipts = [receiptOf(first), receiptOf(second)]
    expect(takeBack(1, first.batchHash, receipts)).toMatchObject({ outcome: 'done' })
    expect(load()).toEqual([second])
    expect(status().chain).toMatchObject({ settledSeq: 1 })
    expect(handle({ kind: 'tend', receipts, at: at() })).toMatchObject({ fault: null })
    expect(status().chain).toMatchObject({ settledSeq: 2 })
  })

  test('outweighs a checkpoint of the generation before that was not stored yet', () => {
    open()
    settleThree()
    handle({ kind: 'checkpoint', head: { size: 90, root: hashOf(90), note: 'earlier' } })
    takeBack(0, new Uint8Array(32))
    apply(['e7'])
    expect(status().log).toMatchObject({ generation: 2, head: { size: 7 } })
  })

  test('fills the outbox: deliveries are refused until it is taken, and the cap counts nothing that is settled', () => {
    open()
    settleThree()
    const { bytes } = status().retained
    close()
    open(bytes)
    expect(apply(['e7'])).toMatchObject({ fault: null })
    takeBack(0, new Uint8Array(32))
    expect(apply(['e8'])).toMatchObject({ fault: { code: 'outbox_full' } })
    const receipts = load().map(receiptOf)
    expect(apply(['e8'], receipts)).toMatchObject({ fault: null })
  })
})

describe('a journal with settled batches', () => {
  test.each([
    ['one of them is not on the list', 'DELETE FROM settled_batch WHERE seq = 2'],
    ['one was settled at another time', 'UPDATE settled_batch SET settled_ms = settled_ms - 1 WHERE seq = 1'],
    ['one lies elsewhere in the log', 'UPDATE settled_batch SET log_index = 0 WHERE seq = 3'],
    ['the list says more than is settled', 'UPDATE settled_batch SET seq = 9 WHERE seq = 3'],
    ['what is known of the log was changed', 'UPDATE log_head SET root = zeroblob(32)'],
    ['the doubt was taken away', 'UPDATE log_head SET doubted = 0'],
    ['nothing says what is known of the log', 'DELETE FROM log_head'],
  ])('is not opened when %s', (_what, sql) => {
    open()
    settleThree()
    takeBack(3, load()[0]?.batchHash ?? new Uint8Array(32))
    handle({ kind: 'evidence', evidence: null, at: at() })
    close()
    tamper(sql)
    const opened = open()
    expect(opened.ok ? 'opened' : opened.fault.code).toBe('journal_damaged')
  })

  test.each([
    ['is missing', 'DELETE FROM batch WHERE seq = 2'],
    ['names other chunks', 'UPDATE batch SET last_chunk = 9 WHERE seq = 2'],
  ])('lets nothing go or back when the row of one %s', (_what, sql) => {
    open()
    settleThree()
    apply(['e7', 'e8'])
    const bytes = status().retained.bytes
    close()
    tamper(sql)
    open(10_000_000, Math.floor(bytes / 2))
    expect(apply(['e9'])).toMatchObject({ fault: { code: 'journal_damaged' } })
    close()
    open()
    expect(load()).toMatchObject([{ seq: 4 }])
    expect(takeBack(0, new Uint8Array(32))).toMatchObject({ fault: { code: 'journal_damaged' } })
  })

  test('lets no more go at once than a commit should have to wait for', () => {
    open()
    for (let number = 0; number < 150; number++) apply([`a${number}`, `b${number}`])
    handle({ kind: 'tend', receipts: load().map(receiptOf), at: at() })
    handle({ kind: 'tend', receipts: load().map(receiptOf), at: at() })
    expect(status().retained).toMatchObject({ batches: 150 })
    nowMs += 86_400_000
    const left = ['c1', 'c2', 'c3', 'c4'].map((id) => {
      apply([id])
      return status().retained.batches
    })
    expect(left).toEqual([86, 22, 0, 0])
  })

  test('keeps to their cap however many are settled at once', () => {
    open(10_000_000, 1_000)
    for (let number = 0; number < 100; number++) apply([`a${number}`, `b${number}`])
    handle({ kind: 'tend', receipts: load().map(receiptOf), at: at() })
    expect(status().chain).toMatchObject({ settledSeq: 100 })
    expect(status().retained.bytes).toBeLessThanOrEqual(1_000)
  })
})
