import { failed, fault, ok, type Fault, type Result } from '@meterline/shared/base/errors.ts'
import {
  decodeSnapshot,
  verifySnapshotSignature,
  type Snapshot,
  type SnapshotFault,
} from '@meterline/shared/model/snapshot.ts'
import type { SignedManifest } from '../store/snapshot-tables.ts'

export type SnapshotRefusal = SnapshotFault | Fault<'snapshot_of_another_tenant' | 'snapshot_older'>

/** A snapshot that was verified; its parts may still be missing. */
export interface AcceptedSnapshot {
  readonly manifest: SignedManifest
  /** SHA-256 of the manifest's bytes. */
  readonly hash: Uint8Array
  readonly snapshot: Snapshot
}

/**
 * Verifies a snapshot: signed by the pinned aggregator key, well formed, of this tenant, and not older than the newest
 * one so far. What does not pass is refused and the snapshot in force stays. Its parts are vouched for by their hashes.
 */
export function acceptSnapshot(
  { bytes, signature }: SignedManifest,
  expected: { readonly aggregatorKey: string; readonly tenant: string; readonly newestVersion: number | null },
): Result<AcceptedSnapshot, SnapshotRefusal> {
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
  return ok({ manifest: { bytes, signature }, hash: signed.value, snapshot: snapshot.value })
}
