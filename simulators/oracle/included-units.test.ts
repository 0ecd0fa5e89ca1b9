import fc from 'fast-check'
import { expect, test } from 'vitest'
import { includedIn } from './included-units.ts'
import type { PlannedAllowance } from './planned-contract.ts'
import { shareOut } from './share-out.ts'
import type { PlannedSubscription, TenantPlan } from './tenant-plan.ts'

/** Who used how much in which period, and what of November is included: `<allowance> <subscription> <units>`. */
function coveredOf(
  allowances: readonly Omit<PlannedAllowance, 'meter'>[],
  used: Readonly<Record<string, Readonly<Record<string, number>>>>,
  how: Partial<PlannedSubscription> = {},
): readonly string[] {
  const plan = {
    fees: [],
    prices: [],
    offerings: [{ id: 'sim', prices: [], allowances: allowances.map((each) => ({ ...each, meter: 'data' })) }],
    subscriptions: [],
  } as unknown as TenantPlan
  const subscriptions = Object.keys(used).map((id): PlannedSubscription => {
    return { id, account: 'nord', offering: 'sim', from: '2026-09-01', ...how }
  })
  const of = {
    plan,
    buyer: 'nord',
    meter: 'data',
    subscriptions,
    used: (id: string, period: string) => BigInt(used[id]?.[period] ?? 0),
  }
  return includedIn(of, '2026-11').map(
    ({ allowance, subscription, quantity }) => `${allowance} ${subscription} ${quantity}`,
  )
}

test('the first units are included, by priority', () => {
  const both = [
    { id: 'late', quantity: 100n, priority: 2 },
    { id: 'soon', quantity: 30n, priority: 1 },
  ]
  expect(coveredOf(both, { a: { '2026-11': 50 } })).toEqual(['soon a 30', 'late a 20'])
})

test('half a month includes half, a pause nothing', () => {
  const daily = [{ id: 'd', quantity: 300n, prorate: 'day' as const }]
  expect(coveredOf(daily, { a: { '2026-11': 500 } }, { from: '2026-11-16' })).toEqual(['d a 150'])
  const paused = { pauses: [{ from: '2026-10-01', to: '2026-11-21', reason: 'winter' }] }
  expect(coveredOf(daily, { a: { '2026-11': 500 } }, paused)).toEqual(['d a 100'])
})

test('what is left over is used before what is new, up to its cap, until it expires', () => {
  const carried = (periods: number, cap?: bigint): readonly string[] =>
    coveredOf([{ id: 'r', quantity: 100n, rollover: { periods, ...(cap === undefined ? {} : { cap }) } }], {
      a: { '2026-09': 100, '2026-10': 40, '2026-11': 500 },
    })
  expect(carried(1)).toEqual(['r a 60', 'r a 100'])
  expect(carried(1, 25n)).toEqual(['r a 25', 'r a 100'])
  const unused = { a: { '2026-11': 500 } }
  expect(coveredOf([{ id: 'r', quantity: 100n, rollover: { periods: 1 } }], unused)).toEqual(['r a 100', 'r a 100'])
  expect(coveredOf([{ id: 'r', quantity: 100n, rollover: { periods: 2 } }], unused)).toHaveLength(3)
})

test('a pool is shared by what its members use', () => {
  const pool = [{ id: 'p', quantity: 50n, pool: 'subtree' as const }]
  expect(coveredOf(pool, { a: { '2026-11': 300 }, b: { '2026-11': 100 } })).toEqual(['p a 75', 'p b 25'])
})

test('shares add up to the whole and are never a unit off', () => {
  const weights = fc.array(fc.bigInt({ min: 0n, max: 1000n }), { minLength: 1, maxLength: 6 })
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 10_000n }), weights, (whole, parts) => {
      const all = parts.reduce((sum, part) => sum + part, 0n)
      const shares = shareOut(whole, parts)
      expect(shares.reduce((sum, share) => sum + share, 0n)).toBe(all === 0n ? 0n : whole)
      for (const [place, share] of shares.entries()) {
        const off = share * all - whole * (parts[place] ?? 0n)
        if (all > 0n) expect(off > -all && off < all).toBe(true)
      }
    }),
  )
  expect(shareOut(2n, [1n, 1n, 1n])).toEqual([1n, 1n, 0n])
})
