import { describe, expect, test } from 'vitest'
import { advance, boundMicros, openingMicros, positionMicros } from './dispatch.ts'
import { compileModel, kindOfModel } from './model.ts'
import { compilePercentage, freeEventsAmong, mostFreeEvents, type PercentagePrice } from './percentage.ts'
import { startPosition, type Position } from './position.ts'

type Terms = Omit<PercentagePrice, 'model' | 'per'>

/** Amounts in cents, one event after the other. */
function standing(terms: Terms, cents: readonly number[]): { readonly position: Position; readonly micros: bigint } {
  const model = compileModel({ model: 'percentage', per: 100n, ...terms })
  const position = cents.reduce(
    (before, amount, index) =>
      advance(model, before, BigInt(amount), { timeMs: index, source: 'shop', eventId: String(index) }),
    startPosition,
  )
  return { position, micros: positionMicros(model, position) }
}

describe('figures of Lago: rate, fixed fee, free events and free amount', () => {
  const feeAndRate = { rate: '1.3', fixed: '2' }
  const amounts = [50_00, 100_00, 250_00, 400_00]
  const clamped = { rate: '2.99', minimumEach: '1.75', maximumEach: '12' }
  const threeAmounts = [10_00, 80_00, 10_000_00]
  test.each<readonly [name: string, terms: Terms, cents: readonly number[], micros: bigint]>([
    ['nothing is free', feeAndRate, amounts, 18_400_000n],
    ['no fixed fee', { rate: '2.9' }, [1_00, 1_00, 1_00, 1_00], 116_000n],
    ['a rate of zero', { rate: '0', fixed: '2' }, amounts, 8_000_000n],
    ['free events', { ...feeAndRate, freeEvents: 3 }, amounts, 7_200_000n],
    ['more free events than there are', { ...feeAndRate, freeEvents: 5 }, amounts, 0n],
    ['a free amount', { ...feeAndRate, freeAmount: '250' }, amounts, 11_150_000n],
    ['a free amount that ends first', { ...feeAndRate, freeEvents: 3, freeAmount: '250' }, amounts, 11_150_000n],
    ['free events that end first', { ...feeAndRate, freeEvents: 3, freeAmount: '500' }, amounts, 7_200_000n],
    ['least and most of an event', clamped, threeAmounts, 16_142_000n],
    ['the fixed fee counts for both', { ...clamped, fixed: '2' }, threeAmounts, 18_691_000n],
    ['least and most with free events', { ...clamped, freeEvents: 2 }, threeAmounts, 12_000_000n],
    ['least and most with a free amount', { ...clamped, freeAmount: '30' }, threeAmounts, 13_794_000n],
    ['all of it', { ...clamped, freeEvents: 3, freeAmount: '10000' }, threeAmounts, 2_691_000n],
  ])('%s', (_, terms, cents, micros) => {
    expect(standing(terms, cents).micros).toBe(micros)
  })
})

describe('free events and the free amount', () => {
  test('the event that reaches the free amount exactly owes its fixed fee', () => {
    expect(standing({ rate: '10', fixed: '1', freeAmount: '150' }, [50_00, 100_00]).micros).toBe(1_000_000n)
  })

  test('a free amount of only a share needs no events and has no limit to how many', () => {
    const cents = Array.from({ length: 1_500 }, () => 1_00)
    const { position, micros } = standing({ rate: '10', freeAmount: '1400' }, cents)
    expect([micros, position.earliest.length]).toEqual([10_000_000n, 0])
  })

  test('with a fixed fee it is for the earliest 1,000 events', () => {
    const cents = Array.from({ length: mostFreeEvents + 5 }, () => 1)
    const { position, micros } = standing({ rate: '0', fixed: '1', freeAmount: '1000' }, cents)
    expect([micros, position.earliest.length]).toEqual([5_000_000n, mostFreeEvents])
  })

  test('a part of a base unit may be free', () => {
    // 0.005 of 100 cents is half a cent: of three cents two and a half are charged.
    expect(standing({ rate: '100', freeAmount: '0.005' }, [1, 2]).micros).toBe(25_000n)
  })

  test('what comes behind the event that uses the free amount up is not kept', () => {
    const { position } = standing({ rate: '1', fixed: '1', freeAmount: '10' }, [4_00, 9_00, 1_00, 1_00])
    expect(position.earliest.map(({ id }) => id)).toEqual(['0', '1'])
  })

  test('an early event that comes late takes a free place, and the one it displaces is charged', () => {
    const model = compileModel({ model: 'percentage', per: 100n, rate: '1', fixed: '1', freeEvents: 1 })
    const late = advance(model, startPosition, 500_00n, { timeMs: 5, source: 'shop', eventId: 'b' })
    expect(positionMicros(model, late)).toBe(0n)
    const both = advance(model, late, 1_00n, { timeMs: 2, source: 'shop', eventId: 'a' })
    expect(positionMicros(model, both)).toBe(6_000_000n)
  })

  test.each<readonly [cents: readonly number[], free: number]>([
    [[], 0],
    [[50_00, 100_00], 2],
    [[50_00, 100_00, 250_00, 400_00], 2],
    [[50_00, 100_00, 50_00, 400_00], 3],
  ])('of %j cents %i events are free', (cents, free) => {
    const terms = { rate: '1.3', fixed: '2', freeEvents: 3, freeAmount: '250' }
    const model = compilePercentage({ model: 'percentage', per: 100n, ...terms })
    expect(freeEventsAmong(model, standing(terms, cents).position.earliest)).toBe(free)
  })

  test('more than 1,000 free events are a bug of whoever parsed the price', () => {
    const price = { model: 'percentage', per: 1n, rate: '1', freeEvents: 1_001 } as const
    expect(() => compilePercentage(price)).toThrow('at most 1000 events')
  })
})

describe('bound', () => {
  test.each<readonly [name: string, terms: Terms, micros: bigint | null]>([
    ['a share and a fee', { rate: '1', fixed: '0.3' }, 400_000n],
    ['the least of an event', { rate: '1', minimumEach: '5' }, 5_000_000n],
    ['a free amount of a share only', { rate: '1', freeAmount: '50' }, 100_000n],
    ['free events may displace one of any size', { rate: '1', freeEvents: 2 }, null],
    ['or of the most an event costs', { rate: '1', freeEvents: 2, maximumEach: '7' }, 7_000_000n],
    ['two free ones and their amount', { rate: '1', fixed: '1', freeEvents: 2, freeAmount: '50' }, 3_600_000n],
  ])('%s', (_, terms, micros) => {
    expect(boundMicros(compileModel({ model: 'percentage', per: 100n, ...terms }), 10_00n)).toBe(micros)
  })
})

test('nothing is due without events but the minimum of the period', () => {
  const price = { model: 'percentage', per: 100n, rate: '1', fixed: '1', minimumEach: '2' } as const
  expect(openingMicros(compileModel(price))).toBe(0n)
  const withMinimum = compileModel({ ...price, minimum: '5' })
  expect(openingMicros(withMinimum)).toBe(5_000_000n)
  expect(kindOfModel(withMinimum)).toBe('event-atomic')
})
