import fc from 'fast-check'
import { expect, test } from 'vitest'
import { assertThat } from '@meterline/shared/base/errors.ts'
import { calendarMonths, periodOfKey } from '../../periods/billing-cycle.ts'
import { sampleSale } from '../../testing/sample-due-lines.ts'
import { sampleCatalogue, sampleJson } from '../../testing/sample-tenant.ts'
import { noHistory } from '../due-lines.ts'
import { includedUnits } from './included-units.ts'

interface Drawn {
  readonly quantity: number
  readonly periods: number
  readonly cap: number | null
}

const keys = ['2026-01', '2026-02', '2026-03', '2026-04', '2026-05', '2026-06'] as const

/** How many units the engine covers in each period of what a subscription used. */
function covered({ quantity, periods, cap }: Drawn, used: readonly number[]): readonly number[] {
  const rollover = periods === 0 ? null : { periods, ...(cap === null ? {} : { cap }) }
  const catalogue = sampleCatalogue({
    ...sampleJson(),
    meters: [{ id: 'data', unit: 'byte' }],
    prices: [{ id: 'data', meter: 'data', model: 'per-unit', amount: '1' }],
    offerings: [
      { id: 'sim', name: 'SIM', prices: ['data'], allowances: [{ id: 'in', meter: 'data', quantity, rollover }] },
    ],
    partners: [],
    subscriptions: [{ id: 'sims', account: 'brightdesk', offering: 'sim', from: '2026-01-10', subjects: ['s'] }],
  })
  const subscription = catalogue.subscriptions.get('sims')
  assertThat(subscription !== undefined, 'the tenant has the subscription')
  const usedIn = (key: string): bigint => BigInt(used[keys.findIndex((each) => each === key)] ?? 0)
  return keys.map((key) => {
    const period = periodOfKey(new Map(), key)
    assertThat(period.ok, `${key} is a period`)
    const place = { relation: sampleSale('brightdesk'), meter: 'data', period: period.value, cycle: calendarMonths }
    const history = { ...noHistory, quantityOf: (_: string, __: string, past: string) => usedIn(past) }
    const draws = includedUnits(place, [subscription], new Map([['sims', usedIn(key)]]), history)
    return Number(draws.reduce((sum, draw) => sum + draw.quantity, 0n))
  })
}

/** The same by hand: every unit by itself, with the last period in which it can be used. */
function coveredByHand({ quantity, periods, cap }: Drawn, used: readonly number[]): readonly number[] {
  let units: number[] = []
  return keys.map((_, now) => {
    units = [...units, ...Array.from({ length: quantity }, () => now + periods)]
    units.sort((left, right) => left - right)
    const taken = Math.min(used[now] ?? 0, units.length)
    units = units.slice(taken).filter((last) => last > now)
    if (cap !== null && units.length > cap) units = units.slice(units.length - cap)
    return taken
  })
}

test('units that are left over are used once, while they last, as far as the cap lets them', () => {
  const drawn = fc.record({
    quantity: fc.integer({ min: 1, max: 12 }),
    periods: fc.integer({ min: 0, max: 4 }),
    cap: fc.option(fc.integer({ min: 1, max: 30 }), { nil: null }),
  })
  const used = fc.array(fc.integer({ min: 0, max: 25 }), { minLength: keys.length, maxLength: keys.length })
  fc.assert(
    fc.property(drawn, used, (allowance, quantities) => {
      expect(covered(allowance, quantities)).toEqual(coveredByHand(allowance, quantities))
    }),
  )
})
