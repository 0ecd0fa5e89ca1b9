import { FaultError, assertThat } from '@meterline/shared/base/errors.ts'
import { openCheckpoint } from '@meterline/shared/integrity/checkpoint.ts'
import { equalBytes } from '@meterline/shared/integrity/hash.ts'
import { verifyConsistency } from '@meterline/shared/integrity/merkle.ts'
import { openRestore } from '@meterline/shared/model/restore-declaration.ts'
import type { CheckpointMessage, HeldCheckpoint } from '@meterline/shared/wire/messages.ts'
import { logOrigin } from '@meterline/shared/model/log-origin.ts'
import type { CheckpointRow } from '../store/checkpoint-table.ts'
import type { TenantStore } from '../store/tenant-store.ts'
import type { LogGeneration, RestoreSummary } from './log-generation.ts'

/** The newest checkpoint, and what was worked out of it for the agents that are told. */
interface Newest {
  readonly size: number
  readonly note: string
  readonly root: Uint8Array
  /** Consistency proofs to it, by the size they start from: after a seal nearly all agents hold the one before. */
  readonly proofs: Map<number, readonly Uint8Array[]>
}

/** Proofs from other sizes than these are made anew for whoever asks. */
const keptProofs = 256

/**
 * What agents are told about the head of the log: each new checkpoint with the proof that it continues the one they hold.
 * A proof is made from stored subtree roots (`LogNodeTable`), not from the log. Checkpoint and proof are checked before
 * anybody sees them: an agent would take damage in this file for a rewritten log, so it throws here instead.
 */
export class LogCheckpoints {
  readonly #store: TenantStore
  readonly #tenant: string
  readonly #publicKeyBase64: string
  /** By agent that said hello: what contradicts this log in the checkpoint it holds. At most one for each registered. */
  readonly #disputes = new Map<string, string>()
  #newest: Newest | null = null

  constructor(store: TenantStore, tenant: string, publicKeyBase64: string) {
    this.#store = store
    this.#tenant = tenant
    this.#publicKeyBase64 = publicKeyBase64
  }

  /**
   * What to tell an agent that holds `held`, and what it holds then; null when there is nothing new for it and it is not
   * to be told again what it holds.
   */
  after(
    held: HeldCheckpoint | null,
    again = false,
  ): { readonly message: CheckpointMessage; readonly holds: HeldCheckpoint } | null {
    const newest = this.#takeNewest()
    if (newest === null) return null
    const generation = this.#store.generations.current
    const { size, root, note } = newest
    if (!again && held?.generation === generation && held.size === size && equalBytes(held.root, root)) return null
    const fromSize = held === null ? 0 : this.#continues(held, size)
    const consistency = this.#proof(newest, fromSize)
    return {
      message: { kind: 'checkpoint', note, generation, fromSize, consistency },
      holds: { generation, size, root },
    }
  }

  /** Which life of the log this is, and how it came about. */
  get generation(): LogGeneration {
    const { current } = this.#store.generations
    return { generation: current, restore: this.#store.generations.all().at(-1)?.restore ?? null }
  }

  /** Every restore that this log descends from, the oldest first. */
  get restores(): readonly RestoreSummary[] {
    return this.#store.generations.all().map(({ generation, logIndex, restore }) => {
      const opened = openRestore(restore, this.#publicKeyBase64)
      if (!opened.ok) return { generation, size: logIndex, by: '', reason: opened.fault.message, atMs: 0 }
      const { by, reason, atMs } = opened.value
      return { generation, size: logIndex, by, reason, atMs }
    })
  }

  /**
   * What is wrong between the checkpoint that an agent holds and this log, for a person; null when nothing is. Whatever
   * it is, these books were put back to an earlier state, or changed, without a declared restore; or the agent lies. The
   * agent refuses such a log by itself.
   */
  compare(agent: string, held: HeldCheckpoint | null): string | null {
    const dispute = held === null ? null : this.#disputeOf(held)
    if (dispute === null) this.#disputes.delete(agent)
    else this.#disputes.set(agent, dispute)
    return dispute
  }

  /** What `compare` found when the agent said hello the last time. */
  disputeWith(agent: string): string | null {
    return this.#disputes.get(agent) ?? null
  }

  #disputeOf(held: HeldCheckpoint): string | null {
    const { current } = this.#store.generations
    const newest = this.#takeNewest()
    const size = newest?.size ?? 0
    const says = `it holds a checkpoint of ${held.size} entries in generation ${held.generation}`
    if (held.generation > current) return `${says}, this log is in generation ${current}`
    if (held.generation === current && held.size > size) return `${says}, the newest of this log has ${size}`
    const common = this.#continues(held, size)
    if (common === 0 || newest === null) return null
    this.#proof(newest, common)
    if (equalBytes(held.root, this.#store.log.rootAt(common))) return null
    return `${says}, whose root is not that of the first ${common} entries of this log`
  }

  /** The size from which the log can be proved to continue a held checkpoint; 0 when there is none. */
  #continues({ generation, size }: HeldCheckpoint, newest: number): number {
    const generations = this.#store.generations.all()
    const ownOrBefore = generation === 1 || generations.some((row) => row.generation === generation)
    const later = generations.filter((row) => row.generation > generation)
    const kept = Math.min(newest, ...later.map(({ logIndex }) => logIndex))
    return ownOrBefore && size <= kept ? size : 0
  }

  #proof(newest: Newest, fromSize: number): readonly Uint8Array[] {
    const known = newest.proofs.get(fromSize)
    if (known !== undefined) return known
    if (fromSize === 0) return []
    const { log } = this.#store
    const proof = log.consistencyProof(fromSize, newest.size)
    const proves = verifyConsistency(fromSize, newest.size, log.rootAt(fromSize), newest.root, proof)
    assertThat(proves, `the stored subtrees prove that ${newest.size} entries of the log continue ${fromSize}`)
    if (newest.proofs.size < keptProofs) newest.proofs.set(fromSize, proof)
    return proof
  }

  #takeNewest(): Newest | null {
    const row = this.#store.checkpoints.latest()
    if (row === undefined) return null
    if (this.#newest?.size !== row.size) this.#newest = this.#learn(row)
    return this.#newest
  }

  #learn({ size, note }: CheckpointRow): Newest {
    const origin = logOrigin(this.#tenant, this.#store.generations.current)
    const opened = openCheckpoint(note, origin, this.#publicKeyBase64)
    if (!opened.ok) throw new FaultError(opened.fault)
    return { size, note, root: opened.value.root, proofs: new Map() }
  }
}
