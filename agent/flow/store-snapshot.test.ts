import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { sha256, toHex } from '@meterline/shared/integrity/hash.ts'
import { openDatabase } from '@meterline/shared/sqlite/open.ts'
import { temporaryDisk } from '@meterline/shared/sqlite/simulated-disk.ts'
import { SubjectBook, type ToldSubject } from '../domain/subject-book.ts'
import type { StoredPart } from '../store/snapshot-tables.ts'
import { checkJournal } from './check-journal.ts'
import type { VerifiedSnapshot } from './journal-port.ts'
import { learnSubjects } from './learn-subjects.ts'
import { heldSnapshot, storeParts, useSnapshot } from './store-snapshot.ts'
import { TestDisk } from './testing/test-disk.ts'
import { openWriter } from './testing/test-writer.ts'
import type { Writer } from './writer.ts'

let disk: TestDisk
let writer: Writer
beforeEach(() => {
  disk = new TestDisk()
  writer = opened()
})
afterEach(() => {
  writer.journal.close()
  disk.remove()
})

function opened(): Writer {
  const result = openWriter(disk)
  if (!result.ok) throw new Error(result.fault.message)
  return result.value
}

/** Closes the journal, has its file changed by somebody else, and opens it again. */
function changed(sql: string): void {
  writer.journal.close()
  const db = openDatabase({ file: disk.journalFile, disk: temporaryDisk })
  db.exec(sql)
  db.close()
  writer = opened()
}

/** What a check finds that no agent has open. */
function findings(): readonly string[] {
  writer.journal.close()
  const check = checkJournal(disk.journalFile)
  writer = opened()
  if (!check.ok) throw new Error(check.fault.message)
  return check.value.findings.map(({ what, which }) => `${what} ${which}`)
}

function part(text: string): StoredPart {
  const bytes = Buffer.from(text)
  return { hash: sha256(bytes), bytes }
}

function texts(): string[] {
  return heldSnapshot(writer.journal).parts.map(({ bytes }) => Buffer.from(bytes).toString())
}

function snapshot(version: number, parts: readonly StoredPart[]): VerifiedSnapshot {
  const table = { snapshotHash: new Uint8Array(32), version, bindingsHash: '', units: new Map(), plans: new Map() }
  const manifest = { bytes: Buffer.from(`manifest ${version}`), signature: new Uint8Array(64) }
  return { manifest, parts: parts.map(({ hash }) => hash), table }
}

const [a, b, c] = [part('a'), part('b'), part('c')]

describe('parts of a snapshot in the journal', () => {
  test('are kept while they are named, and no longer', () => {
    const { journal } = writer
    expect(heldSnapshot(journal)).toEqual({ manifest: null, parts: [] })
    journal.commit(() => storeParts(journal, [a, b], []))
    journal.commit(() => storeParts(journal, [c], [a.hash]))
    expect(texts()).toEqual(['a', 'c'])
    journal.commit(() => useSnapshot(journal, snapshot(7, [c]), 0))
    expect(texts()).toEqual(['c'])
    expect(Buffer.from(heldSnapshot(journal).manifest?.bytes ?? []).toString()).toBe('manifest 7')
  })

  test('replace the snapshot before, whatever its version', () => {
    const { journal } = writer
    journal.commit(() => useSnapshot(journal, snapshot(9, []), 0))
    journal.commit(() => useSnapshot(journal, snapshot(7, []), 0))
    expect(Buffer.from(heldSnapshot(journal).manifest?.bytes ?? []).toString()).toBe('manifest 7')
  })

  test('are not there any more once the disk has changed them, and a check says so', () => {
    const { journal } = writer
    journal.commit(() => storeParts(journal, [a, b], []))
    expect(findings()).toEqual([])
    changed(`UPDATE snapshot_part SET bytes = CAST('x' AS BLOB) WHERE hash = x'${toHex(a.hash)}'`)
    expect(texts()).toEqual(['b'])
    expect(findings()).toEqual(['snapshot part 1'])
  })
})

const hash = 'aa'.repeat(32)

function told(subject: string, plan: string | null, toMs = Infinity): ToldSubject {
  return { subject, terms: { bindingsHash: hash, bindings: plan === null ? [] : [{ plan, fromMs: 5, toMs }] } }
}

function learn(...subjects: readonly ToldSubject[]): void {
  writer.journal.commit(() => learnSubjects(writer, subjects))
}

describe('subjects in the journal', () => {
  test('come back as they were told, in the order they were told last', () => {
    learn(told('x', 'p'), told('y', 'p', 9), told('z', null))
    learn(told('x', 'q'))
    expect([...writer.journal.subjects.all()]).toEqual([told('y', 'p', 9), told('z', null), told('x', 'q')])
  })

  test('leave it when they are forgotten', () => {
    const subjects = new SubjectBook({ bound: 2, unknown: 1, wanted: 1, shared: 1 })
    writer = { ...writer, subjects }
    learn(told('x', 'p'), told('y', 'p'))
    learn(told('z', 'p'))
    expect([...writer.journal.subjects.all()].map(({ subject }) => subject)).toEqual(['y', 'z'])
  })

  test('are asked about again once the disk has changed them, and a check says so', () => {
    learn(told('x', 'p'), told('y', 'p'))
    expect(findings()).toEqual([])
    changed(`UPDATE subject SET bindings = '[["large",5,null]]' WHERE subject = 'x'`)
    expect([...writer.journal.subjects.all()].map(({ subject }) => subject)).toEqual(['y'])
    expect(findings()).toEqual(['subject 1'])
  })
})
