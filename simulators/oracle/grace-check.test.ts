import { expect, test } from 'vitest'
import { graceFault } from './grace-check.ts'
import type { StoredDocument } from './stored-document.ts'
import type { TenantPlan } from './tenant-plan.ts'

const plan = { billingProfiles: [{ id: 'north', grace: '30h' }] } as unknown as TenantPlan

function faultOf(buyer: string, issuedAt: string, purpose = 'period'): string | null {
  const row = { purpose, period: '2026-06' }
  return graceFault({ row, buyer, issuedAtMs: Date.parse(issuedAt) } as unknown as StoredDocument, plan)
}

test('a bill waits for the end of its period and for the grace of its buyer', () => {
  expect(faultOf('south', '2026-07-01T00:00:00Z')).toBeNull()
  expect(faultOf('south', '2026-06-30T23:59:59.999Z')).toBe('is issued 1 ms before south has waited long enough')
  expect(faultOf('north', '2026-07-02T06:00:00Z')).toBeNull()
  expect(faultOf('north', '2026-07-02T05:59:59.999Z')).toBe('is issued 1 ms before north has waited long enough')
})

test('what is issued in the middle of a period or later about it waits for nothing', () => {
  expect(faultOf('north', '2026-06-15T00:00:00Z', 'progressive')).toBeNull()
  expect(faultOf('north', '2026-06-15T00:00:00Z', 'correction')).toBeNull()
})
