import type { Journal } from '../store/journal.ts'
import type { StoredPart } from '../store/snapshot-tables.ts'
import type { HeldSnapshot, VerifiedSnapshot } from './journal-port.ts'

/** The snapshot that was in force and all parts that are still what they are named by. */
export function heldSnapshot({ snapshots }: Journal): HeldSnapshot {
  return { manifest: snapshots.manifest(), parts: snapshots.parts(snapshots.partHashes()) }
}

/** Stores parts that came and deletes those that are neither among them nor to be kept. Inside a commit. */
export function storeParts(
  { snapshots }: Journal,
  parts: readonly StoredPart[],
  alsoKeep: readonly Uint8Array[],
): void {
  for (const part of parts) snapshots.writePart(part)
  snapshots.keepOnly([...parts.map(({ hash }) => hash), ...alsoKeep])
}

/** Puts a snapshot whose parts are all stored in the place of the one before. Inside a commit. */
export function useSnapshot({ snapshots }: Journal, snapshot: VerifiedSnapshot, storedMs: number): void {
  snapshots.writeManifest(snapshot.table.version, snapshot.manifest, storedMs)
  snapshots.keepOnly(snapshot.parts)
}
