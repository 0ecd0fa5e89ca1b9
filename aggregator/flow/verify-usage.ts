import type { LedgerLogEntry } from '@meterline/shared/model/log-entry.ts'
import type { RatingUnit } from '@meterline/shared/model/usage-record.ts'
import { parseSegmentKey } from '@meterline/shared/rating/segment.ts'
import { dayMs } from '@meterline/shared/units/civil.ts'
import type { Catalogue } from '../domain/catalogue/catalogue.ts'
import { meetsCondition } from '../domain/catalogue/label-condition.ts'
import { legPlanOf } from '../domain/catalogue/leg-index.ts'
import { correlationsByMeter, type UsageWatch } from '../domain/completeness/watch.ts'
import { controlView } from '../domain/correlation/control-units.ts'
import { meterRecord, noteChange } from '../domain/metering/meter-record.ts'
import { countsPerPeriod, statedUnit, type MeterRule } from '../domain/metering/meter-rule.ts'
import { periodAt } from '../domain/periods/billing-cycle.ts'
import { MeteringDraft } from '../domain/metering/metering-draft.ts'
import type { BooksReader } from '../store/books-reader.ts'
import { MeteringScratch } from '../store/metering-rows.ts'
import type { BooksAudit } from './books-audit.ts'
import { firstRatedIndex } from './counted-days.ts'
import { readBatch } from './verify-batches.ts'
import { areEntriesOf } from './verify-entries.ts'
import { DriftCheck, type KnownBatch } from './verify-drift.ts'
import type { DecidedUnits } from './verify-voids.ts'
import { partsByUnit, recordFaults, type ChargedBlock, type ChargedPart, type DueLeg } from './verify-parts.ts'

/** Batches come in the log a little before what was decided from them, so a few are kept read. */
const keptBatches = 32

/**
 * Works the usage of every charge out again from what the batches say, in the order of the log: a sum is what was
 * reported, in the meter's unit, and counters, gauges, maxima and distinct subjects are metered anew, in a state of their
 * own that is compared with the file's at the end. Each record is charged on the legs that the catalogue has for it at its
 * time, in the segments that their prices have for it. Positions and usage per day are added up as well. What depends on a
 * body that was deleted after its retention cannot be worked out, and nothing is said about it.
 */
export class UsageCheck {
  readonly #reader: BooksReader
  readonly #audit: BooksAudit
  readonly #scratch = new MeteringScratch()
  readonly #rules = new Map<number, ReadonlyMap<string, MeterRule>>()
  readonly #correlations = new Map<number, Pick<UsageWatch, 'correlations'>>()
  readonly #batches = new Map<number, KnownBatch | null>()
  readonly #drift: DriftCheck
  /** The newest catalogue so far, which everything that follows in the log is rated with. */
  #inForce: { readonly logIndex: number; readonly catalogue: Catalogue } | null = null
  /** False once readings are missing: every later increment may depend on them. */
  #isMeteringKnown = true

  constructor(reader: BooksReader, audit: BooksAudit) {
    this.#reader = reader
    this.#audit = audit
    this.#drift = new DriftCheck(reader, audit)
  }

  close(): void {
    this.#scratch.close()
  }

  learnMeters(logIndex: number, catalogue: Catalogue): void {
    this.#inForce = { logIndex, catalogue }
    this.#drift.putInForce(logIndex, catalogue)
    this.#rules.set(logIndex, catalogue.meterRules)
    this.#correlations.set(logIndex, { correlations: correlationsByMeter(catalogue.file) })
  }

  /** Keeps a batch at hand for its charges; null: its body was deleted. */
  keepBatch(logIndex: number, batch: KnownBatch | null): void {
    const [oldest] = this.#batches.keys()
    if (this.#batches.size >= keptBatches && oldest !== undefined) this.#batches.delete(oldest)
    this.#batches.set(logIndex, batch)
  }

  /** Checks the charges that one decision made of a batch: `entry` is its first ledger transaction. */
  checkCharges(
    logIndex: number,
    { batchIndex, catalogueIndex }: Pick<LedgerLogEntry, 'batchIndex' | 'catalogueIndex'>,
    blocks: readonly ChargedBlock[],
  ): void {
    const rules = this.#rules.get(catalogueIndex)
    if (rules === undefined) return this.#audit.report(`I15: batch ${batchIndex} was rated with an unknown catalogue`)
    if (this.#inForce?.logIndex !== catalogueIndex)
      this.#audit.report(`I15: batch ${batchIndex} was rated with a catalogue that was not in force`)
    const batch = this.#batchOf(batchIndex)
    const units = batch?.units ?? null
    this.#addUsage(logIndex, blocks, units)
    const parts = partsByUnit(blocks, (segmentKey) => this.#audit.priceOf(segmentKey))
    this.#drift.decide(
      logIndex,
      batch,
      parts.map(([unit]) => unit),
    )
    if (units === null) {
      const isMetered = blocks.some(({ segmentKey }) => hasState(rules.get(parseSegmentKey(segmentKey).meter)))
      if (isMetered) this.#isMeteringKnown = false
      return
    }
    const draft = new MeteringDraft(this.#scratch.table)
    for (const [index, charged] of parts) {
      const unit = units[index]
      if (unit === undefined) this.#report(batchIndex, index, 'is charged and is not in the batch')
      else if (this.#isForControl(catalogueIndex, unit))
        this.#report(batchIndex, index, 'is charged and ought to be compared only')
      else this.#checkUnit(draft, rules, unit, charged, (text) => this.#report(batchIndex, index, text))
    }
    this.#scratch.together(() => this.#scratch.table.write(draft.changes()))
  }

  /** Checks what a void takes back: `entry` is its first ledger transaction, `voided` says where its units were charged. */
  checkVoid(
    { batchIndex, catalogueIndex }: Pick<LedgerLogEntry, 'batchIndex' | 'catalogueIndex'>,
    blocks: readonly ChargedBlock[],
    voided: DecidedUnits,
  ): void {
    if (this.#inForce?.logIndex !== catalogueIndex)
      this.#audit.report(`I15: a void of batch ${batchIndex} was decided with a catalogue that was not in force`)
    this.#drift.decideNothing()
    const units = this.#batchOf(batchIndex)?.units ?? null
    const rules = this.#rules.get(catalogueIndex)
    for (const { segmentKey, charges } of blocks) {
      const model = this.#audit.modelOf(segmentKey)
      if (model === null) continue
      if (hasState(rules?.get(parseSegmentKey(segmentKey).meter)))
        this.#audit.report(`I15: a void of batch ${batchIndex} takes back readings that others were charged after`)
      for (const { unit, quantity } of charges) {
        const event = units?.[unit] ?? null
        const exact = this.#audit.positions.takeBack(segmentKey, model, -quantity, event)
        const day = event === null ? null : Math.floor(event.timeMs / dayMs)
        const decidedIndex = voided.get(unit) ?? this.#firstRated(batchIndex)
        this.#audit.days.takeBack(decidedIndex, segmentKey, day, -quantity, exact)
      }
    }
  }

  /** A ledger transaction of the decision whose charges were checked last. */
  checkEntry(logIndex: number, entry: LedgerLogEntry): void {
    if (this.#inForce === null || areEntriesOf(entry, this.#inForce.catalogue, this.#drift.drifts)) return
    this.#audit.report(`I9: the entries of ledger transaction ${logIndex} are not what its postings and drift make`)
  }

  /** The file's own state of meters is the one worked out here. */
  finish(): void {
    this.#drift.finish()
    if (!this.#isMeteringKnown) return
    const stored = this.#reader.meteringRows()
    const problem = this.#firstDifference(stored)
    // What was not read to its end keeps the file busy until it is told that no more is wanted.
    stored.return?.()
    if (problem !== null) this.#audit.report(`I15: the state of meters ${problem}`)
  }

  #firstDifference(stored: IterableIterator<string>): string | null {
    for (const expected of this.#scratch.rows()) {
      this.#audit.count('metering states')
      const next = stored.next()
      if (next.done === true) return `lacks: ${expected}`
      if (next.value !== expected) return `says: ${next.value}; the readings make: ${expected}`
    }
    const rest = stored.next()
    return rest.done === true ? null : `says more than the readings make: ${rest.value}`
  }

  #checkUnit(
    draft: MeteringDraft,
    rules: ReadonlyMap<string, MeterRule>,
    unit: RatingUnit,
    charged: readonly ChargedPart[],
    report: (text: string) => void,
  ): void {
    const stated = statedUnit(unit.labels)
    for (const [place, parts] of Map.groupBy(charged, ({ record: own }) => own)) {
      this.#audit.count('charged quantities')
      const record = unit.records[place]
      const rule = record === undefined ? undefined : rules.get(record.meter)
      if (record === undefined || rule === undefined) {
        report(`is charged for record ${place}, which it does not have`)
        continue
      }
      const isPerPeriod = countsPerPeriod(rule)
      const legs = this.#legsDue(unit, record.meter)
      const { quantities, faults } = recordFaults(parts, unit, legs, isPerPeriod)
      for (const text of faults) report(text)
      if (hasState(rule) && !this.#isMeteringKnown) continue
      // What is counted per period is counted for each cycle that some leg has.
      const groups = isPerPeriod ? new Set(legs?.map(({ periodKey }) => periodKey) ?? quantities.keys()) : ['']
      for (const group of groups) {
        const metered = meterRecord(draft, rule, unit, record.quantity, stated, group)
        const due = typeof metered === 'string' ? metered : metered.quantity
        const quantity = quantities.get(group)
        if (due !== quantity) report(`is charged ${quantity} of ${record.meter}, its usage is ${due}`)
        if (typeof metered !== 'string' && metered.change !== null) noteChange(draft, metered.change)
      }
    }
  }

  /** Whether the correlations that were in force keep a unit from being charged. */
  #isForControl(catalogueIndex: number, unit: RatingUnit): boolean {
    const rules = this.#correlations.get(catalogueIndex)
    return rules !== undefined && rules.correlations.size > 0 && controlView(rules, unit).kind !== 'charged'
  }

  #report(batchIndex: number, unit: number, text: string): void {
    this.#audit.report(`I9: unit ${unit} of batch ${batchIndex} ${text}`)
  }

  /** The legs a record is charged on by the catalogue in force; null when it is not to be charged at all. */
  #legsDue({ subject, timeMs, labels }: RatingUnit, meter: string): readonly DueLeg[] | null {
    if (this.#inForce === null) return null
    const { catalogue } = this.#inForce
    const subjectPlan = catalogue.index.subjects.get(subject)
    if (subjectPlan === undefined) return null
    const { code, legs } = legPlanOf(catalogue, subjectPlan, meter, timeMs)
    if (code !== null) return null
    return legs
      .filter(({ only }) => only === null || meetsCondition(only, labels))
      .map(({ legKey, cycle }) => ({ legKey, periodKey: periodAt(cycle, timeMs).key }))
  }

  #addUsage(logIndex: number, blocks: readonly ChargedBlock[], units: KnownBatch['units'] | null): void {
    for (const { segmentKey, charges } of blocks) {
      const model = this.#audit.modelOf(segmentKey)
      if (model === null) continue
      for (const { unit, quantity } of charges) {
        const event = units?.[unit] ?? null
        const exact = this.#audit.positions.charge(segmentKey, model, quantity, event)
        const day = event === null ? null : Math.floor(event.timeMs / dayMs)
        this.#audit.days.use(logIndex, segmentKey, day, quantity, exact)
      }
    }
  }

  /** Where the first rating of a batch was decided, as far as it matters to days. */
  #firstRated(batchIndex: number): number {
    const { days, positions } = this.#reader.daysKeptAfter()
    const log = { entry: (logIndex: number): Uint8Array | undefined => this.#reader.logEntry(logIndex) }
    return firstRatedIndex(log, batchIndex, Math.max(days, positions))
  }

  #batchOf(batchIndex: number): KnownBatch | null {
    const kept = this.#batches.get(batchIndex)
    if (kept !== undefined) return kept
    const batch = readBatch(this.#reader, batchIndex)
    this.keepBatch(batchIndex, batch)
    return batch
  }
}

function hasState(rule: MeterRule | undefined): boolean {
  return rule !== undefined && rule.metering.kind !== 'sum'
}
