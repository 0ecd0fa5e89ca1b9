import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { silentLog } from '@meterline/shared/base/log.ts'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { CompactRange } from '@meterline/shared/integrity/merkle.ts'
import { generateSigningKey, openSigningKey } from '@meterline/shared/integrity/signature.ts'
import { decodeLogEntry, encodeLogEntry, logEntryLeaf } from '@meterline/shared/model/log-entry-codec.ts'
import { openDatabase } from '@meterline/shared/sqlite/open.ts'
import type { Database } from '@meterline/shared/sqlite/open.ts'
import { temporaryDisk } from '@meterline/shared/sqlite/simulated-disk.ts'
import { appendOnlyTables } from '../store/schema.ts'
import { tenantFile } from '../store/tenant-files.ts'
import { closePeriod } from './close-period.ts'
import { usageEvent } from './fixtures/sealing-agent.ts'
import { dearerInput } from './fixtures/tenant-file.ts'
import { TestTenant } from './fixtures/test-tenant.ts'
import { verifyBooks } from './verify-books.ts'

const signingKey = openSigningKey(generateSigningKey().privatePem)
let folder = ''
let pristine = ''

/** Books with everything in them: batches, a conflict, suspense decided about, a changed price, documents, checkpoints. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'meterline-verify-'))
  pristine = tenantFile(folder, 'acme')
  const tenant = new TestTenant({
    dataDirectory: folder,
    signingKey,
    nowMs: Date.UTC(2025, 6, 1),
    random: seededRandom('verify'),
    log: silentLog(),
  })
  tenant.apply()
  tenant.use([usageEvent({ id: 'a' }), usageEvent({ id: 'b' }), usageEvent({ id: 'x', subject: 'nobody' })])
  tenant.apply((file) => dearerInput(file))
  tenant.use([
    usageEvent({ id: 'c' }),
    usageEvent({ id: 'a', measured: [{ meter: 'data.bytes', quantity: 5n }] }),
    usageEvent({ id: 'ai', subject: 'llm-1', measured: [{ meter: 'ai.input_tokens', quantity: 77_777n }] }),
  ])
  tenant.use([usageEvent({ id: 'y', subject: 'trk-3' }), usageEvent({ id: 'z', subject: 'trk-3' })])
  const { logIndex = -1 } = tenant.service.store.suspense.last() ?? {}
  tenant.commands.suspenseDiscard('acme', { units: [{ logIndex, unit: 1 }], reason: 'a test', by: 'Ada' })
  tenant.apply((file) => dearerInput(file.replace('[trk-1, trk-2]', '[trk-1, trk-2, trk-3]')))
  const order = { units: [{ logIndex, unit: 0 }], code: null, source: null, dryRun: false, by: 'Ada' }
  await tenant.clock.until(tenant.commands.suspenseReplay('acme', order))
  await tenant.clock.until(closePeriod(tenant.service, tenant.clock, { tenant: 'acme', period: '2025-06' }))
  tenant.registry.close()
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function problemsAfter(corrupt: (db: Database) => void, key = signingKey.publicKeyBase64): readonly string[] {
  const file = join(folder, 'corrupted.db')
  copyFileSync(pristine, file)
  const db = openDatabase({ file, disk: temporaryDisk })
  // Whoever can write the file can also drop what the database protects it with.
  for (const table of [...appendOnlyTables, 'batch_body', 'suspense', 'suspense_decision']) {
    db.exec(`DROP TRIGGER IF EXISTS ${table}_no_update; DROP TRIGGER IF EXISTS ${table}_no_delete`)
  }
  db.pragma('foreign_keys = OFF')
  corrupt(db)
  db.close()
  const report = verifyBooks(file, 'acme', key)
  if (!report.ok) throw new Error(report.fault.message)
  return report.value.problems
}

/** Flips the lowest bit of one byte, counted from the end, of a blob in the row a condition picks. */
function flip(table: string, column: string, where: string, fromEnd: number) {
  return (db: Database): void => {
    const row = db.prepare<[], { bytes: Uint8Array }>(`SELECT ${column} AS bytes FROM ${table} WHERE ${where}`).get()
    if (row === undefined) throw new Error(`no row of ${table} where ${where}`)
    const at = row.bytes.length - fromEnd
    row.bytes[at] = (row.bytes[at] ?? 0) ^ 1
    db.prepare<[Uint8Array]>(`UPDATE ${table} SET ${column} = ? WHERE ${where}`).run(row.bytes)
  }
}

const sql = (statement: string) => (db: Database) => {
  if (db.prepare(statement).run().changes === 0) throw new Error(`nothing changed: ${statement}`)
}

/** Rewrites a ledger transaction as a thief with time would: entry, leaf, frontier, rows and balances all fit again. */
function rewriteHistory(db: Database): void {
  const rows = db
    .prepare<[], { logIndex: number; entry: Uint8Array }>(
      'SELECT log_index AS logIndex, entry FROM log ORDER BY log_index',
    )
    .all()
  const range = new CompactRange()
  for (const { logIndex, entry } of rows) {
    const decoded = decodeLogEntry(entry)
    const rewritten =
      decoded.ok && decoded.value.kind === 'document' ? encodeLogEntry({ ...decoded.value, entries: [] }) : entry
    const leaf = logEntryLeaf(rewritten)
    range.append(leaf)
    db.prepare<[Uint8Array, Uint8Array, number]>('UPDATE log SET entry = ?, leaf = ? WHERE log_index = ?').run(
      rewritten,
      leaf,
      logIndex,
    )
  }
  db.prepare<[Uint8Array]>('UPDATE log_head SET frontier = ?').run(range.save())
}

test('books as they were written have no problems, and everything was looked at', () => {
  const report = verifyBooks(pristine, 'acme', signingKey.publicKeyBase64)
  expect(report).toMatchObject({ ok: true, value: { tenant: 'acme', problems: [] } })
  expect(report.ok && report.value.checked).toMatchObject({
    batches: 3,
    catalogues: 3,
    documents: 3,
    'suspense decisions': 3,
    releases: 1,
    discards: 1,
    segments: 4,
    'charge blocks': 10,
  })
})

describe('planted corruption is found and named', () => {
  test.each([
    ['a bit of a body', flip('batch_body', 'body', 'log_index = 1', 3), /^I14: batch 1: the units are not those/],
    ['a bit of a log entry', flip('log', 'entry', 'log_index = 3', 2), /^I14: log entry 3 is not what its leaf hash/],
    ['a bit of a leaf hash', flip('log', 'leaf', 'log_index = 2', 1), /^I14: log entry 2/],
    ['a bit of the frontier', flip('log_head', 'frontier', 'one = 1', 1), /^I14: the saved frontier/],
    [
      'an entry cut off the log',
      sql('DELETE FROM log WHERE log_index = (SELECT max(log_index) FROM log)'),
      /^I12: the head/,
    ],
    ['an entry taken out of the log', sql('DELETE FROM log WHERE log_index = 2'), /^I12: the log goes on with entry 3/],
    ['a rewritten history', rewriteHistory, /^I13: the checkpoint of size/],
    ['a changed checkpoint', sql(`UPDATE checkpoint SET note = replace(note, 'acme', 'acne')`), /^I13: the checkpoint/],
    ['a checkpoint of a longer log', sql('UPDATE checkpoint SET size = size + 1'), /^I13: the checkpoint stored for/],
    ['a changed ledger entry', sql(`UPDATE ledger_entry SET debit_micros = '1' WHERE id = 1`), /^I12: ledger entry 0/],
    ['a ledger entry removed', sql('DELETE FROM ledger_entry WHERE id = 2'), /^I12: log entry \d+ has/],
    [
      'a ledger entry slipped in',
      sql(
        `INSERT INTO ledger_entry SELECT NULL, 999, entity, asset, account, debit_micros, credit_micros FROM ledger_entry WHERE id = 1`,
      ),
      /^I12: ledger_entry has \d+ rows/,
    ],
    [
      'a changed balance',
      sql(`UPDATE balance SET credit_micros = '7' WHERE account = 'revenue' AND entity = 'acme'`),
      /^I1: acme EUR revenue/,
    ],
    [
      'a balance removed',
      sql(`DELETE FROM balance WHERE account = 'revenue' AND entity = 'acme'`),
      /^I1: acme EUR revenue has entries/,
    ],
    ['a changed accumulator', sql(`UPDATE segment SET amount_micros = '1' WHERE id = 1`), /^I9: segment .* says/],
    ['a changed quantity', sql(`UPDATE segment SET quantity = '1' WHERE id = 1`), /^I9: segment .* says 1 in/],
    ['a bit of a charge block', flip('charge_block', 'block', 'id = 1', 1), /^I14: the charge block/],
    [
      'a bit of a charge block leaf',
      flip('charge_block', 'leaf', 'id = 1', 1),
      /^I14: the charge block .* is not what its row says/,
    ],
    ['a charge block removed', sql('DELETE FROM charge_block WHERE id = 1'), /^I9: ledger transaction/],
    [
      'a charge block moved to another batch',
      sql('UPDATE charge_block SET batch_index = 999 WHERE id = 1'),
      /^I12: charge_block has/,
    ],
    ['a suspended unit let go', sql("DELETE FROM suspense WHERE code = 'unknown_subject'"), /^I8: suspense of batch/],
    [
      'a changed reason',
      sql(`UPDATE suspense SET code = 'no_price' WHERE code = 'unknown_subject'`),
      /^I8: suspense of batch/,
    ],
    [
      'a release charged as if it were the first rating',
      sql('UPDATE charge_block SET release_index = NULL WHERE release_index IS NOT NULL'),
      /^I8: the release of log entry \d+ charges the units none/,
    ],
    [
      'a unit charged by another decision',
      sql('UPDATE charge_block SET release_index = (SELECT max(release_index) FROM charge_block) WHERE id = 1'),
      /^I9: ledger transaction/,
    ],
    [
      'a unit put back into suspense',
      sql("INSERT INTO suspense_open SELECT batch_index, unit, 'x', 'x', NULL FROM suspense_decision"),
      /^I8: unit 0 of batch \d+ is not where the decisions/,
    ],
    [
      'a unit slipped out of suspense',
      sql("DELETE FROM suspense_open WHERE code = 'unknown_subject'"),
      /^I8: unit 2 of batch 1 is not where the decisions/,
    ],
    ['another name under a discard', sql(`UPDATE suspense_decision SET decided_by = 'Eve'`), /^I8: the discard of log/],
    ['another reason of a discard', sql(`UPDATE suspense_decision SET reason = 'x'`), /^I8: the discard of log entry/],
    [
      'a decision removed',
      sql(`DELETE FROM suspense_decision WHERE kind = 'discard'`),
      /^I8: the discard of log entry/,
    ],
    ['a bit of a document', flip('document', 'bytes', `number = 'acme-000001'`, 100), /^acme-000001: I11/],
    [
      'a changed day',
      sql(
        "UPDATE segment_day SET quantity = '1' WHERE segment_id IN (SELECT id FROM segment WHERE key LIKE '%north%')",
      ),
      /^\w+-000001: I9: the line of .* does not show the days of its segment/,
    ],
    ['a document removed', sql(`DELETE FROM document WHERE number = 'acme-000002'`), /^I11: the document of log entry/],
    [
      'a gap in the numbers',
      sql(`UPDATE document SET sequence = 9 WHERE number = 'acme-000002'`),
      /^acme-000002: I11: it has number 9/,
    ],
    ['a batch row removed', sql('DELETE FROM batch WHERE log_index = 1'), /^I14: batch 1: it has no row/],
    [
      'a batch under another name',
      sql(`UPDATE batch SET agent = 'gw-2' WHERE log_index = 1`),
      /^I14: batch 1: its row names/,
    ],
  ] as const)('%s', (_name, corrupt, named) => {
    expect(problemsAfter(corrupt)).toEqual(expect.arrayContaining([expect.stringMatching(named)]))
  })

  test('checkpoints that another key signed', () => {
    const other = generateSigningKey().publicKeyBase64
    expect(problemsAfter(() => undefined, other)).toEqual([expect.stringMatching(/^I13: the checkpoint of size/)])
  })
})

test('a body deleted after its retention is no problem', () => {
  expect(problemsAfter(sql('DELETE FROM batch_body WHERE log_index = 1'))).toEqual([])
})

test('a file that is no database is a fault', () => {
  expect(verifyBooks(join(folder, 'absent.db'), 'acme', signingKey.publicKeyBase64)).toMatchObject({
    ok: false,
    fault: { code: 'database_unusable' },
  })
})

test('a database without books is a fault', () => {
  const file = join(folder, 'other.db')
  openDatabase({ file, disk: temporaryDisk }).close()
  expect(verifyBooks(file, 'acme', signingKey.publicKeyBase64)).toMatchObject({ fault: { code: 'books_unreadable' } })
})
