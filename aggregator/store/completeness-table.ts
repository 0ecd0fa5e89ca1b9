import type { Database } from '@meterline/shared/sqlite/open.ts'
import { mergedSighting, type Sighting } from '../domain/completeness/sighting.ts'
import type { DayCount } from '../domain/completeness/find-gaps.ts'

/** What some batches showed about one of those an expectation watches. */
export interface SightingWrite {
  readonly expectation: string
  readonly watched: string
  readonly sighting: Sighting
}

/** Events of one day to be added to those known. */
export interface DayWrite extends DayCount {
  readonly expectation: string
}

/** What is kept at most: those watched, over all expectations of a tenant. */
const mostWatched = 200_000

interface WatchedSighting extends Sighting {
  readonly watched: string
}

/** Who was seen when, and how often on which day. Days are kept as long as the caller's `prune` leaves them. */
export class CompletenessTable {
  readonly #find
  readonly #save
  readonly #list
  readonly #addDay
  readonly #listDays
  readonly #prune
  readonly #addUnobserved
  readonly #listUnobserved
  readonly #most: number
  #watched: number
  #prunedTo = -Infinity

  /** Keeps `most` of those watched at most. */
  constructor(db: Database, most = mostWatched) {
    this.#most = most
    const columns = 'first_ms AS firstMs, last_ms AS lastMs, agent'
    this.#find = db.prepare<[string, string], Sighting>(
      `SELECT ${columns} FROM sighting WHERE expectation = ? AND watched = ?`,
    )
    this.#save = db.prepare<[string, string, number, number, string]>(
      `INSERT INTO sighting (expectation, watched, first_ms, last_ms, agent) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (expectation, watched) DO UPDATE
       SET first_ms = excluded.first_ms, last_ms = excluded.last_ms, agent = excluded.agent`,
    )
    this.#list = db.prepare<[string], WatchedSighting>(
      `SELECT watched, ${columns} FROM sighting WHERE expectation = ? ORDER BY watched`,
    )
    this.#addDay = db.prepare<[number, string, string, string, number]>(
      `INSERT INTO usage_day (day, expectation, watched, agent, events) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (day, expectation, watched, agent) DO UPDATE SET events = events + excluded.events`,
    )
    this.#listDays = db.prepare<[number, string], DayCount>(
      'SELECT day, watched, agent, events FROM usage_day WHERE day >= ? AND expectation = ? ORDER BY day, watched, agent',
    )
    this.#prune = db.prepare<[number]>('DELETE FROM usage_day WHERE day < ?')
    this.#addUnobserved = db.prepare<[string, number]>(
      'INSERT INTO unobserved (what, events) VALUES (?, ?) ON CONFLICT (what) DO UPDATE SET events = events + excluded.events',
    )
    this.#listUnobserved = db.prepare<[], { what: string; events: number }>(
      'SELECT what, events FROM unobserved ORDER BY what',
    )
    this.#watched = db.prepare<[], { count: number }>('SELECT count(*) AS count FROM sighting').get()?.count ?? 0
  }

  /** Adds what was seen, inside the caller's transaction; returns those that found no room any more. */
  see(writes: readonly SightingWrite[]): ReadonlySet<string> {
    const refused = new Set<string>()
    for (const { expectation, watched, sighting } of writes) {
      const known = this.#find.get(expectation, watched)
      if (known === undefined && this.#watched >= this.#most) {
        refused.add(`${expectation} ${watched}`)
        continue
      }
      if (known === undefined) this.#watched += 1
      const { firstMs, lastMs, agent } = known === undefined ? sighting : mergedSighting(known, sighting)
      this.#save.run(expectation, watched, firstMs, lastMs, agent)
    }
    return refused
  }

  addDays(writes: readonly DayWrite[]): void {
    for (const { day, expectation, watched, agent, events } of writes) {
      this.#addDay.run(day, expectation, watched, agent, events)
    }
  }

  /** Forgets the days before one; looks once for each such day. */
  prune(firstDay: number): void {
    if (firstDay <= this.#prunedTo) return
    this.#prune.run(firstDay)
    this.#prunedTo = firstDay
  }

  /** Counts events that something was too full to keep. */
  countUnobserved(what: 'watched' | 'sequences' | 'compared', events: number): void {
    if (events > 0) this.#addUnobserved.run(what, events)
  }

  unobserved(): readonly { readonly what: string; readonly events: number }[] {
    return this.#listUnobserved.all()
  }

  /** Those an expectation has seen, by name. */
  sightings(expectation: string): ReadonlyMap<string, Sighting> {
    return new Map(this.#list.all(expectation).map(({ watched, ...sighting }) => [watched, sighting]))
  }

  /** Counts of an expectation from a day on. */
  days(expectation: string, firstDay: number): readonly DayCount[] {
    return this.#listDays.all(firstDay, expectation)
  }
}
