import { failed, fault, ok, type Fault, type Result } from '@meterline/shared/base/errors.ts'
import {
  decodeSnapshot,
  verifySnapshotSignature,
  type Snapshot,
  type SnapshotFault,
} from '@meterline/shared/model/snapshot.ts'
import { compilePrice } from '@meterline/shared/rating/price.ts'
import type { PrerateTable } from '../domain/prerate.ts'
import type { VerifiedSnapshot } from './journal-port.ts'

export type SnapshotRefusal = SnapshotFault | Fault<'snapshot_of_another_tenant' | 'snapshot_older'>

/**
 * Verifies a snapshot: signed by the pinned aggregator key, well formed, of this tenant, and not older than the newest
 * one so far. What passes is compiled for pre-rating; what does not is refused and the snapshot in force stays.
 */
export function acceptSnapshot(
  message: { readonly bytes: Uint8Array; readonly signature: Uint8Array },
  expected: { readonly aggregatorKey: string; readonly tenant: string; readonly newestVersion: number | null },
): Result<VerifiedSnapshot, SnapshotRefusal> {
  const { bytes, signature } = message
  const signed = verifySnapshotSignature(expected.aggregatorKey, bytes, signature)
  if (!signed.ok) return signed
  const snapshot = decodeSnapshot(bytes)
  if (!snapshot.ok) return snapshot
  const { tenant, version } = snapshot.value
  if (tenant !== expected.tenant) {
    const message = `the snapshot is of tenant ${tenant}, this agent belongs to ${expected.tenant}`
    return failed(fault('snapshot_of_another_tenant', message))
  }
  if (expected.newestVersion !== null && version < expected.newestVersion) {
    const message = `the snapshot has version ${version}, version ${expected.newestVersion} has come already`
    return failed(fault('snapshot_older', message))
  }
  return ok({ bytes, signature, table: compileTable(snapshot.value, signed.value) })
}

function compileTable(snapshot: Snapshot, snapshotHash: Uint8Array): PrerateTable {
  // What a counter or gauge comes to depends on readings that other agents may hold, so only sums are pre-rated.
  const sums = snapshot.meters.filter(({ kind }) => kind === undefined)
  const units = new Map(sums.map(({ id, unit }) => [id, unit]))
  const places = new Map(snapshot.prices.map((price, index) => [price.id, index]))
  return {
    snapshotHash,
    version: snapshot.version,
    prices: snapshot.prices.map(({ price }) => compilePrice(price)),
    units,
    bindings: snapshot.bindings.flatMap(({ subject, meter, price, fromMs, toMs }) => {
      const place = places.get(price)
      return place === undefined || !units.has(meter) ? [] : [{ subject, meter, price: place, fromMs, toMs }]
    }),
  }
}
