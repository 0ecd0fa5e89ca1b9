/** From one instant to another, in epoch milliseconds. Half open. */
export interface TimeSpan {
  readonly fromMs: number
  /** Exclusive; Infinity: no end. */
  readonly toMs: number
}

/** The same time as spans in order that neither overlap nor touch; empty ones are left out. */
export function mergedSpans(spans: readonly TimeSpan[]): readonly TimeSpan[] {
  const merged: TimeSpan[] = []
  for (const { fromMs, toMs } of spans.toSorted((left, right) => left.fromMs - right.fromMs)) {
    if (fromMs >= toMs) continue
    const last = merged.at(-1)
    if (last === undefined || last.toMs < fromMs) merged.push({ fromMs, toMs })
    else if (last.toMs < toMs) merged[merged.length - 1] = { fromMs: last.fromMs, toMs }
  }
  return merged
}

/** What is left of a span without others, in order; `without` are merged. */
export function spanWithout({ fromMs, toMs }: TimeSpan, without: readonly TimeSpan[]): readonly TimeSpan[] {
  const left: TimeSpan[] = []
  let startMs = fromMs
  for (const taken of without) {
    if (taken.fromMs > startMs) left.push({ fromMs: startMs, toMs: Math.min(taken.fromMs, toMs) })
    startMs = Math.max(startMs, taken.toMs)
    if (startMs >= toMs) break
  }
  if (startMs < toMs) left.push({ fromMs: startMs, toMs })
  return left.filter((span) => span.fromMs < span.toMs)
}
