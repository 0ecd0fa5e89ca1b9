import type { DriftRow } from '../store/drift-table.ts'
import type { TenantStore } from '../store/tenant-store.ts'

/** What one agent pre-rated of one meter with one snapshot, against the version of record. Micros are decimal texts. */
export interface DriftItem {
  readonly period: string
  readonly agent: string
  readonly seller: string
  readonly currency: string
  readonly meter: string
  /** Hash of the snapshot that was used, hexadecimal. */
  readonly snapshot: string
  /** Records whose bound under the version of record is another one. */
  readonly records: number
  /** What they were pre-rated below that bound, and above it. */
  readonly shortMicros: string
  readonly excessMicros: string
  /** The first less the second: what stands on `prerating:drift` for them. */
  readonly driftMicros: string
}

/** Drift of one period, or (null) of all, the newest first; at most `limit` rows. */
export function listDrift(store: TenantStore, period: string | null, limit: number): readonly DriftItem[] {
  return store.drift.list(period, limit).map(driftItem)
}

function driftItem({ shortMicros, excessMicros, ...row }: DriftRow): DriftItem {
  return {
    ...row,
    shortMicros: shortMicros.toString(),
    excessMicros: excessMicros.toString(),
    driftMicros: (shortMicros - excessMicros).toString(),
  }
}
