import { assertThat } from '@meterline/shared/base/errors.ts'
import { decodeChargeBlock, type ChargeBlock } from '@meterline/shared/model/charge.ts'
import type { RatingUnit } from '@meterline/shared/model/usage-record.ts'
import { parseSegmentKey } from '@meterline/shared/rating/segment.ts'
import type { Catalogue } from '../domain/catalogue/catalogue.ts'
import type { IndexedUnit } from '../domain/rating-of-record/rate-batch.ts'
import type { TenantStore } from '../store/tenant-store.ts'

/** What of a batch is charged, and for how much. */
export interface ChargedUnits {
  /** In the order of their places. */
  readonly units: readonly IndexedUnit[]
  /** What a record of a meter with a state was charged for in a period, by its key; null: nothing is known of it. */
  quantityOf(unit: RatingUnit, record: number, periodKey: string): bigint | null
}

/** Which units are looked for. */
export interface ChargedUnitsQuery {
  /** Says which meters have a state. */
  readonly catalogue: Catalogue
  readonly batchIndex: number
  /** All of the batch. */
  readonly units: readonly RatingUnit[]
  /** Units that were charged on a leg of one of these subscriptions. */
  readonly concerned: ReadonlySet<string>
  /** The log as it was before this entry. */
  readonly untilIndex: number
}

/** Finds the units of a batch that were charged, and not taken back, when the log ended before an entry. */
export function chargedUnits(store: TenantStore, query: ChargedUnitsQuery): ChargedUnits {
  const { batchIndex, units, untilIndex, concerned } = query
  const blocks = store.segments.blocksBefore(batchIndex, untilIndex).map(decoded)
  const places = new Set<number>()
  for (const { segmentKey, charges } of blocks) {
    if (!concerned.has(parseSegmentKey(segmentKey).subscription)) continue
    for (const { unit } of charges) places.add(unit)
  }
  const isVoided = (unit: number): boolean => {
    const row = store.voids.find({ logIndex: batchIndex, unit })
    return row !== undefined && row.voidedIndex < untilIndex
  }
  const found = [...places].filter((place) => !isVoided(place)).toSorted((left, right) => left - right)
  const quantities = chargedQuantities(blocks, query)
  return {
    units: found.map((index) => {
      const unit = units[index]
      assertThat(unit !== undefined, 'a charged unit is one of its batch')
      return { index, unit }
    }),
    quantityOf: (unit, record, periodKey) => quantities.get(unit)?.get(`${record} ${periodKey}`)?.quantity ?? null,
  }
}

/** By record and period. Every leg was charged the same; the first subscription that comes stands for all of them. */
type RecordQuantities = Map<string, { readonly subscription: string; readonly quantity: bigint }>

function chargedQuantities(
  blocks: readonly ChargeBlock[],
  { catalogue, units }: ChargedUnitsQuery,
): ReadonlyMap<RatingUnit, RecordQuantities> {
  const found = new Map<RatingUnit, RecordQuantities>()
  for (const { segmentKey, charges } of blocks) {
    const { subscription, meter, periodKey } = parseSegmentKey(segmentKey)
    if (catalogue.meterRules.get(meter)?.metering.kind === 'sum') continue
    for (const { unit: place, record, quantity } of charges) {
      const unit = units[place]
      assertThat(unit !== undefined, 'a charged unit is one of its batch')
      const records: RecordQuantities = found.get(unit) ?? new Map()
      found.set(unit, records)
      const known = records.get(`${record} ${periodKey}`)
      if (known !== undefined && known.subscription !== subscription) continue
      records.set(`${record} ${periodKey}`, { subscription, quantity: (known?.quantity ?? 0n) + quantity })
    }
  }
  return found
}

function decoded(bytes: Uint8Array): ChargeBlock {
  const block = decodeChargeBlock(bytes)
  assertThat(block.ok, 'a charge block of our own file can be read')
  return block.value
}
