import type { RatingWatch } from './rating-watch.ts'

/** Who an event is of, and its id. */
export interface EventIdentity {
  readonly source: string
  readonly id: string
}

/** Some of the events that are charged now, each once; `below` draws a number from 0 up to one that is not in it. */
export function drawCharged(
  rating: RatingWatch,
  count: number,
  below: (upTo: number) => number,
): readonly EventIdentity[] {
  const charged = rating.places
    .all()
    .filter(({ batchIndex, unit }) => rating.fate(batchIndex, unit)?.kind === 'charged')
  const places = Array.from({ length: charged.length === 0 ? 0 : count }, () => below(charged.length))
  return [...new Set(places)].flatMap((place) => {
    const { stored } = charged[place] ?? {}
    return stored === undefined ? [] : [{ source: stored.source, id: stored.eventId ?? '' }]
  })
}
