import fc from 'fast-check'
import { expect, test } from 'vitest'
import { distinctIncrement } from './distinct.ts'
import { maximumIncrement } from './maximum.ts'

test('a maximum comes to the largest reading, in any order and however often', () => {
  fc.assert(
    fc.property(fc.array(fc.bigInt(0n, 50n), { minLength: 1, maxLength: 12 }), (values) => {
      let largest: bigint | null = null
      let sum = 0n
      for (const value of [...values, ...values.slice(0, 4)]) {
        const increment = maximumIncrement(largest, value)
        expect(increment >= 0n).toBe(true)
        sum += increment
        largest = sum
      }
      expect(sum).toBe(values.reduce((most, value) => (value > most ? value : most), 0n))
    }),
  )
})

test('a distinct subject counts once', () => {
  expect([false, true, true].map(distinctIncrement)).toEqual([1n, 0n, 0n])
})
