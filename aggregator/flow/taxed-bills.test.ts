import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { silentLog } from '@meterline/shared/base/log.ts'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { generateSigningKey, openSigningKey } from '@meterline/shared/integrity/signature.ts'
import { decodeInvoice, type Invoice } from '../documents/invoice.ts'
import { tenantFile } from '../store/tenant-files.ts'
import { billCorrections } from './bill-now.ts'
import { closePeriod } from './close-period.ts'
import { usageEvent } from './fixtures/sealing-agent.ts'
import { TestTenant } from './fixtures/test-tenant.ts'
import { verifyBooks } from './verify-books.ts'

const signingKey = openSigningKey(generateSigningKey().privatePem)
const inJune = Date.UTC(2025, 5, 20)

let dataDirectory = ''
let tenant: TestTenant
beforeEach(() => {
  dataDirectory = mkdtempSync(join(tmpdir(), 'meterline-taxed-'))
  tenant = new TestTenant({
    dataDirectory,
    signingKey,
    nowMs: Date.UTC(2025, 8, 1),
    random: seededRandom('taxed'),
    log: silentLog(),
  })
})
afterEach(() => {
  tenant.registry.kill()
  rmSync(dataDirectory, { recursive: true, force: true })
})

/** The tenant with 19 % on everything sold, in which the fleet gets documents of its own and shares them. */
function sharedFile(file: string): string {
  const north = 'parent: logistics, name: Fleet North, payer: '
  const shared = file
    .replaceAll('meter: data.bytes, model', 'meter: data.bytes, tax: vat, model')
    .replace(`${north}parent`, `${north}self, parentPays: { share: "0.4" }`)
  return `${shared}
taxCodes:
  - { id: vat, name: VAT, rates: [{ region: DE, percent: "19", from: 2025-01-01 }] }
billingProfiles:
  - { id: nordlink, region: DE, taxIds: [{ scheme: VAT, value: DE1 }], pricesIncludeTax: true }
  - { id: logistics, region: DE }
  - { id: north, region: DE, legalName: North GmbH }
`
}

function use(id: string, bytes: bigint): void {
  tenant.use([usageEvent({ id, timeMs: inJune, measured: [{ meter: 'data.bytes', quantity: bytes }] })])
}

async function close(): Promise<void> {
  const request = { tenant: 'acme', period: '2025-06' }
  const closed = await tenant.clock.until(closePeriod(tenant.service, tenant.clock, request))
  if (!closed.ok) throw new Error(closed.fault.message)
}

function invoicesOf(buyer: string): readonly Invoice[] {
  return [...tenant.service.store.documents.all()]
    .map((row) => {
      const invoice = decodeInvoice(row.bytes)
      if (!invoice.ok) throw new Error(invoice.fault.message)
      return invoice.value
    })
    .filter((invoice) => invoice.buyer.id === buyer)
}

/** Number, exact amounts of the lines, what is to be paid, and the tax in it. */
function billed(buyer: string): readonly (readonly unknown[])[] {
  return invoicesOf(buyer).map(({ kind, sections, tax }) => [
    kind ?? 'invoice',
    sections.flatMap(({ lines }) => lines.map(({ amountMicros }) => Number(amountMicros))),
    tax?.gross,
    tax?.amount,
  ])
}

/** What stands on an account of somebody's books, in micros, debits less credits. */
function balance(entity: string, account: string): bigint {
  const { debitMicros, creditMicros } = tenant.service.store.ledger.balance(entity, 'EUR', account)
  return debitMicros - creditMicros
}

function problems(): readonly string[] {
  const report = verifyBooks(tenantFile(dataDirectory, 'acme'), 'acme', signingKey.publicKeyBase64)
  if (!report.ok) throw new Error(report.fault.message)
  return report.value.problems
}

describe('documents with tax and a shared bill', () => {
  test('ask together for what was used, each with the tax of its part, and the books have both', async () => {
    tenant.apply(sharedFile)
    use('a', 100_005_000n)
    await close()
    // 5,000 bytes at 0.02 and 100 MB at 0.01 per 1,000: 1,000.10, which includes 19 %; 40 % of it is 400.04.
    expect(billed('north')).toEqual([['invoice', [1_000_100_000, -400_040_000], '600.06', '95.81']])
    expect(billed('logistics')).toEqual([['invoice', [400_040_000], '400.04', '63.87']])
    expect(balance('nordlink', 'receivable:north')).toBe(600_060_000n)
    expect(balance('nordlink', 'receivable:logistics')).toBe(400_040_000n)
    // The reseller buys for 0.004 without tax, and pays 19 % on top.
    expect(billed('nordlink')).toEqual([['invoice', [400_020_000], '476.02', '76.00']])
    expect(balance('nordlink', 'tax_payable')).toBe(-159_680_000n)
    expect(balance('nordlink', 'input_tax')).toBe(76_000_000n)
    expect(balance('nordlink', 'revenue')).toBe(-1_000_100_000n + 159_680_000n)
    expect(balance('nordlink', 'payable:acme')).toBe(-476_020_000n)
    expect(invoicesOf('north')[0]?.buyer).toMatchObject({ legalName: 'North GmbH' })
    expect(problems()).toEqual([])
  })

  test('are corrected on both sides when usage comes late', async () => {
    tenant.apply(sharedFile)
    use('a', 100_005_000n)
    await close()
    use('late', 50_000_000n)
    const corrected = await tenant.clock.until(billCorrections(tenant.service, tenant.clock, {}))
    if (!corrected.ok) throw new Error(corrected.fault.message)
    expect(billed('north')[1]).toEqual(['invoice', [500_000_000, -200_000_000], '300.00', '47.90'])
    expect(billed('logistics')[1]).toEqual(['invoice', [200_000_000], '200.00', '31.93'])
    expect(invoicesOf('logistics')[1]?.sections[0]?.lines[0]?.corrects?.period).toBe('2025-06')
    const again = await tenant.clock.until(billCorrections(tenant.service, tenant.clock, {}))
    expect(again.ok && again.value.documents).toEqual([])
    expect(problems()).toEqual([])
  })
})
