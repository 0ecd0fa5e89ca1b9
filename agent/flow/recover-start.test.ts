import { afterEach, expect, test } from 'vitest'
import { changeFile } from '@meterline/shared/sqlite/testing/change-file.ts'
import type { ReceivedPoint } from './recover-start.ts'
import { orderFor, recovered } from './testing/recovery-order.ts'
import { publish, putDown, seal, settle, storedJournal, unsentIds } from './testing/stored-journal.ts'
import { openSource } from './recover-source.ts'
import { readableBatches } from './recover-start.ts'
import { TestDisk } from './testing/test-disk.ts'

const disks: TestDisk[] = []
afterEach(() => {
  for (const disk of disks.splice(0)) disk.remove()
})

/**
 * A journal with these batches of one event each, those up to `settled` settled. Journals that begin with the same ones are
 * copies of one disk up to there.
 */
function journalOf(batches: readonly string[], settled: number): TestDisk {
  const disk = new TestDisk()
  disks.push(disk)
  const stored = storedJournal('closed', (writer) => {
    for (const [index, id] of batches.entries()) {
      publish(writer, [id])
      seal(writer)
      if (index < settled) settle(writer)
    }
  })
  putDown(stored, disk)
  return disk
}

/** What the aggregator has when it has this batch of that journal. */
function has(disk: TestDisk, seq: number, knowsHash = true): ReceivedPoint {
  const source = openSource(disk.journalFile)
  const hash =
    readableBatches(source)
      .find((batch) => batch.seq === seq)
      ?.batchHash.subarray(0, 4) ?? null
  source.pages.close()
  return { epoch: null, seq, hash: knowsHash ? hash : null }
}

const shared = ['s1', 's2'] as const
const left = [...shared, 'l3', 'l4', 'l5']
const right = [...shared, 'r3', 'r4']

test.each<[string, number, number, (left: TestDisk, right: TestDisk) => readonly ReceivedPoint[], readonly string[]]>([
  ['receipts are believed when nobody says more', 4, 2, () => [], ['l5', 'r3', 'r4']],
  [
    // The aggregator had followed the left one, was restored to the first batch, and the right one came first.
    'of a fork that restored books follow the other side of, also what was settled',
    4,
    2,
    (_, right) => [has(right, 3)],
    ['l3', 'l4', 'l5', 'r4'],
  ],
  ['of a fork that they still follow, only what they lack', 4, 2, (left) => [has(left, 3)], ['l4', 'l5', 'r3', 'r4']],
  [
    'without a hash, of each side what the other one has not',
    4,
    2,
    (_, right) => [has(right, 3, false)],
    ['l3', 'l4', 'l5', 'r3', 'r4'],
  ],
  ['without a hash, only one side can have so many', 4, 2, (left) => [has(left, 5, false)], ['r3', 'r4']],
  ['of what both have, nothing twice', 4, 2, (left) => [has(left, 1)], ['s2', 'l3', 'l4', 'l5', 'r3', 'r4']],
  [
    'when they follow neither, what had no receipt and what they are too short for',
    4,
    2,
    () => [{ epoch: null, seq: 3, hash: new Uint8Array(4) }],
    ['l4', 'l5', 'r3', 'r4'],
  ],
])('two histories of one agent: %s', (_what, settledLeft, settledRight, received, expected) => {
  const [one, other] = [journalOf(left, settledLeft), journalOf(right, settledRight)]
  const order = orderFor(one, { sources: [other.journalFile], received: received(one, other) })
  expect(recovered(order).lost).toEqual([])
  expect(new Set(unsentIds(one.journalFile))).toEqual(new Set(expected))
  expect(unsentIds(one.journalFile)).toHaveLength(expected.length)
})

test('rows of batches that are lost make nothing of what was settled go over again', () => {
  const disk = journalOf(['a1', 'a2', 'a3', 'a4'], 2)
  changeFile(disk.journalFile, 'DELETE FROM batch WHERE seq <= 3')
  expect(recovered(orderFor(disk, { received: [has(disk, 2)] })).lost).toEqual([])
  expect(unsentIds(disk.journalFile)).toEqual(['a3', 'a4'])
})

test('a disk of long ago, of a chain that went on elsewhere, keeps back what it never had a receipt for', () => {
  const image = journalOf([...shared, 'i3', 'i4'], 2)
  const destroyed = journalOf([...shared, 'd3', 'd4', 'd5'], 5)
  recovered(orderFor(image, { received: [has(destroyed, 5)] }))
  expect(unsentIds(image.journalFile)).toEqual(['i3', 'i4'])
})

test('what is known of an earlier epoch counts for its journals alone', () => {
  const first = journalOf(['a1', 'a2', 'a3'], 3)
  const [moved, received] = [first.journalFile.replace('.db', '.damaged-1-1.db'), has(first, 1)]
  recovered(orderFor(first))
  expect(unsentIds(first.journalFile)).toEqual([])
  // Since then the aggregator was restored, and has less of the first epoch.
  const identity = { ...orderFor(first).identity, epoch: 3 }
  recovered(orderFor(first, { identity, sources: [moved], received: [{ ...received, epoch: 1 }] }))
  expect(unsentIds(first.journalFile)).toEqual(['a2', 'a3'])
})
