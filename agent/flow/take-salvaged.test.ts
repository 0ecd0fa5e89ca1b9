import { afterEach, beforeEach, expect, test } from 'vitest'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { generateSigningKey, openSigningKey } from '@meterline/shared/integrity/signature.ts'
import { decodeHeader, openBatchBody } from '@meterline/shared/model/batch-codec.ts'
import { temporaryDisk } from '@meterline/shared/sqlite/simulated-disk.ts'
import { changeFile } from '@meterline/shared/sqlite/testing/change-file.ts'
import { trustedAgentId, trustedTenantId } from '@meterline/shared/units/ids.ts'
import { JournalService } from './journal-service.ts'
import { recoverJournal } from './recover-journal.ts'
import { publish, putDown, storedAt, storedJournal, unsentIds } from './testing/stored-journal.ts'
import { TestDisk } from './testing/test-disk.ts'
import { testSettings } from './testing/test-settings.ts'

const identity = { tenant: trustedTenantId('acme'), agent: trustedAgentId('gw-1'), epoch: 2 }
const signingKey = openSigningKey(generateSigningKey().privatePem)
const eventCount = 2_500
let disk: TestDisk

beforeEach(() => {
  disk = new TestDisk()
  const stored = storedJournal('killed', (writer) => {
    for (let from = 0; from < eventCount; from += 500) {
      publish(
        writer,
        Array.from({ length: 500 }, (_, index) => `e${from + index}`),
      )
    }
  })
  putDown(stored, disk)
  const sources = { dataDirectoryJournal: disk.journalFile, sources: [], received: [] }
  const recovered = recoverJournal({ ...sources, identity, nowMs: storedAt.wallMs, by: 'Ada', disk: temporaryDisk })
  if (!recovered.ok) throw new Error(recovered.fault.message)
})
afterEach(() => disk.remove())

function open(): ReturnType<typeof JournalService.open> {
  return JournalService.open(
    testSettings(disk, { identity, seal: { lingerMs: 100, maxUnits: 600, maxBytes: 100_000 } }),
    signingKey,
    seededRandom('journal'),
    0,
  )
}

function opened(): JournalService {
  const service = open()
  if (!service.ok) throw new Error(service.fault.message)
  return service.value
}

/** The ids of the events that the service would send, out of bodies held against their signed headers. */
function sentIds(service: JournalService): string[] {
  const reply = service.handle({ kind: 'load', fromSeq: 1, maxCount: 1_000, maxBytes: 100_000_000 })
  if (reply.kind !== 'load') throw new Error('a load is answered by a load')
  return reply.batches.flatMap(({ header, body }) => {
    const decoded = decodeHeader(header)
    const batch = decoded.ok ? openBatchBody(decoded.value, body) : decoded
    if (!batch.ok) throw new Error(batch.fault.message)
    return batch.value.units.map(({ eventId }) => String(eventId))
  })
}

test('what was carried over is sealed in order, a piece to a transaction, whenever it is due, also across a crash', () => {
  let service = opened()
  expect(service.opening.progress).toMatchObject({ openUnits: eventCount, openSinceMs: 0 })
  const at = { ...storedAt, monotonicMs: 10 }
  let tended = 0
  for (; service.handle({ kind: 'tend', receipts: [], at }).progress.openSinceMs === 0; tended++) {
    if (tended !== 0) continue
    disk.crash()
    service.close()
    service = opened()
  }
  expect(tended).toBeGreaterThan(1)
  const late = { ...at, monotonicMs: 10_000 }
  service.handle({ kind: 'tend', receipts: [], at: late })
  expect(sentIds(service)).toEqual(Array.from({ length: eventCount }, (_, index) => `e${index}`))
  service.close()
  expect(unsentIds(disk.journalFile)).toHaveLength(eventCount)
})

test('a damaged piece of it stops the journal before anything of it is sealed', () => {
  changeFile(disk.journalFile, 'UPDATE salvaged_chunk SET units = zeroblob(length(units)) WHERE id = 1')
  const service = opened()
  const reply = service.handle({ kind: 'tend', receipts: [], at: storedAt })
  expect(reply).toMatchObject({ kind: 'tend', fault: { code: 'journal_damaged' } })
  expect(service.failure).toMatchObject({ code: 'journal_damaged' })
  expect(sentIds(service)).toEqual([])
  service.close()
})
