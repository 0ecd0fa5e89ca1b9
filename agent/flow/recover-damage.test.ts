import fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { changeFile } from '@meterline/shared/sqlite/testing/change-file.ts'
import { orderFor, recovered } from './testing/recovery-order.ts'
import { flipped, publish, putDown, seal, storedJournal, unsentIds, waitingIds } from './testing/stored-journal.ts'
import { TestDisks } from './testing/test-disk.ts'

const disks = new TestDisks()

afterEach(() => disks.remove())

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
  const disk = disks.add()
  putDown(storedJournal('closed'), disk)
  changeFile(disk.journalFile, sql)
  const { lost } = recovered(orderFor(disk))
  expect(lost.map(({ what, which }) => `${what} ${which}`)).toEqual(parts)
  expect(unsentIds(disk.journalFile)).toEqual(waitingIds.filter((id) => !missing.includes(id)))
})

test('rows of versions before sums: what cannot be held against a signed root is left out', () => {
  const disk = disks.add()
  putDown(storedJournal('closed'), disk)
  changeFile(disk.journalFile, 'UPDATE chunk SET sum = NULL; UPDATE batch SET sum = NULL; UPDATE chain SET sum = NULL')
  changeFile(disk.journalFile, 'UPDATE chunk SET units = zeroblob(length(units)) WHERE id = 3')
  const { lost } = recovered(orderFor(disk))
  expect(lost.map(({ what, which }) => `${what} ${which}`)).toEqual(['batch 2'])
  expect(unsentIds(disk.journalFile)).toEqual(waitingIds.slice(3))
})

test('whatever bit flips: what is carried over is what was journalled, and what is not is named', () => {
  const stored = storedJournal('closed')
  const seed = fc.sample(fc.string(), 1)[0] ?? ''
  const random = seededRandom(`flips ${seed}`)
  for (let run = 0; run < 25; run++) {
    const disk = disks.add()
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

/** Where a bit lies in its word of the log: SQLite's sums tell the low ones apart, the high ones not always. */
function bitInWord(at: number, bit: number): number {
  return (at % 4) * 8 + bit
}

test('a flipped bit of the log is put right; where it cannot be told which it is, what it hits is named', () => {
  const stored = storedJournal('killed')
  const log = stored.log ?? Buffer.alloc(0)
  const seed = fc.sample(fc.string(), 1)[0] ?? ''
  const random = seededRandom(`log ${seed}`)
  for (let run = 0; run < 40; run++) {
    const disk = disks.add()
    const at = random.below(log.length)
    const bit = random.below(8)
    putDown({ ...stored, log: flipped(log, at, bit) }, disk)
    const { lost } = recovered(orderFor(disk))
    const carried = unsentIds(disk.journalFile).filter((id) => !String(id).startsWith('settled'))
    const name = `bit ${bit} of byte ${at}, seed ${seed}`
    if (bitInWord(at, bit) < 16) expect({ name, lost }).toEqual({ name, lost: [] })
    const isNamed = carried.length === waitingIds.length || lost.length > 0
    const expected = waitingIds.filter((id) => carried.includes(id))
    expect({ name, carried, isNamed }).toEqual({ name, carried: expected, isNamed: true })
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
    const disk = disks.add()
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
