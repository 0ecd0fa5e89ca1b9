import { assertThat } from '../base/errors.ts'

/**
 * Usage that shares one accumulator: one meter of one subscription at one version of its price in one period. Prices are
 * named by content hash, so a changed price opens a new segment and never touches the old one.
 */
export interface SegmentId {
  readonly subscription: string
  /** Content hash of the price, hexadecimal. */
  readonly priceId: string
  readonly meter: string
  /** Such as `2026-11`. */
  readonly periodKey: string
}

/** No identifier of a tenant file holds it. */
const separator = '/'

/** The text that names a segment: `<period>/<subscription>/<meter>/<price>`, so that the segments of a period sort together. */
export function segmentKey(subscription: string, priceId: string, meter: string, periodKey: string): string {
  return periodKey + separator + subscription + separator + meter + separator + priceId
}

/** The way back from `segmentKey`, for keys this system stored; any other text is a bug. */
export function parseSegmentKey(key: string): SegmentId {
  const [periodKey, subscription, meter, priceId, ...rest] = key.split(separator)
  const complete = periodKey !== undefined && subscription !== undefined && meter !== undefined && priceId !== undefined
  assertThat(complete && rest.length === 0, `${key} is no segment key`)
  return { subscription, priceId, meter, periodKey }
}

/** What all segment keys of a period begin with, and no other key does. */
export function segmentKeyPrefix(periodKey: string): string {
  return periodKey + separator
}
