import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { usageEvent } from './fixtures/sealing-agent.ts'
import type { TestTenant } from './fixtures/test-tenant.ts'
import {
  aiCall,
  balance,
  billedTenant,
  close,
  dayMs,
  july,
  pay,
  problemsOf,
  startedAgain,
} from './testing/billed-tenant.ts'

let dataDirectory = ''
let tenants: TestTenant[] = []
beforeEach(() => {
  dataDirectory = mkdtempSync(join(tmpdir(), 'meterline-credit-'))
})
afterEach(() => {
  for (const tenant of tenants) tenant.registry.kill()
  tenants = []
  rmSync(dataDirectory, { recursive: true, force: true })
})

test('a closing that was cut off after its last document uses the credit that is left when it is asked for again', async () => {
  const tenant = await billedTenant(dataDirectory)
  tenants.push(tenant)
  for (const buyer of ['bright', 'nordlink'])
    expect(await pay(tenant, { buyer, amount: '9', reference: buyer })).toMatchObject({ ok: true })
  tenant.clock.advance(31 * dayMs)
  const timeMs = july + dayMs
  tenant.use([
    usageEvent({ id: 'b', timeMs, measured: [{ meter: 'data.bytes', quantity: 12_345n }] }),
    aiCall('c', timeMs),
  ])
  const credits = (of: TestTenant): readonly bigint[] =>
    ['bright', 'nordlink'].map((buyer) => balance(of, `credit_balance:${buyer}`))
  const before = credits(tenant)
  const killedOnceUsed = async (): Promise<void> => {
    for (let round = 0; round < 10_000 && !credits(tenant).some((micros, index) => micros !== before[index]); round++)
      await Promise.resolve()
    tenant.registry.kill()
  }
  const [closed] = await Promise.all([close(tenant, '2025-07'), killedOnceUsed()])
  expect(closed).toMatchObject({ ok: false, fault: { code: 'store_unavailable' } })

  const again = startedAgain(dataDirectory, tenant)
  tenants.push(again)
  expect(again.service.store.documents.periods()).toMatchObject([
    { state: 'closed' },
    { key: '2025-07', state: 'closed' },
  ])
  expect(credits(again).filter((micros, index) => micros === before[index])).toHaveLength(1)
  expect(await close(again, '2025-07')).toMatchObject({ ok: true, value: { state: 'closed' } })
  expect(credits(again).filter((micros, index) => micros === before[index])).toEqual([])
  expect(problemsOf(dataDirectory)).toEqual([])
})
