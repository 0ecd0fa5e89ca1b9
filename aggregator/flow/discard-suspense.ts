import { encodeLogEntry } from '@meterline/shared/model/log-entry-codec.ts'
import type { DecisionRow, UnitPlace } from '../store/suspense-table.ts'
import type { TenantStore } from '../store/tenant-store.ts'
import { distinctPlaces } from './replay-suspense.ts'

/** Units to give up, why, and the name of who decides it. */
export interface DiscardOrder {
  readonly units: readonly UnitPlace[]
  readonly reason: string
  readonly by: string
}

export interface DiscardedUnit extends UnitPlace {
  /** `unknown`: it is not in suspense (any more). */
  readonly outcome: 'discarded' | 'unknown'
}

/**
 * Gives suspended units up, in one transaction: one log entry for each batch. Asked for again it finds them gone and
 * changes nothing.
 */
export function discardSuspended(store: TenantStore, order: DiscardOrder, nowMs: number): readonly DiscardedUnit[] {
  const { reason, by } = order
  const places = distinctPlaces(order.units)
  const open = places.filter((place) => store.suspense.row(place) !== undefined)
  const entries: Uint8Array[] = []
  const decisions: DecisionRow[] = []
  for (const [batchIndex, ofBatch] of Map.groupBy(open, ({ logIndex }) => logIndex)) {
    const decidedIndex = store.log.size + entries.length
    const units = ofBatch.map(({ unit }) => unit)
    entries.push(encodeLogEntry({ kind: 'discard', batchIndex, units, reason, by }))
    for (const unit of units) {
      const when = { decidedIndex, decidedMs: nowMs, decidedBy: by }
      decisions.push({ logIndex: batchIndex, unit, kind: 'discard', ...when, reason })
    }
  }
  if (entries.length > 0) store.commitDiscarded({ entries, decisions }, { logSize: store.log.size })
  return places.map((place) => ({ ...place, outcome: open.includes(place) ? 'discarded' : 'unknown' }))
}
