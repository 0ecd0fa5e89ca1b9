import { spanWithout, type TimeSpan } from '../contract/time-span.ts'
import type { ActiveSpan, SubscriptionVersion } from './catalogue.ts'
import type { QuantitySpan } from './subscription-quantities.ts'

/**
 * The active spans of versions from one instant to another (exclusive), in order of time. Versions and quantities are in
 * order; pauses are merged.
 */
export function activeSpans(
  { fromMs, toMs }: TimeSpan,
  versions: readonly SubscriptionVersion[],
  quantities: readonly QuantitySpan[],
  pauses: readonly TimeSpan[],
): readonly ActiveSpan[] {
  return versions.flatMap((version) =>
    quantities.flatMap((held) => {
      const span = {
        fromMs: Math.max(fromMs, version.fromMs, held.fromMs),
        toMs: Math.min(toMs, version.toMs, held.toMs),
      }
      return spanWithout(span, pauses).map((active) => ({ ...active, version, quantities: held.quantities }))
    }),
  )
}
