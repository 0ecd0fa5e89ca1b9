import type { Random } from '@meterline/shared/base/random.ts'
import { protocolVersion } from '@meterline/shared/wire/messages.ts'
import type { AgentMessage, AggregatorMessage, Hello } from '@meterline/shared/wire/messages.ts'
import type { AggregatorNode } from '../aggregator-node.ts'
import type { AcceptedSession } from '../connection.ts'
import type { Surroundings } from '../surroundings.ts'
import type { RogueAct } from './rogue-acts.ts'
import type { RogueChain } from './rogue-chain.ts'

/** The id under which it is registered: it is an agent of the tenant like the others, with a real key. */
export const rogueName = 'rogue'

const networkMaxMs = 60
const patienceMs = 120_000

/** One session: hello, whatever the act asks for, and the answer to it. */
export class RogueSession {
  readonly act: RogueAct
  readonly #world: Surroundings
  readonly #random: Random
  readonly #chain: RogueChain
  readonly #told: { ended(answer: AggregatorMessage | null): void; received(publish: number): void }
  wasWelcomed = false
  #session: AcceptedSession | null = null
  #open = true
  #lastUpMs = 0
  #lastDownMs = 0

  constructor(
    world: Surroundings,
    random: Random,
    chain: RogueChain,
    act: RogueAct,
    told: { ended(answer: AggregatorMessage | null): void; received(publish: number): void },
  ) {
    this.#world = world
    this.#random = random
    this.#chain = chain
    this.act = act
    this.#told = told
  }

  /** False while nobody listens. */
  open(aggregator: AggregatorNode): boolean {
    this.#session = aggregator.accept(rogueName, {
      send: (message) => {
        this.#lastDownMs = this.#carry(this.#lastDownMs, 'is answered', () => this.#heard(message))
      },
      close: () => {
        this.#lastDownMs = this.#carry(this.#lastDownMs, 'is sent away', () => this.#end(null))
      },
      pause: () => undefined,
      resume: () => undefined,
    })
    if (this.#session === null) return false
    const { first = this.#hello() } = this.act
    this.#send(first)
    const { queue } = this.#world
    queue.at(queue.nowMs + patienceMs, rogueName, 'loses patience', () => this.#end(null))
    return true
  }

  leave(): void {
    this.#open = false
    this.#session?.onClosed({ code: 'uplink_closed', message: 'it left' })
  }

  #hello(): Hello {
    const { agent, tenant, epoch, seq, hash, pending } = this.#chain
    return {
      kind: 'hello',
      protocolVersion,
      tenant,
      agent,
      epoch,
      lastSealedSeq: pending?.seq ?? seq,
      chainHash: pending?.hash ?? hash,
      snapshotHash: new Uint8Array(0),
      features: [],
      checkpoint: null,
      retainedFromSeq: 0,
      ...this.act.hello,
    }
  }

  #heard(message: AggregatorMessage): void {
    if (message.kind === 'refusal') return this.#end(message)
    if (message.kind === 'welcome') {
      this.wasWelcomed = true
      this.#chain.isKnown = true
      if (this.act.message === null) return this.#end(message)
      this.#send(this.act.message)
    }
    if (message.kind !== 'receipt') return
    const chain = this.#chain
    const { oracle } = this.#world
    const batchHash = Buffer.from(message.batchHash).toString('hex')
    const { epoch, seq, logIndex } = message
    oracle.receiptArrived({ agent: rogueName, epoch, seq, batchHash, logIndex })
    const { pending } = chain
    if (pending !== null && pending.seq === seq && Buffer.from(pending.hash).toString('hex') === batchHash) {
      chain.received.push(pending)
      chain.pending = null
      if (pending.publish !== null) this.#told.received(pending.publish)
    }
    this.#end(message)
  }

  #end(answer: AggregatorMessage | null): void {
    if (!this.#open) return
    this.leave()
    this.#told.ended(answer)
  }

  #send(message: AgentMessage): void {
    this.#lastUpMs = this.#carry(this.#lastUpMs, 'sends', () => this.#session?.onMessage(message))
  }

  /** Everything of one direction arrives in order. */
  #carry(lastMs: number, what: string, run: () => void): number {
    const { queue } = this.#world
    const atMs = Math.max(lastMs, queue.nowMs + 1 + this.#random.below(networkMaxMs))
    queue.at(atMs, rogueName, what, () => {
      if (this.#open) run()
    })
    return atMs
  }
}
