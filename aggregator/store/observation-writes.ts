import type { CompletenessTable, DayWrite, SightingWrite } from './completeness-table.ts'
import type { SequenceTable, SequenceWrite } from './completeness-table-sequences.ts'
import type { ComparedRow, ControlRow, CorrelationTable } from './correlation-table.ts'

/** What was seen in some batches beside what they are charged. */
export interface ObservationWrites {
  readonly sightings: readonly SightingWrite[]
  readonly days: readonly DayWrite[]
  readonly sequences: readonly SequenceWrite[]
  /** How many of the sequences are of streams that were not known. */
  readonly newStreams: number
  /** Events with sequence numbers of streams that found no room. */
  readonly unfollowed: number
  readonly controls: readonly ControlRow[]
  readonly compared: readonly ComparedRow[]
  /** Days since 1970-01-01: what is older than this is forgotten. */
  readonly firstKeptDay: number
}

/** The tables that observations are written to. */
export interface ObservationTables {
  readonly completeness: CompletenessTable
  readonly sequences: SequenceTable
  readonly correlation: CorrelationTable
}

const dayMs = 86_400_000

/** Writes observations, inside the caller's transaction. What is too much to keep is counted. */
export function writeObservations(
  { completeness, sequences, correlation }: ObservationTables,
  writes: ObservationWrites,
): void {
  completeness.prune(writes.firstKeptDay)
  sequences.prune(writes.firstKeptDay * dayMs)
  correlation.prune(writes.firstKeptDay * dayMs)
  const refused = completeness.see(writes.sightings)
  const isKept = ({ expectation, watched }: DayWrite): boolean => !refused.has(`${expectation} ${watched}`)
  completeness.addDays(refused.size === 0 ? writes.days : writes.days.filter(isKept))
  const unwatched = refused.size === 0 ? [] : writes.days.filter((day) => !isKept(day))
  completeness.countUnobserved(
    'watched',
    unwatched.reduce((sum, { events }) => sum + events, 0),
  )
  sequences.save(writes.sequences, writes.newStreams)
  completeness.countUnobserved('sequences', writes.unfollowed)
  correlation.insertControls(writes.controls)
  completeness.countUnobserved('compared', correlation.keep(writes.compared))
}
