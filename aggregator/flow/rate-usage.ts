import { FaultError, assertThat, fault } from '@meterline/shared/base/errors.ts'
import type { DecodedBatch } from '@meterline/shared/model/batch.ts'
import { decodeHeader, openBatchBody } from '@meterline/shared/model/batch-codec.ts'
import { decodeLogEntry, encodeLogEntry } from '@meterline/shared/model/log-entry.ts'
import type { Accumulator } from '@meterline/shared/rating/accumulate.ts'
import { ratingVersion } from '@meterline/shared/rating/dispatch.ts'
import { rateBatch } from '../domain/rating-of-record/rate-batch.ts'
import type { IndexedUnit, RatedBatch } from '../domain/rating-of-record/rate-batch.ts'
import type { BlockRow } from '../store/segment-table.ts'
import type { SuspenseRow } from '../store/suspense-table.ts'
import type { TenantStore } from '../store/tenant-store.ts'
import type { Expected, LedgerWrite, RatingWrites } from '../store/writes.ts'
import { decodeAdmission } from './admission.ts'
import type { Admission } from './admission.ts'
import type { CatalogueInForce } from './catalogue-in-force.ts'
import type { AdmittedBatch } from './receive-batch.ts'

/** Why admission, not rating, put a unit into suspense: its event came before with other content. */
export const conflictCode = 'event_conflict'
const conflictMessage = 'an event with this source and id came before with other content; that one counts'

/**
 * Rates batches, in log order, to what the commit writes: for each batch one ledger transaction per partition, each an
 * entry of the log, then one entry for the units that went to suspense. Pure but for reading accumulators.
 */
export function rateUsage(
  store: TenantStore,
  inForce: CatalogueInForce,
  batches: readonly AdmittedBatch[],
): { readonly writes: RatingWrites; readonly expected: Expected } {
  const closedPeriods = new Set(store.documents.periods().map((period) => period.key))
  const group = new RatingGroup(store, inForce)
  for (const batch of batches) {
    const rated = rateBatch({
      catalogue: inForce.catalogue,
      batchIndex: batch.logIndex,
      units: admittedUnits(batch.decoded, batch.admission),
      accumulators: group,
      closedPeriods,
    })
    group.take(batch, rated)
  }
  return { writes: group.writes(), expected: { logSize: group.logSize } }
}

/** What rating has come to so far in one group: later batches stand on the accumulators of the earlier ones. */
class RatingGroup {
  readonly logSize: number
  readonly #store: TenantStore
  readonly #inForce: CatalogueInForce
  readonly #entries: Uint8Array[] = []
  readonly #ledger: LedgerWrite[] = []
  readonly #accumulators = new Map<string, Accumulator>()
  readonly #blocks: BlockRow[] = []
  readonly #suspended: SuspenseRow[] = []
  #cursor = -1

  constructor(store: TenantStore, inForce: CatalogueInForce) {
    this.#store = store
    this.#inForce = inForce
    this.logSize = store.log.size
  }

  get(segmentKey: string): Accumulator {
    return this.#accumulators.get(segmentKey) ?? this.#store.segments.accumulator(segmentKey)
  }

  take(batch: AdmittedBatch, rated: RatedBatch): void {
    const batchIndex = batch.logIndex
    for (const { partition, blocks, postings, entries } of rated.partitions) {
      this.#ledger.push({ logIndex: this.logSize + this.#entries.length, entries })
      this.#entries.push(
        encodeLogEntry({
          kind: 'ledger',
          ratingVersion,
          catalogueIndex: this.#inForce.version,
          batchIndex,
          partition,
          postings,
          entries,
        }),
      )
      for (const { segmentKey, amountMicros, leaf, bytes } of blocks) {
        this.#blocks.push({ batchIndex, segmentKey, amountMicros, leaf: leaf.hash, block: bytes })
      }
    }
    for (const [key, accumulator] of rated.accumulators) this.#accumulators.set(key, accumulator)
    this.#suspend(batch, rated)
    this.#cursor = batchIndex
  }

  writes(): RatingWrites {
    return {
      entries: this.#entries,
      ledger: this.#ledger,
      accumulators: this.#accumulators,
      blocks: this.#blocks,
      suspended: this.#suspended,
      cursor: this.#cursor,
    }
  }

  #suspend({ logIndex, decoded, admission }: AdmittedBatch, rated: RatedBatch): void {
    const conflicts = admission.conflicts.map((unit) => ({ unit, code: conflictCode, message: conflictMessage }))
    if (conflicts.length === 0 && rated.suspended.length === 0) return
    const units = [...conflicts, ...rated.suspended].toSorted((left, right) => left.unit - right.unit)
    this.#entries.push(
      encodeLogEntry({
        kind: 'suspense',
        batchIndex: logIndex,
        units: units.map(({ unit, code }) => ({ unit, code })),
      }),
    )
    for (const { unit, code, message } of units) {
      const content = decoded.units[unit]
      assertThat(content !== undefined, 'a suspended unit is one of its batch')
      const { source, eventId, subject, timeMs } = content
      this.#suspended.push({ logIndex, unit, code, message, source, eventId, subject, timeMs })
    }
  }
}

/** The units of a batch that were admitted, with their places. */
function* admittedUnits(decoded: DecodedBatch, { duplicates, conflicts }: Admission): Iterable<IndexedUnit> {
  const left = new Set([...duplicates, ...conflicts])
  for (let index = 0; index < decoded.units.length; index++) {
    const unit = decoded.units[index]
    if (unit !== undefined && !left.has(index)) yield { index, unit }
  }
}

/**
 * Reads batches that wait for rating back from the file, as after a restart. They were checked when they came and are
 * checked again: a body that no longer fits its signed header means a damaged disk, and rating stops there.
 */
export function loadUnrated(store: TenantStore, limit: number): AdmittedBatch[] {
  return store.batches.unratedAfter(store.ratingCursor(), limit).map(({ logIndex, admission, body }) => {
    const entry = decodeLogEntry(store.log.entry(logIndex) ?? new Uint8Array(0))
    if (!entry.ok || entry.value.kind !== 'batch') throw damaged(logIndex, 'its log entry cannot be read')
    const header = decodeHeader(entry.value.header)
    if (!header.ok) throw damaged(logIndex, header.fault.message)
    const decoded = openBatchBody(header.value, body)
    if (!decoded.ok) throw damaged(logIndex, decoded.fault.message)
    return { logIndex, decoded: decoded.value, admission: decodeAdmission(admission) }
  })
}

function damaged(logIndex: number, reason: string): FaultError {
  const text = `Batch ${logIndex} in the file is damaged: ${reason}. Restore the file from its last good copy.`
  return new FaultError(fault('batch_damaged', text, { logIndex }))
}
