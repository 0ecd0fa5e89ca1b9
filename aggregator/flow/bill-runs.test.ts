import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { silentLog } from '@meterline/shared/base/log.ts'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { generateSigningKey, openSigningKey } from '@meterline/shared/integrity/signature.ts'
import type { UsageEvent } from '@meterline/shared/model/usage-event.ts'
import { decodeInvoice, type Invoice } from '../documents/invoice.ts'
import { tenantFile } from '../store/tenant-files.ts'
import type { ClosedPeriod, ClosingRequest } from './bill-answers.ts'
import { billCorrections, billProgressive } from './bill-now.ts'
import { closePeriod } from './close-period.ts'
import { usageEvent } from './fixtures/sealing-agent.ts'
import { TestTenant } from './fixtures/test-tenant.ts'
import { verifyBooks } from './verify-books.ts'

const signingKey = openSigningKey(generateSigningKey().privatePem)
const inJune = Date.UTC(2025, 5, 20)
const julyMs = Date.UTC(2025, 6, 1)
const dayMs = 86_400_000

let dataDirectory = ''
let tenants: TestTenant[] = []
let tenant: TestTenant
beforeEach(() => {
  dataDirectory = mkdtempSync(join(tmpdir(), 'meterline-runs-'))
  tenant = start(julyMs)
})
afterEach(() => {
  for (const each of tenants) each.registry.kill()
  tenants = []
  rmSync(dataDirectory, { recursive: true, force: true })
})

function start(nowMs: number, agent?: TestTenant['agent']): TestTenant {
  const parts = { dataDirectory, signingKey, nowMs, random: seededRandom('runs'), log: silentLog() }
  const started = new TestTenant(agent === undefined ? parts : { ...parts, agent })
  tenants.push(started)
  return started
}

/** acme's file with billing profiles. */
function apply(...profiles: readonly string[]): void {
  const written = `billingProfiles:\n${profiles.map((profile) => `  - ${profile}\n`).join('')}`
  const applied = tenant.apply((file) => file.replace('subscriptions:\n', `${written}subscriptions:\n`))
  expect(applied).toMatchObject({ ok: true })
}

function use(id: string, bytes: bigint, timeMs = inJune): void {
  tenant.use([usageEvent({ id, timeMs, measured: [{ meter: 'data.bytes', quantity: bytes }] })])
}

function ask(request: Partial<ClosingRequest>): ReturnType<typeof closePeriod> {
  const whole = { tenant: 'acme', period: '2025-06', ...request }
  return tenant.clock.until(closePeriod(tenant.service, tenant.clock, whole))
}

async function close(request: Partial<ClosingRequest> = {}): Promise<ClosedPeriod> {
  const closed = await ask(request)
  if (!closed.ok) throw new Error(closed.fault.message)
  return closed.value
}

function invoices(): readonly Invoice[] {
  return [...tenant.service.store.documents.all()].map((row) => {
    const invoice = decodeInvoice(row.bytes)
    if (!invoice.ok) throw new Error(invoice.fault.message)
    return invoice.value
  })
}

function totals(): readonly string[] {
  return invoices().map(({ series, number, buyer, total }) => `${series}-${number} ${buyer.id} ${total.amount}`)
}

function problems(): readonly string[] {
  const report = verifyBooks(tenantFile(dataDirectory, 'acme'), 'acme', signingKey.publicKeyBase64)
  if (!report.ok) throw new Error(report.fault.message)
  return report.value.problems
}

describe('grace', () => {
  test('keeps a bill waiting for late usage, which is then on it and corrects nothing', async () => {
    apply('{ id: logistics, grace: 3d }')
    use('a', 4_000n)
    const first = await close()
    expect(first).toMatchObject({
      state: 'closing',
      documents: [{ buyer: 'nordlink' }],
      waiting: [{ seller: 'nordlink', buyer: 'logistics', reason: 'grace', untilMs: julyMs + 3 * dayMs }],
    })
    use('late', 1_000n)
    // Nothing of him can be corrected before he has his document.
    const corrected = await tenant.clock.until(billCorrections(tenant.service, tenant.clock, { dryRun: true }))
    expect(corrected).toMatchObject({ ok: true, value: { bills: [{ buyer: 'nordlink' }] } })
    tenant.clock.advance(3 * dayMs)
    const second = await close()
    expect(second).toMatchObject({ state: 'closed', waiting: [] })
    const [line] = invoices().find(({ buyer }) => buyer.id === 'logistics')?.sections[0]?.lines ?? []
    expect(line).toMatchObject({ quantity: '5000', amount: '0.10' })
    expect(line?.corrects).toBeUndefined()
    // The reseller had his document by then: his part of the late usage stands on his next one.
    expect(tenant.service.store.lateMarks.list()).toEqual([
      { period: '2025-06', seller: 'acme', buyer: 'nordlink', currency: 'EUR' },
    ])
    expect(problems()).toEqual([])
  })

  test('is not waited for when the closing is forced', async () => {
    apply('{ id: logistics, grace: 3d }')
    use('a', 4_000n)
    expect(await close({ force: true })).toMatchObject({ state: 'closed', waiting: [] })
  })

  test('that is left in one period holds up the next one of the same buyer, and nobody else', async () => {
    apply('{ id: logistics, grace: 50d }')
    use('a', 4_000n)
    await close()
    use('b', 1_000n, Date.UTC(2025, 6, 5))
    tenant.clock.advance(40 * dayMs)
    expect(await close({ period: '2025-07' })).toMatchObject({
      documents: [{ buyer: 'nordlink' }],
      waiting: [{ buyer: 'logistics', reason: 'earlier-period', untilMs: null }],
    })
    tenant.clock.advance(11 * dayMs)
    const early = await ask({ period: '2025-07' })
    expect(early).toMatchObject({ ok: false, fault: { code: 'period_order', details: { period: '2025-06' } } })
    expect(await close()).toMatchObject({ state: 'closed' })
    tenant.clock.advance(40 * dayMs)
    expect(await close({ period: '2025-07' })).toMatchObject({ state: 'closed' })
    expect(totals().filter((text) => text.includes('logistics'))).toEqual([
      'nordlink-1 logistics 0.08',
      'nordlink-2 logistics 0.02',
    ])
    expect(problems()).toEqual([])
  })
})

describe('a dry run', () => {
  test('says what is then issued, and changes nothing', async () => {
    apply('{ id: logistics, paymentDays: 30 }')
    use('a', 4_321n)
    const { size } = tenant.service.store.log
    const tried = await close({ dryRun: true })
    expect(tried).toMatchObject({ state: 'open', documents: [] })
    expect(tenant.service.store.log.size).toBe(size)
    expect(tenant.service.store.documents.periods()).toEqual([])
    expect(await close({ dryRun: true })).toEqual(tried)
    const closed = await close()
    expect(closed.documents.map(({ seller, buyer, total }) => [seller, buyer, total])).toEqual(
      tried.bills.map(({ seller, buyer, total }) => [seller, buyer, total]),
    )
    expect(tried.bills).toHaveLength(2)
  })

  test('of a period that runs is refused as its closing is', async () => {
    apply('{ id: logistics, paymentDays: 30 }')
    expect(await ask({ period: '2025-07', dryRun: true })).toMatchObject({ fault: { code: 'period_running' } })
  })
})

describe('approval', () => {
  test('holds the documents of a seller until somebody approves what the dry run shows', async () => {
    apply('{ id: nordlink, approval: true }')
    use('a', 4_000n)
    const closing = await close()
    expect(closing).toMatchObject({
      state: 'closing',
      documents: [{ seller: 'acme' }],
      waiting: [{ seller: 'nordlink', buyer: 'logistics', reason: 'approval' }],
      bills: [{ seller: 'nordlink', total: '0.08' }],
    })
    const { digest } = await close({ dryRun: true })
    expect(digest).toBe(closing.digest)
    expect(await close({ approve: { digest: digest ?? '', by: 'Ada' } })).toMatchObject({
      state: 'closed',
      documents: [{ seller: 'acme' }, { seller: 'nordlink' }],
    })
    expect(problems()).toEqual([])
  })

  test('is refused when the bills have changed since, and names the new digest', async () => {
    apply('{ id: nordlink, approval: true }')
    use('a', 4_000n)
    const { digest } = await close()
    use('late', 1_000n)
    const refused = await ask({ approve: { digest: digest ?? '', by: 'Ada' } })
    expect(refused).toMatchObject({ ok: false, fault: { code: 'bills_changed' } })
    const renewed = await close({ dryRun: true })
    expect(refused.ok ? '' : refused.fault.details?.['digest']).toBe(renewed.digest)
    expect(renewed.digest).not.toBe(digest)
    expect(tenant.service.store.documents.count()).toBe(1)
  })

  test('stands through a crash for what it approved, and for nothing else', async () => {
    apply('{ id: nordlink, approval: true }')
    use('a', 4_000n)
    const { digest, bills } = await close()
    const { store } = tenant.service
    const approvals = bills.map(({ seller, buyer, currency, period, hash }) => {
      return { seller, buyer, currency, period, billHash: hash, by: 'Ada', approvedMs: julyMs }
    })
    store.commitApproval({ entries: [], approvals }, { logSize: store.log.size })
    const { agent } = tenant
    tenant.registry.kill()
    tenant = start(julyMs, agent)
    use('late', 1_000n)
    expect(await close()).toMatchObject({ state: 'closing', waiting: [{ reason: 'approval' }] })
    const renewed = await close({ dryRun: true })
    expect(renewed.digest).not.toBe(digest)
    expect(await close({ approve: { digest: renewed.digest ?? '', by: 'Ada' } })).toMatchObject({ state: 'closed' })
    expect(totals()).toContain('nordlink-1 logistics 0.10')
  })
})

describe('an invoice in the middle of a period', () => {
  test('goes out by itself when enough is unbilled, and is taken off the next ones', async () => {
    apply('{ id: logistics, progressiveAmount: "0.05" }')
    tenant.registry.kill()
    tenant = start(Date.UTC(2025, 5, 21), tenant.agent)
    use('a', 2_000n)
    expect(totals()).toEqual([])
    use('b', 2_000n)
    expect(totals()).toEqual(['nordlink-1 logistics 0.08'])
    expect(invoices()[0]).toMatchObject({ kind: 'progressive' })
    use('c', 1_000n)
    use('d', 1_500n)
    expect(totals()).toEqual(['nordlink-1 logistics 0.08'])
    tenant.clock.advance(20 * dayMs)
    await close()
    expect(totals().filter((text) => text.includes('logistics'))).toEqual([
      'nordlink-1 logistics 0.08',
      'nordlink-2 logistics 0.04',
    ])
    const [line] =
      invoices().find(({ series, number }) => series === 'nordlink' && number === 2)?.sections[0]?.lines ?? []
    expect(line).toMatchObject({ quantity: '2500', fromBlock: 2, chargeBlocks: 2, days: [], tiers: [] })
    expect(line?.corrects).toBeUndefined()
    expect(problems()).toEqual([])
  })

  test('waits for approval where the seller wants it', async () => {
    apply('{ id: logistics, progressiveAmount: "0.05" }', '{ id: nordlink, approval: true }')
    tenant.registry.kill()
    tenant = start(Date.UTC(2025, 5, 21), tenant.agent)
    use('a', 4_000n)
    expect(totals()).toEqual([])
    const tried = await tenant.clock.until(billProgressive(tenant.service, tenant.clock, { dryRun: true }))
    expect(tried).toMatchObject({ ok: true, value: { bills: [{ kind: 'progressive', total: '0.08' }] } })
    const approve = { digest: tried.ok ? (tried.value.digest ?? '') : '', by: 'Ada' }
    const billed = await tenant.clock.until(billProgressive(tenant.service, tenant.clock, { approve }))
    expect(billed).toMatchObject({ ok: true, value: { documents: [{ number: 'nordlink-000001' }] } })
  })
})

describe('a closing of many accounts', () => {
  const customers = Array.from({ length: 120 }, (_, index) => `c${String(index).padStart(3, '0')}`)
  const withCustomers = (file: string): string =>
    file
      .replace(
        'partners:\n',
        `${customers.map((id) => `  - { id: ${id}, kind: customer, parent: acme, name: ${id}, payer: self }\n`).join('')}partners:\n`,
      )
      .replace(
        'subscriptions:\n',
        `subscriptions:\n${customers.map((id) => `  - { id: s-${id}, account: ${id}, offering: tracker, from: 2025-01-01, subjects: [d-${id}] }\n`).join('')}`,
      )

  function eventsOfAll(name: string): readonly UsageEvent[] {
    return customers.map((id, index) =>
      usageEvent({
        id: `${name} ${id}`,
        source: `d-${id}`,
        subject: `d-${id}`,
        timeMs: inJune,
        measured: [{ meter: 'data.bytes', quantity: BigInt(1_000 * (index + 1)) }],
      }),
    )
  }

  function useAll(name: string): void {
    tenant.use(eventsOfAll(name))
  }

  test('asked for twice leaves alone whoever has his document, whatever he used since', async () => {
    expect(tenant.apply(withCustomers)).toMatchObject({ ok: true })
    useAll('a')
    const request = { tenant: 'acme', period: '2025-06' }
    let messages = 0
    const sendMore = (): void => tenant.send(eventsOfAll(`late ${messages++}`))
    const closings = [
      closePeriod(tenant.service, tenant.clock, request, sendMore),
      closePeriod(tenant.service, tenant.clock, request, sendMore),
    ]
    const [first, second] = await tenant.clock.until(Promise.all(closings))
    tenant.clock.advance(0)
    expect(first).toMatchObject({ ok: true, value: { state: 'closed' } })
    expect(second).toMatchObject({ ok: true, value: { state: 'closed' } })
    expect(tenant.service.store.documents.count()).toBe(120)
    const behind = tenant.service.store.lateMarks.list().filter(({ seller }) => seller === 'acme')
    expect(behind).toHaveLength(120)
    expect(problems()).toEqual([])
  })

  test('that is cut off between two commits issues what is left, without a gap and nothing twice', async () => {
    expect(tenant.apply(withCustomers)).toMatchObject({ ok: true })
    useAll('a')
    const running = tenant
    const cut = closePeriod(running.service, running.clock, { tenant: 'acme', period: '2025-06' }, (message) => {
      if (message.startsWith('50 of')) running.clock.after(0, () => running.registry.kill())
    })
    expect(await running.clock.until(cut)).toMatchObject({ ok: false, fault: { code: 'store_unavailable' } })
    tenant = start(julyMs, running.agent)
    expect(tenant.service.store.documents.count()).toBeGreaterThanOrEqual(50)
    expect(tenant.service.store.documents.count()).toBeLessThan(120)
    // What comes now is late for those who have their documents, and not for the others.
    useAll('b')
    expect(await close()).toMatchObject({ state: 'closed' })
    const issued = invoices()
    expect(issued.map(({ number }) => number)).toEqual(Array.from({ length: 120 }, (_, index) => index + 1))
    expect(new Set(issued.map(({ buyer }) => buyer.id)).size).toBe(120)
    const behind = tenant.service.store.lateMarks.list().map(({ buyer }) => buyer)
    const doubled = issued.filter(({ sections }) => sections[0]?.lines[0]?.events === 2).map(({ buyer }) => buyer.id)
    expect(behind.length + doubled.length).toBe(120)
    expect(new Set([...behind, ...doubled]).size).toBe(120)
    expect(problems()).toEqual([])
  })
})
