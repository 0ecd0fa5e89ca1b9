/** What margins are shown by: who sells to whom, the other party, or the meter. */
export const marginGroups = ['leg', 'partner', 'meter'] as const
export type MarginGroup = (typeof marginGroups)[number]

/** An amount that one party charged another, in the currency that margins are shown in. */
export interface ChargedAmount {
  readonly seller: string
  readonly buyer: string
  /** A meter, or what kind of line it is: `fee`, `minimum`, … */
  readonly meter: string
  readonly micros: bigint
  readonly sellerKeepsBooks: boolean
  readonly buyerKeepsBooks: boolean
}

/** What somebody who keeps books sold and bought of a group, and what was left of it. */
export interface MarginRow {
  readonly entity: string
  readonly group: string
  /** From those who use what they buy. */
  readonly revenueMicros: bigint
  /** From those who sell it on. */
  readonly wholesaleMicros: bigint
  readonly costMicros: bigint
  readonly marginMicros: bigint
}

interface Sums {
  revenueMicros: bigint
  wholesaleMicros: bigint
  costMicros: bigint
}

/**
 * Margins of everybody who keeps books, sorted by them and by the group: revenue and wholesale revenue less cost. Every
 * amount is revenue of its seller and, where the buyer keeps books, cost of the buyer, so that over the whole tree what
 * resellers pay cancels out.
 */
export function marginRows(amounts: Iterable<ChargedAmount>, by: MarginGroup): readonly MarginRow[] {
  const rows = new Map<string, { readonly entity: string; readonly group: string; readonly sums: Sums }>()
  const sumsOf = (entity: string, group: string): Sums => {
    const key = `${entity} ${group}`
    const known = rows.get(key) ?? { entity, group, sums: { revenueMicros: 0n, wholesaleMicros: 0n, costMicros: 0n } }
    rows.set(key, known)
    return known.sums
  }
  for (const amount of amounts) {
    const { seller, buyer, micros } = amount
    if (amount.sellerKeepsBooks) {
      const sums = sumsOf(seller, groupOf(amount, buyer, by))
      if (amount.buyerKeepsBooks) sums.wholesaleMicros += micros
      else sums.revenueMicros += micros
    }
    if (amount.buyerKeepsBooks) sumsOf(buyer, groupOf(amount, seller, by)).costMicros += micros
  }
  return [...rows.entries()]
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([, { entity, group, sums }]) => ({
      entity,
      group,
      ...sums,
      marginMicros: sums.revenueMicros + sums.wholesaleMicros - sums.costMicros,
    }))
}

function groupOf({ seller, buyer, meter }: ChargedAmount, partner: string, by: MarginGroup): string {
  if (by === 'meter') return meter
  return by === 'partner' ? partner : `${seller}>${buyer}`
}
