import fc from 'fast-check'
import { expect, test } from 'vitest'
import { emptyAccumulator, accumulate } from './accumulate.ts'
import { boundMicros, chargeMicros, openingMicros, positionMicros, totalMicros, unlimitedMicros } from './dispatch.ts'
import { compileModel, kindOfModel } from './model.ts'
import { positionAt } from './position.ts'
import { drawAmount, drawGraduated, drawPrice, drawSplittable } from './testing/draw-prices.ts'
import { costOf, settledMicros } from './testing/price-oracle.ts'
import { per, plus, ratioOf, times, zero, type Ratio } from './testing/ratio.ts'

const quantities = fc.bigInt(0n, 80n)
const parts = fc.array(fc.bigInt(0n, 25n), { maxLength: 12 })
const event = { timeMs: 0, source: 'meter-1', eventId: 'e' }

test('the total is the exact price of the rule, limited and rounded as the price says', () => {
  fc.assert(
    fc.property(drawSplittable, quantities, (price, quantity) => {
      const model = compileModel(price)
      expect(kindOfModel(model)).toBe('splittable')
      const expected = settledMicros(costOf(price, [quantity]), price)
      expect(totalMicros(model, quantity)).toBe(expected)
      expect(positionMicros(model, positionAt(quantity))).toBe(expected)
    }),
    { numRuns: 3000 },
  )
})

test('charges add up to the total of the rule, and the segment stands where it does, in whatever order records come (I9)', () => {
  fc.assert(
    fc.property(drawPrice, parts, (price, records) => {
      const model = compileModel(price)
      const expected = settledMicros(costOf(price, records), price)
      const orders = [records, records.toReversed(), records.toSorted((left, right) => (left < right ? -1 : 1))]
      const [first, ...others] = orders.map((order) =>
        order.reduce((before, quantity) => accumulate(model, before, quantity, event), emptyAccumulator),
      )
      if (first === undefined) throw new Error('there are three orders')
      expect(openingMicros(model) + first.amountMicros).toBe(expected)
      expect(positionMicros(model, first)).toBe(expected)
      expect(first.events).toBe(records.length)
      expect(others).toEqual([first, first])
      if (kindOfModel(model) === 'splittable') expect(first).toMatchObject({ exact: 0n, earliest: [] })
    }),
    { numRuns: 2000 },
  )
})

test('charges of splittable models add up to the total, however usage is split', () => {
  fc.assert(
    fc.property(drawSplittable, parts, (price, records) => {
      const model = compileModel(price)
      let position = 0n
      let charged = openingMicros(model)
      for (const quantity of records) {
        charged += chargeMicros(model, position, quantity)
        position += quantity
      }
      expect(charged).toBe(totalMicros(model, position))
      expect(charged).toBe(settledMicros(costOf(price, [position]), price))
    }),
    { numRuns: 1000 },
  )
})

test('what limits add or take off is what the total differs from the one without them', () => {
  fc.assert(
    fc.property(drawPrice, parts, (price, records) => {
      const model = compileModel(price)
      const after = records.reduce((before, quantity) => accumulate(model, before, quantity, event), emptyAccumulator)
      const rounded = price.rounding === undefined ? {} : { rounding: price.rounding }
      expect(unlimitedMicros(model, after)).toBe(settledMicros(costOf(price, records), rounded))
    }),
    { numRuns: 1000 },
  )
})

test('no charge is above its bound, at whatever position the record comes', () => {
  fc.assert(
    fc.property(drawPrice, fc.bigInt(0n, 70n), (price, quantity) => {
      const model = compileModel(price)
      const bound = boundMicros(model, quantity)
      expect(bound !== null && bound >= 0n).toBe(true)
      // Tiers end below 61 and free units at 20, so beyond these places a charge differs by its place in a block only.
      for (let start = 0n; start <= 90n; start++) {
        const before = accumulate(model, emptyAccumulator, start, event)
        const charge = accumulate(model, before, quantity, event).amountMicros - before.amountMicros
        expect(bound !== null && charge <= bound).toBe(true)
      }
    }),
    { numRuns: 1500 },
  )
})

test('the bound is at most one micro above the dearest charge where units are charged in proportion', () => {
  const inProportion = fc
    .tuple(drawGraduated, fc.constantFrom('graduated' as const, 'volume' as const))
    .map(([price, model]) => ({
      ...price,
      model,
      tiers: price.tiers.map(({ upTo, amount, flat = '0' }) => ({ upTo, amount, flat })),
    }))
  fc.assert(
    fc.property(inProportion, quantities, (price, quantity) => {
      const model = compileModel(price)
      let dearest = 0n
      for (let start = 0n; start <= 77n; start++) {
        const charge = chargeMicros(model, start, quantity)
        if (charge > dearest) dearest = charge
      }
      const bound = boundMicros(model, quantity) ?? -1n
      expect(bound - dearest === 0n || bound - dearest === 1n).toBe(true)
    }),
    { numRuns: 500 },
  )
})

test('a graduated price without flat fees never falls and never jumps', () => {
  const withoutFlats = drawGraduated.map((price) => ({
    ...price,
    tiers: price.tiers.map(({ upTo, amount }) => ({ upTo, amount })),
  }))
  fc.assert(
    fc.property(withoutFlats, quantities, (price, quantity) => {
      const model = compileModel(price)
      const rise = chargeMicros(model, quantity, 1n)
      expect(rise >= 0n).toBe(true)
      const dearest = price.tiers.map(({ amount }) => per(ratioOf(amount), price.per))
      // One unit costs at most what the dearest tier asks for, rounded up to a micro.
      expect(dearest.some((cost) => rise <= settledMicros(cost, { rounding: { digits: 6, rule: 'up' } }))).toBe(true)
      expect(totalMicros(model, 0n)).toBe(0n)
    }),
    { numRuns: 1000 },
  )
})

/** Tier by tier instead of unit by unit: what 2^63 units cost cannot be counted. */
function graduatedCost(tiers: readonly { upTo: bigint | null; amount: string }[], quantity: bigint): Ratio {
  let cost = zero
  let from = 0n
  for (const { upTo, amount } of tiers) {
    if (quantity <= from) break
    const end = upTo === null || quantity < upTo ? quantity : upTo
    cost = plus(cost, times(ratioOf(amount), end - from))
    from = end
  }
  return cost
}

test('quantities and bounds of 64 bits are charged exactly', () => {
  const large = fc.bigInt(1n, 2n ** 63n - 1n)
  const bounds = fc.uniqueArray(large, { maxLength: 5 })
  const amounts = fc.array(drawAmount, { minLength: 6, maxLength: 6 })
  fc.assert(
    fc.property(bounds, amounts, large, large, (ends, rates, base, quantity) => {
      const sorted: readonly (bigint | null)[] = [...ends.toSorted((left, right) => (left < right ? -1 : 1)), null]
      const tiers = sorted.map((upTo, index) => ({ upTo, amount: rates[index] ?? '0' }))
      const graduated = compileModel({ model: 'graduated', per: base, tiers })
      expect(totalMicros(graduated, quantity)).toBe(settledMicros(per(graduatedCost(tiers, quantity), base), {}))
      const tier = tiers.find(({ upTo }) => upTo === null || quantity <= upTo)
      const volume = compileModel({ model: 'volume', per: base, tiers })
      const expected = per(times(ratioOf(tier?.amount ?? '0'), quantity), base)
      expect(totalMicros(volume, quantity)).toBe(settledMicros(expected, {}))
    }),
    { numRuns: 1000 },
  )
})
