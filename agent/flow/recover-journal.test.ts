import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { trustedAgentId, trustedTenantId } from '@meterline/shared/units/ids.ts'
import { openDatabase } from '@meterline/shared/sqlite/open.ts'
import { finishReplacement, recoveredFile } from '../store/journal-replacement.ts'
import { Journal } from '../store/journal.ts'
import { recoverJournal, rehearseRecovery, type RecoverOrder, type RecoveryReport } from './recover-journal.ts'
import {
  fillJournal,
  flipped,
  publish,
  putDown,
  seal,
  settle,
  storedAt,
  storedJournal,
  unsentIds,
  waitingIds,
} from './testing/stored-journal.ts'
import { TestDisk } from './testing/test-disk.ts'
import { openWriter } from './testing/test-writer.ts'
import type { Writer } from './writer.ts'

const disks: TestDisk[] = []

afterEach(() => {
  for (const disk of disks.splice(0)) disk.remove()
})

function newDisk(): TestDisk {
  const disk = new TestDisk()
  disks.push(disk)
  return disk
}

function orderFor(disk: TestDisk, changes: Partial<RecoverOrder> = {}): RecoverOrder {
  return {
    dataDirectoryJournal: disk.journalFile,
    sources: [],
    identity: { tenant: trustedTenantId('acme'), agent: trustedAgentId('gw-1'), epoch: 2 },
    receivedSeq: 0,
    nowMs: storedAt.wallMs + 1_000,
    by: 'Ada',
    onTemporaryDisk: true,
    ...changes,
  }
}

function recovered(order: RecoverOrder): RecoveryReport {
  const report = recoverJournal(order)
  if (!report.ok) throw new Error(report.fault.message)
  return report.value
}

function change(file: string, sql: string): void {
  const db = openDatabase({ file, onTemporaryDisk: true })
  db.exec(sql)
  db.close()
}

test('a whole journal goes over whole, into the next epoch, and the old one stays aside', () => {
  const disk = newDisk()
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
  const disk = newDisk()
  putDown(storedJournal('closed'), disk)
  recovered(orderFor(disk))
  const opened = Journal.open({
    file: disk.journalFile,
    identity: orderFor(disk).identity,
    onTemporaryDisk: true,
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
  const db = openDatabase({ file: disk.journalFile, onTemporaryDisk: true })
  expect(db.prepare('SELECT recovered_by AS by, moved_to AS movedTo FROM recovery').all()).toEqual([
    { by: 'Ada', movedTo: 'journal-0.damaged-1-1.db' },
  ])
  db.close()
})

test.each([
  [
    'a chunk of a sealed batch',
    `UPDATE chunk SET units = zeroblob(length(units)) WHERE id = 2`,
    ['a-1', 'a-2'],
    ['chunk 2'],
  ],
  ['a chunk that is gone', 'DELETE FROM chunk WHERE id = 5', ['b-3'], ['chunk 5']],
  ['the row of a batch', 'DELETE FROM batch WHERE seq = 3', [], []],
  ['the rows of all batches', 'DELETE FROM batch WHERE seq > 1', [], []],
  [
    'the row of a batch and its first chunk',
    'DELETE FROM batch WHERE seq = 3; DELETE FROM chunk WHERE id = 4',
    ['b-1', 'b-2', 'b-3'],
    ['chunk 4', 'chunk 5', 'batch 3'],
  ],
  [
    'the first chunk of the open batch',
    'DELETE FROM chunk WHERE id = 8',
    ['open-1', null, 'open-3'],
    ['chunk 8', 'chunk 9', 'chunk 10'],
  ],
  ['the last chunk', 'UPDATE chunk SET unit_count = 7 WHERE id = 10', ['open-3'], ['chunk 10']],
  ['the chain', 'UPDATE chain SET sealed_chunk = 3, settled_seq = 4', [], []],
  ['the chain and all batches', 'UPDATE chain SET sealed_chunk = 2; DELETE FROM batch WHERE seq > 1', [], []],
  ['something in suspense', `UPDATE suspense SET payload = x'00'`, [], ['suspense 1']],
  ['the counters', 'DELETE FROM counter', [], ['counter 1']],
])('damaged is %s: that is named, and nothing else is lost', (_what, sql, missing, parts) => {
  const disk = newDisk()
  putDown(storedJournal('closed'), disk)
  change(disk.journalFile, sql)
  const { lost } = recovered(orderFor(disk))
  expect(lost.map(({ what, which }) => `${what} ${which}`)).toEqual(parts)
  expect(unsentIds(disk.journalFile)).toEqual(waitingIds.filter((id) => !missing.includes(id)))
})

test('rows of versions before sums: what cannot be held against a signed root is left out', () => {
  const disk = newDisk()
  putDown(storedJournal('closed'), disk)
  change(disk.journalFile, 'UPDATE chunk SET sum = NULL; UPDATE batch SET sum = NULL; UPDATE chain SET sum = NULL')
  change(disk.journalFile, 'UPDATE chunk SET units = zeroblob(length(units)) WHERE id = 3')
  const { lost } = recovered(orderFor(disk))
  expect(lost.map(({ what, which }) => `${what} ${which}`)).toEqual(['batch 2'])
  expect(unsentIds(disk.journalFile)).toEqual(waitingIds.slice(3))
})

test('whatever bit flips: what is carried over is what was journalled, and what is not is named', () => {
  const stored = storedJournal('closed')
  const seed = fc.sample(fc.string(), 1)[0] ?? ''
  const random = seededRandom(`flips ${seed}`)
  for (let run = 0; run < 25; run++) {
    const disk = newDisk()
    const at = random.below(stored.file.length)
    const bit = random.below(8)
    putDown({ ...stored, file: flipped(stored.file, at, bit) }, disk)
    const { lost } = recovered(orderFor(disk))
    const carried = unsentIds(disk.journalFile).filter((id) => !String(id).startsWith('settled'))
    const name = `bit ${bit} of byte ${at}, seed ${seed}`
    const isNamed = carried.length === waitingIds.length || lost.length > 0
    const expected = waitingIds.filter((id) => carried.includes(id))
    expect({ name, carried, isNamed }).toEqual({ name, carried: expected, isNamed: true })
  }
})

test('a flipped bit of the log is put right, and nothing is lost', () => {
  const stored = storedJournal('killed')
  const log = stored.log ?? Buffer.alloc(0)
  const seed = fc.sample(fc.string(), 1)[0] ?? ''
  const random = seededRandom(`log ${seed}`)
  for (let run = 0; run < 15; run++) {
    const disk = newDisk()
    const at = random.below(log.length)
    putDown({ ...stored, log: flipped(log, at, random.below(8)) }, disk)
    expect(recovered(orderFor(disk)).lost, `byte ${at}, seed ${seed}`).toEqual([])
    expect(unsentIds(disk.journalFile), `byte ${at}, seed ${seed}`).toEqual(waitingIds)
  }
})

test('every page in turn gone: its rows are lost at most, and named', () => {
  const stored = storedJournal('closed', (writer) => {
    for (let batch = 0; batch < 15; batch++) {
      for (let chunk = 0; chunk < 3; chunk++)
        publish(
          writer,
          [1, 2, 3].map((each) => `${batch}-${chunk}-${each}`),
        )
      seal(writer)
    }
  })
  const all = 15 * 9
  let worst = 0
  for (let page = 0; page * 4_096 < stored.file.length; page++) {
    const disk = newDisk()
    const file = Buffer.from(stored.file)
    file.fill(0, page * 4_096, (page + 1) * 4_096)
    putDown({ ...stored, file }, disk)
    const { lost } = recovered(orderFor(disk))
    const carried = unsentIds(disk.journalFile)
    if (carried.length < all) expect(lost, `page ${page + 1}`).not.toEqual([])
    worst = Math.max(worst, all - carried.length)
  }
  // A page holds about forty chunks of three events.
  expect(worst).toBeLessThan(150)
  expect(worst).toBeGreaterThan(0)
})

test('copies of one disk: what both hold is carried over once, what each has of its own goes over too', () => {
  const here = newDisk()
  const there = newDisk()
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

test('what the aggregator has is not carried over, unless several journals claim to be the one it followed', () => {
  const disk = newDisk()
  putDown(storedJournal('closed'), disk)
  const copy = newDisk()
  putDown(storedJournal('closed'), copy)
  recovered(orderFor(disk, { receivedSeq: 3 }))
  expect(unsentIds(disk.journalFile)).toEqual(waitingIds.slice(6))
  const second = newDisk()
  putDown(storedJournal('closed'), second)
  recovered(orderFor(second, { receivedSeq: 3, sources: [copy.journalFile] }))
  expect(unsentIds(second.journalFile)).toEqual(waitingIds)
})

test('an aggregator that was restored has less: what is kept of settled batches goes over, and what is not is named', () => {
  const disk = newDisk()
  const fill = (writer: Writer): void => {
    for (const name of ['one', 'two', 'three']) {
      publish(writer, [name])
      seal(writer)
      settle(writer)
    }
    publish(writer, ['open'])
  }
  putDown(storedJournal('closed', fill), disk)
  expect(recovered(orderFor(disk, { receivedSeq: 1 })).lost).toEqual([])
  expect(unsentIds(disk.journalFile)).toEqual(['two', 'three', 'open'])

  const forgetful = newDisk()
  putDown(storedJournal('closed', fill), forgetful)
  change(forgetful.journalFile, 'DELETE FROM batch WHERE seq <= 2; DELETE FROM chunk WHERE id <= 2')
  const { lost } = recovered(orderFor(forgetful, { receivedSeq: 1 }))
  expect(lost).toMatchObject([{ what: 'batch', which: '2' }])
  expect(unsentIds(forgetful.journalFile)).toEqual(['three', 'open'])
})

test('a recovery of a recovery carries over what is in no batch yet', () => {
  const disk = newDisk()
  putDown(storedJournal('closed'), disk)
  recovered(orderFor(disk))
  const third = { ...orderFor(disk).identity, epoch: 3 }
  expect(recovered(orderFor(disk, { identity: third })).sources).toMatchObject([{ epoch: 2, units: 12 }])
  expect(unsentIds(disk.journalFile)).toEqual(waitingIds)
  expect(existsSync(disk.journalFile.replace('.db', '.damaged-2-1.db'))).toBe(true)
})

test('a rehearsal changes nothing, and says the same', () => {
  const disk = newDisk()
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
  const disk = newDisk()
  putDown(storedJournal('closed'), disk)
  const before = readFileSync(disk.journalFile)
  expect(recoverJournal(orderFor(disk, changes))).toMatchObject({ ok: false, fault: { code } })
  expect(readFileSync(disk.journalFile)).toEqual(before)
})

function orderFor0(): Pick<RecoverOrder, 'identity'> {
  return { identity: { tenant: trustedTenantId('acme'), agent: trustedAgentId('gw-1'), epoch: 2 } }
}

test('a file that is no journal at all is moved aside, and the new epoch begins empty', () => {
  const disk = newDisk()
  writeFileSync(disk.journalFile, Buffer.alloc(20_000, 0x55))
  const report = recovered(orderFor(disk))
  expect(report.sources).toMatchObject([{ epoch: null, units: 0 }])
  expect(report.lost.map(({ what }) => what)).toContain('page')
  expect(report.movedTo).toContain('journal-0.damaged-unknown-1.db')
})

test('a crash at any step of the exchange: the next start finishes it', () => {
  const stored = storedJournal('killed')
  const done = newDisk()
  putDown(stored, done)
  recovered(orderFor(done))
  const whole = readFileSync(done.journalFile)
  // The recovered journal is whole; the old one is in its place, without its log, or gone already.
  for (const step of [0, 1, 2]) {
    const disk = newDisk()
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
