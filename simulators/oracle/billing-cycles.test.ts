import fc from 'fast-check'
import { expect, test } from 'vitest'
import { boundsOf, buyersPeriod, periodAfter, periodIn } from './billing-cycles.ts'
import { instantOf } from './calendar.ts'
import type { TenantPlan } from './tenant-plan.ts'

const cycles = [
  { id: 'mid', day: 15, zone: 'UTC' },
  { id: 'last', day: 31, zone: 'Europe/Berlin' },
  { id: 'west', day: 1, zone: 'America/New_York' },
  { id: 'east', day: 8, zone: 'Asia/Kathmandu' },
] as const
const plan = { cycles, billingProfiles: [{ id: 'nord', cycle: 'mid' }, { id: 'plain' }] } as unknown as TenantPlan

test.each([
  ['mid', '2026-05-14T23:59:59Z', '2026-04~mid'],
  ['mid', '2026-05-15', '2026-05~mid'],
  ['last', '2026-02-27T22:59:59Z', '2026-01~last'],
  ['last', '2026-02-27T23:00:00Z', '2026-02~last'],
  ['last', '2026-03-30T21:59:59Z', '2026-02~last'],
  ['last', '2026-03-30T22:00:00Z', '2026-03~last'],
  ['west', '2026-01-01T04:59:59Z', '2025-12~west'],
  ['west', '2026-01-01T05:00:00Z', '2026-01~west'],
  ['east', '2026-01-07T18:14:59Z', '2025-12~east'],
  ['east', '2026-01-07T18:15:00Z', '2026-01~east'],
])('%s at %s is in %s', (id, text, key) => {
  expect(
    periodIn(
      cycles.find((each) => each.id === id),
      instantOf(text),
    ),
  ).toBe(key)
})

test('every instant lies in the bounds of its period, and the next one begins where it ends', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...cycles),
      fc.integer({ min: Date.UTC(2024, 0), max: Date.UTC(2028, 0) }),
      (cycle, atMs) => {
        const key = periodIn(cycle, atMs)
        const { startMs, endMs } = boundsOf(plan, key)
        expect(startMs).toBeLessThanOrEqual(atMs)
        expect(endMs).toBeGreaterThan(atMs)
        expect(periodIn(cycle, startMs)).toBe(key)
        expect(boundsOf(plan, periodAfter(plan, key)).startMs).toBe(endMs)
      },
    ),
  )
})

test('a buyer without a cycle is billed by calendar months', () => {
  const atMs = instantOf('2026-05-10')
  expect(buyersPeriod(plan, 'nord', atMs)).toBe('2026-04~mid')
  expect(buyersPeriod(plan, 'plain', atMs)).toBe('2026-05')
  expect(buyersPeriod(plan, 'nobody', atMs)).toBe('2026-05')
  expect(periodAfter(plan, '2026-12')).toBe('2027-01')
})
