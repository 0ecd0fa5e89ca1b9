import type { Clock, Timer } from '@meterline/shared/base/clock.ts'
import { fault } from '@meterline/shared/base/errors.ts'
import type { Log } from '@meterline/shared/base/log.ts'
import { equalBytes, toHex } from '@meterline/shared/integrity/hash.ts'
import { checkpointFeature, maxMessageBytes, snapshotFeature } from '@meterline/shared/wire/messages.ts'
import type {
  AgentMessage,
  AggregatorMessage,
  BatchMessage,
  HeldCheckpoint,
  Hello,
  PartRequest,
  RefusalCode,
  ReportMessage,
  SubjectRequest,
} from '@meterline/shared/wire/messages.ts'
import { senderOf, unknownAgentText } from './edge-hello.ts'
import type { HelloDecision } from './edge-hello.ts'
import type { EdgeLink, EdgePeer, EdgeSession } from './ports.ts'
import type { RegisteredAgent, Sender } from './decide-batch.ts'
import type { LogCheckpoints } from './log-checkpoints.ts'
import type { BatchAnswer } from './receive-batch.ts'
import type { SignedSnapshot } from './signed-snapshot.ts'

/** What a session needs from the service of its tenant. */
export interface SessionTenant {
  hello(hello: Hello, sender: Sender): HelloDecision
  opened(session: AgentSession, sender: Sender, hello: Hello): void
  ended(session: AgentSession, sender: Sender): void
  /** Takes a batch to be received; false when too much waits already. */
  enqueue(batch: QueuedBatch): boolean
  /** What agents enforce now; only for sessions whose hello was accepted. */
  currentSnapshot(): SignedSnapshot
  /** What agents say of themselves. */
  readonly reports: { take(agent: string, report: ReportMessage): void }
}

/** What a session needs from its aggregator. */
export interface SessionSurroundings {
  readonly clock: Clock
  readonly log: Log
  readonly helloTimeoutMs: number
  /** Batches of one session that may wait before its reading pauses; four times as many are the hard cap. */
  readonly queueBatches: number
  /** The running service of a tenant, or why there is none. */
  readonly tenantService: (tenant: string) => SessionTenant | 'unknown' | 'failed'
  readonly onClosed: (session: AgentSession) => void
}

/** A batch that waits, with the session to answer to. */
export interface QueuedBatch {
  readonly session: AgentSession
  readonly sender: Sender
  readonly message: BatchMessage
}

/**
 * One session with one agent: hello and welcome, then batches into the tenant's queue and receipts out of it; a snapshot
 * whenever the agent's is not the one in force, with those of its parts and those bindings of subjects that the agent asks
 * for; a checkpoint whenever the log has a newer one. What an agent does not take it is not sent. Every refusal ends the
 * session.
 */
export class AgentSession implements EdgeSession {
  readonly #peer: EdgePeer
  readonly #link: EdgeLink
  readonly #around: SessionSurroundings
  readonly #helloTimer: Timer
  #sender: Sender | null = null
  #service: SessionTenant | null = null
  #snapshotHash: Uint8Array = new Uint8Array(0)
  #wantsSnapshots = false
  /** The snapshot that was offered last, and the parts of it that were sent: none is sent twice. */
  #offered: SignedSnapshot | null = null
  readonly #sentParts = new Set<string>()
  #wantsCheckpoints = false
  /** The newest checkpoint that the agent holds or was sent. */
  #checkpoint: HeldCheckpoint | null = null
  /** Whether this session has said where the log stands: one that doubts the log waits for it, whatever it holds. */
  #saidCheckpoint = false
  #waiting = 0
  #epoch = 0
  #paused = false
  #closed = false
  #refused = false

  constructor(peer: EdgePeer, link: EdgeLink, around: SessionSurroundings) {
    this.#peer = peer
    this.#link = link
    this.#around = around
    this.#helloTimer = around.clock.after(around.helloTimeoutMs, () =>
      this.refuse('hello_expected', `No hello came within ${around.helloTimeoutMs} ms.`, false),
    )
  }

  /** Whether it ended with a refusal, so that nothing it sent before is looked at any more. */
  get wasRefused(): boolean {
    return this.#refused
  }

  onMessage(message: AgentMessage): void {
    if (this.#closed) return
    if (message.kind === 'hello') this.#onHello(message)
    else if (message.kind === 'batch') this.#onBatch(message)
    else if (message.kind === 'report') this.#onReport(message)
    else this.#onRequest(message)
  }

  onClosed(): void {
    this.#close()
  }

  /** What the receiving of a batch of this session came to; null: it stood behind a refused one. */
  answer(answer: BatchAnswer | null): void {
    this.#waiting -= 1
    if (this.#closed || answer === null) return
    const { message } = answer
    if (message.kind === 'refusal') this.#sendRefusal(message)
    else {
      this.#link.send(message)
      if (this.#paused && this.#waiting <= this.#around.queueBatches / 2) {
        this.#paused = false
        this.#link.resume?.()
      }
    }
  }

  /** Sends the snapshot in force unless the agent is known to hold it. */
  offerSnapshot(snapshot: SignedSnapshot): void {
    if (this.#closed || !this.#wantsSnapshots || equalBytes(this.#snapshotHash, snapshot.hash)) return
    this.#snapshotHash = snapshot.hash
    this.#offered = snapshot
    this.#sentParts.clear()
    this.#link.send({ kind: 'snapshot', bytes: snapshot.bytes, signature: snapshot.signature })
  }

  /** Sends the newest checkpoint to an agent that wants them, with the proof that it continues the one it has; each once. */
  offerCheckpoint(checkpoints: LogCheckpoints): void {
    if (this.#closed || !this.#wantsCheckpoints) return
    const offer = checkpoints.after(this.#checkpoint, !this.#saidCheckpoint)
    if (offer === null) return
    this.#saidCheckpoint = true
    this.#checkpoint = offer.holds
    this.#link.send(offer.message)
  }

  /** Looks again at who the agent is after an apply: an agent that is gone or has another epoch now is sent away. */
  reconsider(registered: RegisteredAgent | null): void {
    if (registered === null) this.refuse('agent_unknown', 'The agent was removed from the tenant file.', true)
    else if (registered.epoch !== this.#epoch) {
      this.refuse(
        'epoch_unknown',
        `The agent has epoch ${registered.epoch} now, the session began in ${this.#epoch}.`,
        true,
      )
    }
  }

  /** Ends the session with a reason the agent is told. */
  refuse(code: RefusalCode, message: string, permanent: boolean): void {
    if (!this.#closed) this.#sendRefusal({ kind: 'refusal', code, message, seq: 0, permanent })
  }

  /** Ends the session without a word, as a power cut would. */
  abandon(): void {
    this.#close()
  }

  #onHello(hello: Hello): void {
    const sender = this.#sender ?? senderOf(hello, this.#peer)
    const service = this.#around.tenantService(sender.tenant)
    if (service === 'unknown') return this.refuse('agent_unknown', unknownAgentText(sender), true)
    if (service === 'failed') {
      return this.refuse('store_unavailable', 'The tenant has no working store at the moment. Try again later.', false)
    }
    const decision = service.hello(hello, sender)
    if (decision.kind === 'refuse') {
      const { code, message, permanent } = decision.refusal
      return this.refuse(code, message, permanent)
    }
    this.#helloTimer.cancel()
    this.#sender = sender
    this.#epoch = hello.epoch
    this.#service = service
    this.#snapshotHash = hello.snapshotHash
    this.#wantsSnapshots = hello.features.includes(snapshotFeature)
    this.#wantsCheckpoints = hello.features.includes(checkpointFeature)
    this.#checkpoint = hello.checkpoint
    this.#link.send(decision.welcome)
    service.opened(this, sender, hello)
  }

  #onReport(report: ReportMessage): void {
    if (this.#sender === null || this.#service === null) {
      return this.refuse('hello_expected', 'A session begins with a hello.', false)
    }
    this.#service.reports.take(this.#sender.agent, report)
  }

  /** One answer to each request, and reading pauses while the agent does not take them: nobody can fill the memory by it. */
  #onRequest(request: PartRequest | SubjectRequest): void {
    if (this.#service === null) return this.refuse('hello_expected', 'A session begins with a hello.', false)
    if (request.kind === 'subject-request') {
      // Who asks about nobody is told nothing.
      if (request.subjects.length > 0) this.#link.send(this.#service.currentSnapshot().answer(request.subjects))
      return
    }
    for (const hash of request.hashes) {
      const name = toHex(hash)
      const bytes = this.#offered?.parts.get(name)
      if (bytes === undefined || this.#sentParts.has(name)) continue
      this.#sentParts.add(name)
      this.#link.send({ kind: 'snapshot-part', bytes })
    }
  }

  #onBatch(message: BatchMessage): void {
    const sender = this.#sender
    const service = this.#service
    if (sender === null || service === null) {
      return this.refuse('hello_expected', 'A session begins with a hello.', false)
    }
    const bytes = message.header.length + message.signature.length + message.body.length
    if (bytes > maxMessageBytes) {
      return this.refuse('too_large', `A message has at most ${maxMessageBytes} bytes, this one has ${bytes}.`, true)
    }
    const { queueBatches } = this.#around
    if (this.#waiting >= 4 * queueBatches || !service.enqueue({ session: this, sender, message })) {
      return this.refuse('busy', 'More batches wait than are kept in memory. Try again later.', false)
    }
    this.#waiting += 1
    if (this.#waiting >= queueBatches && !this.#paused) {
      this.#paused = true
      this.#link.pause?.()
    }
  }

  #sendRefusal(refusal: Extract<AggregatorMessage, { kind: 'refusal' }>): void {
    const { code, message, permanent } = refusal
    const { tenant, agent } = this.#sender ?? this.#peer
    const { address } = this.#peer
    this.#refused = true
    const fields = { tenant, agent, address, code, message, permanent }
    // What passes by itself is the life of a network; what does not needs a person.
    if (permanent) this.#around.log.warn('edge session refused', fields)
    else this.#around.log.info('edge session ended', fields)
    this.#link.send(refusal)
    this.#link.close(fault(code, message))
    this.#close()
  }

  #close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#helloTimer.cancel()
    if (this.#service !== null && this.#sender !== null) this.#service.ended(this, this.#sender)
    this.#around.onClosed(this)
  }
}
