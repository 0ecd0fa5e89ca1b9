import type { Random } from '@meterline/shared/base/random.ts'

/** How a quantity is drawn, in integers only, so that a seed gives the same everywhere. */
export type Distribution =
  | { readonly draws: 'constant'; readonly value: bigint }
  | { readonly draws: 'even' | 'mostly-small'; readonly from: bigint; readonly to: bigint }
  | { readonly draws: 'one-of'; readonly values: readonly bigint[] }

/** The widest range: what one draw of `Random` can tell apart. */
export const widestRange = 2n ** 47n

/** One quantity. Ranges include both of their ends; `mostly-small` ones are at a quarter of the range on average. */
export function draw(distribution: Distribution, random: Random): bigint {
  switch (distribution.draws) {
    case 'constant':
      return distribution.value
    case 'one-of':
      return distribution.values[random.below(distribution.values.length)] ?? 0n
    case 'even':
      return distribution.from + BigInt(random.below(Number(distribution.to - distribution.from) + 1))
    case 'mostly-small': {
      const bound = random.below(Number(distribution.to - distribution.from) + 1)
      return distribution.from + BigInt(random.below(bound + 1))
    }
  }
}

/** The largest quantity that can be drawn. */
export function largestOf(distribution: Distribution): bigint {
  switch (distribution.draws) {
    case 'constant':
      return distribution.value
    case 'one-of':
      return distribution.values.reduce((most, value) => (value > most ? value : most), 0n)
    case 'even':
    case 'mostly-small':
      return distribution.to
  }
}
