import { dayMs } from '@meterline/shared/units/civil.ts'
import { formatInstant } from '@meterline/shared/units/instant.ts'
import type { SequenceRun } from './sequence-run.ts'
import { missingCount } from './sequence-run.ts'
import type { Sighting } from './sighting.ts'
import type { ActiveExpectation } from './watch.ts'

/** How many events of one of the watched came on one UTC day by one agent. */
export interface DayCount {
  /** Days since 1970-01-01. */
  readonly day: number
  readonly watched: string
  readonly agent: string
  readonly events: number
}

/** What is known about those that one expectation watches. */
export interface ExpectationView {
  readonly expectation: ActiveExpectation
  readonly sightings: ReadonlyMap<string, Sighting>
  /** In any order; days before `firstDay` of the question may be left out. */
  readonly days: readonly DayCount[]
}

/** One of the watched from whom nothing came for longer than its heartbeat. */
export interface SilentGap {
  readonly kind: 'silent'
  readonly expectation: string
  readonly watched: string
  readonly everyMs: number
  /** Null: never. */
  readonly lastSeenMs: number | null
  /** The agent it used last, and whether that one is connected; null when it was never seen. */
  readonly agent: string | null
  readonly agentConnected: boolean | null
}

/** A day that is over with fewer events than its heartbeats. */
export interface ShortDayGap {
  readonly kind: 'short-day'
  readonly expectation: string
  readonly watched: string
  /** Such as 2026-11-26. */
  readonly day: string
  readonly expected: number
  readonly received: number
  readonly byAgent: readonly { readonly agent: string; readonly events: number }[]
}

/** Sequence numbers that never came. */
export interface SequenceGap {
  readonly kind: 'sequence'
  readonly source: string
  readonly subject: string
  /** The device's own name of its run, '' when it gives none. */
  readonly reset: string
  /** Null for numbers that are only counted any more. */
  readonly range: { readonly first: number; readonly last: number } | null
  readonly missing: number
  /** Highest number that came, when, and by which agent. */
  readonly head: number
  readonly headMs: number
  readonly agent: string
}

/** A stream of sequence numbers with one of its runs. */
export interface StreamRun extends SequenceRun {
  readonly source: string
  readonly subject: string
  readonly reset: string
}

/** What is missing of what one expectation asks for, at an instant. Days before `firstDay` are not judged. */
export function expectationGaps(
  { expectation, sightings, days }: ExpectationView,
  nowMs: number,
  firstDay: number,
  isConnected: (agent: string) => boolean,
): readonly (SilentGap | ShortDayGap)[] {
  const gaps: (SilentGap | ShortDayGap)[] = []
  const daysOf = Map.groupBy(days, ({ watched }) => watched)
  const everybody = [...new Set([...expectation.named, ...sightings.keys()])].toSorted()
  for (const watched of everybody) {
    const sighting = sightings.get(watched) ?? null
    const silent = silence(expectation, watched, sighting, nowMs, isConnected)
    if (silent !== null) gaps.push(silent)
    gaps.push(...shortDays(expectation, watched, sighting, daysOf.get(watched) ?? [], nowMs, firstDay))
  }
  return gaps
}

/** The holes in sequences, oldest first in each. */
export function sequenceGaps(run: StreamRun): readonly SequenceGap[] {
  const { source, subject, reset, head, headMs, agent, missing, givenUp } = run
  const about = { kind: 'sequence', source, subject, reset, head, headMs, agent } as const
  const gaps = missing.map(([first, last]): SequenceGap => {
    return { ...about, range: { first, last }, missing: last - first + 1 }
  })
  if (givenUp === 0) return gaps
  return [{ ...about, range: null, missing: missingCount({ ...run, missing: [] }) }, ...gaps]
}

function silence(
  { definition, fromMs, toMs }: ActiveExpectation,
  watched: string,
  sighting: Sighting | null,
  nowMs: number,
  isConnected: (agent: string) => boolean,
): SilentGap | null {
  const { id: expectation, everyMs } = definition
  // Before it begins nothing is expected, and after its end nothing more.
  if (nowMs < fromMs || nowMs >= toMs) return null
  const sinceMs = sighting?.lastMs ?? fromMs
  if (sinceMs + everyMs >= nowMs) return null
  const agent = sighting?.agent ?? null
  return {
    kind: 'silent',
    expectation,
    watched,
    everyMs,
    lastSeenMs: sighting?.lastMs ?? null,
    agent,
    agentConnected: agent === null ? null : isConnected(agent),
  }
}

function shortDays(
  { definition, fromMs, toMs }: ActiveExpectation,
  watched: string,
  sighting: Sighting | null,
  days: readonly DayCount[],
  nowMs: number,
  firstDay: number,
): readonly ShortDayGap[] {
  // Usage from before the expectation was applied was not counted: without a beginning that somebody wrote down, nothing
  // can be said about the time before each was first seen.
  const sinceMs = definition.fromMs === null ? Math.max(fromMs, sighting?.firstMs ?? Infinity) : fromMs
  const untilMs = Math.min(toMs, nowMs)
  const gaps: ShortDayGap[] = []
  const counts = Map.groupBy(days, ({ day }) => day)
  const lastDay = Math.floor(nowMs / dayMs) - 1
  for (let day = Math.max(firstDay, Math.floor(Math.min(sinceMs, nowMs) / dayMs)); day <= lastDay; day++) {
    const spanMs = Math.min((day + 1) * dayMs, untilMs) - Math.max(day * dayMs, sinceMs)
    const expected = Math.floor(spanMs / definition.everyMs)
    const byAgent = (counts.get(day) ?? [])
      .map(({ agent, events }) => ({ agent, events }))
      .toSorted((left, right) => (left.agent < right.agent ? -1 : 1))
    const received = byAgent.reduce((sum, { events }) => sum + events, 0)
    if (received < expected) {
      const date = formatInstant(day * dayMs).slice(0, 10)
      gaps.push({ kind: 'short-day', expectation: definition.id, watched, day: date, expected, received, byAgent })
    }
  }
  return gaps
}
