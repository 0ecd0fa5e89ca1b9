import { afterEach, beforeEach, expect, test } from 'vitest'
import { temporaryDisk } from '@meterline/shared/sqlite/simulated-disk.ts'
import { trustedAgentId, trustedTenantId } from '@meterline/shared/units/ids.ts'
import { Journal } from '../store/journal.ts'
import { journalStatus } from './journal-status.ts'
import { recoverJournal } from './recover-journal.ts'
import { putDown, storedAt, storedJournal } from './testing/stored-journal.ts'
import { TestDisk } from './testing/test-disk.ts'
import { testWriter } from './testing/test-writer.ts'

let disk: TestDisk
beforeEach(() => {
  disk = new TestDisk()
})
afterEach(() => disk.remove())

test('the status shows how a journal was recovered', () => {
  putDown(storedJournal('killed'), disk)
  const identity = { tenant: trustedTenantId('acme'), agent: trustedAgentId('gw-1'), epoch: 2 }
  const files = { dataDirectoryJournal: disk.journalFile, sources: [], disk: temporaryDisk }
  const recovered = recoverJournal({ ...files, identity, received: [], nowMs: storedAt.wallMs, by: 'Ada' })
  if (!recovered.ok) throw new Error(recovered.fault.message)
  const opened = Journal.open({
    file: disk.journalFile,
    identity,
    disk: temporaryDisk,
    maxStagedKeys: 100,
    keyRetentionMs: 86_400_000,
    maxFileBytes: 100_000_000,
  })
  if (!opened.ok) throw new Error(opened.fault.message)
  // A writer of any other journal: only what the status reads from the file is of interest.
  const other = new TestDisk()
  const writer = testWriter(other)
  const { recoveries } = journalStatus({ ...writer, journal: opened.value }, null)
  writer.journal.close()
  opened.value.close()
  other.remove()
  expect(recoveries).toEqual([
    {
      recoveredMs: storedAt.wallMs,
      recoveredBy: 'Ada',
      movedTo: 'journal-0.damaged-1-1.db',
      units: recovered.value.sources[0]?.units,
      suspended: recovered.value.sources[0]?.suspended,
      lostParts: 0,
    },
  ])
  expect(recoveries[0]?.units).toBeGreaterThan(0)
})
