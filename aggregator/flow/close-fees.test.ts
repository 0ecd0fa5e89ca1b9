import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { silentLog } from '@meterline/shared/base/log.ts'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { generateSigningKey, openSigningKey } from '@meterline/shared/integrity/signature.ts'
import { openDatabase } from '@meterline/shared/sqlite/open.ts'
import { temporaryDisk } from '@meterline/shared/sqlite/simulated-disk.ts'
import { decodeInvoice } from '../documents/invoice.ts'
import type { Invoice } from '../documents/invoice.ts'
import { tenantFile } from '../store/tenant-files.ts'
import { closePeriod } from './close-period.ts'
import { usageEvent } from './fixtures/sealing-agent.ts'
import { TestTenant } from './fixtures/test-tenant.ts'
import { verifyBooks } from './verify-books.ts'

const signingKey = openSigningKey(generateSigningKey().privatePem)

let dataDirectory = ''
let tenant: TestTenant
beforeEach(() => {
  dataDirectory = mkdtempSync(join(tmpdir(), 'meterline-fees-'))
  tenant = new TestTenant({
    dataDirectory,
    signingKey,
    nowMs: Date.UTC(2025, 8, 1),
    random: seededRandom('fees'),
    log: silentLog(),
  })
})
afterEach(() => {
  tenant.registry.kill()
  rmSync(dataDirectory, { recursive: true, force: true })
})

/** acme's file with fees: for its AI customer, who begins in June, and from its partner. */
const withFees = (file: string): string =>
  file
    .replace(
      'prices:\n',
      `prices:
  - { id: setup, model: one-time, amount: "49" }
  - { id: platform, model: recurring, amount: "25" }
  - { id: seat, model: recurring, amount: "4", each: { quantity: seats } }
  - { id: card, model: recurring, due: in-arrears, amount: "0.30", each: subject }
  - { id: port, model: recurring, due: in-arrears, amount: "7.50" }
`,
    )
    .replace('prices: [ai-input, ai-output]', 'prices: [setup, platform, seat, card, ai-input, ai-output]')
    .replace('prices: [roaming-data]', 'prices: [port, roaming-data]')
    .replace(
      'offering: ai, from: 2025-01-01, subjects: [llm-1]',
      'offering: ai, from: 2025-06-10, subjects: [llm-1], quantities: { seats: 3 }',
    )

function apply(edit: (file: string) => string): void {
  expect(tenant.apply((file) => edit(withFees(file)))).toMatchObject({ ok: true })
}

async function close(period: string): Promise<void> {
  expect(await tenant.clock.until(closePeriod(tenant.service, tenant.clock, { tenant: 'acme', period }))).toMatchObject(
    { ok: true },
  )
}

function invoices(): readonly Invoice[] {
  return [...tenant.service.store.documents.all()].map((row) => {
    const invoice = decodeInvoice(row.bytes)
    if (!invoice.ok) throw new Error(invoice.fault.message)
    return invoice.value
  })
}

function lines(): readonly (readonly string[])[] {
  return invoices().flatMap(({ period, sections }) =>
    sections.flatMap((section) =>
      section.lines.map(({ price, quantity, amount, fee }) => [period.key, price, quantity, amount, fee?.period ?? '']),
    ),
  )
}

function problems(): readonly string[] {
  const report = verifyBooks(tenantFile(dataDirectory, 'acme'), 'acme', signingKey.publicKeyBase64)
  if (!report.ok) throw new Error(report.fault.message)
  return report.value.problems
}

describe('closing periods with fees', () => {
  test('bills every fee once: in advance for the next period, and for the one a subscription begins in', async () => {
    apply((file) => file)
    await close('2025-05')
    await close('2025-06')
    tenant.use([
      usageEvent({
        id: 'a',
        source: 'llm',
        subject: 'llm-1',
        measured: [{ meter: 'ai.input_tokens', quantity: 500_000n }],
        timeMs: Date.UTC(2025, 6, 2),
      }),
    ])
    await close('2025-07')
    expect(lines()).toEqual([
      ['2025-06', 'setup', '1', '49.00', '2025-06'],
      ['2025-06', 'card', '1', '0.30', '2025-06'],
      ['2025-06', 'platform', '1', '25.00', '2025-06'],
      ['2025-06', 'seat', '3', '12.00', '2025-06'],
      ['2025-06', 'platform', '1', '25.00', '2025-07'],
      ['2025-06', 'seat', '3', '12.00', '2025-07'],
      ['2025-07', 'card', '1', '0.30', '2025-07'],
      ['2025-07', 'platform', '1', '25.00', '2025-08'],
      ['2025-07', 'seat', '3', '12.00', '2025-08'],
      ['2025-07', 'ai-input', '500000', '1.50', ''],
    ])
    const [june, july] = invoices()
    expect([june?.total.amount, july?.total.amount]).toEqual(['123.30', '38.80'])
    const { ledger } = tenant.service.store
    expect(ledger.balance('acme', 'EUR', 'receivable:bright')).toEqual({ debitMicros: 162_100_000n, creditMicros: 0n })
    const unbilled = ledger.balance('acme', 'EUR', 'unbilled:bright')
    expect(unbilled.debitMicros).toBe(unbilled.creditMicros)
    expect(problems()).toEqual([])
  })

  test('owes a partner his fees without a document of ours', async () => {
    apply((file) => file)
    await close('2025-05')
    expect(invoices()).toEqual([])
    expect(tenant.service.store.ledger.balance('acme', 'EUR', 'accrued_payable:roamnet')).toEqual({
      debitMicros: 0n,
      creditMicros: 7_500_000n,
    })
    expect(problems()).toEqual([])
  })

  test('bills the fees of the version a subscription is migrated to from the next period on', async () => {
    apply((file) =>
      file
        .replace(
          'prices: [setup, platform, seat, card, ai-input, ai-output]',
          'prices: [setup, platform, ai-input], versions: [{ from: 2025-06-20, prices: [seat, ai-input] }]',
        )
        .replace(
          'quantities: { seats: 3 }',
          'quantities: { seats: 3 }, migrations: [{ at: 2025-06-25, version: 2025-06-20 }]',
        ),
    )
    await close('2025-06')
    await close('2025-07')
    expect(lines()).toEqual([
      ['2025-06', 'setup', '1', '49.00', '2025-06'],
      ['2025-06', 'platform', '1', '25.00', '2025-06'],
      ['2025-06', 'seat', '3', '12.00', '2025-07'],
      ['2025-07', 'seat', '3', '12.00', '2025-08'],
    ])
    expect(problems()).toEqual([])
  })
})

describe('verification holds fees against the catalogue', () => {
  function corrupted(statement: string): readonly string[] {
    tenant.registry.kill()
    const db = openDatabase({ file: tenantFile(dataDirectory, 'acme'), disk: temporaryDisk })
    db.exec('DROP TRIGGER document_no_update')
    expect(db.prepare(statement).run().changes).toBeGreaterThan(0)
    db.close()
    return problems()
  }

  const replaced = (from: string, to: string): string =>
    `UPDATE document SET bytes = CAST(replace(CAST(bytes AS TEXT), '${from}', '${to}') AS BLOB)
     WHERE instr(CAST(bytes AS TEXT), '${from}') > 0`

  test.each<readonly [what: string, statement: string, expected: RegExp]>([
    [
      'an amount that its catalogue does not make',
      replaced('"amountMicros":"12000000"', '"amountMicros":"16000000"'),
      /is a fee of 16000000 micros for 3, its catalogue asks for 12000000 micros for 3/,
    ],
    [
      'a number of what it counts that its catalogue does not have',
      replaced('"quantity":"3"', '"quantity":"4"'),
      /is a fee of 12000000 micros for 4, its catalogue asks for 12000000 micros for 3/,
    ],
    [
      'a fee that its subscription does not owe',
      replaced('"segment":"2025-07/bright-ai/fee/', '"segment":"2025-09/bright-ai/fee/'),
      /2025-09\/bright-ai\/fee\/\w+ is a fee that its subscription does not owe/,
    ],
    [
      'what a partner is owed and nobody booked',
      "UPDATE billed_line SET amount_micros = '8500000' WHERE seller = 'roamnet' AND kind = 'fee'",
      /^I10: 7500000 micros are booked as due without usage in roamnet acme EUR, its lines make 8500000$/,
    ],
    ['a fee at another time', replaced('"due":"once"', '"due":"in-arrears"'), /is a fee that is due at another time/],
  ])('%s', async (_what, statement, expected) => {
    apply((file) => file)
    await close('2025-06')
    expect(problems()).toEqual([])
    expect(corrupted(statement)).toEqual(expect.arrayContaining([expect.stringMatching(expected)]))
  })

  test('in force now: a period whose fees have changed since is marked, or it is a problem', async () => {
    apply((file) => file)
    await close('2025-06')
    apply((file) =>
      file.replace(
        '  - { id: bright-ai,',
        '  - { id: third-ai, account: bright, offering: ai, from: 2025-06-30, to: 2025-07-01, subjects: [llm-3], quantities: { seats: 0 } }\n' +
          '  - { id: bright-ai,',
      ),
    )
    expect(problems()).toEqual([])
    expect(corrupted('DELETE FROM late_mark')).toEqual([
      expect.stringMatching(/^I10: what bright owes acme for 2025-06 is not what was billed: 2025-06\/third-ai\/fee/),
    ])
  })
})
