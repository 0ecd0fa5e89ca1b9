import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { silentLog } from '@meterline/shared/base/log.ts'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { generateSigningKey, openSigningKey } from '@meterline/shared/integrity/signature.ts'
import { openDatabase } from '@meterline/shared/sqlite/open.ts'
import { temporaryDisk } from '@meterline/shared/sqlite/simulated-disk.ts'
import { tenantFile } from '../store/tenant-files.ts'
import { usageEvent } from './fixtures/sealing-agent.ts'
import { taxedFile } from './fixtures/taxed-tenant.ts'
import { TestTenant } from './fixtures/test-tenant.ts'
import { verifyBooks } from './verify-books.ts'

const signingKey = openSigningKey(generateSigningKey().privatePem)
const appendOnly = ['decision', 'receivable_move', 'note_line']
let folder = ''
let pristine = ''

/** Books in which June was paid in part, partly credited, disputed and, of the reseller, taken back. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'meterline-verify-money-'))
  pristine = tenantFile(folder, 'acme')
  const parts = { dataDirectory: folder, signingKey, random: seededRandom('verify-money'), log: silentLog() }
  const tenant = new TestTenant({ ...parts, nowMs: Date.UTC(2025, 6, 1) })
  tenant.apply(taxedFile)
  tenant.use([
    usageEvent({ id: 'a' }),
    usageEvent({ id: 'ai', subject: 'llm-1', measured: [{ meter: 'ai.input_tokens', quantity: 7_777_777n }] }),
  ])
  const done = async (command: Promise<{ readonly ok: boolean }>): Promise<void> => {
    expect(await tenant.clock.until(command)).toMatchObject({ ok: true })
  }
  const { commands } = tenant
  await done(commands.closePeriod({ tenant: 'acme', period: '2025-06' }))
  const deciding = { key: null, by: 'Ada' }
  const payer = { ...deciding, buyer: 'bright', seller: null, currency: null }
  const documents = [{ document: 'acme-000001', amount: '20' }]
  await done(
    commands.paymentRecord('acme', { ...payer, amount: '22', reference: 'bank-1', receivedMs: null, documents }),
  )
  const about = { ...deciding, document: 'acme-000001', lines: null, reason: 'agreed' }
  await done(commands.noteIssue('acme', { ...about, kind: 'credit-note', amount: '3' }))
  const lines = await tenant.clock.until(commands.receivableLines('acme', 'acme-000001'))
  const line = lines.ok ? (lines.value[0]?.key ?? '') : ''
  await done(commands.disputeOpen('acme', { ...about, line, amount: '1' }))
  await done(commands.documentVoid('acme', { ...about, document: 'acme-000002', toCredit: false }))
  tenant.registry.close()
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function problemsAfter(statement: string | null): readonly string[] {
  const file = join(folder, 'corrupted.db')
  copyFileSync(pristine, file)
  const db = openDatabase({ file, disk: temporaryDisk })
  // Whoever can write the file can also drop what the database protects it with.
  for (const table of appendOnly) db.exec(`DROP TRIGGER ${table}_no_update; DROP TRIGGER ${table}_no_delete`)
  if (statement !== null && db.prepare(statement).run().changes === 0) throw new Error(`nothing changed: ${statement}`)
  db.close()
  const report = verifyBooks(file, 'acme', signingKey.publicKeyBase64)
  if (!report.ok) throw new Error(report.fault.message)
  return report.value.problems
}

test('books with payments, notes, disputes and voids have no problems, and all of them were looked at', () => {
  expect(problemsAfter(null)).toEqual([])
  const report = verifyBooks(pristine, 'acme', signingKey.publicKeyBase64)
  expect(report).toMatchObject({ ok: true, value: { checked: { decisions: 4, 'open items': 5 } } })
})

describe('what was changed in the file is found', () => {
  test.each([
    [
      'the key of a decision',
      `UPDATE decision SET key = 'other' WHERE name = 'payment'`,
      /decision \d+ \(payment\) has no row/,
    ],
    ['whom it is about', `UPDATE decision SET buyer = 'logistics' WHERE name = 'payment'`, /names others/],
    ['a decision left out', `DELETE FROM decision WHERE name = 'dispute'`, /there are 3 decisions, the log has 4/],
    [
      'what was settled',
      `UPDATE receivable SET settled_micros = '0' WHERE document = 'acme-000001'`,
      /open item acme-000001 is not/,
    ],
    [
      'what is owed',
      `UPDATE receivable SET gross_micros = '1' WHERE document = 'acme-000001'`,
      /open item acme-000001/,
    ],
    [
      'when it is due',
      `UPDATE receivable SET due_ms = due_ms + 1 WHERE document = 'acme-000001'`,
      /open item acme-000001 is not/,
    ],
    [
      'what is disputed',
      `UPDATE receivable SET disputed_micros = '0' WHERE disputed_micros <> '0'`,
      /open item acme-000001 is not/,
    ],
    [
      'that it was taken back',
      `UPDATE receivable SET voided_by = NULL WHERE voided_by IS NOT NULL`,
      /open item acme-000002 is not/,
    ],
    [
      'an open item left out',
      `DELETE FROM receivable WHERE document = 'nordlink-000001'`,
      /nordlink-000001 is no open item/,
    ],
    ['a move', `UPDATE receivable_move SET micros = '1' WHERE document IS NULL`, /of the moves of money number 1/],
    [
      'when money came',
      `UPDATE receivable_move SET at_ms = 1 WHERE document IS NULL`,
      /of the moves of money number 1/,
    ],
    ['a move left out', `DELETE FROM receivable_move WHERE id = 1`, /moves of money, decisions make/],
    [
      'the credit of a buyer',
      `UPDATE credit_balance SET micros = '9' WHERE buyer = 'bright'`,
      /bright has 9 micros of credit/,
    ],
    ['a line of a note', `UPDATE note_line SET micros = '1'`, /of the lines of notes number 1/],
    [
      'how a dispute stands',
      `UPDATE dispute SET outcome = 'rejected', resolved_index = 1, resolved_ms = 1`,
      /of the disputes number 1/,
    ],
  ])('%s', (_what, statement, problem) => {
    expect(problemsAfter(statement)).toContainEqual(expect.stringMatching(problem))
  })
})
