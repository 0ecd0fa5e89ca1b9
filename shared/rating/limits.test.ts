import { describe, expect, test } from 'vitest'
import { compileLimits, limitAmounts, limitedMicros, mostLimitedRise, roundedMicros } from './limits.ts'
import type { CommonTerms } from './terms.ts'

const denominator = 4n

function limited(terms: CommonTerms) {
  return { denominator, limits: compileLimits(terms, denominator) }
}

const micro = 1_000_000n * denominator

describe('limitedMicros', () => {
  test.each<readonly [what: string, terms: CommonTerms, exact: bigint, micros: bigint]>([
    ['without limits a half micro goes away from zero', {}, 2n, 1n],
    ['a minimum lifts what is below it', { minimum: '3' }, 2n * micro, 3_000_000n],
    ['a minimum is also due without usage', { minimum: '3' }, 0n, 3_000_000n],
    ['a minimum leaves what is above it', { minimum: '3' }, 4n * micro, 4_000_000n],
    ['a maximum takes off what is above it', { maximum: '3' }, 4n * micro, 3_000_000n],
    ['a maximum of nothing makes all of it free', { maximum: '0' }, 4n * micro, 0n],
    [
      'limits come before rounding: 0.006 is not rounded to 0.01 and then lifted to 0.009',
      { minimum: '0.009', rounding: { digits: 2, rule: 'down' } },
      (micro * 6n) / 1000n,
      0n,
    ],
    [
      'a maximum is rounded as well',
      { maximum: '10.005', rounding: { digits: 2, rule: 'half-away' } },
      20n * micro,
      10_010_000n,
    ],
  ])('%s', (_what, terms, exact, micros) => {
    expect(limitedMicros(exact, limited(terms))).toBe(micros)
  })

  test('what is rounded alone knows no limits', () => {
    expect(roundedMicros(2n * micro, limited({ minimum: '3', maximum: '4' }))).toBe(2_000_000n)
  })
})

describe('mostLimitedRise', () => {
  test.each<readonly [what: string, terms: CommonTerms, exact: bigint | null, micros: bigint | null]>([
    ['a part of a micro can become a whole one', {}, 1n, 1n],
    ['nothing rises by nothing', {}, 0n, 0n],
    ['no limit stays no limit', {}, null, null],
    ['a minimum alone sets no limit', { minimum: '1' }, null, null],
    ['a maximum is one', { maximum: '5' }, null, 5_000_000n],
    ['what the minimum covers never rises', { minimum: '2', maximum: '5' }, 9n * micro, 3_000_000n],
    ['a small rise stays small', { minimum: '2', maximum: '5' }, micro, 1_000_000n],
    ['a part of a cent can become a whole one', { rounding: { digits: 2, rule: 'up' } }, 1n, 10_000n],
  ])('%s', (_what, terms, exact, micros) => {
    expect(mostLimitedRise(exact, limited(terms))).toBe(micros)
  })
})

test('the amounts of the limits are known to whoever makes the denominator', () => {
  expect(limitAmounts({})).toEqual([])
  expect(limitAmounts({ minimum: '0.0000001', maximum: '2' })).toEqual([
    { numerator: 1n, denominator: 10n },
    { numerator: 2_000_000n, denominator: 1n },
  ])
  expect(compileLimits({}, denominator)).toBeNull()
})
