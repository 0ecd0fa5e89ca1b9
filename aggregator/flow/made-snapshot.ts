import { toHex } from '@meterline/shared/integrity/hash.ts'
import { encodeSnapshot, snapshotHash, type Snapshot } from '@meterline/shared/model/snapshot.ts'
import type { Catalogue } from '../domain/catalogue/catalogue.ts'
import { snapshotFor } from '../domain/catalogue/snapshot.ts'
import { PlanBook } from '../domain/catalogue/snapshot-plans.ts'
import type { OtherSnapshots } from '../domain/rating-of-record/drift.ts'

/** The snapshot of a catalogue, before it is signed. */
export interface MadeSnapshot {
  readonly snapshot: Snapshot
  readonly bytes: Uint8Array
  /** SHA-256 of the bytes: units name the snapshot they were pre-rated with by it. */
  readonly hash: Uint8Array
  /** By their hashes in hexadecimal. */
  readonly parts: ReadonlyMap<string, Uint8Array>
  /** What it was made from: which plan holds for which subject. */
  readonly book: PlanBook
}

/** Makes what agents are to enforce of a catalogue that was applied at log index `version`. */
export function makeSnapshot(catalogue: Catalogue, version: number): MadeSnapshot {
  const book = new PlanBook(catalogue)
  const { snapshot, parts } = snapshotFor(catalogue, book, version)
  const bytes = encodeSnapshot(snapshot)
  return { snapshot, bytes, hash: snapshotHash(bytes), parts, book }
}

/** Which snapshots of a batch's table (hashes) are others than this one; undefined: none is. */
export function otherSnapshots(table: readonly Uint8Array[], current: () => MadeSnapshot): OtherSnapshots | undefined {
  if (table.length === 0) return undefined
  const own = toHex(current().hash)
  const others = table.map((hash, place) => [place, toHex(hash)] as const).filter(([, hash]) => hash !== own)
  return others.length === 0 ? undefined : new Map(others)
}
