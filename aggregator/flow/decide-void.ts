import { assertThat } from '@meterline/shared/base/errors.ts'
import { encodeLogEntry } from '@meterline/shared/model/log-entry-codec.ts'
import type { ChargeBlock } from '@meterline/shared/model/charge.ts'
import type { RatingUnit } from '@meterline/shared/model/usage-record.ts'
import { noMeteringChanges } from '@meterline/shared/metering/state.ts'
import { postedPartitions, type PostedBlock } from '../domain/rating-of-record/rated-partitions.ts'
import type { RatedBatch } from '../domain/rating-of-record/rate-batch.ts'
import { withdrawCharges, type TakenCharge, type Withdrawal } from '../domain/rating-of-record/withdraw-charges.ts'
import type { UnitPlace } from '../store/suspense-table.ts'
import type { TenantStore } from '../store/tenant-store.ts'
import type { VoidRow } from '../store/void-table.ts'
import type { VoidWrites } from '../store/writes.ts'
import type { CatalogueInForce } from './catalogue-in-force.ts'
import { ChargedLegs } from './charged-legs.ts'
import { countedDay, firstRatedIndex } from './counted-days.ts'
import { chargesOfBatch, chargesOfSegment, contentFault, standingFault, type VoidFault } from './find-voidable.ts'
import { RatedCharges } from './rated-charges.ts'
import { openStoredBatch } from './rate-usage.ts'
import { remakePosition } from './remade-position.ts'

/** Why units are taken back, and the name of who decides it. */
export interface VoidReason {
  readonly reason: string
  readonly by: string
}

/** What taking some units back comes to: a fault for each that stays as it is, by its place as text. */
export interface VoidDecision {
  readonly writes: VoidWrites
  readonly faults: ReadonlyMap<string, VoidFault>
}

/** A place as a text, such as `17:3`. */
export function placeText({ logIndex, unit }: UnitPlace): string {
  return `${logIndex}:${unit}`
}

/**
 * Takes charged units back: one void entry for each batch, then its ledger transactions, which reverse what the units were
 * charged on every leg. The places are each once and were not voided before. Pure but for reading.
 */
export function decideVoid(
  store: TenantStore,
  inForce: CatalogueInForce,
  places: readonly UnitPlace[],
  why: VoidReason,
  nowMs: number,
): VoidDecision {
  const group = new VoidGroup(store, inForce, why, nowMs)
  for (const [batchIndex, ofBatch] of Map.groupBy(places, ({ logIndex }) => logIndex)) {
    group.take(
      batchIndex,
      ofBatch.map(({ unit }) => unit).toSorted((left, right) => left - right),
    )
  }
  return group.decision()
}

interface OpenedBatch {
  readonly agent: string
  readonly units: readonly RatingUnit[]
}

/** A charge of a unit that is taken back, and the leg it was made on. */
interface LegCharge {
  readonly legKey: string
  readonly charge: TakenCharge
}

class VoidGroup {
  readonly #store: TenantStore
  readonly #inForce: CatalogueInForce
  readonly #why: VoidReason
  readonly #nowMs: number
  readonly #charges: RatedCharges
  readonly #legs: ChargedLegs
  readonly #entries: Uint8Array[] = []
  readonly #voids: VoidRow[] = []
  readonly #faults = new Map<string, VoidFault>()
  /** Places of units that are voided in this group. */
  readonly #voided = new Set<string>()

  constructor(store: TenantStore, inForce: CatalogueInForce, why: VoidReason, nowMs: number) {
    this.#store = store
    this.#inForce = inForce
    this.#why = why
    this.#nowMs = nowMs
    this.#charges = new RatedCharges(store, inForce.version)
    this.#legs = new ChargedLegs(store, inForce)
  }

  /** Takes units of one batch back, or none of them where that is impossible for one of those that were charged. */
  take(batchIndex: number, asked: readonly number[]): void {
    const batch = this.#open(batchIndex)
    const blocks = chargesOfBatch(this.#store, batchIndex)
    const charged = new Set(blocks.flatMap((block) => block.charges.map(({ unit }) => unit)))
    const units = asked.filter((unit) => this.#isVoidable(batch, { logIndex: batchIndex, unit }, charged))
    if (batch === null || units.length === 0) return
    for (const unit of units) this.#voided.add(placeText({ logIndex: batchIndex, unit }))
    const posted: (PostedBlock & { readonly withdrawal: Withdrawal })[] = []
    for (const [segmentKey, taken] of this.#takenBySegment(batchIndex, batch, blocks, units)) {
      const withdrawn = this.#withdraw(batchIndex, segmentKey, taken)
      if ('code' in withdrawn) return this.#giveUp(batchIndex, units, withdrawn)
      posted.push(withdrawn)
    }
    this.#void({ batchIndex, agent: batch.agent }, units, posted)
  }

  decision(): VoidDecision {
    const charges = this.#charges.writes()
    return { writes: { entries: this.#entries, charges, voids: this.#voids }, faults: this.#faults }
  }

  #open(batchIndex: number): OpenedBatch | null {
    const body = this.#store.batches.find(batchIndex)?.body ?? null
    if (body === null) return null
    const { header, decoded } = openStoredBatch(this.#store, batchIndex, body)
    return { agent: header.agent, units: decoded.units }
  }

  #isVoidable(batch: OpenedBatch | null, place: UnitPlace, charged: ReadonlySet<number>): boolean {
    const fault = this.#faultOf(batch, place, charged)
    if (fault !== null) this.#faults.set(placeText(place), fault)
    return fault === null
  }

  #faultOf(batch: OpenedBatch | null, place: UnitPlace, charged: ReadonlySet<number>): VoidFault | null {
    const fault = standingFault(this.#store, place)
    if (fault !== null) return fault
    if (!charged.has(place.unit))
      return { code: 'not_charged', message: 'there is no such unit, or it repeats an event that came before' }
    const unit = batch?.units[place.unit]
    return unit === undefined ? bodyDeleted : contentFault(unit, this.#inForce.catalogue.meterRules)
  }

  /** What the units were charged, by segment in the order of their keys; each segment's by unit and record. */
  #takenBySegment(
    batchIndex: number,
    { units: content }: OpenedBatch,
    blocks: readonly ChargeBlock[],
    units: readonly number[],
  ): readonly (readonly [string, readonly LegCharge[]])[] {
    const wanted = new Set(units)
    const segments = new Map<string, LegCharge[]>()
    const firstRated = this.#firstRated(batchIndex)
    const kept = this.#store.segmentDays.keptAfter()
    for (const { segmentKey, legKey, charges } of blocks) {
      for (const { unit, record, quantity } of charges) {
        const event = wanted.has(unit) ? content[unit] : undefined
        if (event === undefined) continue
        const decided = this.#store.suspense.decision({ logIndex: batchIndex, unit })?.decidedIndex ?? firstRated
        const day = countedDay(kept, decided, { timeMs: event.timeMs, quantity })
        const own = segments.get(segmentKey) ?? []
        segments.set(segmentKey, own)
        own.push({ legKey, charge: { unit, record, quantity, event, day } })
      }
    }
    for (const own of segments.values())
      own.sort(({ charge: left }, { charge: right }) => left.unit - right.unit || left.record - right.record)
    return [...segments].toSorted(([left], [right]) => (left < right ? -1 : 1))
  }

  #firstRated(batchIndex: number): number {
    const { days, positions } = this.#store.segmentDays.keptAfter()
    return firstRatedIndex(this.#store.log, batchIndex, Math.max(days, positions))
  }

  #withdraw(
    batchIndex: number,
    segmentKey: string,
    taken: readonly LegCharge[],
  ): (PostedBlock & { readonly withdrawal: Withdrawal }) | VoidFault {
    const [first] = taken
    assertThat(first !== undefined, 'a segment is opened for a charge')
    const { legKey } = first
    const { leg, model } = this.#legs.find(segmentKey, legKey, first.charge.event.timeMs)
    const withdrawal = withdrawCharges({
      segmentKey,
      legKey,
      batchIndex,
      model,
      before: this.#charges.get(segmentKey),
      taken: taken.map(({ charge }) => charge),
      remake: () =>
        remakePosition(model, {
          blocks: chargesOfSegment(this.#store, segmentKey),
          isVoided: (logIndex, unit) => this.#isVoided({ logIndex, unit }),
          eventsOf: (logIndex) => this.#open(logIndex)?.units ?? null,
        }),
    })
    if (withdrawal === 'batch_body_deleted') return restDeleted
    if (withdrawal === 'amount_too_large') return restTooLarge
    return { leg, block: withdrawal.block, withdrawal }
  }

  #isVoided(place: UnitPlace): boolean {
    return this.#voided.has(placeText(place)) || this.#store.voids.find(place) !== undefined
  }

  #giveUp(batchIndex: number, units: readonly number[], fault: VoidFault): void {
    for (const unit of units) {
      const place = placeText({ logIndex: batchIndex, unit })
      this.#voided.delete(place)
      this.#faults.set(place, fault)
    }
  }

  #void(
    batch: { readonly batchIndex: number; readonly agent: string },
    units: readonly number[],
    posted: readonly (PostedBlock & { readonly withdrawal: Withdrawal })[],
  ): void {
    const { batchIndex } = batch
    const voidedIndex = this.#store.log.size + this.#entries.length
    const { reason, by } = this.#why
    this.#entries.push(encodeLogEntry({ kind: 'void', batchIndex, units, reason, by }))
    this.#entries.push(...this.#charges.take(batch, ratedOf(posted), voidedIndex + 1, voidedIndex))
    for (const unit of units)
      this.#voids.push({ logIndex: batchIndex, unit, voidedIndex, voidedMs: this.#nowMs, voidedBy: by, reason })
  }
}

const bodyDeleted: VoidFault = {
  code: 'batch_body_deleted',
  message: 'the body of its batch was deleted after its retention: correct it by a credit note',
}
const restDeleted: VoidFault = {
  code: 'batch_body_deleted',
  message:
    'which of the other events its price leaves free is not known any more, as the body of a batch was deleted after its ' +
    'retention: correct it by a credit note',
}
const restTooLarge: VoidFault = {
  code: 'amount_too_large',
  message: 'the rest of its segment would come to more than a segment may: void its units one by one, in another order',
}

/** What was withdrawn, as charges of a batch. What was pre-rated in another way stays as it was noted. */
function ratedOf(posted: readonly (PostedBlock & { readonly withdrawal: Withdrawal })[]): RatedBatch {
  return {
    partitions: postedPartitions(posted),
    accumulators: new Map(posted.map(({ block, withdrawal }) => [block.segmentKey, withdrawal.after])),
    days: new Map(posted.map(({ block, withdrawal }) => [block.segmentKey, withdrawal.days])),
    metering: noMeteringChanges,
    drifts: [],
    suspended: [],
  }
}
