import fc from 'fast-check'
import { expect, test } from 'vitest'
import { advance, boundMicros, positionMicros } from './dispatch.ts'
import { compileModel } from './model.ts'
import { startPosition } from './position.ts'
import type { SteppedPrice } from './stepped.ts'

const amounts = fc.tuple(fc.nat(3), fc.nat(999)).map(([whole, rest]) => `${whole}.${String(rest).padStart(3, '0')}`)
const steps = fc
  .array(
    fc.record({
      width: fc.bigInt(1n, 40n),
      amount: amounts,
      per: fc.constantFrom(1n, 2n, 5n, 60n),
      increment: fc.bigInt(1n, 50n),
    }),
    { minLength: 1, maxLength: 4 },
  )
  .map((list) => {
    let from = 0n
    return list.map(({ width, amount, per, increment }) => {
      const step = { from, amount, per, increment }
      from += width
      return step
    })
  })
const prices: fc.Arbitrary<SteppedPrice> = fc
  .record({ connect: fc.option(amounts, { nil: undefined }), steps })
  .map(({ connect, steps: list }) => ({ model: 'stepped', steps: list, ...(connect === undefined ? {} : { connect }) }))

/** Sixtieths of a micro hold every amount here: amounts have three digits, and `per` divides 60. */
const parts = 60_000_000n

function exactParts(text: string): bigint {
  const [whole = '0', fraction = ''] = text.split('.')
  return (BigInt(whole + fraction) * parts) / 10n ** BigInt(fraction.length)
}

/** Increment after increment, as a clock would count them. */
function oracle(price: SteppedPrice, quantity: bigint): bigint {
  let total = exactParts(price.connect ?? '0')
  let reached = 0n
  while (reached < quantity) {
    const step = price.steps.findLast(({ from }) => from <= reached)
    if (step === undefined) throw new Error('a step begins at 0')
    total += (exactParts(step.amount) * step.increment) / step.per
    reached += step.increment
  }
  return total
}

test('events cost what their increments do, one after the other, in any order, and never more than their bound', () => {
  const event = { timeMs: 0, source: 'phone', eventId: null }
  fc.assert(
    fc.property(prices, fc.array(fc.bigInt(0n, 200n), { maxLength: 6 }), (price, quantities) => {
      const model = compileModel(price)
      const exact = quantities.reduce((sum, quantity) => sum + oracle(price, quantity), 0n)
      for (const order of [quantities, quantities.toReversed()]) {
        let position = startPosition
        for (const quantity of order) {
          const before = positionMicros(model, position)
          position = advance(model, position, quantity, event)
          const bound = boundMicros(model, quantity)
          expect(bound !== null && positionMicros(model, position) - before <= bound).toBe(true)
        }
        expect(positionMicros(model, position)).toBe((exact * 2n + 60n) / 120n)
      }
    }),
    { numRuns: 1500 },
  )
})
