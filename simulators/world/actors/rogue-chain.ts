import type { Random } from '@meterline/shared/base/random.ts'
import type { SigningKey } from '@meterline/shared/integrity/signature.ts'
import { assembleBody, sealBatch } from '@meterline/shared/model/batch-codec.ts'
import { OpenBatch } from '@meterline/shared/model/unit-codec.ts'
import { ratingVersion } from '@meterline/shared/rating/dispatch.ts'
import { trustedAgentId, trustedTenantId } from '@meterline/shared/units/ids.ts'
import type { BatchMessage } from '@meterline/shared/wire/messages.ts'
import type { MeantEvent } from '../../oracle/published.ts'

/** A batch that was made, and what has to be known of it later. */
export interface MadeBatch {
  readonly message: BatchMessage
  readonly epoch: number
  readonly seq: number
  readonly hash: Uint8Array
  /** The publish that stands for its events; null when nobody is meant to take it. */
  readonly publish: number | null
}

/** How a batch is made other than the next one of the chain would be. */
export interface Deviation {
  readonly agent?: string
  readonly tenant?: string
  readonly epoch?: number
  readonly seq?: number
  readonly previousHash?: Uint8Array
}

const secretBytes = 32
const noHash = new Uint8Array(32)

/**
 * The chain of batches of an agent that nobody can trust: sealed with the production codec and whatever key is at hand,
 * so that nothing but what is wrong about a batch is wrong about it.
 */
export class RogueChain {
  readonly agent: string
  readonly tenant: string
  readonly epoch: number
  readonly #key: SigningKey
  readonly #random: Random
  /** Batches that the aggregator gave receipts for, in order. */
  readonly received: MadeBatch[] = []
  /** Made as the next one and without a receipt so far: it may have been received or not. */
  pending: MadeBatch | null = null
  /** Whether its epoch has been welcomed once. */
  isKnown = false

  constructor(options: { agent: string; tenant: string; epoch: number; key: SigningKey; random: Random }) {
    this.agent = options.agent
    this.tenant = options.tenant
    this.epoch = options.epoch
    this.#key = options.key
    this.#random = options.random
  }

  get seq(): number {
    return this.received.at(-1)?.seq ?? 0
  }

  get hash(): Uint8Array {
    return this.received.at(-1)?.hash ?? noHash
  }

  /** Seals events as the next batch but for what deviates, signed with its own key or with another. */
  make(
    events: readonly MeantEvent[],
    wallMs: number,
    publish: number | null,
    deviation: Deviation = {},
    key: SigningKey = this.#key,
  ): MadeBatch {
    const reading = { bootId: '00'.repeat(16), monotonicMs: 1, wallMs, syncState: 'synced' as const }
    const open = new OpenBatch()
    open.begin()
    for (const { timeMs, ...event } of events) {
      open.append({ ...event, timeMs: timeMs ?? wallMs, labels: [], facts: [] }, reading, null, [], [])
    }
    const chunk = open.finish()
    const secret = this.#random.bytes(secretBytes)
    const { epoch = this.epoch, seq = this.seq + 1, previousHash = this.hash } = deviation
    const sealed = sealBatch(
      {
        chunks: [chunk],
        secret,
        tenant: trustedTenantId(deviation.tenant ?? this.tenant),
        agent: trustedAgentId(deviation.agent ?? this.agent),
        epoch,
        seq,
        previousHash: seq === 1 ? noHash : previousHash,
        sealedAt: reading,
        ratingVersion,
      },
      key,
    )
    const { header, signature, tables, batchHash } = sealed
    const body = assembleBody(secret, tables, [chunk.units], chunk.unitCount)
    return { message: { kind: 'batch', header, signature, body }, epoch, seq, hash: batchHash, publish }
  }
}
