import type { RatingUnit } from '@meterline/shared/model/usage-record.ts'
import { dayMs } from '@meterline/shared/units/civil.ts'
import { withSequence, type SequenceRun } from '../domain/completeness/sequence-run.ts'
import { mergedSighting } from '../domain/completeness/sighting.ts'
import { expectationsMet, type UsageWatch } from '../domain/completeness/watch.ts'
import { comparedQuantity } from '../domain/correlation/compared-quantity.ts'
import { comparedRecords } from '../domain/correlation/control-units.ts'
import type { DayWrite, SightingWrite } from '../store/completeness-table.ts'
import type { SequenceStream, SequenceTable } from '../store/completeness-table-sequences.ts'
import type { ComparedRow, ControlRow } from '../store/correlation-table.ts'
import type { ObservationWrites } from '../store/observation-writes.ts'
import type { CatalogueInForce } from './catalogue-in-force.ts'
import type { AdmittedBatch } from './receive-batch.ts'

/** How long days, sequences and compared records are kept. */
export const keptDays = 92
/** The fact and the labels that agents give these meanings (docs/payloads.md). */
const sequenceFact = '@sequence'
const resetLabel = '@reset'
const unitLabel = '@unit'

/** The runs of a stream as they are after the batches so far. */
interface OpenStream {
  readonly stream: SequenceStream
  readonly isNew: boolean
  runs: readonly SequenceRun[]
}

/**
 * Gathers what some batches show beside what they are charged: who was seen when, which sequence numbers came, and the
 * records that correlations compare. Suspended units count like any other, repeated ones do not. Batches without sequence
 * numbers of a tenant that expects and correlates nothing are passed over as a whole.
 */
export class UsageObserver {
  readonly #watch: UsageWatch
  readonly #meterUnits: ReadonlyMap<string, { readonly unit: string }>
  readonly #sequences: SequenceTable
  readonly #nowMs: number
  readonly #firstKeptDay: number
  readonly #sightings = new Map<string, SightingWrite>()
  readonly #days = new Map<string, DayWrite>()
  readonly #streams = new Map<string, OpenStream>()
  readonly #controls: ControlRow[] = []
  readonly #compared: ComparedRow[] = []
  #newStreams = 0
  #unfollowed = 0

  constructor(inForce: CatalogueInForce, sequences: SequenceTable, nowMs: number) {
    this.#watch = inForce.watch
    this.#meterUnits = inForce.catalogue.meters
    this.#sequences = sequences
    this.#nowMs = nowMs
    this.#firstKeptDay = Math.floor(nowMs / dayMs) - keptDays
  }

  take(batch: AdmittedBatch, controls: readonly ControlRow[]): void {
    const { decoded, admission, logIndex, agent } = batch
    const isWatching = this.#watch.expectations.length > 0
    const isComparing = this.#watch.correlations.size > 0
    const hasSequences = decoded.tables.strings.includes(sequenceFact)
    this.#controls.push(...controls)
    if (!isWatching && !isComparing && !hasSequences) return
    const left = new Set([...admission.duplicates, ...admission.conflicts])
    for (const [index, unit] of decoded.units.entries()) {
      if (left.has(index)) continue
      // A clock that is ahead must not make a device look alive in days to come.
      const timeMs = Math.min(unit.timeMs, this.#nowMs)
      if (isWatching) this.#see(unit, timeMs, agent)
      if (hasSequences) this.#number(unit, timeMs, agent)
      if (isComparing) this.#compare(unit, index, logIndex)
    }
  }

  /** What is to be written; null when nothing was seen that is of interest. */
  writes(): ObservationWrites | null {
    const isEmpty =
      this.#sightings.size + this.#streams.size + this.#controls.length + this.#compared.length + this.#unfollowed === 0
    if (isEmpty) return null
    return {
      sightings: [...this.#sightings.values()],
      days: [...this.#days.values()],
      sequences: [...this.#streams.values()].map(({ stream, runs }) => ({ ...stream, runs })),
      newStreams: this.#newStreams,
      unfollowed: this.#unfollowed,
      controls: this.#controls,
      compared: this.#compared,
      firstKeptDay: this.#firstKeptDay,
    }
  }

  #see(unit: RatingUnit, timeMs: number, agent: string): void {
    expectationsMet(this.#watch, unit, timeMs, ({ definition }, watched) => {
      const expectation = definition.id
      const key = JSON.stringify([expectation, watched])
      const sighting = { firstMs: timeMs, lastMs: timeMs, agent }
      const known = this.#sightings.get(key)
      this.#sightings.set(key, {
        expectation,
        watched,
        sighting: known === undefined ? sighting : mergedSighting(known.sighting, sighting),
      })
      const day = Math.floor(timeMs / dayMs)
      if (day < this.#firstKeptDay) return
      const dayKey = JSON.stringify([expectation, watched, day, agent])
      const events = (this.#days.get(dayKey)?.events ?? 0) + 1
      this.#days.set(dayKey, { day, expectation, watched, agent, events })
    })
  }

  #number(unit: RatingUnit, timeMs: number, agent: string): void {
    const number = unit.facts.find(([key]) => key === sequenceFact)?.[1]
    // What is beyond the cap of a sequence number is no number of a device of ours.
    if (number === undefined || number > BigInt(Number.MAX_SAFE_INTEGER)) return
    if (timeMs < this.#firstKeptDay * dayMs) return
    const stream = this.#stream(unit)
    if (stream === null) this.#unfollowed += 1
    else stream.runs = withSequence(stream.runs, { number: Number(number), timeMs, agent })
  }

  #stream(unit: RatingUnit): OpenStream | null {
    const stream = { source: unit.source, subject: unit.subject, reset: labelOf(unit, resetLabel) ?? '' }
    const key = JSON.stringify([stream.source, stream.subject, stream.reset])
    const open = this.#streams.get(key)
    if (open !== undefined) return open
    const runs = this.#sequences.runs(stream)
    const isNew = runs === undefined
    if (isNew && !this.#sequences.hasRoom(this.#newStreams)) return null
    if (isNew) this.#newStreams += 1
    const opened: OpenStream = { stream, isNew, runs: runs ?? [] }
    this.#streams.set(key, opened)
    return opened
  }

  #compare(unit: RatingUnit, index: number, batchIndex: number): void {
    if (unit.timeMs < this.#firstKeptDay * dayMs) return
    comparedRecords(this.#watch, unit, (rule, side, record) => {
      const stated = labelOf(unit, unitLabel)
      const meterUnit = this.#meterUnits.get(rule.meter)?.unit ?? ''
      this.#compared.push({
        rule: rule.id,
        side,
        subject: unit.subject,
        timeMs: unit.timeMs,
        source: unit.source,
        eventId: unit.eventId,
        quantity: comparedQuantity(unit.records[record]?.quantity ?? 0n, stated, meterUnit),
        batchIndex,
        unit: index,
      })
    })
  }
}

function labelOf(unit: RatingUnit, key: string): string | null {
  return unit.labels.find(([name]) => name === key)?.[1] ?? null
}
