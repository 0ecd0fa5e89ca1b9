import { afterEach, beforeEach, expect, test } from 'vitest'
import { temporaryDisk } from '@meterline/shared/sqlite/simulated-disk.ts'
import { changeFile } from '@meterline/shared/sqlite/testing/change-file.ts'
import { trustedAgentId, trustedTenantId } from '@meterline/shared/units/ids.ts'
import { checkJournal, type JournalCheck } from './check-journal.ts'
import { recoverJournal } from './recover-journal.ts'
import { discardSuspended } from './replay-suspense.ts'
import { fillJournal, putDown, storedAt, storedJournal } from './testing/stored-journal.ts'
import { TestDisk } from './testing/test-disk.ts'
import { commit, deliver, openWriter } from './testing/test-writer.ts'

let disk: TestDisk
beforeEach(() => {
  disk = new TestDisk()
})
afterEach(() => disk.remove())

function checked(): JournalCheck {
  const check = checkJournal(disk.journalFile)
  if (!check.ok) throw new Error(check.fault.message)
  return check.value
}

test.each(['closed', 'killed'] as const)('a %s journal has nothing to find', (how) => {
  putDown(storedJournal(how), disk)
  expect(checked()).toMatchObject({ epoch: 1, unsentUnits: 12, keys: 13, findings: [] })
})

test('nor has one that was recovered, and goes on', () => {
  putDown(storedJournal('killed'), disk)
  const identity = { tenant: trustedTenantId('acme'), agent: trustedAgentId('gw-1'), epoch: 2 }
  const order = { dataDirectoryJournal: disk.journalFile, sources: [], identity, received: [], by: 'Ada' }
  expect(recoverJournal({ ...order, nowMs: storedAt.wallMs, disk: temporaryDisk })).toMatchObject({ ok: true })
  expect(checked()).toMatchObject({ epoch: 2, unsentUnits: 12, keys: 13, findings: [] })
})

test.each([
  ['a settled batch', 'UPDATE chunk SET units = zeroblob(length(units)) WHERE id = 1', 'batch 1'],
  ['the row of a batch', 'UPDATE batch SET sealed_ms = 1 WHERE seq = 3', 'batch 3'],
  ['a batch that is gone', 'DELETE FROM batch WHERE seq = 4', 'batch 4'],
  ['when a batch was settled', 'UPDATE settled_batch SET settled_ms = 1 WHERE seq = 1', 'batch 1'],
  ['the chain', 'UPDATE chain SET epoch = 2', 'chain 1'],
  ['the units of the open batch', 'UPDATE chunk SET record_count = 2 WHERE id = 8', 'chunk 8'],
  ['the payload of something suspended', `UPDATE suspense SET payload = x'00'`, 'suspense 1'],
  ['when something was suspended', 'UPDATE suspense SET first_ms = first_ms + 1', 'suspense 1'],
  ['why something was discarded', `UPDATE suspense_closed SET reason = 'another'`, 'suspense 2'],
  ['the counters', 'UPDATE counter SET events = events + 1', 'counter 1'],
  ["what is known of the aggregator's log", 'UPDATE log_head SET generation = 2', 'checkpoint 1'],
  ['an event key', 'UPDATE key_block SET entries = zeroblob(length(entries)) WHERE id = 2', 'keys block 2'],
  ['when a key arrived', 'UPDATE key_block SET arrived_ms = 1 WHERE id = 2', 'keys block 2'],
  ['the version', 'PRAGMA user_version = 4', 'structure file'],
  ['the version floor', 'PRAGMA application_id = 3', 'structure file'],
  ['a table', 'CREATE TABLE another (x)', 'structure file'],
  ['an index', 'DROP INDEX suspense_discarded', 'structure file'],
])('damage is found and named: %s', (_what, sql, named) => {
  const stored = storedJournal('closed', (writer) => {
    fillJournal(writer)
    deliver(writer, [{ origin: 'dev-1', kind: 'usage', payload: '{"meter":2}' }], storedAt)
    commit(writer, storedAt, () => discardSuspended(writer, { numbers: [2], reason: 'a test', by: 'Ada' }, storedAt))
  })
  putDown(stored, disk)
  changeFile(disk.journalFile, sql)
  expect(checked().findings.map(({ what, which }) => `${what} ${which}`)).toContain(named)
})

test('a file that is not there, and one that is in use, are said so', () => {
  expect(checkJournal(disk.journalFile)).toMatchObject({ ok: false, fault: { code: 'check_no_file' } })
  putDown(storedJournal('closed'), disk)
  const writer = openWriter(disk)
  if (!writer.ok) throw new Error(writer.fault.message)
  expect(checkJournal(disk.journalFile)).toMatchObject({ ok: false, fault: { code: 'check_in_use' } })
  writer.value.journal.close()
}, 20_000)
