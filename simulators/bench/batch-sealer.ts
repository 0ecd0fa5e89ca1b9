import { systemRandom } from '@meterline/shared/base/random.ts'
import { generateSigningKey, openSigningKey } from '@meterline/shared/integrity/signature.ts'
import { assembleBody, sealBatch } from '@meterline/shared/model/batch-codec.ts'
import { OpenBatch } from '@meterline/shared/model/unit-codec.ts'
import type { UsageEvent } from '@meterline/shared/model/usage-event.ts'
import { ratingVersion } from '@meterline/shared/rating/dispatch.ts'
import { trustedAgentId, trustedTenantId } from '@meterline/shared/units/ids.ts'
import { protocolVersion } from '@meterline/shared/wire/messages.ts'
import type { BatchMessage, Hello } from '@meterline/shared/wire/messages.ts'

/** Whose batches are sealed, and of what. */
export interface SealedLoad {
  readonly tenant: string
  readonly agent: string
  /** Each publishes in its turn, as subject and source. */
  readonly devices: readonly string[]
  readonly unitsPerBatch: number
}

/** Seals batches of new events as an agent does: encoded once, chained, signed. */
export class BatchSealer {
  readonly #load: SealedLoad
  readonly #key = openSigningKey(generateSigningKey().privatePem)
  readonly #random = systemRandom()
  readonly #bootId = Buffer.from(this.#random.bytes(16)).toString('hex')
  readonly #timeMs = Date.now()
  #seq = 0
  #events = 0
  #chainHash: Uint8Array = new Uint8Array(32)

  constructor(load: SealedLoad) {
    this.#load = load
  }

  get publicKeyBase64(): string {
    return this.#key.publicKeyBase64
  }

  /** The hello of an agent whose batches are all still to come. */
  hello(): Hello {
    const { tenant, agent } = this.#load
    const nothing = { lastSealedSeq: 0, chainHash: new Uint8Array(32), snapshotHash: new Uint8Array(0) }
    const held = { features: [], checkpoint: null, retainedFromSeq: 0 }
    return { kind: 'hello', protocolVersion, tenant, agent, epoch: 1, ...nothing, ...held }
  }

  /** The next batch of the chain. */
  next(): BatchMessage {
    const { tenant, agent, unitsPerBatch } = this.#load
    const open = new OpenBatch()
    open.begin()
    const reading = {
      bootId: this.#bootId,
      monotonicMs: 1_000 + this.#seq,
      wallMs: this.#timeMs + this.#seq,
      syncState: 'synced' as const,
    }
    for (let unit = 0; unit < unitsPerBatch; unit++) open.append(this.#nextEvent(), reading, null, [], [])
    const chunk = open.finish()
    this.#seq++
    const secret = this.#random.bytes(32)
    const sealed = sealBatch(
      {
        chunks: [chunk],
        secret,
        tenant: trustedTenantId(tenant),
        agent: trustedAgentId(agent),
        epoch: 1,
        seq: this.#seq,
        previousHash: this.#chainHash,
        sealedAt: reading,
        ratingVersion,
      },
      this.#key,
    )
    this.#chainHash = sealed.batchHash
    const body = assembleBody(secret, sealed.tables, [chunk.units], chunk.unitCount)
    return { kind: 'batch', header: sealed.header, signature: sealed.signature, body }
  }

  #nextEvent(): UsageEvent {
    const number = this.#events++
    const device = this.#load.devices[number % this.#load.devices.length] ?? ''
    return {
      id: `${this.#timeMs.toString(16).padStart(12, '0')}-${number.toString(16).padStart(23, '0')}`,
      source: device,
      subject: device,
      timeMs: this.#timeMs,
      labels: [['apn', 'iot.acme']],
      facts: [],
      measured: [{ meter: 'data.bytes', quantity: BigInt(200 + (number % 4_000)) }],
    }
  }
}
