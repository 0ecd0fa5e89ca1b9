import { assertThat } from '@meterline/shared/base/errors.ts'

/**
 * Divides a whole among parts in proportion to their weights so that the shares add up to it exactly: each gets its exact
 * share rounded down, and what is left goes, one each, to those whose share lost most by rounding (largest remainder);
 * where they lost the same, to the ones named first. Nothing is below zero. Where all weights are zero there is nobody to
 * give to, and the whole has to be zero as well.
 */
export function proportionalShares(whole: bigint, weights: readonly bigint[]): readonly bigint[] {
  assertThat(whole >= 0n && weights.every((weight) => weight >= 0n), 'shares and weights are not below zero')
  const sum = weights.reduce((total, weight) => total + weight, 0n)
  if (sum === 0n) {
    assertThat(whole === 0n, 'something to be shared has somebody to get it')
    return weights
  }
  const shares = weights.map((weight) => (whole * weight) / sum)
  const left = Number(whole - shares.reduce((total, share) => total + share, 0n))
  if (left === 0) return shares
  const lost = weights.map((weight, index) => ({ index, remainder: (whole * weight) % sum }))
  lost.sort((one, other) => {
    if (one.remainder !== other.remainder) return one.remainder > other.remainder ? -1 : 1
    return one.index - other.index
  })
  for (const { index } of lost.slice(0, left)) shares[index] = (shares[index] ?? 0n) + 1n
  return shares
}
