import fc from 'fast-check'
import { expect, test } from 'vitest'
import { proportionalShares } from './proportional-shares.ts'

const weights = fc.array(fc.bigInt({ min: 0n, max: 10n ** 18n }), { minLength: 1, maxLength: 20 })
const whole = fc.bigInt({ min: 0n, max: 10n ** 18n })

test('shares add up to the whole, and each is its exact share rounded down or one more', () => {
  fc.assert(
    fc.property(whole, weights, (total, parts) => {
      const sum = parts.reduce((all, part) => all + part, 0n)
      fc.pre(sum > 0n)
      const shares = proportionalShares(total, parts)
      expect(shares.reduce((all, share) => all + share, 0n)).toBe(total)
      shares.forEach((share, index) => {
        const exact = total * (parts[index] ?? 0n)
        expect(share * sum <= exact + sum - 1n).toBe(true)
        expect((share + 1n) * sum > exact).toBe(true)
        if (parts[index] === 0n) expect(share).toBe(0n)
      })
    }),
  )
})

test('whoever lost more by rounding down gets his one before who lost less', () => {
  fc.assert(
    fc.property(whole, weights, (total, parts) => {
      const sum = parts.reduce((all, part) => all + part, 0n)
      fc.pre(sum > 0n)
      const got = proportionalShares(total, parts).map((share, index) => {
        const exact = total * (parts[index] ?? 0n)
        return { more: share > exact / sum, lost: exact % sum }
      })
      const least = got.filter(({ more }) => more).map(({ lost }) => lost)
      const most = got.filter(({ more }) => !more).map(({ lost }) => lost)
      for (const lost of least) for (const other of most) expect(lost >= other).toBe(true)
    }),
  )
})

test('where several lost the same, the first ones get more', () => {
  expect(proportionalShares(5n, [1n, 1n, 1n])).toEqual([2n, 2n, 1n])
  expect(proportionalShares(1n, [1n, 1n])).toEqual([1n, 0n])
  expect(proportionalShares(0n, [0n, 0n])).toEqual([0n, 0n])
})
