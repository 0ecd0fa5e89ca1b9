import { signCheckpoint } from '@meterline/shared/integrity/checkpoint.ts'
import { consistencyProof, leafHash, merkleRoot } from '@meterline/shared/integrity/merkle.ts'
import { openSigningKey, type SigningKey } from '@meterline/shared/integrity/signature.ts'
import { logOrigin } from '@meterline/shared/model/log-origin.ts'
import { signRestore, type SignedRestore } from '@meterline/shared/model/restore-declaration.ts'
import type { CheckpointMessage } from '@meterline/shared/wire/messages.ts'

/** An aggregator's log for tests: it signs whatever it is told to, truth or not. */
export class ScriptedLog {
  readonly #key: SigningKey
  readonly #tenant: string
  readonly #leaves: Uint8Array[] = []
  generation = 1

  constructor(privatePem: string, tenant = 'acme') {
    this.#key = openSigningKey(privatePem)
    this.#tenant = tenant
  }

  get size(): number {
    return this.#leaves.length
  }

  get root(): Uint8Array {
    return merkleRoot(this.#leaves)
  }

  /** Grows to this size; entries of another `branch` are other entries. */
  growTo(size: number, branch = 'main'): this {
    while (this.#leaves.length < size) {
      this.#leaves.push(leafHash(Buffer.from(`${branch} ${this.generation} ${this.#leaves.length}`)))
    }
    return this
  }

  /** Forgets the entries after this size. */
  cutTo(size: number): this {
    this.#leaves.length = size
    return this
  }

  /** The signed head, with the proof that it continues the first `fromSize` entries. */
  checkpoint(fromSize: number, more: Partial<CheckpointMessage> = {}): CheckpointMessage {
    const { generation, size, root } = this
    const origin = logOrigin(this.#tenant, generation)
    const note = signCheckpoint({ origin, size, root }, origin, this.#key)
    const consistency = fromSize <= size ? consistencyProof(this.#leaves, fromSize) : []
    return { kind: 'checkpoint', note, generation, fromSize, consistency, ...more }
  }

  /** Is restored from a backup of this size: the next generation begins, declared. */
  restoreTo(size: number): SignedRestore {
    this.cutTo(size)
    this.generation += 1
    const { generation, root } = this
    const why = { by: 'ada', reason: 'the disk broke', atMs: 1_760_000_000_000 }
    return signRestore({ tenant: this.#tenant, generation, size, root, ...why }, this.#key)
  }
}
