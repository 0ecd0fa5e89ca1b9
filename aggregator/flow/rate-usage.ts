import { FaultError, assertThat, fault } from '@meterline/shared/base/errors.ts'
import type { BatchHeader, DecodedBatch } from '@meterline/shared/model/batch.ts'
import { decodeHeader, openBatchBody } from '@meterline/shared/model/batch-codec.ts'
import { decodeLogEntry, encodeLogEntry } from '@meterline/shared/model/log-entry-codec.ts'
import { rateBatch } from '../domain/rating-of-record/rate-batch.ts'
import type { IndexedUnit, RatedBatch } from '../domain/rating-of-record/rate-batch.ts'
import type { SuspenseRow } from '../store/suspense-table.ts'
import type { TenantStore } from '../store/tenant-store.ts'
import type { Expected, RatingWrites } from '../store/writes.ts'
import { decodeAdmission } from './admission.ts'
import type { Admission } from './admission.ts'
import type { CatalogueInForce } from './catalogue-in-force.ts'
import { otherSnapshots } from './made-snapshot.ts'
import { UsageObserver } from './observe-usage.ts'
import { RatedCharges } from './rated-charges.ts'
import type { AdmittedBatch } from './receive-batch.ts'
import { setControlsApart } from './set-controls-apart.ts'
import type { ControlsApart } from './set-controls-apart.ts'

/** Why admission, not rating, put a unit into suspense: its event came before with other content. */
export const conflictCode = 'event_conflict'
const conflictMessage = 'an event with this source and id came before with other content; that one counts'

/**
 * Rates batches, in log order, to what the commit writes: for each batch one ledger transaction per partition, each an
 * entry of the log, then one entry for the units that went to suspense and one for those that are only compared. Pure but
 * for reading accumulators and what was observed before; `nowMs` bounds what observations are kept, no charge.
 */
export function rateUsage(
  store: TenantStore,
  inForce: CatalogueInForce,
  batches: readonly AdmittedBatch[],
  nowMs: number,
): { readonly writes: RatingWrites; readonly expected: Expected } {
  const group = new RatingGroup(store, inForce, nowMs)
  for (const batch of batches) {
    const apart = setControlsApart(inForce.watch, batch.logIndex, admittedUnits(batch.decoded, batch.admission))
    const rated = rateBatch({
      catalogue: inForce.catalogue,
      batchIndex: batch.logIndex,
      units: apart.units,
      accumulators: group.charges,
      metering: group.charges.metering,
      otherSnapshots: otherSnapshots(batch.decoded.tables.snapshots, inForce.snapshot),
    })
    group.take(batch, rated, apart)
  }
  return { writes: group.writes(), expected: { logSize: group.logSize } }
}

/** What rating has come to so far in one group: later batches stand on the accumulators of the earlier ones. */
class RatingGroup {
  readonly logSize: number
  readonly charges: RatedCharges
  readonly #entries: Uint8Array[] = []
  readonly #suspended: SuspenseRow[] = []
  readonly #observer: UsageObserver
  #cursor = -1

  constructor(store: TenantStore, inForce: CatalogueInForce, nowMs: number) {
    this.logSize = store.log.size
    this.charges = new RatedCharges(store, inForce.version)
    this.#observer = new UsageObserver(inForce, store.sequences, nowMs)
  }

  take(batch: AdmittedBatch, rated: RatedBatch, { controls, mixed }: ControlsApart): void {
    const batchIndex = batch.logIndex
    this.#entries.push(
      ...this.charges.take({ batchIndex, agent: batch.agent }, rated, this.logSize + this.#entries.length, null),
    )
    this.#suspend(batch, [...rated.suspended, ...mixed])
    if (controls.length > 0) this.#entries.push(encodeLogEntry({ kind: 'control', batchIndex, units: controls }))
    this.#observer.take(batch, controls)
    this.#cursor = batchIndex
  }

  writes(): RatingWrites {
    return {
      entries: this.#entries,
      ...this.charges.writes(),
      suspended: this.#suspended,
      observations: this.#observer.writes(),
      cursor: this.#cursor,
    }
  }

  #suspend(
    { logIndex, decoded, admission }: AdmittedBatch,
    suspended: readonly { readonly unit: number; readonly code: string; readonly message: string }[],
  ): void {
    const conflicts = admission.conflicts.map((unit) => ({ unit, code: conflictCode, message: conflictMessage }))
    if (conflicts.length === 0 && suspended.length === 0) return
    const units = [...conflicts, ...suspended].toSorted((left, right) => left.unit - right.unit)
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
    const { header, decoded } = openStoredBatch(store, logIndex, body)
    return { logIndex, agent: header.agent, decoded, admission: decodeAdmission(admission) }
  })
}

/** Opens a batch of the file by its signed header; throws a `FaultError` when they do not fit. */
export function openStoredBatch(
  store: TenantStore,
  logIndex: number,
  body: Uint8Array,
): { readonly header: BatchHeader; readonly decoded: DecodedBatch } {
  const entry = decodeLogEntry(store.log.entry(logIndex) ?? new Uint8Array(0))
  if (!entry.ok || entry.value.kind !== 'batch') throw damaged(logIndex, 'its log entry cannot be read')
  const header = decodeHeader(entry.value.header)
  if (!header.ok) throw damaged(logIndex, header.fault.message)
  const decoded = openBatchBody(header.value, body)
  if (!decoded.ok) throw damaged(logIndex, decoded.fault.message)
  return { header: header.value, decoded: decoded.value }
}

function damaged(logIndex: number, reason: string): FaultError {
  const text = `Batch ${logIndex} in the file is damaged: ${reason}. Restore the file from its last good copy.`
  return new FaultError(fault('batch_damaged', text, { logIndex }))
}
