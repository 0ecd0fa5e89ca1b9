import fc from 'fast-check'
import { expect, test } from 'vitest'
import { calendarMonths, periodAt } from '../periods/billing-cycle.ts'
import { contractSchema } from './contract-definition.ts'
import { discountMicros } from './discount-amount.ts'
import { discountSchema } from './discount-definition.ts'

const contract = contractSchema.parse({ id: 'deal', account: 'depot', from: '1970-01-01' })
const november = periodAt(calendarMonths, Date.UTC(2026, 10, 1))

function taken(discount: object, spent: bigint): bigint {
  return discountMicros(discountSchema.parse({ id: 'off', ...discount }), contract, spent, november, calendarMonths)
}

const spent = fc.bigInt({ min: 0n, max: 10n ** 15n })
/** Percentages in thousandths. */
const percent = fc.integer({ min: 0, max: 100_000 })
const tiers = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 1_000_000 }), percent), { maxLength: 5 })
  .chain((drawn) => percent.map((last) => ({ drawn: drawn.toSorted(([left], [right]) => left - right), last })))
  .filter(({ drawn }) => drawn.every(([upTo], index) => index === 0 || upTo > (drawn[index - 1]?.[0] ?? 0)))

const text = (thousandths: number): string => (thousandths / 1_000).toString()
/** Half away from zero, of numbers that are not negative. */
const rounded = (numerator: bigint, denominator: bigint): bigint => (2n * numerator + denominator) / (2n * denominator)
/** So many thousandths of a percent of something, over 10^5. */
const hundredThousand = 100_000n

test('a percentage is that of what was spent, rounded once', () => {
  fc.assert(
    fc.property(spent, percent, (all, share) => {
      expect(taken({ percent: text(share) }, all)).toBe(rounded(all * BigInt(share), hundredThousand))
    }),
  )
})

test('graduated tiers take of each micro what its own tier says', () => {
  fc.assert(
    fc.property(spent, tiers, (all, { drawn, last }) => {
      const list = [
        ...drawn.map(([upTo, share]) => ({ upTo: String(upTo), percent: text(share) })),
        { percent: text(last) },
      ]
      let [numerator, from] = [0n, 0n]
      for (const [upTo, share] of [...drawn, [null, last] as const]) {
        const end = upTo === null || BigInt(upTo) * 1_000_000n > all ? all : BigInt(upTo) * 1_000_000n
        if (end > from) numerator += (end - from) * BigInt(share)
        from = end > from ? end : from
      }
      expect(taken({ tiers: list, tiered: 'graduated' }, all)).toBe(rounded(numerator, hundredThousand))
    }),
  )
})

test('volume tiers take of all of it what the tier says that it reaches', () => {
  fc.assert(
    fc.property(spent, tiers, (all, { drawn, last }) => {
      const list = [
        ...drawn.map(([upTo, share]) => ({ upTo: String(upTo), percent: text(share) })),
        { percent: text(last) },
      ]
      const [, share] = drawn.find(([upTo]) => all <= BigInt(upTo) * 1_000_000n) ?? [0, last]
      expect(taken({ tiers: list }, all)).toBe(rounded(all * BigInt(share), hundredThousand))
    }),
  )
})
