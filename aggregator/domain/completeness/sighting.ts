/** When one of the watched was seen. */
export interface Sighting {
  /** Event times, epoch milliseconds, none later than the event's arrival. */
  readonly firstMs: number
  readonly lastMs: number
  /** The agent that the last event came by. */
  readonly agent: string
}

/** Two sightings of the same one as one, whichever came first. */
export function mergedSighting(left: Sighting, right: Sighting): Sighting {
  const isLeftLast = left.lastMs > right.lastMs || (left.lastMs === right.lastMs && left.agent >= right.agent)
  const last = isLeftLast ? left : right
  return { firstMs: Math.min(left.firstMs, right.firstMs), lastMs: last.lastMs, agent: last.agent }
}
