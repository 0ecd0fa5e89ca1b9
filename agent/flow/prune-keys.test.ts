import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { SyncState } from '@meterline/shared/base/clock.ts'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { generateSigningKey, openSigningKey } from '@meterline/shared/integrity/signature.ts'
import type { ClockReading } from '@meterline/shared/model/usage-record.ts'
import { DeviceNumbers, GroupFiller } from './group.ts'
import { JournalService } from './journal-service.ts'
import { TestDisk } from './testing/test-disk.ts'
import { testSettings } from './testing/test-settings.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs
const startMs = 1_760_000_000_000
const group = { deliveries: 4_096, payloadBytes: 400_000 }
/** More than the journal gathers in memory before keys become a run on the disk, which is what can be forgotten. */
const groupsToFillARun = 9

let disk: TestDisk
let service: JournalService

beforeEach(() => {
  disk = new TestDisk()
  const opened = JournalService.open(
    testSettings(disk, {
      group,
      seal: { lingerMs: 100, maxUnits: 10_000, maxBytes: 700_000 },
      outboxBytes: 100_000_000,
      retention: { retainMs: dayMs, bytes: 10_000_000 },
      keyRetentionMs: 30 * dayMs,
      journalBytes: 1_000_000_000,
    }),
    openSigningKey(generateSigningKey().privatePem),
    seededRandom('prune'),
    0,
  )
  if (!opened.ok) throw new Error(opened.fault.message)
  service = opened.value
  for (let index = 0; index < groupsToFillARun; index++) take(index * group.deliveries, group.deliveries, at(0))
})
afterEach(() => {
  service.close()
  disk.remove()
})

/** The clocks of a machine some time after the first events; its wall clock may have been set wrong. */
function at(laterMs: number, wallErrorMs = 0, syncState: SyncState = 'synced'): ClockReading {
  return { bootId: '0'.repeat(32), monotonicMs: laterMs, wallMs: startMs + laterMs + wallErrorMs, syncState }
}

function take(first: number, count: number, reading: ClockReading): void {
  const filler = new GroupFiller(group)
  const devices = new DeviceNumbers(100)
  const device = devices.numberOf('dev-1')
  for (let index = first; index < first + count; index++) {
    filler.add(device, 'usage', Buffer.from(JSON.stringify({ id: `e${index}`, meter: 'm', quantity: 1, time: 1 })), 0)
  }
  const filled = filler.handOver(devices.handOver(), reading)
  expect(service.handle({ kind: 'group', group: filled, receipts: [], at: reading })).toMatchObject({ fault: null })
}

/** How many of these events are new when they are sent again. */
function newOnes(first: number, count: number, reading: ClockReading): number {
  const before = events()
  take(first, count, reading)
  return events() - before
}

function events(): number {
  const answer = service.answer({ kind: 'status' })
  if (answer.kind !== 'status') throw new Error('the journal answered another question')
  return answer.status.counters.events
}

describe('event keys', () => {
  test('are known for their retention, and forgotten after it', () => {
    take(1_000_000, 1, at(2 * hourMs))
    expect(newOnes(0, 100, at(29 * dayMs))).toBe(0)
    take(1_000_001, 1, at(31 * dayMs))
    take(1_000_002, 1, at(32 * dayMs))
    expect(newOnes(0, 100, at(32 * dayMs))).toBe(100)
  })

  test('are not forgotten by a wall clock that is known to be wrong', () => {
    const tenYearsMs = 3_650 * dayMs
    take(1_000_000, 1, at(2 * hourMs, tenYearsMs, 'unsynced'))
    take(1_000_001, 1, at(4 * hourMs, tenYearsMs, 'unsynced'))
    expect(newOnes(0, 100, at(5 * hourMs))).toBe(0)
  })
})
