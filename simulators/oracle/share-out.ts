/**
 * Shares a whole out by weights: whole units first, then one more each to whoever is shorted most, the earlier one of two
 * that are shorted as much. The shares add up to the whole. Nothing where nobody has any weight.
 */
export function shareOut(total: bigint, weights: readonly bigint[]): readonly bigint[] {
  const all = weights.reduce((sum, weight) => sum + weight, 0n)
  if (all === 0n) return weights.map(() => 0n)
  const given = weights.map((weight) => (total * weight) / all)
  let rest = total - given.reduce((sum, share) => sum + share, 0n)
  const shorted = weights.map((weight, place) => ({ place, by: total * weight - (given[place] ?? 0n) * all }))
  for (const { place } of shorted.toSorted((a, b) => (a.by === b.by ? a.place - b.place : a.by > b.by ? -1 : 1))) {
    if (rest === 0n) break
    given[place] = (given[place] ?? 0n) + 1n
    rest -= 1n
  }
  return given
}
