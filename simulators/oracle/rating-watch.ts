import type { AggregatorFile, BlockRow } from './aggregator-file.ts'
import { ChargeBook } from './charge-book.ts'
import { readChargeBlock } from './charge-block.ts'
import type { BlockCharge } from './charge-block.ts'
import { EventPlaces } from './event-places.ts'
import type { Findings } from './findings.ts'
import type { LoggedBatch, LogWatch } from './log-watch.ts'
import { MeterWatch } from './meter-watch.ts'
import { identityKey } from './published.ts'
import { preratedFault } from './prerated-check.ts'
import type { StoredUnit } from './stored-batch.ts'
import { SegmentBook } from './segment-book.ts'
import { checkSegments } from './segment-check.ts'
import type { SegmentSums } from './segment-check.ts'
import type { TenantPlan } from './tenant-plan.ts'
import { chargesFit, chargesText, controlDuty, saysTheSame, suspenseReason } from './unit-duties.ts'
import type { VersionBook } from './version-book.ts'

/** What became of a unit of the log. */
export type UnitFate =
  | { readonly kind: 'charged' }
  | { readonly kind: 'duplicate' }
  /** It was charged, and somebody took it back. */
  | { readonly kind: 'voided' }
  | { readonly kind: 'suspended'; readonly code: string }
  | { readonly kind: 'control'; readonly rule: string }
  /** It was in suspense, and somebody gave it up. */
  | { readonly kind: 'discarded'; readonly code: string }

/** A charge, the segment it lies in, and the unit it is of. */
interface ChargeInSegment {
  readonly row: BlockRow
  readonly key: string
  readonly sums: SegmentSums
  readonly stored: StoredUnit
  readonly charge: BlockCharge
}

type Demand = (holds: boolean, invariant: 'I5' | 'I9' | 'I15', what: string) => void

/**
 * Follows the rating: every unit of a rated batch has exactly one fate (I8), is charged once and on exactly the debts it
 * causes (I5), and the charges of each segment add up to what the oracle's own arithmetic makes of their quantity (I9).
 */
export class RatingWatch {
  readonly #findings: Findings
  readonly #plans: () => readonly TenantPlan[]
  readonly #versions: VersionBook
  readonly charges = new ChargeBook()
  readonly places = new EventPlaces()
  readonly #segments: SegmentBook
  readonly #meters: MeterWatch
  readonly #fates = new Map<string, UnitFate>()
  #logged: ReadonlyMap<number, LoggedBatch> | undefined
  #voids: ReadonlySet<number> = new Set()
  #lastBlock = 0
  #blocks = 0
  #ratedUpTo = -1
  #preratedRecords = 0
  #fallenCharges = 0

  /** `plans` are the versions of the tenant file that may be in force. */
  constructor(findings: Findings, plans: () => readonly TenantPlan[], versions: VersionBook) {
    this.#findings = findings
    this.#plans = plans
    this.#versions = versions
    this.#meters = new MeterWatch(findings)
    this.#segments = new SegmentBook(findings, versions)
  }

  get segments(): ReadonlyMap<string, SegmentSums> {
    return this.#segments.all
  }

  /** Charged records that an agent had worked out an amount for. */
  get preratedRecords(): number {
    return this.#preratedRecords
  }

  /** Charges below zero, where the total of a segment fell. */
  get fallenCharges(): number {
    return this.#fallenCharges
  }

  get ratedUpTo(): number {
    return this.#ratedUpTo
  }

  /** The fate of a unit; undefined while its batch is not rated. */
  fate(batchIndex: number, unit: number): UnitFate | undefined {
    return this.#fates.get(`${batchIndex}/${unit}`)
  }

  /** Something was decided about a suspended unit. */
  decided(batchIndex: number, unit: number, fate: UnitFate): void {
    this.#fates.set(`${batchIndex}/${unit}`, fate)
  }

  /** All units that are in suspense, as `<batch index>/<unit>`. */
  suspendedPlaces(): ReadonlySet<string> {
    return new Set([...this.#fates].filter(([, { kind }]) => kind === 'suspended').map(([place]) => place))
  }

  /** Puts another content of an event in the place of what stands for it. False: that was not voided. */
  standInFor(batchIndex: number, unit: number): boolean {
    const stored = this.#logged?.get(batchIndex)?.units[unit]
    const before = stored === undefined ? undefined : this.places.standIn({ batchIndex, unit, stored })
    return before !== undefined && this.fate(before.batchIndex, before.unit)?.kind === 'voided'
  }

  /** After the log has been followed. Whether anything was charged since the last time. */
  advance(file: AggregatorFile, log: LogWatch): boolean {
    const { batches, controls } = log
    this.#logged = batches
    this.#voids = log.voids
    this.places.advance(log)
    const touched = new Set<string>()
    for (const row of file.blocksAfter(this.#lastBlock)) {
      this.#lastBlock = row.id
      this.#blocks += 1
      this.#takeBlock(row, batches)
      touched.add(row.segment)
    }
    const cursor = file.ratingCursor()
    if (cursor > this.#ratedUpTo) {
      const suspended = new Map(
        file.suspendedFrom(this.#ratedUpTo).map(({ batchIndex, unit, code }) => [`${batchIndex}/${unit}`, code]),
      )
      for (const [batchIndex, batch] of log.batchesAfter(this.#ratedUpTo)) {
        if (batchIndex > cursor) break
        for (const [index, unit] of batch.units.entries()) {
          const place = `${batchIndex}/${index}`
          this.#decide(batchIndex, index, unit, suspended.get(place), controls.get(place))
        }
      }
      this.#ratedUpTo = cursor
    }
    this.#meters.check()
    if (touched.size > 0) checkSegments(this.#findings, file, this.segments, touched)
    return touched.size > 0
  }

  /** Adds every block up anew and holds every segment against it, for what was changed behind our back. */
  recheck(file: AggregatorFile): void {
    const blocks = file.blocksAfter(0)
    this.#findings.demand(
      blocks.length === this.#blocks,
      'I9',
      () => `there were ${this.#blocks} charge blocks and there are ${blocks.length}`,
    )
    checkSegments(this.#findings, file, this.segments, new Set(this.segments.keys()))
  }

  #takeBlock(row: BlockRow, batches: ReadonlyMap<number, LoggedBatch>): void {
    const { segment: key, leg, batchIndex: batch, quantity, amountMicros, charges } = readChargeBlock(row)
    const where = `charge block ${row.id} (${key}, batch ${batch})`
    const demand: Demand = (holds, invariant, what) =>
      this.#findings.demand(holds, invariant, () => `${where}: ${what}`)
    const isInPlace = key === row.segment && batch === row.batchIndex
    demand(isInPlace, 'I9', `is stored under ${row.segment}, batch ${row.batchIndex}`)
    const units = batches.get(batch)?.units ?? []
    const sums = this.#segments.sumsOf(key, leg, row, units[charges[0]?.unit ?? -1])
    for (const charge of charges) {
      const stored = units[charge.unit]
      if (stored === undefined) demand(false, 'I9', `charges unit ${charge.unit}, which is not in the batch`)
      else if (row.releaseIndex !== null && this.#voids.has(row.releaseIndex))
        this.#takeBack({ row, key, sums, stored, charge }, demand)
      else this.#takeCharge({ row, key, sums, stored, charge }, demand)
    }
    const sum = (pick: (charge: BlockCharge) => bigint): bigint => charges.reduce((so, each) => so + pick(each), 0n)
    const used = sum((each) => each.quantity)
    const micros = sum((each) => each.amountMicros)
    demand(used === quantity, 'I9', `says ${quantity} units, its charges are ${used}`)
    demand(micros === amountMicros, 'I9', `says ${amountMicros} micros, its charges are ${micros}`)
    const toldAt = this.#versions.toldAt(row.batchIndex, row.releaseIndex)
    const totalMicros = sums.usage?.totalMicros
    const of = { charges: charges.length, standing: sums.charges, totalMicros }
    sums.blocks.push({ toldAt, quantity, amountMicros, ...of })
  }

  /** The charge of one record, or of a part of it, in one segment. */
  #takeCharge({ row, key, sums, stored, charge }: ChargeInSegment, demand: Demand): void {
    const { unit, record, quantity, amountMicros } = charge
    const name = `record ${unit}/${record}`
    const [first] = this.#plans()
    const meter = first?.meters.find(({ id }) => id === sums.meter)
    const measured = stored.records[record]
    const before = sums.quantity
    const due = this.#segments.dueFor(key, sums, row, { unit: stored, quantity })
    demand(
      due === null || due === amountMicros,
      'I15',
      `charges ${amountMicros} for ${name}, after ${before} units its ${quantity} cost ${String(due)}`,
    )
    demand(measured?.meter === sums.meter, 'I9', `charges ${name} of meter ${String(measured?.meter)}`)
    if (meter?.kind !== undefined && measured !== undefined) {
      const charging = `${row.batchIndex} ${row.releaseIndex}`
      const of = { batchIndex: row.batchIndex, unit, record, period: sums.period, stored, reading: measured.quantity }
      this.#meters.charge({ meter, charging, charged: quantity, ...of })
    }
    const { period, subscription, model } = sums
    const stands = { record, period, subscription, model, quantity, amountMicros }
    const isFirst = this.charges.note(row.batchIndex, unit, `${record} ${key}`, stands, row.releaseIndex !== null)
    demand(isFirst, 'I5', `${name} is charged twice under ${subscription}`)
    if (amountMicros < 0n) this.#fallenCharges += 1
    sums.charges += 1
    sums.quantity += quantity
    sums.amountMicros += amountMicros
  }

  /** A charge that is taken back: the segment is then what it would be without the record. */
  #takeBack({ row, key, sums, stored, charge }: ChargeInSegment, demand: Demand): void {
    const { unit, record, amountMicros } = charge
    const quantity = -charge.quantity
    const name = `record ${unit}/${record}`
    const isCharged = this.charges.takeBack(row.batchIndex, unit, `${record} ${key}`, quantity)
    demand(isCharged, 'I5', `takes ${quantity} units of ${name} back, which do not stand`)
    const kind = this.#plans()[0]?.meters.find(({ id }) => id === sums.meter)?.kind
    demand(kind === undefined, 'I9', `takes ${name} back, which other readings of ${sums.meter} rest on`)
    const { timeMs, source, eventId: id } = stored
    const due = sums.usage?.remove({ timeMs, source, id, quantity })
    const isDue = due === undefined || due === amountMicros
    demand(isDue, 'I15', `gives ${amountMicros} back for ${name}, without its ${quantity} it is ${String(due)}`)
    sums.charges -= 1
    sums.quantity -= quantity
    sums.amountMicros += amountMicros
  }

  #decide(
    batchIndex: number,
    index: number,
    unit: StoredUnit,
    suspended: string | undefined,
    control: string | undefined,
  ): void {
    const place = `${batchIndex}/${index}`
    const charges = this.charges.rated(batchIndex, index)
    const name = `unit ${place} (${unit.source} ${unit.eventId ?? 'without id'} of ${unit.subject})`
    const wrong = (invariant: 'I4' | 'I5' | 'I8' | 'I9', what: string): void =>
      this.#findings.add(invariant, `${name}: ${what}`)
    const fate: UnitFate =
      suspended !== undefined
        ? { kind: 'suspended', code: suspended }
        : control !== undefined
          ? { kind: 'control', rule: control }
          : { kind: charges === undefined ? 'duplicate' : 'charged' }
    this.#fates.set(place, fate)
    if (suspended !== undefined && charges !== undefined) wrong('I8', `is charged and suspended as ${suspended}`)
    if (control !== undefined && charges !== undefined) wrong('I8', `is charged and for control of ${control}`)
    if (control !== undefined && suspended !== undefined) wrong('I8', `is suspended and for control of ${control}`)

    const first = unit.eventId === null ? undefined : this.places.first(identityKey(unit.source, unit.eventId))
    const isFirst = first === undefined || (first.batchIndex === batchIndex && first.unit === index)
    if (!isFirst) {
      const expected = saysTheSame(first.stored, unit) ? 'duplicate' : 'event_conflict'
      const actual = fate.kind === 'suspended' ? fate.code : fate.kind
      if (actual !== expected)
        wrong(fate.kind === 'charged' ? 'I5' : 'I8', `came before, so it is ${expected}, but it is ${actual}`)
      return
    }
    if (fate.kind === 'duplicate') return wrong('I8', 'has no disposition although its batch is rated')
    const plans = this.#versions.ratedUnder(batchIndex)
    const duties = plans.map((plan) => controlDuty(plan, unit))
    if (fate.kind === 'control') {
      if (!duties.includes(fate.rule)) wrong('I8', `is for control of ${fate.rule}, which is not what the plan says`)
      return
    }
    if (fate.kind === 'charged' && !duties.includes(null))
      wrong('I8', `is charged, but it is for control of ${duties[0]}`)
    if (fate.kind === 'suspended') {
      const reasons = plans.map((plan) => suspenseReason(plan, unit))
      if (!reasons.includes(fate.code))
        wrong(
          'I8',
          `is suspended as ${fate.code}, but ought to be ${reasons.map((reason) => reason ?? 'charged').join(' or ')}`,
        )
      return
    }
    const fits = plans.some((plan) => chargesFit(plan, unit, charges ?? []))
    if (!fits) wrong('I9', `is charged as [${chargesText(charges ?? [])}], which is not what it owes`)
    this.#preratedRecords += unit.records.filter(({ preratedMicros }) => preratedMicros !== null).length
    const fault = preratedFault(this.#plans(), unit, charges ?? [])
    if (fault !== null) wrong('I4', `the agent ${fault}`)
  }
}
