import type { Statement } from 'better-sqlite3'
import { equalBytes, sha256 } from '@meterline/shared/integrity/hash.ts'
import type { Database } from '@meterline/shared/sqlite/open.ts'

/** A snapshot as it came: the bytes that name its parts, and the aggregator's signature over them. */
export interface SignedManifest {
  readonly bytes: Uint8Array
  readonly signature: Uint8Array
}

/** A part of a snapshot by the SHA-256 of its bytes. */
export interface StoredPart {
  readonly hash: Uint8Array
  readonly bytes: Uint8Array
}

/**
 * The snapshot in force, and the parts of it and of the one that is on its way. Parts are named by their content and the
 * snapshot is signed, so neither needs a sum. The caller owns the transaction.
 */
export class SnapshotTables {
  readonly #db: Database
  readonly #insertPart: Statement<[Uint8Array, Uint8Array]>
  readonly #selectPart: Statement<[Uint8Array], { readonly bytes: Uint8Array }>

  constructor(db: Database) {
    this.#db = db
    this.#insertPart = db.prepare('INSERT OR REPLACE INTO snapshot_part (hash, bytes) VALUES (?, ?)')
    this.#selectPart = db.prepare('SELECT bytes FROM snapshot_part WHERE hash = ?')
  }

  /** The snapshot that was in force, if any. */
  manifest(): SignedManifest | null {
    const row = this.#db
      .prepare<[], SignedManifest>('SELECT bytes, signature FROM snapshot ORDER BY version DESC LIMIT 1')
      .get()
    return row ?? null
  }

  /** Replaces the snapshot. */
  writeManifest(version: number, { bytes, signature }: SignedManifest, storedMs: number): void {
    this.#db.prepare('DELETE FROM snapshot').run()
    this.#db.prepare('INSERT INTO snapshot VALUES (?, ?, ?, ?)').run(version, bytes, signature, storedMs)
  }

  /** Those of the named parts that are here and still what they are named by. */
  parts(hashes: readonly Uint8Array[]): readonly StoredPart[] {
    return hashes.flatMap((hash) => {
      const bytes = this.#selectPart.get(hash)?.bytes
      return bytes !== undefined && equalBytes(sha256(bytes), hash) ? [{ hash, bytes }] : []
    })
  }

  /** Names of all parts that are here. */
  partHashes(): readonly Uint8Array[] {
    return this.#db
      .prepare<[], { readonly hash: Uint8Array }>('SELECT hash FROM snapshot_part ORDER BY id')
      .all()
      .map(({ hash }) => hash)
  }

  writePart({ hash, bytes }: StoredPart): void {
    this.#insertPart.run(hash, bytes)
  }

  /** Deletes every part that is not among these. */
  keepOnly(hashes: readonly Uint8Array[]): void {
    const kept = new Set(hashes.map((hash) => Buffer.from(hash).toString('hex')))
    const remove = this.#db.prepare('DELETE FROM snapshot_part WHERE hash = ?')
    for (const hash of this.partHashes()) {
      if (!kept.has(Buffer.from(hash).toString('hex'))) remove.run(hash)
    }
  }
}
