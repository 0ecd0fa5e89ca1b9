import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { silentLog } from '@meterline/shared/base/log.ts'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { sha256 } from '@meterline/shared/integrity/hash.ts'
import { generateSigningKey, openSigningKey } from '@meterline/shared/integrity/signature.ts'
import { decodeInvoice } from '../documents/invoice.ts'
import type { Invoice } from '../documents/invoice.ts'
import { tenantFile } from '../store/tenant-files.ts'
import { closePeriod } from './close-period.ts'
import { TestTenant } from './fixtures/test-tenant.ts'
import { usageEvent, usageTimeMs } from './fixtures/sealing-agent.ts'
import { verifyBooks } from './verify-books.ts'

const signingKey = openSigningKey(generateSigningKey().privatePem)
const july = Date.UTC(2025, 6, 1)

let dataDirectory = ''
let tenants: TestTenant[] = []
beforeEach(() => {
  dataDirectory = mkdtempSync(join(tmpdir(), 'meterline-close-'))
})
afterEach(() => {
  for (const tenant of tenants) tenant.registry.kill()
  tenants = []
  rmSync(dataDirectory, { recursive: true, force: true })
})

function start(nowMs: number): TestTenant {
  const tenant = new TestTenant({ dataDirectory, signingKey, nowMs, random: seededRandom('close'), log: silentLog() })
  tenants.push(tenant)
  return tenant
}

async function close(
  tenant: TestTenant,
  options: { period?: string; force?: boolean } = {},
): ReturnType<typeof closePeriod> {
  const { period = '2025-06', force = false } = options
  return await tenant.clock.until(closePeriod(tenant.service, tenant.clock, { tenant: 'acme', period, force }))
}

function invoices(tenant: TestTenant): Invoice[] {
  return [...tenant.service.store.documents.all()].map((row) => {
    const invoice = decodeInvoice(row.bytes)
    if (!invoice.ok) throw new Error(invoice.fault.message)
    return invoice.value
  })
}

function problems(): readonly string[] {
  const report = verifyBooks(tenantFile(dataDirectory, 'acme'), 'acme', signingKey.publicKeyBase64)
  if (!report.ok) throw new Error(report.fault.message)
  return report.value.problems
}

const aiCall = usageEvent({
  id: 'call-1',
  source: 'llm-1',
  subject: 'llm-1',
  measured: [
    { meter: 'ai.input_tokens', quantity: 1_234_567n },
    { meter: 'ai.output_tokens', quantity: 89n },
  ],
})

describe('closing a period', () => {
  test('issues one document to every buyer, from the books of its seller, and they add up', async () => {
    const tenant = start(july)
    tenant.apply()
    tenant.use([usageEvent({ id: 'a', measured: [{ meter: 'data.bytes', quantity: 12_345n }] }), aiCall])
    const closed = await close(tenant)
    expect(
      closed.ok && closed.value.documents.map(({ number, seller, buyer, total }) => [number, seller, buyer, total]),
    ).toEqual([
      ['acme-000001', 'acme', 'bright', '3.70'],
      ['acme-000002', 'acme', 'nordlink', '0.05'],
      ['nordlink-000001', 'nordlink', 'logistics', '0.17'],
    ])
    const [ai, wholesale, retail] = invoices(tenant)
    expect(ai?.total).toEqual({
      amount: '3.70',
      amountMicros: '3705036',
      invoicedMicros: '3700000',
      residueMicros: '5036',
    })
    expect(wholesale?.total.amountMicros).toBe('49380')
    expect(retail?.sections.map(({ account }) => account.id)).toEqual(['north'])
    // 5,000 at 0.02 and 7,345 at 0.01 per 1,000.
    expect(retail?.sections[0]?.lines).toMatchObject([{ quantity: '12345', amountMicros: '173450', amount: '0.17' }])
    expect(tenant.service.store.ledger.balance('acme', 'EUR', 'receivable:bright')).toEqual({
      debitMicros: 3_700_000n,
      creditMicros: 0n,
    })
    expect(problems()).toEqual([])
  })

  test('again gives the same documents, byte for byte, and none twice', async () => {
    const tenant = start(july)
    tenant.apply()
    tenant.use([aiCall])
    const first = await close(tenant)
    const before = [...tenant.service.store.documents.all()].map((row) => sha256(row.bytes))
    tenant.clock.advance(86_400_000)
    expect(await close(tenant)).toEqual(first)
    expect([...tenant.service.store.documents.all()].map((row) => sha256(row.bytes))).toEqual(before)
  })

  test('refuses a period that still runs, says until when, and closes it when forced', async () => {
    const tenant = start(usageTimeMs)
    tenant.apply()
    tenant.use([aiCall])
    const refused = await close(tenant)
    expect(refused).toMatchObject({ ok: false, fault: { code: 'period_running' } })
    expect(refused.ok ? '' : refused.fault.message).toContain('2025-07-01T00:00:00.000Z')
    expect(await close(tenant, { force: true })).toMatchObject({
      ok: true,
      value: { documents: [{ buyer: 'bright' }] },
    })
  })

  test.each([
    ['a period that has not begun', '2031-01', 'period_future'],
    ['a text that is no period', 'June', 'period_invalid'],
  ])('refuses %s', async (_name, period, code) => {
    const tenant = start(july)
    tenant.apply()
    expect(await close(tenant, { period, force: true })).toMatchObject({ ok: false, fault: { code } })
  })

  test('that was cut off goes on where it stopped, with what is in force by then', async () => {
    const first = start(july)
    first.apply()
    first.use([usageEvent({ id: 'a' }), aiCall])
    const { store } = first.service
    const { version } = first.service.inForce ?? { version: -1 }
    store.commitClosing('2025-06', version, july, { logSize: store.log.size })
    first.apply((file) => file.replace('name: ACME Telecom', 'name: ACME renamed'))
    first.registry.kill()

    const second = start(july)
    expect(second.service.store.documents.periods()).toMatchObject([{ key: '2025-06', state: 'closing' }])
    expect(await close(second)).toMatchObject({ ok: true })
    expect(invoices(second).map(({ seller }) => seller.name)).toEqual(['ACME renamed', 'ACME renamed', 'NordLink'])
    expect(second.service.store.documents.periods()).toMatchObject([{ state: 'closed' }])
    expect(problems()).toEqual([])
  })

  test('twice at the same time issues every document once', async () => {
    const tenant = start(july)
    tenant.apply()
    tenant.use([usageEvent({ id: 'a' }), aiCall])
    const request = { tenant: 'acme', period: '2025-06' }
    const both = Promise.all([
      closePeriod(tenant.service, tenant.clock, request),
      closePeriod(tenant.service, tenant.clock, request),
    ])
    const [one, two] = await tenant.clock.until(both)
    expect(one).toMatchObject({ ok: true })
    expect(two).toEqual(one)
    expect(tenant.service.store.documents.count()).toBe(3)
    expect(problems()).toEqual([])
  })

  test('with a price that changed in the middle bills both, each as it was rated', async () => {
    const tenant = start(july)
    const later = 'amount: "0.004", changes: [{ from: 2025-06-20, model: per-unit, per: 1000, amount: "0.005" }]'
    expect(tenant.apply((file) => file.replace('amount: "0.004"', later))).toMatchObject({ ok: true })
    tenant.use([usageEvent({ id: 'b', timeMs: Date.UTC(2025, 5, 20) }), usageEvent({ id: 'a' })])
    expect(await close(tenant)).toMatchObject({ ok: true })
    const wholesale = invoices(tenant).find(({ buyer }) => buyer.id === 'nordlink')
    expect(wholesale?.sections[0]?.lines.map(({ amountMicros }) => amountMicros).toSorted()).toEqual(['4000', '5000'])
    expect(problems()).toEqual([])
  })

  test('ends with a fault when the aggregator stops meanwhile', async () => {
    const tenant = start(july)
    tenant.apply()
    tenant.use([usageEvent({ id: 'a' }), aiCall])
    const closing = closePeriod(tenant.service, tenant.clock, { tenant: 'acme', period: '2025-06' })
    await Promise.resolve()
    tenant.registry.kill()
    expect(await closing).toMatchObject({ ok: false, fault: { code: 'store_unavailable' } })
    expect(tenant.clock.pending).toBe(0)
  })
})
