import fc from 'fast-check'
import { expect, test } from 'vitest'
import { advance, boundMicros, openingMicros, positionMicros } from './dispatch.ts'
import { compileModel } from './model.ts'
import type { PercentagePrice } from './percentage.ts'
import { startPosition, type Position } from './position.ts'

interface ShopEvent {
  readonly timeMs: number
  readonly source: string
  readonly eventId: string | null
  /** Base units. */
  readonly quantity: bigint
}

/** Hundredths and their hundredths: whole numbers in which every amount of these tests is exact. */
const partsPerUnit = 10_000n * 100n * 100n

function parts(text: string | undefined): bigint {
  const [whole = '0', fraction = ''] = (text ?? '0').split('.')
  return (BigInt(whole + fraction) * partsPerUnit) / 10n ** BigInt(fraction.length)
}

/** The rule by its words, event by event in the order of time, in parts of a currency unit. */
function oracle(price: PercentagePrice, events: readonly ShopEvent[]): bigint {
  const { per, rate, fixed, freeEvents = 0, freeAmount, minimumEach, maximumEach } = price
  const free = freeAmount === undefined ? null : parts(freeAmount)
  let used = 0n
  let isFree = freeEvents > 0 || (free !== null && free > 0n)
  let total = 0n
  for (const [index, { quantity }] of events.toSorted(byTime).entries()) {
    let amount = (quantity * partsPerUnit) / per
    if (isFree && freeEvents > 0 && index >= freeEvents) isFree = false
    if (isFree) {
      used += amount
      if (free === null || free === 0n || used < free) continue
      amount = used - free
      isFree = false
    }
    let cost = (amount * parts(rate)) / partsPerUnit / 100n + parts(fixed)
    if (cost < parts(minimumEach)) cost = parts(minimumEach)
    if (maximumEach !== undefined && cost > parts(maximumEach)) cost = parts(maximumEach)
    total += cost
  }
  return total
}

function byTime(left: ShopEvent, right: ShopEvent): number {
  if (left.timeMs !== right.timeMs) return left.timeMs - right.timeMs
  const [one, other] = [`${left.source}\u0000${left.eventId ?? ''}`, `${right.source}\u0000${right.eventId ?? ''}`]
  if (one !== other) return one < other ? -1 : 1
  return Number(left.quantity - right.quantity)
}

const money = fc.tuple(fc.nat(30), fc.nat(99)).map(([whole, cents]) => `${whole}.${String(cents).padStart(2, '0')}`)
const optional = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> =>
  fc.option(value, { nil: undefined })
const prices: fc.Arbitrary<PercentagePrice> = fc
  .record({
    per: fc.constantFrom(1n, 100n),
    rate: fc.constantFrom('0', '1', '2.5', '50', '100'),
    fixed: optional(money),
    freeEvents: optional(fc.integer({ min: 1, max: 4 })),
    freeAmount: optional(money),
    clamp: optional(fc.tuple(money, money)),
  })
  .map(({ per, rate, fixed, freeEvents, freeAmount, clamp }) => {
    const [least, most] = clamp === undefined ? [] : parts(clamp[0]) < parts(clamp[1]) ? clamp : clamp.toReversed()
    return {
      model: 'percentage',
      per,
      rate,
      ...(fixed === undefined ? {} : { fixed }),
      ...(freeEvents === undefined ? {} : { freeEvents }),
      ...(freeAmount === undefined ? {} : { freeAmount }),
      ...(least === undefined ? {} : { minimumEach: least }),
      ...(most === undefined ? {} : { maximumEach: most }),
    }
  })
const events: fc.Arbitrary<readonly ShopEvent[]> = fc.array(
  fc.record({
    timeMs: fc.nat(4),
    source: fc.constantFrom('a', 'b'),
    eventId: fc.constantFrom(null, 'x', 'y'),
    quantity: fc.bigInt(0n, 1500n),
  }),
  { maxLength: 8 },
)

function standing(price: PercentagePrice, list: readonly ShopEvent[]): Position {
  const model = compileModel(price)
  return list.reduce((position, event) => advance(model, position, event.quantity, event), startPosition)
}

test('the total is the exact one of the rule, rounded half away from zero', () => {
  fc.assert(
    fc.property(prices, events, (price, list) => {
      const exact = oracle(price, list)
      const micros = (exact * 2_000_000n + partsPerUnit) / (partsPerUnit * 2n)
      expect(positionMicros(compileModel(price), standing(price, list))).toBe(micros)
    }),
    { numRuns: 3000 },
  )
})

test('where a segment stands does not depend on the order events come in, and what it keeps of them is limited', () => {
  fc.assert(
    fc.property(prices, events, fc.infiniteStream(fc.nat()), (price, list, keys) => {
      const shuffled = list
        .map((event) => ({ event, key: keys.next().value ?? 0 }))
        .toSorted((left, right) => left.key - right.key)
        .map(({ event }) => event)
      const position = standing(price, list)
      expect(standing(price, shuffled)).toEqual(position)
      expect(standing(price, list.toReversed())).toEqual(position)
      expect(position.earliest.length <= (price.freeEvents ?? 1000)).toBe(true)
    }),
    { numRuns: 2000 },
  )
})

test('no charge is below zero or above its bound, wherever an event comes, and charges add up to the total', () => {
  fc.assert(
    fc.property(prices, events, (price, list) => {
      const model = compileModel(price)
      let position = startPosition
      let charged = openingMicros(model)
      for (const event of list) {
        const before = positionMicros(model, position)
        position = advance(model, position, event.quantity, event)
        const charge = positionMicros(model, position) - before
        const bound = boundMicros(model, event.quantity)
        expect(charge >= 0n).toBe(true)
        expect(bound === null || charge <= bound).toBe(true)
        charged += charge
      }
      expect(charged).toBe(positionMicros(model, position))
    }),
    { numRuns: 2000 },
  )
})
