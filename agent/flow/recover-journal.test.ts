import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { trustedAgentId, trustedTenantId } from '@meterline/shared/units/ids.ts'
import { openDatabase } from '@meterline/shared/sqlite/open.ts'
import { temporaryDisk } from '@meterline/shared/sqlite/simulated-disk.ts'
import { changeFile } from '@meterline/shared/sqlite/testing/change-file.ts'
import { finishReplacement, recoveredFile } from '../store/journal-replacement.ts'
import { Journal } from '../store/journal.ts'
import { recoverJournal, rehearseRecovery, type RecoverOrder } from './recover-journal.ts'
import { orderFor, recovered } from './testing/recovery-order.ts'
import {
  fillJournal,
  publish,
  putDown,
  seal,
  settle,
  storedJournal,
  unsentIds,
  waitingIds,
} from './testing/stored-journal.ts'
import { TestDisks } from './testing/test-disk.ts'
import { openWriter } from './testing/test-writer.ts'
import type { Writer } from './writer.ts'

const disks = new TestDisks()

afterEach(() => disks.remove())

test('a whole journal goes over whole, into the next epoch, and the old one stays aside', () => {
  const disk = disks.add()
  putDown(storedJournal('killed'), disk)
  const report = recovered(orderFor(disk))
  expect(report.lost).toEqual([])
  expect(report.sources).toMatchObject([{ epoch: 1, units: 12, records: 12, duplicates: 0, suspended: 1, keys: 13 }])
  expect(report.movedTo).toBe(disk.journalFile.replace('.db', '.damaged-1-1.db'))
  expect(unsentIds(disk.journalFile)).toEqual(waitingIds)
  // Nothing of the old one was changed, and nothing half-done is left.
  expect(unsentIds(String(report.movedTo))).toEqual(waitingIds)
  expect(
    readdirSync(disk.folder)
      .filter((name) => !name.endsWith('-shm'))
      .toSorted(),
  ).toEqual(['journal-0.damaged-1-1.db', 'journal-0.damaged-1-1.db-wal', 'journal-0.db'])
})

test('what the new journal begins with: suspense by its number, counters, keys, and who did it', () => {
  const disk = disks.add()
  putDown(storedJournal('closed'), disk)
  recovered(orderFor(disk))
  const opened = Journal.open({
    file: disk.journalFile,
    identity: orderFor(disk).identity,
    disk: temporaryDisk,
    maxStagedKeys: 1_000,
    keyRetentionMs: 1_000,
    maxFileBytes: 100_000_000,
  })
  if (!opened.ok) throw new Error(opened.fault.message)
  const journal = opened.value
  expect(journal.suspense.list({ after: 0, limit: 10, code: null, device: null })).toMatchObject([{ id: 1, times: 1 }])
  expect(journal.counters()).toMatchObject({ events: 14, suspended: 1 })
  expect(journal.keys.status.memtableKeys).toBe(13)
  expect(journal.outbox.chain()).toMatchObject({ epoch: 2, sealedSeq: 0, settledSeq: 0 })
  journal.close()
  const db = openDatabase({ file: disk.journalFile, disk: temporaryDisk })
  expect(db.prepare('SELECT recovered_by AS by, moved_to AS movedTo FROM recovery').all()).toEqual([
    { by: 'Ada', movedTo: 'journal-0.damaged-1-1.db' },
  ])
  db.close()
})

test('copies of one disk: what both hold is carried over once, what each has of its own goes over too', () => {
  const here = disks.add()
  const there = disks.add()
  putDown(storedJournal('killed'), here)
  putDown(
    storedJournal('killed', (writer) => {
      fillJournal(writer)
      publish(writer, ['there', null])
      publish(writer, ['both'], 5)
    }),
    there,
  )
  const more = openWriter(here)
  if (!more.ok) throw new Error(more.fault.message)
  publish(more.value, ['here'])
  publish(more.value, ['both'], 6)
  more.value.journal.close()
  const report = recovered(orderFor(here, { sources: [there.journalFile] }))
  expect(report.sources.map(({ units, duplicates, suspended }) => [units, duplicates, suspended])).toEqual([
    [14, 0, 1],
    [2, 12, 1],
  ])
  expect(unsentIds(here.journalFile)).toEqual([...waitingIds, 'here', 'both', 'there', null])
})

test('what the aggregator has is not carried over, from one journal or from two that have it both', () => {
  const disk = disks.add()
  putDown(storedJournal('closed'), disk)
  const copy = disks.add()
  putDown(storedJournal('closed'), copy)
  const received = [{ epoch: null, seq: 3, hash: null }]
  recovered(orderFor(disk, { received }))
  expect(unsentIds(disk.journalFile)).toEqual(waitingIds.slice(6))
  const second = disks.add()
  putDown(storedJournal('closed'), second)
  recovered(orderFor(second, { received, sources: [copy.journalFile] }))
  expect(unsentIds(second.journalFile)).toEqual(waitingIds.slice(6))
})

test('an aggregator that was restored has less: what is kept of settled batches goes over, and what is not is named', () => {
  const disk = disks.add()
  const fill = (writer: Writer): void => {
    for (const name of ['one', 'two', 'three']) {
      publish(writer, [name])
      seal(writer)
      settle(writer)
    }
    publish(writer, ['open'])
  }
  putDown(storedJournal('closed', fill), disk)
  const received = [{ epoch: 1, seq: 1, hash: null }]
  expect(recovered(orderFor(disk, { received })).lost).toEqual([])
  expect(unsentIds(disk.journalFile)).toEqual(['two', 'three', 'open'])

  const forgetful = disks.add()
  putDown(storedJournal('closed', fill), forgetful)
  changeFile(
    forgetful.journalFile,
    'DELETE FROM batch WHERE seq <= 2; DELETE FROM chunk WHERE id <= 2; DELETE FROM settled_batch WHERE seq <= 2',
  )
  const { lost } = recovered(orderFor(forgetful, { received }))
  expect(lost).toMatchObject([{ what: 'batch', which: '2' }])
  expect(unsentIds(forgetful.journalFile)).toEqual(['three', 'open'])
})

test('a recovery of a recovery carries over what is in no batch yet', () => {
  const disk = disks.add()
  putDown(storedJournal('closed'), disk)
  recovered(orderFor(disk))
  const third = { ...orderFor(disk).identity, epoch: 3 }
  expect(recovered(orderFor(disk, { identity: third })).sources).toMatchObject([{ epoch: 2, units: 12 }])
  expect(unsentIds(disk.journalFile)).toEqual(waitingIds)
  expect(existsSync(disk.journalFile.replace('.db', '.damaged-2-1.db'))).toBe(true)
})

test('a rehearsal changes nothing, and says the same', () => {
  const disk = disks.add()
  putDown(storedJournal('closed'), disk)
  const before = readFileSync(disk.journalFile)
  const rehearsed = rehearseRecovery(orderFor(disk))
  expect(readFileSync(disk.journalFile)).toEqual(before)
  expect(rehearsed).toEqual({ ok: true, value: recovered(orderFor(disk)) })
})

test.each([
  ['recover_epoch', { identity: { ...orderFor0().identity, epoch: 1 } }],
  ['recover_of_another', { identity: { ...orderFor0().identity, agent: trustedAgentId('gw-2') } }],
  ['recover_no_source', { sources: ['nowhere.db'] }],
] as const)('%s: refused, and everything stays', (code, changes) => {
  const disk = disks.add()
  putDown(storedJournal('closed'), disk)
  const before = readFileSync(disk.journalFile)
  expect(recoverJournal(orderFor(disk, changes))).toMatchObject({ ok: false, fault: { code } })
  expect(readFileSync(disk.journalFile)).toEqual(before)
})

function orderFor0(): Pick<RecoverOrder, 'identity'> {
  return { identity: { tenant: trustedTenantId('acme'), agent: trustedAgentId('gw-1'), epoch: 2 } }
}

test('a file that is no journal at all is moved aside, and the new epoch begins empty', () => {
  const disk = disks.add()
  writeFileSync(disk.journalFile, Buffer.alloc(20_000, 0x55))
  const report = recovered(orderFor(disk))
  expect(report.sources).toMatchObject([{ epoch: null, units: 0 }])
  expect(report.lost.map(({ what }) => what)).toContain('page')
  expect(report.movedTo).toContain('journal-0.damaged-unknown-1.db')
})

test('a crash at any step of the exchange: the next start finishes it', () => {
  const stored = storedJournal('killed')
  const done = disks.add()
  putDown(stored, done)
  recovered(orderFor(done))
  const whole = readFileSync(done.journalFile)
  // The recovered journal is whole; the old one is in its place, without its log, or gone already.
  for (const step of [0, 1, 2]) {
    const disk = disks.add()
    putDown(stored, disk)
    const aside = join(disk.folder, 'journal-0.damaged-1-1.db')
    writeFileSync(recoveredFile(disk.journalFile), whole)
    if (step >= 1) renameSync(`${disk.journalFile}-wal`, `${aside}-wal`)
    if (step >= 2) renameSync(disk.journalFile, aside)
    finishReplacement(disk.journalFile)
    expect(unsentIds(disk.journalFile)).toEqual(waitingIds)
    expect(unsentIds(aside)).toEqual(waitingIds)
    expect(existsSync(`${disk.journalFile}-wal`)).toBe(false)
    expect(existsSync(recoveredFile(disk.journalFile))).toBe(false)
  }
})
