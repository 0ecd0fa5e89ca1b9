import { afterEach, beforeEach, expect, test } from 'vitest'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { generateSigningKey, openSigningKey } from '@meterline/shared/integrity/signature.ts'
import type { ClockReading } from '@meterline/shared/model/usage-record.ts'
import { DeviceNumbers, GroupFiller } from './group.ts'
import type { JournalReply, JournalStatus } from './journal-port.ts'
import { JournalService } from './journal-service.ts'
import { TestDisk } from './testing/test-disk.ts'
import { testSettings } from './testing/test-settings.ts'

const group = { deliveries: 100, payloadBytes: 200_000 }
const settled = 30
let disk: TestDisk
let service: JournalService
let nowMs: number
let sent: number

beforeEach(() => {
  disk = new TestDisk()
  nowMs = 1_000
  sent = 0
  const opened = JournalService.open(
    testSettings(disk, { group, seal: { lingerMs: 100, maxUnits: 100, maxBytes: 700_000 }, journalBytes: 600_000 }),
    openSigningKey(generateSigningKey().privatePem),
    seededRandom('room'),
    0,
  )
  if (!opened.ok) throw new Error(opened.fault.message)
  service = opened.value
})
afterEach(() => {
  service.close()
  disk.remove()
})

function now(): ClockReading {
  return { bootId: '0'.repeat(32), monotonicMs: nowMs, wallMs: 1_760_000_000_000 + nowMs, syncState: 'synced' }
}

/** Takes in a whole batch of events. */
function take(): JournalReply {
  const filler = new GroupFiller(group)
  const devices = new DeviceNumbers(100)
  const device = devices.numberOf('dev-1')
  for (let index = 0; index < 100; index++) {
    const event = { id: `e${sent++}`, meter: 'm', quantity: 1, time: 1 }
    filler.add(device, 'usage', Buffer.from(JSON.stringify(event)), 0)
  }
  nowMs += 20_000
  return service.handle({ kind: 'group', group: filler.handOver(devices.handOver(), now()), receipts: [], at: now() })
}

function settle(seq: number): void {
  const loaded = service.handle({ kind: 'load', fromSeq: seq, maxCount: 1, maxBytes: 10_000_000 })
  const [batch] = loaded.kind === 'load' ? loaded.batches : []
  if (batch === undefined) throw new Error(`there is no batch ${seq}`)
  const receipt = { epoch: 1, seq, batchHash: batch.batchHash, logIndex: seq }
  expect(service.handle({ kind: 'tend', receipts: [receipt], at: now() })).toMatchObject({ fault: null })
}

function status(): JournalStatus {
  const answer = service.answer({ kind: 'status' })
  if (answer.kind !== 'status') throw new Error('the journal cannot be read')
  return answer.status
}

function takeUntilRefused(): number {
  for (let batches = 0; batches < 500; batches++) {
    const reply = take()
    if (reply.kind !== 'group' || reply.fault === null) continue
    expect(reply.fault.code).toBe('disk_full')
    return batches
  }
  throw new Error('it is never full')
}

test('a full disk lets go what is only kept before anything is refused, and no usage is lost for it', () => {
  for (let seq = 1; seq <= settled; seq++) {
    take()
    settle(seq)
  }
  expect(status().retained.batches).toBe(settled)
  const taken = takeUntilRefused()
  const { retained, outbox, counters } = status()
  expect(retained).toMatchObject({ batches: 0, bytes: 0 })
  expect(outbox.batches).toBe(taken)
  expect(counters.events).toBe((settled + taken) * 100)
})

test('a full disk takes nothing away while the log is doubted', () => {
  for (let seq = 1; seq <= settled; seq++) {
    take()
    settle(seq)
  }
  service.handle({ kind: 'evidence', evidence: null, at: now() })
  takeUntilRefused()
  expect(status().retained.batches).toBe(settled)
})
