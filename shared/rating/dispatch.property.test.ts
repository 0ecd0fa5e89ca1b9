import fc from 'fast-check'
import { expect, test } from 'vitest'
import { boundMicros, chargeMicros, openingMicros, totalMicros } from './dispatch.ts'
import { parsePrice } from './price-schema.ts'
import { compilePrice, type Price } from './price.ts'

/** A rational number in this test's own arithmetic. */
interface Ratio {
  readonly top: bigint
  readonly bottom: bigint
}

function ratioOf(text: string): Ratio {
  const [whole = '0', fraction = ''] = text.split('.')
  return { top: BigInt(whole + fraction), bottom: 10n ** BigInt(fraction.length) }
}

function plus(left: Ratio, right: Ratio): Ratio {
  return { top: left.top * right.bottom + right.top * left.bottom, bottom: left.bottom * right.bottom }
}

/** Unit by unit where tiers begin and end, from the words of the pricing rule: the exact R(Q) in currency units. */
function oracle(price: Price, quantity: bigint): Ratio {
  const tiers = price.model === 'per-unit' ? [{ upTo: null, amount: price.amount }] : price.tiers
  let sum: Ratio = { top: 0n, bottom: 1n }
  let below = 0n
  for (const [index, tier] of tiers.entries()) {
    if (index > 0 && quantity <= below) break
    const top = tier.upTo === null || quantity < tier.upTo ? quantity : tier.upTo
    const { top: amountTop, bottom } = ratioOf(tier.amount)
    sum = plus(sum, { top: amountTop * (top - below), bottom: bottom * price.per })
    sum = plus(sum, ratioOf(('flat' in tier ? tier.flat : undefined) ?? '0'))
    below = top
    if (tier.upTo === null) break
  }
  return sum
}

/** The nearest whole number of millionths, halves up (amounts are not negative). */
function nearestMicros({ top, bottom }: Ratio): bigint {
  const whole = (top * 1_000_000n) / bottom
  const rest = top * 1_000_000n - whole * bottom
  return rest * 2n >= bottom ? whole + 1n : whole
}

const amounts = fc.oneof(
  fc.constantFrom('0', '0.000001', '0.0000005', '1', '3', '0.02', '15.75'),
  fc.tuple(fc.nat(50), fc.nat(999_999_999)).map(([whole, fraction]) => `${whole}.${String(fraction).padStart(9, '0')}`),
)
const perUnits = fc.constantFrom(1n, 3n, 7n, 24n, 1000n, 1_000_000n, 1_073_741_824n)
const tiers = fc
  .tuple(
    fc.uniqueArray(fc.bigInt(1n, 60n), { maxLength: 5 }),
    fc.array(amounts, { minLength: 6, maxLength: 6 }),
    fc.array(fc.option(amounts), { minLength: 6, maxLength: 6 }),
  )
  .map(([bounds, prices, flats]) => {
    const sorted = bounds.toSorted((left, right) => Number(left - right))
    return [...sorted, null].map((upTo, index) => ({
      upTo: upTo === null ? null : upTo.toString(),
      amount: prices[index] ?? '0',
      ...(typeof flats[index] === 'string' ? { flat: flats[index] } : {}),
    }))
  })
const prices: fc.Arbitrary<Price> = fc
  .oneof(
    fc.record({ model: fc.constant('per-unit'), amount: amounts, per: perUnits.map(String) }),
    fc.record({ model: fc.constant('graduated'), per: perUnits.map(String), tiers }),
  )
  .map((json) => {
    const parsed = parsePrice(json)
    if (!parsed.ok) throw new Error(parsed.fault.message)
    return parsed.value
  })
const quantities = fc.oneof(fc.bigInt(0n, 80n), fc.bigInt(0n, 2n ** 63n - 1n))

test('the total is the exact price of the rule, rounded half away from zero', () => {
  fc.assert(
    fc.property(prices, quantities, (price, quantity) => {
      expect(totalMicros(compilePrice(price), quantity)).toBe(nearestMicros(oracle(price, quantity)))
    }),
    { numRuns: 2000 },
  )
})

test('charges add up to the total, however usage is split and in whatever order it comes (I9)', () => {
  fc.assert(
    fc.property(prices, fc.array(quantities, { maxLength: 20 }), (price, parts) => {
      const compiled = compilePrice(price)
      for (const order of [parts, parts.toReversed(), parts.toSorted((left, right) => (left < right ? -1 : 1))]) {
        let position = 0n
        let charged = 0n
        for (const part of order) {
          const charge = chargeMicros(compiled, position, part)
          expect(charge >= 0n).toBe(true)
          charged += charge
          position += part
        }
        expect(openingMicros(compiled) + charged).toBe(totalMicros(compiled, position))
      }
    }),
    { numRuns: 1000 },
  )
})

test('no charge is above its bound, and the bound is at most one micro above the dearest exact difference', () => {
  fc.assert(
    fc.property(prices, fc.bigInt(0n, 80n), fc.bigInt(0n, 100n), (price, quantity, position) => {
      const compiled = compilePrice(price)
      const bound = boundMicros(compiled, quantity)
      expect(chargeMicros(compiled, position, quantity) <= bound).toBe(true)
      let dearest = 0n
      // Bounds of tiers lie at or below 60, so beyond 61 the difference no longer changes by more than rounding.
      for (let start = 0n; start <= 62n; start++) {
        const charge = chargeMicros(compiled, start, quantity)
        if (charge > dearest) dearest = charge
      }
      expect(bound - dearest <= 1n).toBe(true)
    }),
    { numRuns: 500 },
  )
})
