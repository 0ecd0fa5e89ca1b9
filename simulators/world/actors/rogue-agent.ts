import type { Random } from '@meterline/shared/base/random.ts'
import { openSigningKey } from '@meterline/shared/integrity/signature.ts'
import type { SigningKey } from '@meterline/shared/integrity/signature.ts'
import type { AggregatorMessage } from '@meterline/shared/wire/messages.ts'
import type { AggregatorNode } from '../aggregator-node.ts'
import type { Operator } from '../operator.ts'
import type { Surroundings } from '../surroundings.ts'
import { signingKeyFrom } from '../signing-key.ts'
import { drawAct } from './rogue-acts.ts'
import type { RogueAct } from './rogue-acts.ts'
import { RogueChain } from './rogue-chain.ts'
import { lies } from './rogue-lies.ts'
import { rogueName, RogueSession } from './rogue-session.ts'

const shortestPauseMs = 60_000
const mostActs = 60
/** Answers that say nothing about what was sent: the aggregator could not look at it now. */
const cannotNow: readonly string[] = [
  'busy',
  'store_unavailable',
  'shutting_down',
  'snapshot_unavailable',
  'agent_unknown',
]

/**
 * A Byzantine agent: it holds a registered key and its own certificate, and does one thing after the other that no honest
 * agent does. What it may do is bounded and named: what is not validly its own is refused with the right reason, and
 * kept as evidence; a second history ends its epoch; what it signs validly is taken, in its name, and harms no identity.
 */
export class RogueAgent {
  readonly publicKey: string
  /** Refusals that it was given and that have to stand in the evidence. */
  readonly evidenceOwed = new Set<string>()
  readonly #world: Surroundings
  readonly #random: Random
  readonly #aggregator: AggregatorNode
  readonly #operator: () => Operator
  readonly #tenant: string
  readonly #subjects: readonly string[]
  readonly #otherAgent: string
  readonly #key: SigningKey
  readonly #otherKey: SigningKey
  #chain: RogueChain
  #formerChain: RogueChain | null = null
  #isQuarantined = false
  #mayBeQuarantined = false
  #liesLow = false
  /** The books have forgotten what it sent in this epoch. */
  #isForgotten = false
  #acting = false
  #pauseMs = shortestPauseMs
  #session: RogueSession | null = null
  #numbers = 0

  constructor(
    world: Surroundings,
    options: {
      readonly random: Random
      readonly aggregator: AggregatorNode
      readonly operator: () => Operator
      readonly tenant: string
      readonly subjects: readonly string[]
      readonly otherAgent: string
    },
  ) {
    this.#world = world
    this.#random = options.random
    this.#aggregator = options.aggregator
    this.#operator = options.operator
    this.#tenant = options.tenant
    this.#subjects = options.subjects
    this.#otherAgent = options.otherAgent
    const own = signingKeyFrom(this.#random.bytes(32))
    this.publicKey = own.publicKeyBase64
    this.#key = openSigningKey(own.privatePem)
    this.#otherKey = openSigningKey(signingKeyFrom(this.#random.bytes(32)).privatePem)
    this.#chain = this.#newChain(1)
  }

  /** Does something wrong some sixty times within this time, and every minute at most. */
  begin(spanMs: number): void {
    this.#acting = true
    this.#pauseMs = Math.max(shortestPauseMs, Math.floor(spanMs / mostActs))
    this.#soon()
  }

  stop(): void {
    this.#acting = false
    this.#session?.leave()
    this.#session = null
  }

  /**
   * The books were put back to an earlier state: what it knows of them, and what is kept of it there, counts no more. It
   * has kept nothing that it could send again. It lies low until `resume`.
   */
  booksWentBack(): void {
    const { publishes, losses } = this.#world.published
    for (const { index, device } of publishes)
      if (device === rogueName) losses.add(index, 'nobody sends the batches of the rogue again')
    this.#liesLow = true
    this.#isForgotten = true
    this.evidenceOwed.clear()
    this.#session?.leave()
    this.#session = null
  }

  resume(): void {
    this.#liesLow = false
  }

  #newChain(epoch: number): RogueChain {
    const [agent, tenant] = [rogueName, this.#tenant]
    return new RogueChain({ agent, tenant, epoch, key: this.#key, random: this.#random })
  }

  #soon(): void {
    const { queue } = this.#world
    queue.at(queue.nowMs + 1 + this.#random.below(2 * this.#pauseMs), rogueName, 'is up to something', () => {
      if (!this.#acting) return
      this.#act()
      this.#soon()
    })
  }

  #act(): void {
    if (this.#session !== null || this.#liesLow) return
    if (this.#isForgotten || (this.#isQuarantined && this.#random.below(3) > 0)) return this.#beginNextEpoch()
    const session = new RogueSession(this.#world, this.#random, this.#chain, this.#nextAct(), {
      ended: (answer) => this.#ended(session, answer),
      received: (publish) => this.#world.published.acknowledged(publish, rogueName),
    })
    if (!session.open(this.#aggregator)) return
    if (session.act.quarantines) this.#mayBeQuarantined = true
    this.#session = session
  }

  /** The operator finds out and gives it another chance, under a new epoch. */
  #beginNextEpoch(): void {
    const epoch = this.#operator().registerNextEpoch(rogueName)
    this.#formerChain = this.#chain
    this.#chain = this.#newChain(epoch)
    this.#isForgotten = false
    this.#isQuarantined = false
    this.#mayBeQuarantined = false
  }

  #nextAct(): RogueAct {
    const { nowMs } = this.#world.queue
    const events = lies(this.#random, this.#subjects, nowMs, () => (this.#numbers += 1))
    const chain = this.#chain
    if (chain.pending === null && this.#random.below(3) > 0) {
      const means = { random: this.#random, chain, formerChain: this.#formerChain, otherAgent: this.#otherAgent }
      const act = drawAct({ ...means, otherKey: this.#otherKey, nowMs, events })
      if (act !== null) return act
    }
    if (chain.pending === null) {
      const pieces = events.map((event) => ({ kind: 'event' as const, event, bytes: new Uint8Array(0) }))
      const publish = this.#world.published.add(rogueName, 'usage', new Uint8Array(0), pieces)
      chain.pending = chain.make(events, nowMs, publish.index)
      this.#world.published.submitted(publish.index, rogueName)
    }
    const { message } = chain.pending
    return { name: 'lies under its own name', message, expects: ['receipt'], evidence: false, quarantines: false }
  }

  #ended(session: RogueSession, answer: AggregatorMessage | null): void {
    if (this.#session !== session) return
    this.#session = null
    const { findings, trace, queue, faults } = this.#world
    const { act } = session
    if (answer === null) return
    const got = answer.kind === 'refusal' ? answer.code : answer.kind
    trace.note(queue.nowMs, rogueName, `${act.name}: ${got}`)
    faults.add('byzantine-act')
    if (cannotNow.includes(got)) return
    // Its next epoch may not be applied yet; and it may have been quarantined without hearing of it.
    const isEarly = got === 'epoch_unknown' && !session.wasWelcomed && !this.#chain.isKnown
    const isSentAway = isEarly || (got === 'agent_quarantined' && this.#mayBeQuarantined)
    const isTooMuch = this.#isQuarantined && got === 'receipt'
    findings.demand(!isTooMuch, 'I6', () => 'a batch of a quarantined agent was taken')
    const isRight = act.expects.some((expected) => expected === got)
    if (got === 'agent_quarantined' && !isRight) this.#isQuarantined = true
    findings.demand(isRight || isSentAway, 'I6', () => `an agent that ${act.name} is answered with ${got}`)
    if (!isRight || got === 'receipt') return
    if (act.evidence) this.evidenceOwed.add(got)
    if (act.quarantines) this.#isQuarantined = true
  }
}
