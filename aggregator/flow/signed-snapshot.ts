import type { SigningKey } from '@meterline/shared/integrity/signature.ts'
import { encodeSnapshot, snapshotHash, snapshotSignatureContext } from '@meterline/shared/model/snapshot.ts'
import { snapshotFor } from '../domain/catalogue/snapshot.ts'
import type { CatalogueInForce } from './catalogue-in-force.ts'

/** What an agent enforces, ready to send. */
export interface SignedSnapshot {
  readonly bytes: Uint8Array
  /** SHA-256 of the bytes. */
  readonly hash: Uint8Array
  readonly signature: Uint8Array
}

/** Makes and signs the snapshot of the catalogue in force; every agent of a tenant gets the same one. */
export function signSnapshot(inForce: CatalogueInForce, key: SigningKey): SignedSnapshot {
  const bytes = encodeSnapshot(snapshotFor(inForce.catalogue, inForce.version))
  const hash = snapshotHash(bytes)
  return { bytes, hash, signature: key.sign(snapshotSignatureContext, hash) }
}
