import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { silentLog } from '@meterline/shared/base/log.ts'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { CompactRange } from '@meterline/shared/integrity/merkle.ts'
import { sha256 } from '@meterline/shared/integrity/hash.ts'
import { generateSigningKey, openSigningKey } from '@meterline/shared/integrity/signature.ts'
import { decodeLogEntry, encodeLogEntry, logEntryLeaf } from '@meterline/shared/model/log-entry-codec.ts'
import type { LedgerEntry, LogEntry } from '@meterline/shared/model/log-entry.ts'
import { openDatabase } from '@meterline/shared/sqlite/open.ts'
import type { Database } from '@meterline/shared/sqlite/open.ts'
import { temporaryDisk } from '@meterline/shared/sqlite/simulated-disk.ts'
import { credit, debit } from '../domain/ledger/entry.ts'
import { appendOnlyTables } from '../store/schema.ts'
import { tenantFile } from '../store/tenant-files.ts'
import { closePeriod } from './close-period.ts'
import { usageEvent } from './fixtures/sealing-agent.ts'
import { TestTenant } from './fixtures/test-tenant.ts'
import { verifyBooks } from './verify-books.ts'

const signingKey = openSigningKey(generateSigningKey().privatePem)
let folder = ''
let pristine = ''

/** Books with charges of two partitions and a partner, a release, and the documents of their period. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'meterline-postings-'))
  pristine = tenantFile(folder, 'acme')
  const parts = { dataDirectory: folder, signingKey, nowMs: Date.UTC(2025, 6, 1), random: seededRandom('postings') }
  const tenant = new TestTenant({ ...parts, log: silentLog() })
  tenant.apply()
  const measured = [{ meter: 'ai.input_tokens', quantity: 77_777n }]
  tenant.use([usageEvent({ id: 'a' }), usageEvent({ id: 'b', subject: 'llm-1', measured })])
  tenant.use([usageEvent({ id: 'c', subject: 'trk-9' })])
  tenant.apply((file) => file.replace('[trk-1, trk-2]', '[trk-1, trk-2, trk-9]'))
  const order = { units: null, code: null, source: null, dryRun: false, by: 'Ada' }
  await tenant.clock.until(tenant.commands.suspenseReplay('acme', order))
  await tenant.clock.until(closePeriod(tenant.service, tenant.clock, { tenant: 'acme', period: '2025-06' }))
  tenant.registry.close()
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** The problems of books whose owner, who has the key to everything but the checkpoints out there, rewrote entries. */
function problemsOf(
  rewritten: (entry: LogEntry, logIndex: number) => LogEntry,
  corrupt: (db: Database) => void = () => undefined,
): readonly string[] {
  const file = join(folder, 'forged.db')
  copyFileSync(pristine, file)
  const db = openDatabase({ file, disk: temporaryDisk })
  for (const table of appendOnlyTables) {
    db.exec(`DROP TRIGGER IF EXISTS ${table}_no_update; DROP TRIGGER IF EXISTS ${table}_no_delete`)
  }
  const rows = db
    .prepare<[], { logIndex: number; entry: Uint8Array }>(
      'SELECT log_index AS logIndex, entry FROM log ORDER BY log_index',
    )
    .all()
  const range = new CompactRange()
  const save = db.prepare<[Uint8Array, Uint8Array, number]>('UPDATE log SET entry = ?, leaf = ? WHERE log_index = ?')
  for (const { logIndex, entry } of rows) {
    const decoded = decodeLogEntry(entry)
    if (!decoded.ok) throw new Error(decoded.fault.message)
    const bytes = encodeLogEntry(rewritten(decoded.value, logIndex))
    const leaf = logEntryLeaf(bytes)
    range.append(leaf)
    save.run(bytes, leaf, logIndex)
  }
  db.prepare<[Uint8Array]>('UPDATE log_head SET frontier = ?').run(range.save())
  corrupt(db)
  db.close()
  const report = verifyBooks(file, 'acme', signingKey.publicKeyBase64)
  if (!report.ok) throw new Error(report.fault.message)
  return report.value.problems
}

const asItWas = (entry: LogEntry): LogEntry => entry
const forged: readonly LedgerEntry[] = [
  debit('acme', 'EUR', 'revenue', 9n),
  credit('acme', 'EUR', 'unbilled:bright', 9n),
]

test('books that were only copied have no problems', () => {
  expect(problemsOf(asItWas)).toEqual([])
})

describe('what whoever owns the log can write into it is found', () => {
  test.each<readonly [what: string, rewritten: (entry: LogEntry) => LogEntry, named: RegExp]>([
    [
      'a posting twice, with its money',
      (entry) => {
        if (entry.kind !== 'ledger') return entry
        return {
          ...entry,
          postings: [...entry.postings, ...entry.postings],
          entries: [...entry.entries, ...entry.entries],
        }
      },
      /^I9: ledger transaction \d+ posts again what/,
    ],
    [
      'a posting left out, with its money',
      (entry) => (entry.kind === 'ledger' ? { ...entry, postings: entry.postings.slice(1) } : entry),
      /^I9: no ledger transaction posts the charges of segment 2025-06\//,
    ],
    [
      'money beside a document',
      (entry) => (entry.kind === 'document' ? { ...entry, entries: [...entry.entries, ...forged] } : entry),
      /^\w+-000001: I10: its entries are not those that its lines make/,
    ],
  ])('%s', (_what, rewritten, named) => {
    expect(problemsOf(rewritten)).toEqual(expect.arrayContaining([expect.stringMatching(named)]))
  })

  test('a document that never was', () => {
    const problems = problemsOf(asItWas, (db) => db.exec("DELETE FROM document WHERE number = 'nordlink-000001'"))
    expect(problems).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^I10: what was charged in segment 2025-06\/north-trackers\/.* stands on no document/),
      ]),
    )
  })
})

describe('a damaged catalogue', () => {
  const damaged = (entry: LogEntry): LogEntry => {
    if (entry.kind !== 'catalogue') return entry
    const text = new TextDecoder().decode(entry.content)
    return { ...entry, content: new TextEncoder().encode(text.replaceAll('"offering":"ai"', '"offering":"aj"')) }
  }

  test('is reported, and the rest is checked by the copy beside the log', () => {
    expect(problemsOf(damaged).filter((text) => !text.startsWith('I13'))).toEqual([
      expect.stringMatching(/^I14: catalogue 0 is not what its hash/),
      expect.stringMatching(/^I14: catalogue \d+ is not what its hash/),
      expect.stringMatching(/^acme-000001: I15: it was made with catalogue \d+, which is missing or damaged/),
      expect.stringMatching(/^acme-000002: I15: it was made with catalogue/),
      expect.stringMatching(/^nordlink-000001: I15: it was made with catalogue/),
      expect.stringMatching(/^I12: catalogue 0 is not as the log has it/),
      expect.stringMatching(/^I12: catalogue \d+ is not as the log has it/),
    ])
  })

  test('that does not fit together is reported, not thrown', () => {
    const rehashed = (entry: LogEntry): LogEntry => {
      const own = damaged(entry)
      return own.kind === 'catalogue' ? { ...own, contentHash: sha256(own.content) } : own
    }
    const problems = problemsOf(rehashed)
    expect(problems).toEqual(
      expect.arrayContaining([expect.stringMatching(/^I14: catalogue 0: the catalogue does not fit/)]),
    )
    expect(problems.filter((text) => text.includes('cannot go on'))).toEqual([])
  })
})
