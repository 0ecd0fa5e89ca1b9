/**
 * What one more reading adds to a maximum: how far it lies above the largest before it (null: none). The sum of the
 * increments is the largest reading, whatever the order and however often they come.
 */
export function maximumIncrement(largest: bigint | null, value: bigint): bigint {
  if (largest === null) return value
  return value > largest ? value - largest : 0n
}
