import fc from 'fast-check'
import { expect, test } from 'vitest'
import { calendarMonths } from '../periods/billing-cycle.ts'
import { period, subscriptionWith } from '../testing/fee-subscription.ts'
import { feesDue, feesOfPeriod, feeSegmentKey } from './fees-due.ts'

const hourMs = 3_600_000
const may = period('2026-05')
const daysOfMay = 31

/** Hours from the beginning of May 2026, some before and after it. */
const hour = fc.integer({ min: -60, max: (daysOfMay + 3) * 24 })
const drawn = fc.record({
  from: hour,
  length: fc.option(fc.integer({ min: 1, max: 40 * 24 })),
  seats: fc.nat(4),
  changes: fc.uniqueArray(fc.record({ after: fc.integer({ min: 1, max: 800 }), seats: fc.nat(4) }), {
    selector: ({ after }) => after,
    maxLength: 4,
  }),
  /** Lengths of time that are in use and paused, by turns. */
  turns: fc.array(fc.integer({ min: 1, max: 200 }), { maxLength: 6 }),
  migrations: fc.uniqueArray(fc.integer({ min: 1, max: 800 }), { maxLength: 3 }),
  amounts: fc.tuple(fc.integer({ min: 1, max: 99_999_999 }), fc.integer({ min: 1, max: 99_999_999 })),
  prorate: fc.constantFrom('day' as const, 'second' as const),
})
type Drawn = typeof drawn extends fc.Arbitrary<infer Value> ? Value : never

/** Instants of a drawn subscription, in hours. */
function timesOf({ from, length, turns, changes, migrations }: Drawn): {
  readonly to: number
  readonly pauses: readonly (readonly [number, number])[]
  readonly changes: readonly (readonly [number, number])[]
  readonly migrations: readonly number[]
} {
  const to = length === null ? Infinity : from + length
  const bounds = turns.reduce((all, turn) => [...all, (all.at(-1) ?? from) + turn], [from])
  const pauses = bounds.flatMap((begin, index) => {
    const end = bounds[index + 1]
    return index % 2 === 1 && end !== undefined && begin < to ? [[begin, end] as const] : []
  })
  return {
    to,
    pauses,
    changes: changes
      .map(({ after, seats }) => [from + after, seats] as const)
      .filter(([at]) => at < to)
      .toSorted(([left], [right]) => left - right),
    migrations: migrations
      .map((after) => from + after)
      .filter((at) => at < to)
      .toSorted((left, right) => left - right),
  }
}

function instant(hours: number): string {
  return new Date(may.startMs + hours * hourMs).toISOString()
}

function subscriptionOf(plan: Drawn): ReturnType<typeof subscriptionWith> {
  const { to, pauses, changes, migrations } = timesOf(plan)
  const fee = (id: string, amount: number): Record<string, unknown> => ({
    id,
    model: 'recurring',
    amount: (amount / 1_000_000).toFixed(6),
    each: { quantity: 'seats' },
    prorate: plan.prorate,
  })
  return subscriptionWith({
    prices: [fee('one', plan.amounts[0]), fee('two', plan.amounts[1])],
    offering: { prices: ['one', 'ai-input'] },
    offerings: [{ id: 'other', name: 'Other', prices: ['two', 'ai-input'] }],
    subscription: {
      from: instant(plan.from),
      ...(to === Infinity ? {} : { to: instant(to) }),
      quantities: { seats: plan.seats },
      changes: changes.map(([at, seats]) => ({ at: instant(at), quantities: { seats } })),
      migrations: migrations.map((at, index) => ({
        at: instant(at),
        offering: index % 2 === 0 ? 'other' : 'ai-tokens',
        version: 'first',
      })),
      pauses: pauses.map(([begin, end]) => ({ from: instant(begin), to: instant(end) })),
    },
  })
}

/** Which plan and how many seats are in use at an hour; null: it is not in use. */
function inUse(plan: Drawn, at: number): { readonly fee: 'one' | 'two'; readonly seats: number } | null {
  const { to, pauses, changes, migrations } = timesOf(plan)
  if (at < plan.from || at >= to || pauses.some(([begin, end]) => begin <= at && at < end)) return null
  const seats = changes.findLast(([from]) => from <= at)?.[1] ?? plan.seats
  const fee = migrations.filter((from) => from <= at).length % 2 === 0 ? 'one' : 'two'
  return { fee, seats }
}

/** What each fee comes to, in micros: day by day (hour by hour for seconds) the first plan that is in use. */
function walked(plan: Drawn): ReadonlyMap<string, bigint> {
  const hoursOfUnit = plan.prorate === 'day' ? 24 : 1
  const units = (daysOfMay * 24) / hoursOfUnit
  const seatUnits = { one: 0n, two: 0n }
  for (let unit = 0; unit < units; unit++) {
    for (let at = unit * hoursOfUnit; at < (unit + 1) * hoursOfUnit; at++) {
      const use = inUse(plan, at)
      if (use === null) continue
      seatUnits[use.fee] += BigInt(use.seats)
      break
    }
  }
  const owed = (['one', 'two'] as const).map((fee, index) => {
    const exact = seatUnits[fee] * BigInt(plan.amounts[index] ?? 0)
    return [fee, (2n * exact + BigInt(units)) / (2n * BigInt(units))] as const
  })
  return new Map(owed.filter(([, micros]) => micros > 0n))
}

test('prorated fees are what a walk through the period comes to, and their parts sum to them', () => {
  fc.assert(
    fc.property(drawn, (plan) => {
      const due = feesOfPeriod(subscriptionOf(plan), may, calendarMonths)
      expect(new Map(due.map(({ fee, amountMicros }) => [fee.name, amountMicros]))).toEqual(walked(plan))
      for (const { parts, amountMicros, wholeUnits } of due) {
        expect(parts.reduce((sum, part) => sum + part.amountMicros, 0n)).toBe(amountMicros)
        expect(parts.reduce((sum, part) => sum + part.units, 0)).toBeLessThanOrEqual(wholeUnits)
        for (const [index, part] of parts.entries()) {
          expect(part.fromMs < part.toMs && part.toMs <= (parts[index + 1]?.fromMs ?? may.endMs)).toBe(true)
        }
      }
    }),
  )
})

test('the bill of a period has the fees of the period, and those in advance as the next bill has them', () => {
  fc.assert(
    fc.property(drawn, (plan) => {
      const subscription = subscriptionOf(plan)
      const keysOf = (key: string): readonly string[] =>
        feesDue(subscription, period(key), calendarMonths).map((due) => {
          return `${feeSegmentKey(subscription.id, due)} ${due.amountMicros}`
        })
      const [april, own] = [keysOf('2026-04'), keysOf('2026-05').filter((key) => key.startsWith('2026-05'))]
      const isBilledBefore = subscription.fromMs < may.startMs && subscription.toMs > may.startMs
      expect(april.filter((key) => key.startsWith('2026-05'))).toEqual(isBilledBefore ? own : [])
    }),
  )
})
