import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { silentLog } from '@meterline/shared/base/log.ts'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { generateSigningKey, openSigningKey } from '@meterline/shared/integrity/signature.ts'
import type { UsageEvent } from '@meterline/shared/model/usage-event.ts'
import { openDatabase, type Database } from '@meterline/shared/sqlite/open.ts'
import { temporaryDisk } from '@meterline/shared/sqlite/simulated-disk.ts'
import { decodeInvoice, type Invoice } from '../documents/invoice.ts'
import { appendOnlyTables } from '../store/schema.ts'
import { tenantFile } from '../store/tenant-files.ts'
import { usageEvent } from './fixtures/sealing-agent.ts'
import { TestTenant } from './fixtures/test-tenant.ts'
import { verifyBooks } from './verify-books.ts'

const signingKey = openSigningKey(generateSigningKey().privatePem)
let dataDirectory = ''
let tenant: TestTenant

/** A month of 60 devices, of which more than 50 are cheaper, that is closed; bytes of one device besides. */
beforeEach(async () => {
  dataDirectory = mkdtempSync(join(tmpdir(), 'meterline-void-billed-'))
  const nowMs = Date.UTC(2025, 6, 1)
  tenant = new TestTenant({ dataDirectory, signingKey, nowMs, random: seededRandom('void'), log: silentLog() })
  const applied = tenant.apply((file) =>
    file
      .replace('prices:\n', `${meter}prices:\n${price}`)
      .replace('prices: [ai-input, ai-output]', 'prices: [ai-input, ai-output, calls, pings]'),
  )
  if (!applied.ok) throw new Error(applied.fault.message)
  tenant.use([bytes('a', 300_000n), bytes('b', 400_000n), calls('k', 40n), calls('l', 20n)])
  await close('2025-06')
})
afterEach(() => {
  tenant.registry.kill()
  rmSync(dataDirectory, { recursive: true, force: true })
})

const meter = '  - { id: calls, unit: call }\n  - { id: pings, unit: ping }\n'
const price = `  - { id: calls, meter: calls, model: volume, tiers: [{ upTo: 50, amount: "1" }, { amount: "0.5" }] }
  - { id: pings, meter: pings, model: graduated, tiers: [{ flat: "2", amount: "1" }] }
`

const bytes = (id: string, quantity: bigint): UsageEvent =>
  usageEvent({ id, measured: [{ meter: 'data.bytes', quantity }] })
const calls = (id: string, quantity: bigint): UsageEvent =>
  usageEvent({ id, source: 'llm', subject: 'llm-1', measured: [{ meter: 'calls', quantity }] })

async function close(period: string): Promise<void> {
  expect(await tenant.clock.until(tenant.commands.closePeriod({ tenant: 'acme', period }))).toMatchObject({ ok: true })
}

async function correct(): Promise<void> {
  expect(await tenant.clock.until(tenant.commands.billCorrections('acme', {}))).toMatchObject({ ok: true })
}

async function takeBack(source: string, id: string): Promise<void> {
  const order = { targets: [{ source, id }], reason: 'a test', by: 'Ada', dryRun: false }
  const report = await tenant.clock.until(tenant.commands.usageVoid('acme', order))
  expect(report).toMatchObject({ value: { voided: 1, refused: 0 } })
}

function problems(file = tenantFile(dataDirectory, 'acme')): readonly string[] {
  const report = verifyBooks(file, 'acme', signingKey.publicKeyBase64)
  if (!report.ok) throw new Error(report.fault.message)
  return report.value.problems
}

function invoices(): readonly Invoice[] {
  const rows = tenant.service.store.documents.list(null)
  return rows.map(({ number }) => {
    const invoice = decodeInvoice(tenant.service.store.documents.find(number)?.bytes ?? new Uint8Array(0))
    if (!invoice.ok) throw new Error(invoice.fault.message)
    return invoice.value
  })
}

function marks(): readonly string[] {
  return tenant.service.store.lateMarks.list().map(({ period, seller, buyer }) => `${period} ${seller}>${buyer}`)
}

describe('a void of usage that is billed', () => {
  test('is credited by difference, on every leg, and the books hold before and after', async () => {
    await takeBack('trk-1', 'b')
    expect(marks()).toEqual(['2025-06 acme>nordlink', '2025-06 nordlink>logistics', '2025-06 roamnet>acme'])
    expect(problems()).toEqual([])
    await correct()
    expect(marks()).toEqual([])
    const notes = invoices().filter(({ kind }) => kind === 'credit-note')
    expect(
      notes.map(({ series, seller, total, sections }) => [series, seller.id, total.amount, sections[0]?.lines]),
    ).toMatchObject([
      ['acme-cn', 'acme', '-1.60', [{ quantity: '-400000', events: -1, fromBlock: 1, chargeBlocks: 1 }]],
      ['nordlink-cn', 'nordlink', '-4.00', [{ corrects: { document: 'nordlink-000001', period: '2025-06' } }]],
    ])
    expect(problems()).toEqual([])
  })

  test('may make the rest dearer, where its price falls with the quantity', async () => {
    // 60 calls cost 30.00; the 40 that are left 40.00.
    await takeBack('llm', 'l')
    await correct()
    const [corrected] = invoices().filter(
      ({ buyer, sections }) => buyer.id === 'bright' && sections[0]?.lines[0]?.corrects,
    )
    expect(corrected).toMatchObject({
      total: { amount: '10.00' },
      sections: [{ lines: [{ quantity: '-20', events: -1 }] }],
    })
    expect(problems()).toEqual([])
  })

  test('leaves a document alone that says what was due before any usage', async () => {
    const measured = [{ meter: 'pings', quantity: 3n }]
    tenant.use([usageEvent({ id: 'first', source: 'llm', subject: 'llm-1', measured })])
    expect(problems()).toEqual([])
    await correct()
    expect(problems()).toEqual([])
    await takeBack('llm', 'first')
    await correct()
    expect(problems()).toEqual([])
    const lines = invoices().flatMap(({ sections }) => sections.flatMap((section) => section.lines))
    expect(lines.filter(({ meter: counted }) => counted === 'pings').map(({ amount }) => amount)).toEqual([
      '2.00',
      '3.00',
      '-3.00',
    ])
  })

  test('ends at the same total owed, however usage, voids and documents follow each other', async () => {
    await takeBack('llm', 'k')
    await correct()
    tenant.use([calls('m', 30n)])
    await takeBack('llm', 'l')
    tenant.use([calls('n', 10n)])
    await correct()
    // 40 calls of 1.00 are left, whatever came between, and 2.00 that are due before any pings.
    const owed = invoices()
      .filter(({ buyer }) => buyer.id === 'bright')
      .reduce((sum, { total }) => sum + BigInt(total.invoicedMicros), 0n)
    expect(owed).toBe(42_000_000n)
    expect(problems()).toEqual([])
  })
})

describe('planted corruption of voids and of what is billed is found and named', () => {
  const append = [...appendOnlyTables, 'usage_void', 'event_replacement', 'suspense_decision']

  async function problemsAfter(corrupt: (db: Database) => void): Promise<readonly string[]> {
    await takeBack('trk-1', 'b')
    await correct()
    tenant.use([bytes('late', 1_000n), bytes('b', 1n)])
    const order = { units: null, code: 'event_conflict', source: null, dryRun: false, by: 'Ada' }
    expect(await tenant.clock.until(tenant.commands.suspenseReplay('acme', order))).toMatchObject({
      value: { released: 1 },
    })
    expect(problems()).toEqual([])
    tenant.registry.close()
    const file = join(dataDirectory, 'corrupted.db')
    copyFileSync(tenantFile(dataDirectory, 'acme'), file)
    const db = openDatabase({ file, disk: temporaryDisk })
    for (const table of append)
      db.exec(`DROP TRIGGER IF EXISTS ${table}_no_update; DROP TRIGGER IF EXISTS ${table}_no_delete`)
    corrupt(db)
    db.close()
    return problems(file)
  }

  const sql =
    (statement: string) =>
    (db: Database): void => {
      expect(db.prepare(statement).run().changes).toBeGreaterThan(0)
    }
  const inDocument = (number: string, from: string, to: string): ((db: Database) => void) =>
    sql(
      `UPDATE document SET bytes = CAST(replace(CAST(bytes AS TEXT), '${from}', '${to}') AS BLOB)
       WHERE number = '${number}' AND instr(CAST(bytes AS TEXT), '${from}') > 0`,
    )

  test.each([
    ['another reason of a void', sql("UPDATE usage_void SET reason = 'x'"), /^I8: the void of log entry \d+ is not as/],
    ['a void that is forgotten', sql('DELETE FROM usage_void'), /^I8: the void of log entry \d+ is not as the table/],
    [
      'a void that took back nothing',
      sql('DELETE FROM charge_block WHERE CAST(amount_micros AS INTEGER) < 0'),
      /^I8: the void of log entry \d+ does not take back what/,
    ],
    [
      'charges taken back by no void',
      sql('UPDATE charge_block SET release_index = NULL WHERE CAST(amount_micros AS INTEGER) < 0'),
      /^I9: ledger transaction/,
    ],
    [
      'a replaced event that is forgotten',
      sql('DELETE FROM event_replacement'),
      /^I5: the release of log entry \d+ charges/,
    ],
    [
      'another replaced event',
      sql('UPDATE event_replacement SET unit = 0'),
      /^I5: the release of log entry \d+ charges another content of unit 0/,
    ],
    [
      'a late mark that is forgotten',
      sql('DELETE FROM late_mark'),
      /^I10: what \w+ owes \w+ for 2025-06 is not what was billed/,
    ],
    [
      'a billed line that is forgotten',
      sql('DELETE FROM billed_line WHERE id = 1'),
      /^I10: the billed line .* is missing/,
    ],
    [
      'a billed line of more',
      sql("UPDATE billed_line SET quantity = '9' WHERE id = 1"),
      /^I10: the billed line .* is not what/,
    ],
    [
      'a document that bills blocks again',
      inDocument('nordlink-cn-000001', '"fromBlock":1', '"fromBlock":0'),
      /^nordlink-cn-000001: I10: the line of .* bills charge blocks from 0 on, 1 stand on documents/,
    ],
    [
      'a document that corrects another',
      inDocument('nordlink-cn-000001', '"document":"nordlink-000001"', '"document":"nordlink-000009"'),
      /^nordlink-cn-000001: I10: the line of .* says that it corrects nordlink-000009/,
    ],
    [
      'a credit note without its name',
      inDocument('nordlink-cn-000001', '"kind":"credit-note",', ''),
      /^nordlink-cn-000001: I11: it is a credit note/,
    ],
    [
      'another quantity taken back',
      inDocument('nordlink-cn-000001', '"quantity":"-400000"', '"quantity":"-400001"'),
      /^nordlink-cn-000001: I9: the line of .* brings what is billed to 299999 units in 1 records/,
    ],
    [
      'two ordinary documents of a period',
      sql("UPDATE document SET purpose = 'period' WHERE purpose = 'correction'"),
      /^I10: .* are all for the same period/,
    ],
  ] as const)('%s', async (_what, corrupt, named) => {
    expect(await problemsAfter(corrupt)).toEqual(expect.arrayContaining([expect.stringMatching(named)]))
  })
})
