import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { silentLog } from '@meterline/shared/base/log.ts'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { generateSigningKey, openSigningKey } from '@meterline/shared/integrity/signature.ts'
import { relationOfParts } from '../domain/billing/buyer-index.ts'
import { decodeInvoice, type Invoice } from '../documents/invoice.ts'
import { tenantFile } from '../store/tenant-files.ts'
import type { BillRun, ClosedPeriod } from './bill-answers.ts'
import { billCorrections } from './bill-now.ts'
import { BillingBooks } from './billing-books.ts'
import { closePeriod } from './close-period.ts'
import { usageEvent } from './fixtures/sealing-agent.ts'
import { TestTenant } from './fixtures/test-tenant.ts'
import { verifyBooks } from './verify-books.ts'

const signingKey = openSigningKey(generateSigningKey().privatePem)
const inJune = Date.UTC(2025, 5, 20)

let dataDirectory = ''
let tenant: TestTenant
beforeEach(() => {
  dataDirectory = mkdtempSync(join(tmpdir(), 'meterline-kinds-'))
  const nowMs = Date.UTC(2025, 8, 1)
  tenant = new TestTenant({ dataDirectory, signingKey, nowMs, random: seededRandom('kinds'), log: silentLog() })
})
afterEach(() => {
  tenant.registry.kill()
  rmSync(dataDirectory, { recursive: true, force: true })
})

function apply(edit: (file: string) => string): void {
  expect(tenant.apply(edit)).toMatchObject({ ok: true })
}

function use(id: string, subject: string, bytes: bigint, timeMs = inJune): void {
  tenant.use([
    usageEvent({ id, source: subject, subject, timeMs, measured: [{ meter: 'data.bytes', quantity: bytes }] }),
  ])
}

async function close(period: string): Promise<ClosedPeriod> {
  const closed = await tenant.clock.until(closePeriod(tenant.service, tenant.clock, { tenant: 'acme', period }))
  if (!closed.ok) throw new Error(closed.fault.message)
  return closed.value
}

async function correct(): Promise<BillRun> {
  const billed = await tenant.clock.until(billCorrections(tenant.service, tenant.clock, {}))
  if (!billed.ok) throw new Error(billed.fault.message)
  return billed.value
}

function invoicesOf(buyer: string): readonly Invoice[] {
  return [...tenant.service.store.documents.all()]
    .filter((row) => row.buyer === buyer)
    .toSorted((left, right) => left.logIndex - right.logIndex)
    .map((row) => {
      const invoice = decodeInvoice(row.bytes)
      if (!invoice.ok) throw new Error(invoice.fault.message)
      return invoice.value
    })
}

function totalsOf(buyer: string): readonly string[] {
  return invoicesOf(buyer).map(
    ({ series, number, period, total }) => `${series}-${number} ${period.key} ${total.amount}`,
  )
}

function problems(): readonly string[] {
  const report = verifyBooks(tenantFile(dataDirectory, 'acme'), 'acme', signingKey.publicKeyBase64)
  if (!report.ok) throw new Error(report.fault.message)
  return report.value.problems
}

test('a fee billed in advance is taken back with a credit note once the subscription has ended', async () => {
  const withFee = (file: string): string =>
    file
      .replace('prices:\n', 'prices:\n  - { id: platform, model: recurring, amount: "25" }\n')
      .replace('prices: [ai-input, ai-output]', 'prices: [platform, ai-input, ai-output]')
  apply(withFee)
  tenant.clock.advance(0)
  await close('2025-08')
  expect(totalsOf('bright')).toEqual(['acme-1 2025-08 50.00'])
  apply((file) =>
    withFee(file).replace('offering: ai, from: 2025-01-01', 'offering: ai, from: 2025-01-01, to: 2025-09-01'),
  )
  tenant.clock.advance(31 * 86_400_000)
  await close('2025-09')
  expect(totalsOf('bright')).toEqual(['acme-1 2025-08 50.00', 'acme-cn-1 2025-09 -25.00'])
  expect(invoicesOf('bright').at(-1)).toMatchObject({
    kind: 'credit-note',
    sections: [{ lines: [{ corrects: { document: 'acme-000001', period: '2025-09' }, quantity: '-1' }] }],
  })
  expect(problems()).toEqual([])
})

test('what a partner is owed without usage is posted once, however often a period is closed', async () => {
  apply((file) =>
    file
      .replace('prices:\n', 'prices:\n  - { id: port, model: recurring, due: in-arrears, amount: "7.50" }\n')
      .replace('prices: [roaming-data]', 'prices: [port, roaming-data]'),
  )
  await close('2025-06')
  use('late', 'trk-1', 1_000n)
  await correct()
  await close('2025-07')
  expect(tenant.service.store.ledger.balance('acme', 'EUR', 'accrued_payable:roamnet')).toEqual({
    debitMicros: 0n,
    creditMicros: 15_001_500n,
  })
  expect(problems()).toEqual([])
})

test('books that are asked again see what was charged in between', () => {
  apply((file) => file)
  use('a', 'trk-1', 1_000n)
  const { inForce, store } = tenant.service
  if (inForce === null) throw new Error('the catalogue is in force')
  const books = new BillingBooks(store, inForce)
  const period = books.period('2025-06')
  if (!period.ok) throw new Error(period.fault.message)
  const relation = relationOfParts({ seller: 'acme', buyer: 'bright', currency: 'EUR' }, books.catalogue)
  expect(books.part(relation, period.value, 'own').lines).toEqual([])
  const measured = [{ meter: 'ai.input_tokens', quantity: 1_000_000n }]
  tenant.use([usageEvent({ id: 'ai', source: 'llm-1', subject: 'llm-1', timeMs: inJune, measured })])
  const { lines } = books.part(relation, period.value, 'own')
  expect(lines).toMatchObject([{ amountMicros: 3_000_000n, chargeBlocks: 1 }])
})

test('a fee in advance is billed by whoever pays when its period begins', async () => {
  apply((file) =>
    file
      .replace('prices:\n', 'prices:\n  - { id: care, model: recurring, amount: "2" }\n')
      .replace('prices: [retail-data]', 'prices: [care, retail-data]')
      .replace(
        '  - { id: north, kind: fleet, parent: logistics,',
        '  - { id: cargo, kind: customer, parent: nordlink, name: Cargo, payer: self }\n' +
          '  - { id: north, kind: fleet, moves: [{ at: 2025-10-01, parent: cargo }], parent: logistics,',
      ),
  )
  await close('2025-08')
  tenant.clock.advance(62 * 86_400_000)
  await close('2025-09')
  await close('2025-10')
  expect(totalsOf('logistics')).toEqual(['nordlink-1 2025-08 4.00'])
  expect(totalsOf('cargo')).toEqual(['nordlink-2 2025-10 4.00'])
  expect(problems()).toEqual([])
})

describe('billing cycles', () => {
  test('are closed each for itself, by whoever gets the document', async () => {
    apply((file) =>
      file.replace(
        'subscriptions:\n',
        'cycles:\n  - { id: mid, day: 15 }\nbillingProfiles:\n  - { id: logistics, cycle: mid }\nsubscriptions:\n',
      ),
    )
    use('a', 'trk-1', 1_000n, Date.UTC(2025, 5, 14))
    use('b', 'trk-1', 2_000n, Date.UTC(2025, 5, 15))
    await close('2025-05~mid')
    await close('2025-06')
    await close('2025-06~mid')
    expect(totalsOf('logistics')).toEqual(['nordlink-1 2025-05~mid 0.02', 'nordlink-2 2025-06~mid 0.04'])
    expect(totalsOf('nordlink')).toEqual(['acme-1 2025-06 0.01'])
    use('late', 'trk-1', 500n, Date.UTC(2025, 5, 14))
    await correct()
    expect(totalsOf('logistics').at(-1)).toBe('nordlink-3 2025-05~mid 0.01')
    expect(problems()).toEqual([])
  })

  test('that nobody declared are refused', async () => {
    apply((file) => file)
    const closing = closePeriod(tenant.service, tenant.clock, { tenant: 'acme', period: '2025-06~mid' })
    expect(await tenant.clock.until(closing)).toMatchObject({ ok: false, fault: { code: 'cycle_unknown' } })
  })
})

describe('an account whose parent pays a share', () => {
  beforeEach(() => {
    apply((file) =>
      file
        .replace(
          'partners:\n',
          '  - { id: south, kind: fleet, parent: logistics, name: Fleet South, payer: self, parentPays: { share: "0.25" } }\npartners:\n',
        )
        .replace(
          'subscriptions:\n',
          'subscriptions:\n  - { id: south-trackers, account: south, offering: tracker, from: 2025-01-01, subjects: [van-1] }\n',
        ),
    )
  })

  test('gets all lines and less the share, which stands on the document of the payer', async () => {
    use('a', 'van-1', 4_000n)
    await close('2025-06')
    expect(totalsOf('south')).toEqual(['nordlink-2 2025-06 0.06'])
    expect(totalsOf('logistics')).toEqual(['nordlink-1 2025-06 0.02'])
    expect(problems()).toEqual([])
  })

  test('passes on to the payer what came late', async () => {
    use('a', 'van-1', 4_000n)
    await close('2025-06')
    use('late', 'van-1', 8_000n)
    await correct()
    // 12,000 bytes cost 0.17 in all, of which the payer has a quarter.
    expect(totalsOf('south')).toEqual(['nordlink-2 2025-06 0.06', 'nordlink-3 2025-06 0.07'])
    expect(totalsOf('logistics')).toEqual(['nordlink-1 2025-06 0.02', 'nordlink-4 2025-06 0.02'])
    expect(tenant.service.store.lateMarks.list()).toEqual([])
    expect(problems()).toEqual([])
  })
})
