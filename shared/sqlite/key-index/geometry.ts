/** Entries a bucket usually holds: 8 KiB, one cheap read when a filter says yes. */
export const bucketEntries = 256

/** Buckets that are written in one step, with their part of the filter. */
export const stripeBucketBits = 3

/** Runs of one level that are merged into one of the next. */
export const mergeFanIn = 8

/** Rows of a run are numbered run × `rowsPerRun` + bucket (or stripe); 2^24 buckets hold four thousand million keys. */
export const rowsPerRun = 2 ** 24
const mostBits = 24

/** How many bits of a key choose its bucket in a run of `keys` keys. */
export function bucketBitsFor(keys: number): number {
  return Math.min(mostBits, Math.max(0, Math.round(Math.log2(Math.max(1, keys) / bucketEntries))))
}

/** How many bits of a key choose its stripe in a run of `bucketBits`. */
export function stripeBitsFor(bucketBits: number): number {
  return Math.max(0, bucketBits - stripeBucketBits)
}

/** Stripes of a run. */
export function stripeCount(bucketBits: number): number {
  return 2 ** stripeBitsFor(bucketBits)
}
