/**
 * What the first reading of a counter means. `baseline`: usage before it is not ours, it only says where counting begins.
 * `fromZero`: the counter began at zero with us, so the first reading is usage.
 */
export type FirstReading = 'baseline' | 'fromZero'

/** The readings of a counter under one explicit reset id: it only grows there, so two numbers say all. */
export interface CounterRange {
  readonly lowest: bigint
  readonly highest: bigint
}

/**
 * What one more reading of a counter without reset ids adds to its usage. Usage is the sum over neighbouring readings, in
 * the order of time (and of value at the same time), of what was counted between them: the difference, or the later
 * reading by itself where it is the smaller one, because the counter then began again at zero. `before` and `after` are
 * the neighbours among all readings that came so far; null: none. A reading that is among them already adds nothing and is
 * not asked about.
 *
 * The sum of all increments is that usage, whatever the order in which readings arrived, and none is negative: what is
 * counted from `before` to `after` is never more than with a reading between them.
 */
export function counterIncrement(
  before: bigint | null,
  value: bigint,
  after: bigint | null,
  first: FirstReading,
): bigint {
  const start = before ?? (first === 'fromZero' ? 0n : null)
  const gained =
    (start === null ? 0n : countedBetween(start, value)) + (after === null ? 0n : countedBetween(value, after))
  return start === null || after === null ? gained : gained - countedBetween(start, after)
}

/**
 * What one more reading under an explicit reset id adds: usage is the highest reading less the lowest (`baseline`) or less
 * zero (`fromZero`), which no order of arrival and no repetition changes. `range`: null before the first reading.
 */
export function rangeIncrement(
  range: CounterRange | null,
  value: bigint,
  first: FirstReading,
): { readonly increment: bigint; readonly range: CounterRange } {
  const lowest = range === null || value < range.lowest ? value : range.lowest
  const highest = range === null || value > range.highest ? value : range.highest
  const usage = usageOf({ lowest, highest }, first)
  return { increment: range === null ? usage : usage - usageOf(range, first), range: { lowest, highest } }
}

function countedBetween(earlier: bigint, later: bigint): bigint {
  return later >= earlier ? later - earlier : later
}

function usageOf({ lowest, highest }: CounterRange, first: FirstReading): bigint {
  return first === 'fromZero' ? highest : highest - lowest
}
