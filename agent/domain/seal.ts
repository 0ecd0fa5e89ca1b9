/** When the open batch is sealed: whichever of these it reaches first. */
export interface SealLimits {
  /** Milliseconds since its first unit, on the monotonic clock. */
  readonly lingerMs: number
  readonly maxUnits: number
  readonly maxBytes: number
}

/** The size of the batch that is growing. */
export interface OpenSize {
  readonly unitCount: number
  readonly bytes: number
  /** No further unit is certain to fit into a batch at all. */
  readonly full: boolean
}

/** Whether the open batch takes no further unit. Asked before each one is appended. */
export function sizeReached(open: OpenSize, limits: SealLimits): boolean {
  return open.unitCount > 0 && (open.full || open.unitCount >= limits.maxUnits || open.bytes >= limits.maxBytes)
}

/** Whether the open batch is to be sealed at the end of a commit: it is large enough, or has waited long enough. */
export function sealDue(
  open: OpenSize,
  sinceMonotonicMs: number | null,
  limits: SealLimits,
  nowMonotonicMs: number,
): boolean {
  if (open.unitCount === 0 || sinceMonotonicMs === null) return false
  return sizeReached(open, limits) || nowMonotonicMs - sinceMonotonicMs >= limits.lingerMs
}
