import { assertThat } from '../base/errors.ts'

/**
 * Usage that shares one accumulator: one meter of one subscription at one model of one version of its price in one period.
 * Prices are named by content hash, so a changed price opens a new segment and never touches the old one.
 */
export interface SegmentId {
  readonly subscription: string
  /** Content hash of the price, hexadecimal. */
  readonly priceId: string
  readonly meter: string
  /** Such as `2026-11`. */
  readonly periodKey: string
  /** Place among the price's models: the matrix row, time window or request band; null for a price without a router. */
  readonly model: number | null
}

/**
 * The most one segment may come to: a hundred thousand million currency units. Far above any real usage, and low enough
 * that what single records, segments and lines come to fits the 64-bit integers of stores and formats.
 */
export const largestSegmentMicros = 10n ** 17n

/** No identifier of a tenant file holds it. */
const separator = '/'

/**
 * The text that names a segment: `<period>/<subscription>/<meter>/<price>`, so that the segments of a period sort
 * together, and `/<model>` behind it where the price chooses among several.
 */
export function segmentKey(
  subscription: string,
  priceId: string,
  meter: string,
  periodKey: string,
  model: number | null,
): string {
  const key = periodKey + separator + subscription + separator + meter + separator + priceId
  return model === null ? key : key + separator + model
}

/** The way back from `segmentKey`, for keys this system stored; any other text is a bug. */
export function parseSegmentKey(key: string): SegmentId {
  const [periodKey, subscription, meter, priceId, model, ...rest] = key.split(separator)
  const complete = periodKey !== undefined && subscription !== undefined && meter !== undefined && priceId !== undefined
  const isPlace = model === undefined || /^(0|[1-9][0-9]{0,14})$/.test(model)
  assertThat(complete && rest.length === 0 && isPlace, `${key} is no segment key`)
  return { subscription, priceId, meter, periodKey, model: model === undefined ? null : Number(model) }
}

/** What all segment keys of a period begin with, and no other key does. */
export function segmentKeyPrefix(periodKey: string): string {
  return periodKey + separator
}
