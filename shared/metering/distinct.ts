/** What one more event adds to a count of distinct subjects: 1 for the first of a subject in a period, 0 for all others. */
export function distinctIncrement(isKnown: boolean): bigint {
  return isKnown ? 0n : 1n
}
