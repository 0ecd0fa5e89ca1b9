import { describe, expect, test } from 'vitest'
import { advance, boundMicros, openingMicros, positionMicros } from './dispatch.ts'
import { compileModel, kindOfModel } from './model.ts'
import { startPosition } from './position.ts'
import type { SteppedPrice } from './stepped.ts'

/** Twenty cents for the first minute, whole, then ten cents a minute by the second, and forty for the connection. */
const call: SteppedPrice = {
  model: 'stepped',
  connect: '0.4',
  steps: [
    { from: 0n, amount: '0.2', per: 60n, increment: 60n },
    { from: 60n, amount: '0.1', per: 60n, increment: 1n },
  ],
}

function micros(price: SteppedPrice, ...quantities: readonly bigint[]): bigint {
  const model = compileModel(price)
  const event = { timeMs: 0, source: 'phone', eventId: null }
  return positionMicros(
    model,
    quantities.reduce((position, quantity) => advance(model, position, quantity, event), startPosition),
  )
}

describe('seconds of a call', () => {
  test.each<readonly [seconds: bigint, exact: bigint, rounded: bigint]>([
    [0n, 400_000n, 400_000n],
    [1n, 600_000n, 600_000n],
    [60n, 600_000n, 600_000n],
    [61n, 601_667n, 601_670n],
    [130n, 716_667n, 716_900n],
  ])('%i s cost %i micros exactly, %i with increments of 5 digits', (seconds, exact, rounded) => {
    expect(micros(call, seconds)).toBe(exact)
    expect(micros({ ...call, incrementDigits: 5 }, seconds)).toBe(rounded)
  })

  test('every call pays by itself', () => {
    expect(micros(call, 30n, 30n)).toBe(1_200_000n)
  })

  test('CGRateS: three minutes at ten cents by the second, increments of 6 digits, the total up to 4', () => {
    const steps = [{ from: 0n, amount: '0.1', per: 60n, increment: 1n }]
    const price: SteppedPrice = { model: 'stepped', steps, incrementDigits: 6 }
    expect(micros(price, 180n)).toBe(300_060n)
    expect(micros({ ...price, rounding: { digits: 4, rule: 'up' } }, 180n)).toBe(300_100n)
    expect(micros({ model: 'stepped', steps }, 180n)).toBe(300_000n)
  })
})

describe('increments', () => {
  test('one that reaches into the next step is paid where it begins, and the next one begins behind it', () => {
    const steps = [
      { from: 0n, amount: '6', per: 60n, increment: 60n },
      { from: 90n, amount: '1', per: 10n, increment: 10n },
    ]
    // 0–60 and 60–120 in the first step, then 120–130 in the second.
    expect(micros({ model: 'stepped', steps }, 121n)).toBe(13_000_000n)
    expect(micros({ model: 'stepped', steps }, 120n)).toBe(12_000_000n)
  })

  test('of an exact half are rounded away from zero', () => {
    const steps = [{ from: 0n, amount: '0.5', per: 1n, increment: 1n }]
    expect(micros({ model: 'stepped', steps, incrementDigits: 0 }, 3n)).toBe(3_000_000n)
  })
})

test('an event costs the same wherever it comes, so its bound is its price', () => {
  const model = compileModel(call)
  expect(boundMicros(model, 61n)).toBe(601_667n)
  expect(openingMicros(model)).toBe(0n)
  expect(kindOfModel(model)).toBe('event-atomic')
})

test('a first step that does not begin at 0 is a bug of whoever parsed the price', () => {
  const steps = [{ from: 1n, amount: '1', per: 1n, increment: 1n }]
  expect(() => compileModel({ model: 'stepped', steps })).toThrow('begins at 0')
})
