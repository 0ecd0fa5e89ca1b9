import { encodeLogEntry } from '@meterline/shared/model/log-entry-codec.ts'
import type { Accumulator, DayUsage, SegmentDays } from '@meterline/shared/rating/accumulate.ts'
import { ratingVersion } from '@meterline/shared/rating/dispatch.ts'
import { MeteringDraft } from '../domain/metering/metering-draft.ts'
import type { Drift } from '../domain/rating-of-record/drift.ts'
import type { ChargedRelation } from '../domain/rating-of-record/rated-partitions.ts'
import type { RatedBatch } from '../domain/rating-of-record/rate-batch.ts'
import type { DriftRow } from '../store/drift-table.ts'
import type { BlockRow } from '../store/segment-table.ts'
import type { TenantStore } from '../store/tenant-store.ts'
import type { ChargeWrites, LedgerWrite } from '../store/writes.ts'

/** What was charged so far in one group of batches: later ones stand on the accumulators of the earlier ones. */
export class RatedCharges {
  /** The state of meters with the batches of the group so far. */
  readonly metering: MeteringDraft
  readonly #store: TenantStore
  readonly #catalogueIndex: number
  readonly #ledger: LedgerWrite[] = []
  readonly #accumulators = new Map<string, Accumulator>()
  readonly #blocks: BlockRow[] = []
  readonly #drift: DriftRow[] = []
  readonly #charged = new Map<string, ChargedRelation>()
  readonly #days = new Map<string, Map<number, DayUsage>>()

  /** `catalogueIndex` is the log index of the catalogue that is rated with. */
  constructor(store: TenantStore, catalogueIndex: number) {
    this.#store = store
    this.#catalogueIndex = catalogueIndex
    this.metering = new MeteringDraft(store.metering)
  }

  get(segmentKey: string): Accumulator {
    return this.#accumulators.get(segmentKey) ?? this.#store.segments.accumulator(segmentKey)
  }

  /**
   * Takes in what units of a batch were charged, at their first rating or by a release. Returns the log entries that say
   * so, one ledger transaction per partition, the first of which is to stand at `logIndex`. `agent` sealed the batch.
   */
  take(
    { batchIndex, agent }: { readonly batchIndex: number; readonly agent: string },
    rated: RatedBatch,
    logIndex: number,
    releaseIndex: number | null,
  ): readonly Uint8Array[] {
    const logEntries = rated.partitions.map(({ partition, blocks, postings, charged, entries }, place) => {
      this.#ledger.push({ logIndex: logIndex + place, entries })
      for (const { segmentKey, amountMicros, leaf, bytes } of blocks) {
        this.#blocks.push({ batchIndex, segmentKey, amountMicros, leaf: leaf.hash, block: bytes, releaseIndex })
      }
      for (const relation of charged) this.#charged.set(relationKey(relation), relation)
      const catalogueIndex = this.#catalogueIndex
      return encodeLogEntry({ kind: 'ledger', ratingVersion, catalogueIndex, batchIndex, partition, postings, entries })
    })
    for (const [key, accumulator] of rated.accumulators) this.#accumulators.set(key, accumulator)
    this.#addDays(rated.days)
    this.#drift.push(...driftRowsOf(rated.drifts, agent))
    this.metering.take(rated.metering)
    return logEntries
  }

  writes(): ChargeWrites {
    return {
      ledger: this.#ledger,
      accumulators: this.#accumulators,
      blocks: this.#blocks,
      days: this.#days,
      metering: this.metering.changes(),
      drift: this.#drift,
      charged: [...this.#charged.values()],
    }
  }

  #addDays(days: SegmentDays): void {
    for (const [key, own] of days) {
      const sums = this.#days.get(key) ?? new Map<number, DayUsage>()
      this.#days.set(key, sums)
      for (const [day, usage] of own) sums.set(day, together(sums.get(day), usage))
    }
  }
}

function together(before: DayUsage | undefined, { quantity, events, exact }: DayUsage): DayUsage {
  if (before === undefined) return { quantity, events, exact }
  return { quantity: before.quantity + quantity, events: before.events + events, exact: before.exact + exact }
}

/** Names a period of a relation; no identifier holds a space. */
function relationKey({ period, seller, buyer, currency }: ChargedRelation): string {
  return `${period} ${seller} ${buyer} ${currency}`
}

/** What drifted in a batch, by the agent that pre-rated it. */
export function driftRowsOf(drifts: readonly Drift[], agent: string): readonly DriftRow[] {
  return drifts.map(({ periodKey, seller, currency, meter, snapshot, records, shortMicros, excessMicros }) => {
    return { period: periodKey, agent, seller, currency, meter, snapshot, records, shortMicros, excessMicros }
  })
}
