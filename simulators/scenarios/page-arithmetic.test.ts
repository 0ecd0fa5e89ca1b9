import { describe, expect, test } from 'vitest'
import { calculated, roundedTo } from './page-arithmetic.ts'

describe('a calculation of a page', () => {
  test.each([
    ['0', 0n],
    ['1,234.5', 1_234_500n],
    ['−3', -3_000n],
    ['1 + 2 × 3', 7_000n],
    ['(1 + 2) × 3', 9_000n],
    ['10 − 2 − 3', 5_000n],
    ['12 ÷ 3 ÷ 2', 2_000n],
    ['2 ÷ 3 × 3', 2_000n],
    ['−2 × (3 − 5)', 4_000n],
    ['4 ÷ (1 − 3)', -2_000n],
    ['0.0005', 1n],
    ['−0.0005', -1n],
    ['0.00049', 0n],
    ['2 ÷ 3', 667n],
  ])('%s comes to %i thousandths', (text, thousandths) => {
    expect(roundedTo(3, calculated(text))).toBe(thousandths)
  })

  test.each(['', '1 +', '1 2', '(1', '1)', '1 / 2', '12,34', '1 ÷ 0', 'two', '1 - 2'])('%s is none', (text) => {
    expect(() => calculated(text)).toThrow(/calculation/)
  })
})
