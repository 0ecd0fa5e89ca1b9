import { assertThat } from '@meterline/shared/base/errors.ts'

/**
 * Divides an amount in proportion to weights so that the parts are the amount: rounded down, and what that leaves goes one
 * by one to the largest remainders, of equal ones to the earlier. No part is above its weight when the amount is not above
 * all weights together. The amount is not below zero, no weight is, and some weight is above zero unless the amount is zero.
 */
export function shareAmount(amount: bigint, weights: readonly bigint[]): readonly bigint[] {
  const whole = weights.reduce((sum, weight) => sum + weight, 0n)
  assertThat(amount >= 0n && weights.every((weight) => weight >= 0n), 'amounts and weights are not below zero')
  if (amount === 0n) return weights.map(() => 0n)
  assertThat(whole > 0n, 'an amount is shared by weights that are not all zero')
  const shares = weights.map((weight, index) => ({
    index,
    part: (amount * weight) / whole,
    remainder: (amount * weight) % whole,
  }))
  const missing = amount - shares.reduce((sum, { part }) => sum + part, 0n)
  const larger = shares
    .toSorted((left, right) =>
      left.remainder === right.remainder ? left.index - right.index : left.remainder > right.remainder ? -1 : 1,
    )
    .slice(0, Number(missing))
  const rounded = new Set(larger.map(({ index }) => index))
  return shares.map(({ index, part }) => (rounded.has(index) ? part + 1n : part))
}
