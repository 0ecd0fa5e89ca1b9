/** A batch that has left the outbox under its receipt and is kept to be sent again, should the aggregator lose it. */
export interface SettledBatch {
  readonly seq: number
  /** Size of header, signature and body together. */
  readonly bytes: number
  /** Where the receipt says the aggregator's log holds it. */
  readonly logIndex: number
  /** Wall clock when it was settled; null when that clock was known to be wrong. */
  readonly settledMs: number | null
}

/** How long settled batches are kept. */
export interface RetentionLimits {
  readonly retainMs: number
  /** The most that is kept; above it the oldest go, whatever their age. */
  readonly bytes: number
}

/** What is known when settled batches are looked through. */
export interface RetentionFacts {
  /** Size of all that are kept. */
  readonly retainedBytes: number
  /** Null when the wall clock is known to be wrong: nothing is let go for its age then. */
  readonly nowMs: number | null
  /** Size of the verified log; null when this aggregator never sent a checkpoint, so that there is none to wait for. */
  readonly coveredSize: number | null
}

/**
 * How many of the oldest settled batches (given in sequence) may be let go: those over the cap of bytes, and those that
 * are old enough and lie within the log as the agent has verified it. One that was settled by a wrong clock goes with
 * the next one whose age is known.
 */
export function releasable(
  oldest: readonly SettledBatch[],
  limits: RetentionLimits,
  { retainedBytes, nowMs, coveredSize }: RetentionFacts,
): number {
  let overCap = 0
  for (let bytes = retainedBytes; bytes > limits.bytes && overCap < oldest.length; overCap++) {
    bytes -= oldest[overCap]?.bytes ?? 0
  }
  let aged = 0
  if (nowMs === null) return overCap
  for (const [index, { logIndex, settledMs }] of oldest.entries()) {
    if (coveredSize !== null && logIndex >= coveredSize) break
    if (settledMs !== null && settledMs <= nowMs - limits.retainMs) aged = index + 1
  }
  return Math.max(overCap, aged)
}
