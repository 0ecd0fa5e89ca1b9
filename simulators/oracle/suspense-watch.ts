import type { AggregatorFile } from './aggregator-file.ts'
import type { Findings } from './findings.ts'
import type { LoggedBatch, UnitDecision } from './log-watch.ts'
import { preratedFault } from './prerated-check.ts'
import type { RatingWatch } from './rating-watch.ts'
import type { TenantPlan } from './tenant-plan.ts'
import { chargesFit, chargesText, suspenseReason } from './unit-duties.ts'
import type { VersionBook } from './version-book.ts'

const longestNoteBytes = 200

/**
 * Follows what becomes of units that somebody decides about (I8): of suspended ones each is decided about once, a release
 * charges exactly what the unit owes and nothing but what the log says was released, a discard has a reason and a name, and
 * the reason of what stays is one that it has. What is voided was charged, and nothing of that is left (I5).
 */
export class SuspenseWatch {
  readonly #findings: Findings
  readonly #plans: () => readonly TenantPlan[]
  readonly #versions: VersionBook
  readonly #rating: RatingWatch
  #released = 0
  #discarded = 0
  #voided = 0

  constructor(findings: Findings, plans: () => readonly TenantPlan[], versions: VersionBook, rating: RatingWatch) {
    this.#findings = findings
    this.#plans = plans
    this.#versions = versions
    this.#rating = rating
  }

  get released(): number {
    return this.#released
  }

  get discarded(): number {
    return this.#discarded
  }

  get voided(): number {
    return this.#voided
  }

  /** After the rating has been followed: `decisions` are those the log told of since the last time. */
  advance(file: AggregatorFile, batches: ReadonlyMap<number, LoggedBatch>, decisions: readonly UnitDecision[]): void {
    for (const decision of decisions) this.#take(decision, batches)
    for (const { batchIndex, unit } of this.#rating.charges.takeReleasedPlaces()) {
      const kind = this.#rating.fate(batchIndex, unit)?.kind
      this.#demand(
        kind === 'charged',
        () => `unit ${batchIndex}/${unit} is charged by a release that the log does not tell`,
      )
    }
    for (const { batchIndex, unit, code } of file.reasonsOfNow()) this.#watchReason(batchIndex, unit, code, batches)
  }

  /** What the file says is in suspense is what was put there and not decided about. */
  recheck(file: AggregatorFile): void {
    const open = new Set(file.openSuspense().map(({ batchIndex, unit }) => `${batchIndex}/${unit}`))
    const expected = this.#rating.suspendedPlaces()
    for (const place of expected) this.#demand(open.has(place), () => `unit ${place} slipped out of suspense`)
    for (const place of open) this.#demand(expected.has(place), () => `unit ${place} slipped into suspense`)
  }

  #take(decision: UnitDecision, batches: ReadonlyMap<number, LoggedBatch>): void {
    const { logIndex, kind, batchIndex, units, by, reason } = decision
    for (const text of reason === null ? [by] : [by, reason]) {
      const isSaid = text.trim() !== '' && Buffer.byteLength(text) <= longestNoteBytes
      this.#demand(
        isSaid,
        () => `a ${kind} of batch ${batchIndex} says ${JSON.stringify(text)} where it owes a name or a reason`,
      )
    }
    for (const unit of units) {
      const name = `unit ${batchIndex}/${unit}`
      const fate = this.#rating.fate(batchIndex, unit)
      if (kind === 'void') {
        this.#void(batchIndex, unit)
        continue
      }
      if (fate?.kind !== 'suspended') {
        this.#demand(false, () => `${name} is ${fate?.kind ?? 'not rated'}, and a ${kind} decides about it`)
      } else if (kind === 'discard') {
        this.#discarded += 1
        this.#rating.decided(batchIndex, unit, { kind: 'discarded', code: fate.code })
      } else this.#release(batchIndex, unit, fate.code, this.#versions.inForceAt(logIndex), batches)
    }
  }

  /** Nothing of what a unit was charged is left, on no leg. */
  #void(batchIndex: number, unit: number): void {
    const name = `unit ${batchIndex}/${unit}`
    const kind = this.#rating.fate(batchIndex, unit)?.kind
    this.#demand(kind === 'charged', () => `${name} is ${kind ?? 'not rated'}, and it is taken back`)
    const left = this.#rating.charges.standing(batchIndex, unit)
    this.#findings.demand(left === 0, 'I5', () => `${name} is taken back, and ${left} of its charges stand`)
    this.#voided += 1
    this.#rating.decided(batchIndex, unit, { kind: 'voided' })
  }

  #release(
    batchIndex: number,
    unit: number,
    code: string,
    plan: TenantPlan | undefined,
    batches: ReadonlyMap<number, LoggedBatch>,
  ): void {
    const name = `unit ${batchIndex}/${unit}`
    this.#released += 1
    const isFree = code !== 'event_conflict' || this.#rating.standInFor(batchIndex, unit)
    this.#demand(isFree, () => `${name} is another content under a known id, and it was released`)
    const stored = batches.get(batchIndex)?.units[unit]
    const charges = this.#rating.charges.released(batchIndex, unit)
    const fits = stored !== undefined && plan !== undefined && chargesFit(plan, stored, charges)
    const told = chargesText(charges)
    this.#findings.demand(fits, 'I9', () => `${name} was released as [${told}], which is not what it owes`)
    const fault = stored === undefined ? null : preratedFault(this.#plans(), stored, charges)
    this.#findings.demand(fault === null, 'I4', () => `${name} was released, and the agent ${fault}`)
    this.#rating.decided(batchIndex, unit, { kind: 'charged' })
  }

  /** A unit that was tried again may stay for another reason than before. */
  #watchReason(batchIndex: number, unit: number, code: string, batches: ReadonlyMap<number, LoggedBatch>): void {
    const fate = this.#rating.fate(batchIndex, unit)
    if (fate?.kind !== 'suspended' || fate.code === code) return
    const stored = batches.get(batchIndex)?.units[unit]
    if (stored === undefined) return
    const reasons = this.#plans().map((plan) => suspenseReason(plan, stored))
    this.#demand(
      reasons.includes(code),
      () => `unit ${batchIndex}/${unit} stays as ${code}, but ought to be ${reasons.join(' or ')}`,
    )
    this.#rating.decided(batchIndex, unit, { kind: 'suspended', code })
  }

  #demand(holds: boolean, message: () => string): void {
    this.#findings.demand(holds, 'I8', message)
  }
}
