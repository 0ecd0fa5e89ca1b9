import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { assertThat } from '@meterline/shared/base/errors.ts'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { changeFile } from '@meterline/shared/sqlite/testing/change-file.ts'
import { readStored } from '../store/journal-damage.ts'
import { loadBatches } from './load-batches.ts'
import { flipped, putDown, storedJournal } from './testing/stored-journal.ts'
import { TestDisk } from './testing/test-disk.ts'
import { openWriter } from './testing/test-writer.ts'

let disk: TestDisk
beforeEach(() => {
  disk = new TestDisk()
})
afterEach(() => disk.remove())

/** Opens the journal as an agent does and loads all it would send: the bytes, or the code of the fault. */
function whatIsSent(): string {
  const writer = openWriter(disk)
  if (!writer.ok) return writer.fault.code
  try {
    const loaded = readStored(disk.journalFile, () => loadBatches(writer.value, 1, 100, 10_000_000))
    if (!loaded.ok) return loaded.fault.code
    const sent = loaded.value.flatMap(({ header, signature, body }) => [header, signature, body])
    const open = writer.value.memory.openChunks.flatMap(({ tablesDelta, units }) => [tablesDelta, units])
    return [...sent, ...open].map((bytes) => Buffer.from(bytes).toString('hex')).join(' ')
  } finally {
    writer.value.journal.close()
  }
}

test.each([
  ['closed', 'file'],
  ['killed', 'log'],
] as const)('of a %s journal with a bit of its %s flipped, nothing is sent but what was journalled', (how, part) => {
  const stored = storedJournal(how)
  const bytes = stored[part]
  assertThat(bytes !== null, 'the journal has this part')
  putDown(stored, disk)
  const whole = whatIsSent()
  const seed = fc.sample(fc.string(), 1)[0] ?? ''
  const random = seededRandom(`${how} ${seed}`)
  for (let run = 0; run < 40; run++) {
    const at = random.below(bytes.length)
    const bit = random.below(8)
    disk.remove()
    disk = new TestDisk()
    putDown({ ...stored, [part]: flipped(bytes, at, bit) }, disk)
    const sent = whatIsSent()
    // A bit of the log is always missed. In the file much is free, and keys and counters are not sent.
    const allowed = part === 'log' ? ['journal_damaged'] : ['journal_damaged', 'journal_unusable', whole]
    expect(allowed, `bit ${bit} of byte ${at}, seed ${seed}`).toContain(sent)
  }
})

/** Changes a row by SQL, as a flip that leaves every page readable. */
function change(sql: string): void {
  changeFile(disk.journalFile, sql)
}

test.each([
  ['the settled position of the chain', 'UPDATE chain SET settled_seq = 0'],
  ['the end of the chain', 'UPDATE chain SET sealed_chunk = sealed_chunk - 1'],
  ['the epoch of the chain', 'UPDATE chain SET epoch = 0'],
  ['the row of a batch', 'UPDATE batch SET sealed_ms = sealed_ms + 1 WHERE seq = 3'],
  ['the secret of a batch', 'UPDATE batch SET secret = zeroblob(32) WHERE seq = 3'],
  ['a batch that is gone', 'DELETE FROM batch WHERE seq = 3'],
  ['the units of a sealed batch', 'UPDATE chunk SET units = zeroblob(length(units)) WHERE id = 4'],
  ['a chunk of a sealed batch that is gone', 'DELETE FROM chunk WHERE id = 4'],
  ['the units of the open batch', 'UPDATE chunk SET units = zeroblob(length(units)) WHERE id = 9'],
  ['a chunk of the open batch that is gone', 'DELETE FROM chunk WHERE id = 9'],
  ['the last sealed batch, unsaid', 'UPDATE chain SET sum = NULL, sealed_seq = 3'],
  [
    'chunks that change their places',
    'UPDATE chunk SET id = 99 WHERE id = 4; UPDATE chunk SET id = 4 WHERE id = 5; UPDATE chunk SET id = 5 WHERE id = 99',
  ],
  ['a table of another shape', 'ALTER TABLE chunk DROP COLUMN sum'],
])('%s: the journal is not used', (_what, sql) => {
  putDown(storedJournal('closed'), disk)
  change(sql)
  expect(whatIsSent()).toBe('journal_damaged')
})

test('rows of versions before sums are held against the signed root', () => {
  putDown(storedJournal('closed'), disk)
  const whole = whatIsSent()
  change('UPDATE chunk SET sum = NULL; UPDATE batch SET sum = NULL; UPDATE chain SET sum = NULL')
  expect(whatIsSent()).toBe(whole)
  change('UPDATE batch SET secret = zeroblob(32) WHERE seq = 3')
  expect(whatIsSent()).toBe('journal_damaged')
})
