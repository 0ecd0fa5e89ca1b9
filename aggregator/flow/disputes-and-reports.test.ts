import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Result } from '@meterline/shared/base/errors.ts'
import type { TestTenant } from './fixtures/test-tenant.ts'
import type { MoneyDecision } from './money-decisions.ts'
import {
  balance,
  billedTenant,
  bright,
  dayMs,
  inputLineKey,
  july,
  noKey,
  note,
  open,
  pay,
  problemsOf,
} from './testing/billed-tenant.ts'

let dataDirectory = ''
let tenants: TestTenant[] = []
beforeEach(() => {
  dataDirectory = mkdtempSync(join(tmpdir(), 'meterline-receivables-'))
})
afterEach(() => {
  for (const tenant of tenants) tenant.registry.kill()
  tenants = []
  rmSync(dataDirectory, { recursive: true, force: true })
})

async function billed(edit?: (file: string) => string): Promise<TestTenant> {
  const tenant = await billedTenant(dataDirectory, edit)
  tenants.push(tenant)
  return tenant
}

describe('a dispute', () => {
  async function dispute(tenant: TestTenant, amount: string | null = null): Promise<Result<MoneyDecision>> {
    const line = await inputLineKey(tenant)
    const order = { ...noKey, document: 'acme-000001', line, amount, reason: 'we did not call it' }
    return await tenant.clock.until(tenant.commands.disputeOpen('acme', order))
  }

  test('holds the charges of a line as evidence, out of the way of payments and reminders', async () => {
    const tenant = await billed()
    const opened = await dispute(tenant, '2')
    if (!opened.ok) throw new Error(opened.fault.message)
    const shown = tenant.commands.disputeShow('acme', opened.value.logIndex)
    expect(shown).toMatchObject({
      ok: true,
      value: {
        micros: '2380000',
        lineMicros: '2000000',
        charges: [{ batchIndex: 1, amountMicros: '3703701' }],
        more: false,
      },
    })
    tenant.clock.advance(60 * dayMs)
    expect(
      await tenant.clock.until(tenant.commands.receivableAging('acme', { asOfMs: null, buyer: 'bright' })),
    ).toMatchObject({
      ok: true,
      value: {
        rows: [{ buyer: 'bright', days30Micros: '2020000', disputedMicros: '2380000', balanceMicros: '4400000' }],
      },
    })
    await pay(tenant, { amount: '4' })
    expect(open(tenant, 'acme-000001')).toBe(2_380_000n)
    expect(balance(tenant, 'credit_balance:bright')).toBe(-1_980_000n)
    expect(await dispute(tenant, '1.80')).toMatchObject({ ok: false, fault: { code: 'dispute_too_large' } })
  })

  test('ends by a credit note, or by a rejection', async () => {
    const tenant = await billed()
    const opened = await dispute(tenant, '2')
    const rejected = await dispute(tenant, '1')
    if (!opened.ok || !rejected.ok) throw new Error('both are opened')
    const credit = {
      ...noKey,
      dispute: opened.value.logIndex,
      outcome: 'credited' as const,
      amount: '1.50',
      reason: 'half',
    }
    expect(await tenant.clock.until(tenant.commands.disputeResolve('acme', credit))).toMatchObject({
      ok: true,
      value: { decision: { outcome: 'credited', note: 'acme-cn-000001' } },
    })
    const no = {
      ...noKey,
      dispute: rejected.value.logIndex,
      outcome: 'rejected' as const,
      amount: null,
      reason: 'logs',
    }
    expect(await tenant.clock.until(tenant.commands.disputeResolve('acme', no))).toMatchObject({ ok: true })
    const again = { ...no, key: 'another', reason: 'logs again' }
    expect(await tenant.clock.until(tenant.commands.disputeResolve('acme', again))).toMatchObject({
      ok: false,
      fault: { code: 'dispute_resolved' },
    })
    expect(tenant.service.store.receivables.find('acme-000001')).toMatchObject({ disputedMicros: 0n })
    expect(open(tenant, 'acme-000001')).toBe(4_400_000n - 1_790_000n)
    expect(tenant.commands.disputeList('acme', { all: false, limit: 9 })).toEqual({ ok: true, value: [] })
    expect(problemsOf(dataDirectory)).toEqual([])
  })
})

describe('reports', () => {
  test('the statement is the documents less the money, and ends where the ledger stands', async () => {
    const tenant = await billed()
    tenant.clock.advance(5 * dayMs)
    await pay(tenant, { amount: '1', receivedMs: july + 2 * dayMs })
    await note(tenant, { amount: '1' })
    const request = { parties: bright, fromMs: july + dayMs, toMs: null }
    const answer = await tenant.clock.until(tenant.commands.accountStatement('acme', request))
    expect(answer).toMatchObject({
      ok: true,
      value: {
        openingMicros: '4400000',
        rows: [
          { kind: 'payment', reference: 'bank-1', micros: '-1000000', balanceMicros: '3400000' },
          { kind: 'credit-note', reference: 'acme-cn-000001', micros: '-1190000', balanceMicros: '2210000' },
        ],
        closingMicros: '2210000',
      },
    })
    expect(balance(tenant, 'receivable:bright') + balance(tenant, 'credit_balance:bright')).toBe(2_210_000n)
  })

  test('aging shows how it stood at an instant that is over', async () => {
    const tenant = await billed()
    tenant.clock.advance(100 * dayMs)
    await pay(tenant, { amount: '1', receivedMs: july + 90 * dayMs })
    const aging = async (day: number): Promise<unknown> => {
      const request = { asOfMs: july + day * dayMs, buyer: 'bright' }
      const answer = await tenant.clock.until(tenant.commands.receivableAging('acme', request))
      return answer.ok ? answer.value.rows : answer
    }
    expect(await aging(-1)).toEqual([])
    expect(await aging(30)).toMatchObject([{ currentMicros: '4400000' }])
    expect(await aging(80)).toMatchObject([{ days60Micros: '4400000' }])
    expect(await aging(95)).toMatchObject([{ days90Micros: '3400000', balanceMicros: '3400000' }])
  })

  test('aging shows money that came before the document it settles as credit until then', async () => {
    const tenant = await billed()
    await pay(tenant, { receivedMs: july - 10 * dayMs })
    const aging = async (asOfMs: number): Promise<unknown> => {
      const answer = await tenant.clock.until(tenant.commands.receivableAging('acme', { asOfMs, buyer: 'bright' }))
      return answer.ok ? answer.value.rows : answer
    }
    expect(await aging(july - 11 * dayMs)).toEqual([])
    expect(await aging(july - 5 * dayMs)).toMatchObject([{ creditMicros: '4400000', balanceMicros: '-4400000' }])
    expect(await aging(july)).toEqual([])
  })

  test('lists show what is open, by buyer or of everybody, and what was decided', async () => {
    const tenant = await billed()
    await pay(tenant)
    const everybody = { parties: null, all: false, limit: 10 }
    expect(await tenant.clock.until(tenant.commands.receivableList('acme', everybody))).toMatchObject({
      ok: true,
      value: [{ document: 'acme-000002' }, { document: 'nordlink-000001', openMicros: '200000' }],
    })
    const own = { parties: bright, all: true, limit: 10 }
    expect(await tenant.clock.until(tenant.commands.receivableList('acme', own))).toMatchObject({
      value: [{ document: 'acme-000001', openMicros: '0' }],
    })
    expect(tenant.commands.receivableDecisions('acme', { parties: bright, limit: 5 })).toMatchObject({
      value: [{ decision: { name: 'payment', reference: 'bank-1' } }],
    })
  })
})
