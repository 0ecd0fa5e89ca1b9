import { decodeHeader, openBatchBody } from '@meterline/shared/model/batch-codec.ts'
import type { Charge } from '@meterline/shared/model/charge.ts'
import { decodeLogEntry } from '@meterline/shared/model/log-entry-codec.ts'
import type { LedgerLogEntry } from '@meterline/shared/model/log-entry.ts'
import type { RatingUnit } from '@meterline/shared/model/usage-record.ts'
import { parseSegmentKey } from '@meterline/shared/rating/segment.ts'
import { dayMs } from '@meterline/shared/units/civil.ts'
import { monthPeriodOf } from '@meterline/shared/units/period.ts'
import type { Catalogue } from '../domain/catalogue/catalogue.ts'
import { correlationsByMeter, type UsageWatch } from '../domain/completeness/watch.ts'
import { controlView } from '../domain/correlation/control-units.ts'
import { meterRecord, noteChange } from '../domain/metering/meter-record.ts'
import { statedUnit, type MeterRule } from '../domain/metering/meter-rule.ts'
import { MeteringDraft } from '../domain/metering/metering-draft.ts'
import type { BooksReader } from '../store/books-reader.ts'
import { MeteringScratch } from '../store/metering-rows.ts'
import type { BooksAudit } from './books-audit.ts'

/** The charges of one segment that one decision made. */
export interface ChargedBlock {
  readonly segmentKey: string
  readonly charges: readonly Charge[]
}

/** Batches come in the log a little before what was decided from them, so a few are kept read. */
const keptBatches = 32

type Units = readonly RatingUnit[]

/**
 * Works the usage of every charge out again from what the batches say, in the order of the log: a sum is what was
 * reported, in the meter's unit, and counters, gauges, maxima and distinct subjects are metered anew, in a state of their
 * own that is compared with the file's at the end. Quantities per day are added up as well. What depends on a body that
 * was deleted after its retention cannot be worked out, and nothing is said about it.
 */
export class UsageCheck {
  readonly #reader: BooksReader
  readonly #audit: BooksAudit
  readonly #scratch = new MeteringScratch()
  readonly #rules = new Map<number, ReadonlyMap<string, MeterRule>>()
  readonly #correlations = new Map<number, Pick<UsageWatch, 'correlations'>>()
  readonly #units = new Map<number, Units | null>()
  /** False once readings are missing: every later increment may depend on them. */
  #isMeteringKnown = true

  constructor(reader: BooksReader, audit: BooksAudit) {
    this.#reader = reader
    this.#audit = audit
  }

  close(): void {
    this.#scratch.close()
  }

  learnMeters(logIndex: number, catalogue: Catalogue): void {
    this.#rules.set(logIndex, catalogue.meterRules)
    this.#correlations.set(logIndex, { correlations: correlationsByMeter(catalogue.file) })
  }

  /** Keeps the units of a batch at hand for its charges; null: its body was deleted. */
  keepUnits(logIndex: number, units: Units | null): void {
    const [oldest] = this.#units.keys()
    if (this.#units.size >= keptBatches && oldest !== undefined) this.#units.delete(oldest)
    this.#units.set(logIndex, units)
  }

  /** Checks the charges that one decision made of a batch: `entry` is its first ledger transaction. */
  checkCharges(
    logIndex: number,
    { batchIndex, catalogueIndex }: Pick<LedgerLogEntry, 'batchIndex' | 'catalogueIndex'>,
    blocks: readonly ChargedBlock[],
  ): void {
    const rules = this.#rules.get(catalogueIndex)
    if (rules === undefined) return this.#audit.report(`I15: batch ${batchIndex} was rated with an unknown catalogue`)
    const units = this.#unitsOf(batchIndex)
    this.#addDays(logIndex, blocks, units)
    if (units === null) {
      const isMetered = blocks.some(({ segmentKey }) => hasState(rules.get(parseSegmentKey(segmentKey).meter)))
      if (isMetered) this.#isMeteringKnown = false
      return
    }
    const draft = new MeteringDraft(this.#scratch.table)
    const differs = (unit: number): void => this.#report(batchIndex, unit, 'is charged another quantity on another leg')
    for (const [index, charged] of quantitiesByUnit(blocks, differs)) {
      const unit = units[index]
      if (unit === undefined) this.#report(batchIndex, index, 'is charged and is not in the batch')
      else if (this.#isForControl(catalogueIndex, unit))
        this.#report(batchIndex, index, 'is charged and ought to be compared only')
      else this.#checkUnit(draft, rules, unit, charged, (text) => this.#report(batchIndex, index, text))
    }
    this.#scratch.together(() => this.#scratch.table.write(draft.changes()))
  }

  /** The file's own state of meters is the one worked out here. */
  finish(): void {
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
    charged: ReadonlyMap<number, bigint>,
    report: (text: string) => void,
  ): void {
    const stated = statedUnit(unit.labels)
    const periodKey = monthPeriodOf(unit.timeMs).key
    for (const [place, quantity] of charged) {
      this.#audit.count('charged quantities')
      const record = unit.records[place]
      const rule = record === undefined ? undefined : rules.get(record.meter)
      if (record === undefined || rule === undefined) {
        report(`is charged for record ${place}, which it does not have`)
        continue
      }
      if (hasState(rule) && !this.#isMeteringKnown) continue
      const metered = meterRecord(draft, rule, unit, record.quantity, stated, periodKey)
      const due = typeof metered === 'string' ? metered : metered.quantity
      if (due !== quantity) report(`is charged ${quantity} of ${record.meter}, its usage is ${due}`)
      if (typeof metered !== 'string' && metered.change !== null) noteChange(draft, metered.change)
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

  #addDays(logIndex: number, blocks: readonly ChargedBlock[], units: Units | null): void {
    for (const { segmentKey, charges } of blocks) {
      for (const { unit, quantity } of charges) {
        const timeMs = units?.[unit]?.timeMs
        this.#audit.days.use(logIndex, segmentKey, timeMs === undefined ? null : Math.floor(timeMs / dayMs), quantity)
      }
    }
  }

  #unitsOf(batchIndex: number): Units | null {
    const kept = this.#units.get(batchIndex)
    if (kept !== undefined) return kept
    const units = readUnits(this.#reader, batchIndex)
    this.keepUnits(batchIndex, units)
    return units
  }
}

/** What each unit was charged, by record; a record has the same quantity on all its legs. Units and records in order. */
function quantitiesByUnit(
  blocks: readonly ChargedBlock[],
  differs: (unit: number) => void,
): readonly (readonly [number, ReadonlyMap<number, bigint>])[] {
  const byUnit = new Map<number, Map<number, bigint>>()
  for (const { charges } of blocks) {
    for (const { unit, record, quantity } of charges) {
      const records = byUnit.get(unit) ?? new Map<number, bigint>()
      byUnit.set(unit, records)
      if (records.has(record) && records.get(record) !== quantity) differs(unit)
      records.set(record, quantity)
    }
  }
  return [...byUnit].toSorted(([left], [right]) => left - right)
}

function hasState(rule: MeterRule | undefined): boolean {
  return rule !== undefined && rule.metering.kind !== 'sum'
}

/** The units of a batch; null when its body is gone or, which is reported elsewhere, damaged. */
function readUnits(reader: BooksReader, batchIndex: number): Units | null {
  const body = reader.batch(batchIndex)?.body ?? null
  const entry = decodeLogEntry(reader.logEntry(batchIndex) ?? new Uint8Array(0))
  if (body === null || !entry.ok || entry.value.kind !== 'batch') return null
  const header = decodeHeader(entry.value.header)
  const decoded = header.ok ? openBatchBody(header.value, body) : header
  return decoded.ok ? decoded.value.units : null
}
