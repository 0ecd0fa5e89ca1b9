import { assertThat, failed, fault, ok, type Fault, type Result } from '@meterline/shared/base/errors.ts'
import type { RatingUnit } from '@meterline/shared/model/usage-record.ts'
import { parseSegmentKey } from '@meterline/shared/rating/segment.ts'
import type { Period } from '@meterline/shared/units/period.ts'
import type { Catalogue } from '../domain/catalogue/catalogue.ts'
import { MeteringDraft } from '../domain/metering/metering-draft.ts'
import { rateBatch, type IndexedUnit, type RatedBatch } from '../domain/rating-of-record/rate-batch.ts'
import type { SuspenseRow } from '../store/suspense-table.ts'
import type { TenantStore } from '../store/tenant-store.ts'
import { partiesOf } from './charged-legs.ts'
import { chargedUnits, type ChargedUnits } from './charged-units.ts'
import { openStoredBatch } from './rate-usage.ts'
import type { SimulatedTables } from './simulated-tables.ts'

/** Usage that would not be charged, for one reason. */
export interface NotCharged {
  readonly code: string
  readonly units: number
  /** Of the first one. */
  readonly message: string
}

/** What is rated once more, and into what. */
export interface SimulatedUsageParts {
  readonly store: TenantStore
  readonly tables: SimulatedTables
  /** The one to rate with. */
  readonly catalogue: Catalogue
  readonly period: Period
  /** Only charges of these subscriptions are kept. */
  readonly subscriptions: ReadonlySet<string>
  /** The log as it was: what was charged or taken back from this entry on is left out. */
  readonly untilIndex: number
}

/** Rates the usage of a period once more, batch by batch, with a catalogue that need not be in force. Writes nothing. */
export class SimulatedUsage {
  readonly #parts: SimulatedUsageParts
  readonly #notCharged = new Map<string, { units: number; message: string }>()
  /** The state of meters, for units that were never rated. */
  readonly #metering: MeteringDraft
  #units = 0

  constructor(parts: SimulatedUsageParts) {
    this.#parts = parts
    this.#metering = new MeteringDraft(parts.store.metering)
  }

  /** Units rated so far. */
  get units(): number {
    return this.#units
  }

  get notCharged(): readonly NotCharged[] {
    const found = [...this.#notCharged].map(([code, { units, message }]) => ({ code, units, message }))
    return found.toSorted((left, right) => (left.code < right.code ? -1 : 1))
  }

  /** Rates what was charged of a batch. `concerned` are the subscriptions whose usage is looked at. */
  take(
    batchIndex: number,
    concerned: ReadonlySet<string>,
  ): Result<null, Fault<'usage_deleted' | 'meter_counts_otherwise'>> {
    const { store, catalogue, tables, untilIndex } = this.#parts
    const body = store.batches.find(batchIndex)?.body ?? null
    if (body === null) {
      const text = `The usage of batch ${batchIndex} was deleted after its retention and cannot be rated again.`
      return failed(fault('usage_deleted', text, { batch: batchIndex }))
    }
    const { decoded } = openStoredBatch(store, batchIndex, body)
    const charged = chargedUnits(store, { catalogue, batchIndex, units: decoded.units, concerned, untilIndex })
    const units = charged.units.filter(({ unit }) => this.#isInPeriod(unit.timeMs))
    if (units.length === 0) return ok(null)
    const lost = new Set<string>()
    const rated = this.#rate(batchIndex, units, (unit, record, periodKey) =>
      quantityBefore({ charged, catalogue, lost }, unit, record, periodKey),
    )
    const [meter] = lost
    if (meter !== undefined) {
      const text = `What ${meter} counts was charged in other periods than this file has: its usage cannot be rated again by it.`
      return failed(fault('meter_counts_otherwise', text, { meter }))
    }
    this.#units += units.length
    for (const { code, message } of rated.suspended) {
      const known = this.#notCharged.get(code)
      if (known === undefined) this.#notCharged.set(code, { units: 1, message })
      else known.units += 1
    }
    for (const { segmentKey } of rated.partitions.flatMap(({ blocks }) => blocks)) {
      if (!this.#isWanted(segmentKey)) continue
      const accumulator = rated.accumulators.get(segmentKey)
      assertThat(accumulator !== undefined, 'a segment with charges has come to something')
      tables.put(segmentKey, { accumulator, blocks: (tables.segment(segmentKey)?.blocks ?? 0) + 1 })
    }
    return ok(null)
  }

  /**
   * Tries a unit in suspense behind everything that was taken. Gives what it adds to a buyer's charges, in micros by seller
   * and currency as `seller currency`; null when it would stay in suspense or concerns others.
   */
  trySuspended({ logIndex, unit: place }: SuspenseRow, buyer: string): ReadonlyMap<string, bigint> | null {
    const { store, tables } = this.#parts
    const body = store.batches.find(logIndex)?.body ?? null
    if (body === null) return null
    const unit = openStoredBatch(store, logIndex, body).decoded.units[place]
    assertThat(unit !== undefined, 'a suspended unit is one of its batch')
    const rated = this.#rate(logIndex, [{ index: place, unit }])
    const added = new Map<string, bigint>()
    for (const { segmentKey, legKey, amountMicros } of rated.partitions.flatMap(({ blocks }) => blocks)) {
      if (!this.#isWanted(segmentKey)) continue
      const accumulator = rated.accumulators.get(segmentKey)
      assertThat(accumulator !== undefined, 'a segment with charges has come to something')
      tables.put(segmentKey, { accumulator, blocks: (tables.segment(segmentKey)?.blocks ?? 0) + 1 })
      const parties = partiesOf(legKey)
      if (parties.buyer !== buyer) continue
      const price = this.#parts.catalogue.subscriptions
        .get(parseSegmentKey(segmentKey).subscription)
        ?.pricesById.get(parseSegmentKey(segmentKey).priceId)
      const relation = `${parties.seller} ${price?.currency ?? ''}`
      added.set(relation, (added.get(relation) ?? 0n) + amountMicros)
    }
    if (added.size > 0) this.#metering.take(rated.metering)
    return added.size === 0 ? null : added
  }

  #rate(
    batchIndex: number,
    units: readonly IndexedUnit[],
    meteredBefore?: (unit: RatingUnit, record: number, periodKey: string) => bigint | null,
  ): RatedBatch {
    const { catalogue, tables } = this.#parts
    return rateBatch({
      catalogue,
      batchIndex,
      units,
      accumulators: { get: (key) => (this.#isWanted(key) ? tables.segment(key)?.accumulator : undefined) },
      metering: this.#metering,
      meteredBefore,
    })
  }

  #isInPeriod(timeMs: number): boolean {
    const { period } = this.#parts
    return timeMs >= period.startMs && timeMs < period.endMs
  }

  #isWanted(segmentKey: string): boolean {
    const { subscription, periodKey } = parseSegmentKey(segmentKey)
    return periodKey === this.#parts.period.key && this.#parts.subscriptions.has(subscription)
  }
}

/** What a record of a meter with a state was charged for; where that is not known its meter is put into `lost`. */
function quantityBefore(
  known: { readonly charged: ChargedUnits; readonly catalogue: Catalogue; readonly lost: Set<string> },
  unit: RatingUnit,
  record: number,
  periodKey: string,
): bigint | null {
  const meter = unit.records[record]?.meter ?? ''
  if (known.catalogue.meterRules.get(meter)?.metering.kind === 'sum') return null
  const quantity = known.charged.quantityOf(unit, record, periodKey)
  if (quantity === null) known.lost.add(meter)
  return quantity ?? 0n
}
