import type { Log } from '@meterline/shared/base/log.ts'
import { equalBytes, sha256, toHex } from '@meterline/shared/integrity/hash.ts'
import { partsAtOnce } from '@meterline/shared/wire/messages.ts'
import type { SignedManifest, StoredPart } from '../store/snapshot-tables.ts'
import { acceptSnapshot, type AcceptedSnapshot } from './accept-snapshot.ts'
import { compileSnapshot } from './compile-snapshot.ts'
import type { JournalClient } from './journal-client.ts'
import type { HeldSnapshot } from './journal-port.ts'
import type { SnapshotTalk } from './snapshot-talk.ts'

/** A snapshot on its way: what of it is not stored yet. */
interface Pending {
  readonly accepted: AcceptedSnapshot
  /** Hashes in hexadecimal, to be asked for. */
  readonly missing: Set<string>
  /** Those of the last request that have not come. */
  readonly asked: Set<string>
  /** Those of it that have, until all of them are stored together. */
  readonly came: StoredPart[]
}

/**
 * Keeps the newest verified snapshot in force: first the one the journal holds, then each newer one the aggregator sends,
 * once all of its parts are stored. Only parts that the journal lacks are asked for, a few at a time. What does not verify
 * is logged, and the one in force stays; what was not sent to the end goes on with the next session.
 */
export class SnapshotKeeper {
  readonly #journal: JournalClient
  readonly #talk: SnapshotTalk
  readonly #aggregatorKey: string
  readonly #tenant: string
  readonly #generation: () => number
  readonly #log: Log
  /** Parts in the journal, by hash in hexadecimal: those of the snapshot in force and of the one on its way. */
  readonly #stored = new Set<string>()
  /** The newest one that was handed to the journal to be used. */
  #handedOver: AcceptedSnapshot | null = null
  #inForce: AcceptedSnapshot | null = null
  #pending: Pending | null = null
  /** The newest one that was accepted, which may still be on its way, and the generation of the log it was of. */
  #newest: { readonly version: number; readonly generation: number } | null = null

  constructor(parts: {
    readonly held: HeldSnapshot
    readonly journal: JournalClient
    readonly talk: SnapshotTalk
    readonly aggregatorKey: string
    readonly tenant: string
    /** Which life of the aggregator's log the agent follows. */
    readonly generation: () => number
    readonly log: Log
  }) {
    this.#journal = parts.journal
    this.#talk = parts.talk
    this.#aggregatorKey = parts.aggregatorKey
    this.#tenant = parts.tenant
    this.#generation = parts.generation
    this.#log = parts.log
    for (const { hash } of parts.held.parts) this.#stored.add(toHex(hash))
    if (parts.held.manifest !== null) this.#takeHeld(parts.held.manifest, parts.held.parts)
    this.#talk.listenToSnapshots({
      snapshotOffered: (manifest) => this.#offered(manifest),
      partCame: (bytes) => this.#partCame(bytes),
    })
  }

  /**
   * The newest version that the aggregator has shown; null before the first one, and after a declared restore, since the log
   * goes on from an earlier place then and what was said in its former life counts for nothing.
   */
  get newestVersion(): number | null {
    return this.#newest === null || this.#newest.generation < this.#generation() ? null : this.#newest.version
  }

  #accept(manifest: SignedManifest): AcceptedSnapshot | null {
    const expected = { aggregatorKey: this.#aggregatorKey, tenant: this.#tenant, newestVersion: this.newestVersion }
    const accepted = acceptSnapshot(manifest, expected)
    if (accepted.ok) return accepted.value
    this.#log.warn('snapshot refused', { ...accepted.fault })
    return null
  }

  /** At the start, before any usage: the first hello names it already. */
  #takeHeld(manifest: SignedManifest, parts: readonly StoredPart[]): void {
    const accepted = this.#accept(manifest)
    if (accepted === null) return
    const table = compileSnapshot(accepted, parts)
    if (!table.ok) return this.#log.warn('snapshot refused', { ...table.fault })
    this.#newest = { version: accepted.snapshot.version, generation: this.#generation() }
    this.#putInForce(accepted)
    this.#journal.snapshots.use({ manifest, parts: hashesOf(accepted), table: table.value }, false, (storeFault) => {
      if (storeFault !== null) this.#log.warn('snapshot not used', { ...storeFault })
    })
  }

  #offered(manifest: SignedManifest): void {
    const accepted = this.#accept(manifest)
    if (accepted === null) return
    this.#newest = { version: accepted.snapshot.version, generation: this.#generation() }
    if (this.#inForce !== null && equalBytes(this.#inForce.hash, accepted.hash)) {
      this.#pending = null
      return
    }
    const missing = new Set(accepted.snapshot.parts.map(({ hash }) => hash).filter((hash) => !this.#stored.has(hash)))
    this.#pending = { accepted, missing, asked: new Set(), came: [] }
    this.#goOn(this.#pending)
  }

  /** Asks for the next parts that are missing, or has the snapshot used when none is. */
  #goOn(pending: Pending): void {
    if (pending.missing.size === 0) return this.#load(pending)
    for (const hash of pending.missing) {
      if (pending.asked.size >= partsAtOnce) break
      pending.asked.add(hash)
    }
    const hashes = [...pending.asked].map((hash) => Buffer.from(hash, 'hex'))
    // Without a session the aggregator offers the snapshot again in the next one.
    this.#talk.request({ kind: 'part-request', hashes })
  }

  #partCame(bytes: Uint8Array): void {
    const pending = this.#pending
    const hash = sha256(bytes)
    if (pending === null || !pending.asked.delete(toHex(hash))) return
    pending.came.push({ hash, bytes })
    if (pending.asked.size === 0) this.#store(pending)
  }

  #store(pending: Pending): void {
    const parts = pending.came.splice(0)
    const used = [this.#inForce, this.#handedOver].flatMap((accepted) => (accepted === null ? [] : hashesOf(accepted)))
    const alsoKeep = [...hashesOf(pending.accepted), ...used]
    this.#journal.snapshots.keepParts(parts, alsoKeep, (storeFault) => {
      if (storeFault !== null) return this.#giveUp(pending, 'parts of a snapshot not stored', storeFault)
      const kept = new Set(alsoKeep.map(toHex))
      for (const hash of this.#stored) if (!kept.has(hash)) this.#stored.delete(hash)
      for (const { hash } of parts) {
        this.#stored.add(toHex(hash))
        pending.missing.delete(toHex(hash))
      }
      if (this.#pending === pending) this.#goOn(pending)
    })
  }

  #load(pending: Pending): void {
    const hashes = hashesOf(pending.accepted)
    this.#journal.snapshots.loadParts(hashes, (parts) => {
      if (this.#pending !== pending) return
      // What a broken disk has changed since is not here any more.
      const found = new Set(parts.map(({ hash }) => toHex(hash)))
      const lost = hashes.map(toHex).filter((hash) => !found.has(hash))
      if (lost.length > 0) {
        for (const hash of lost) {
          this.#stored.delete(hash)
          pending.missing.add(hash)
        }
        return this.#goOn(pending)
      }
      this.#use(pending, parts)
    })
  }

  #use(pending: Pending, parts: readonly StoredPart[]): void {
    const { accepted } = pending
    const table = compileSnapshot(accepted, parts)
    if (!table.ok) return this.#giveUp(pending, 'snapshot refused', table.fault)
    const snapshot = { manifest: accepted.manifest, parts: hashesOf(accepted), table: table.value }
    this.#handedOver = accepted
    this.#journal.snapshots.use(snapshot, true, (storeFault) => {
      if (storeFault !== null) return this.#giveUp(pending, 'snapshot not stored', storeFault)
      if (this.#pending === pending) this.#pending = null
      const kept = new Set(accepted.snapshot.parts.map(({ hash }) => hash))
      for (const hash of this.#stored) if (!kept.has(hash)) this.#stored.delete(hash)
      this.#putInForce(accepted)
    })
  }

  #putInForce(accepted: AcceptedSnapshot): void {
    this.#inForce = accepted
    this.#talk.holds(accepted.hash)
    this.#log.info('snapshot in force', { version: accepted.snapshot.version, hash: toHex(accepted.hash) })
  }

  /** Until the aggregator offers it again, in the next session, or a newer one. */
  #giveUp(pending: Pending, what: string, why: { readonly code: string; readonly message: string }): void {
    if (this.#pending === pending) this.#pending = null
    this.#log.warn(what, { ...why })
  }
}

function hashesOf({ snapshot }: AcceptedSnapshot): readonly Uint8Array[] {
  return snapshot.parts.map(({ hash }) => Buffer.from(hash, 'hex'))
}
