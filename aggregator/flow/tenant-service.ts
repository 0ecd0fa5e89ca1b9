import type { Clock, Timer } from '@meterline/shared/base/clock.ts'
import { AssertionFailure, FaultError, assertThat, failed, fault, ok } from '@meterline/shared/base/errors.ts'
import type { Fault, Result } from '@meterline/shared/base/errors.ts'
import type { Log } from '@meterline/shared/base/log.ts'
import type { SigningKey } from '@meterline/shared/integrity/signature.ts'
import type { Hello } from '@meterline/shared/wire/messages.ts'
import type { TenantStore } from '../store/tenant-store.ts'
import { AgentReports } from './agent-reports.ts'
import type { CatalogueInForce } from './catalogue-in-force.ts'
import { decideHello, helloEvidence, unavailable, type HelloDecision } from './edge-hello.ts'
import type { AgentSession, QueuedBatch, SessionTenant } from './edge-session.ts'
import { LogCheckpoints } from './log-checkpoints.ts'
import { issueProgressive } from './progressive-bills.ts'
import { loadUnrated, rateUsage } from './rate-usage.ts'
import { emptyChain, type RegisteredAgent, type Sender } from './decide-batch.ts'
import { receiveBatches, type AdmittedBatch } from './receive-batch.ts'
import { ReceiveQueue, groupBatches } from './receive-queue.ts'
import { sealCheckpoint } from './seal-checkpoint.ts'
import { signSnapshot, type SignedSnapshot } from './signed-snapshot.ts'
import { standClock, TenantClock } from './tenant-clock.ts'
import { WaitingCallers } from './waiting-callers.ts'

/** What a tenant's service is made of. */
export interface TenantParts {
  readonly tenant: string
  readonly store: TenantStore
  readonly inForce: CatalogueInForce | null
  readonly signingKey: SigningKey
  readonly clock: Clock
  readonly log: Log
  readonly checkpointEveryMs: number
  /** The store failed and is closed; `repeatable`: opening it again may help. */
  readonly onFailed: (service: TenantService, reason: string, repeatable: boolean) => void
}

/** A fault of a tenant whose store stopped working. */
export type StoreFault = Fault<'store_unavailable'>

/**
 * Runs one tenant: gathers batches, receives them, rates what was received, seals checkpoints. One turn of its loop does
 * one receive transaction and one rating transaction, then lets the rest of the process work. The first write that fails
 * ends the service: nothing is retried on a store whose state is in doubt.
 */
export class TenantService implements SessionTenant {
  readonly tenant: string
  readonly store: TenantStore
  readonly reports: AgentReports
  readonly checkpoints: LogCheckpoints
  /** What everything of the tenant is dated by. */
  readonly clock: TenantClock
  readonly #parts: TenantParts
  readonly #log: Log
  readonly #sessions = new Map<string, AgentSession>()
  readonly #queue = new ReceiveQueue()
  readonly #callers: WaitingCallers
  #inForce: CatalogueInForce | null
  #snapshot: SignedSnapshot | null = null
  /** Batches received and not rated, decoded; in step with the cursor unless there is a backlog in the file. */
  #admitted: AdmittedBatch[] = []
  #backlog: boolean
  #turn: Timer | null = null
  #checkpointTimer: Timer | null = null
  #stopped = false

  constructor(parts: TenantParts) {
    this.#parts = parts
    this.tenant = parts.tenant
    this.store = parts.store
    this.#log = parts.log.child({ tenant: parts.tenant })
    this.clock = new TenantClock(parts.clock)
    this.#callers = new WaitingCallers(this.clock)
    this.#inForce = parts.inForce
    standClock(this.clock, this.#inForce, this.store)
    this.checkpoints = new LogCheckpoints(this.store, parts.tenant, parts.signingKey.publicKeyBase64)
    this.reports = new AgentReports(this.store.reports.list(), this.clock, (rows) => {
      this.attempt(() => this.store.commitReports(rows))
    })
    this.#backlog = this.store.batches.countAfter(this.store.ratingCursor()) > 0
    if (this.#backlog) this.#wake()
  }

  get inForce(): CatalogueInForce | null {
    return this.#inForce
  }

  get connectedAgents(): readonly string[] {
    return [...this.#sessions.keys()]
  }

  registeredAgent(agent: string): RegisteredAgent | null {
    return this.#inForce?.agents.get(agent) ?? null
  }

  /** Decides about a hello; evidence it gives rise to is kept. */
  hello(hello: Hello, sender: Sender): HelloDecision {
    const chain = this.attempt(() => this.store.batches.chain(sender.agent, hello.epoch) ?? emptyChain)
    if (!chain.ok) return unavailable(chain.fault)
    const decision = decideHello(
      hello,
      sender,
      this.registeredAgent(sender.agent),
      chain.value,
      this.checkpoints.generation,
    )
    if (decision.kind === 'refuse' && decision.refusal.evidence) {
      const row = helloEvidence(hello, decision.refusal, sender, this.clock.wallMs())
      const kept = this.attempt(() => this.store.commitEvidence([row], { logSize: this.store.log.size }))
      // Who is refused for good without a trace could say afterwards that nothing was wrong: asked again, it is kept.
      if (!kept.ok) return unavailable(kept.fault)
    }
    return decision
  }

  /** A session passed its hello. The agent's earlier session, which it must have lost, ends. */
  opened(session: AgentSession, sender: Sender, hello: Hello): void {
    const earlier = this.#sessions.get(sender.agent)
    this.#sessions.set(sender.agent, session)
    if (earlier !== undefined && earlier !== session) {
      earlier.refuse('busy', 'The agent opened a newer session.', false)
    }
    session.offerSnapshot(this.currentSnapshot())
    this.attempt(() => {
      const dispute = this.checkpoints.compare(sender.agent, hello.checkpoint)
      if (dispute !== null) this.#log.error('an agent holds another log', { agent: sender.agent, dispute })
      session.offerCheckpoint(this.checkpoints)
    })
  }

  ended(session: AgentSession, sender: Sender): void {
    if (this.#sessions.get(sender.agent) === session) this.#sessions.delete(sender.agent)
  }

  /** Takes a batch to be received; false when too much waits already. */
  enqueue(batch: QueuedBatch): boolean {
    if (this.#stopped || !this.#queue.push(batch)) return false
    this.#wake()
    return true
  }

  /** Resolves once everything that is received by now is rated; no batch is received in between. */
  caughtUp(): Promise<Result<null, StoreFault>> {
    if (this.#stopped) return Promise.resolve(failed(this.#storeFault()))
    if (!this.hasUnrated) return Promise.resolve(ok(null))
    this.#wake()
    return this.#callers.untilCaughtUp()
  }

  /** Whether anything received waits to be rated. */
  get hasUnrated(): boolean {
    return this.#backlog || this.#admitted.length > 0
  }

  /** Lets everything else work for a moment in the middle of a long command. */
  pause(): Promise<Result<null, StoreFault>> {
    if (this.#stopped) return Promise.resolve(failed(this.#storeFault()))
    return this.#callers.pause()
  }

  /** Puts a newer catalogue in force: sessions of agents it no longer knows end, the others get their new snapshot. */
  putInForce(inForce: CatalogueInForce): void {
    this.#inForce = inForce
    if (!this.clock.isOwn) standClock(this.clock, inForce, this.store)
    this.#snapshot = null
    for (const [agent, session] of this.#sessions) {
      session.reconsider(this.registeredAgent(agent))
      session.offerSnapshot(this.currentSnapshot())
    }
    this.scheduleCheckpoint()
  }

  /** What agents enforce now: made when it is first asked for. */
  currentSnapshot(): SignedSnapshot {
    assertThat(this.#inForce !== null, 'only agents of a catalogue have sessions')
    this.#snapshot ??= signSnapshot(this.#inForce, this.#parts.signingKey)
    return this.#snapshot
  }

  /** Runs something that writes. When it throws, the service fails as a whole and the caller gets a fault. */
  attempt<Value>(work: () => Value): Result<Value, StoreFault> {
    if (this.#stopped) return failed(this.#storeFault())
    try {
      return ok(work())
    } catch (error) {
      this.#fail(error)
      return failed(this.#storeFault())
    }
  }

  /** Signs the head of the log now. */
  sealCheckpoint(): Result<number, StoreFault> {
    this.#checkpointTimer?.cancel()
    this.#checkpointTimer = null
    const { tenant, store } = this
    const { signingKey } = this.#parts
    return this.attempt(() => {
      const size = sealCheckpoint(store, tenant, signingKey, this.clock.wallMs())
      for (const session of this.#sessions.values()) session.offerCheckpoint(this.checkpoints)
      return size
    })
  }

  /** Signs the head of the log soon, with whatever else comes until then. */
  scheduleCheckpoint(): void {
    if (this.#checkpointTimer !== null || this.#stopped) return
    this.#checkpointTimer = this.clock.after(this.#parts.checkpointEveryMs, () => {
      this.#checkpointTimer = null
      this.sealCheckpoint()
    })
  }

  /** Ends sessions, seals a checkpoint and closes the file. What is not rated yet is rated after the next start. */
  close(): void {
    if (this.#stopped) return
    for (const session of this.#sessions.values()) session.refuse('shutting_down', 'The aggregator stops.', false)
    this.reports.write()
    this.sealCheckpoint()
    this.#stop()
  }

  /** Stops as a power cut would. */
  kill(): void {
    if (this.#stopped) return
    for (const session of this.#sessions.values()) session.abandon()
    this.#stop()
  }

  #wake(): void {
    if (this.#turn !== null || this.#stopped) return
    this.#turn = this.clock.after(0, () => {
      this.#turn = null
      this.#takeTurn()
    })
  }

  #takeTurn(): void {
    try {
      // While somebody waits for the rating to catch up nothing new is received, or it might never do so.
      if (!this.#callers.forRating) this.#receive()
      // Whoever hears a receipt may end the service.
      if (this.#stopped) return
      this.#rate()
    } catch (error) {
      this.#fail(error)
      return
    }
    if (!this.hasUnrated) this.#callers.ratingCaughtUp(ok(null))
    if (this.#queue.length > 0 || this.hasUnrated) this.#wake()
  }

  #receive(): void {
    const group = this.#queue.takeGroup()
    if (group.length === 0) return
    const nowMs = this.clock.wallMs()
    const received = receiveBatches(this.store, (agent) => this.registeredAgent(agent), group, nowMs)
    // A backlog is read from the file in order, these batches at its end.
    if (!this.#backlog) this.#admitted.push(...received.admitted)
    if (received.admitted.length > 0) this.scheduleCheckpoint()
    for (const [index, { session }] of group.entries()) session.answer(received.answers[index] ?? null)
  }

  #rate(): void {
    if (this.#inForce === null) return
    if (this.#backlog) {
      this.#admitted = loadUnrated(this.store, groupBatches)
      this.#backlog = this.#admitted.length === groupBatches
    }
    if (this.#admitted.length === 0) return
    const batches = this.#admitted.splice(0, groupBatches)
    const { writes, expected } = rateUsage(this.store, this.#inForce, batches, this.clock.wallMs())
    this.store.commitRated(writes, expected)
    issueProgressive(this.store, this.#inForce, writes.charged, this.clock.wallMs())
    this.scheduleCheckpoint()
  }

  #fail(error: unknown): void {
    if (this.#stopped) return
    const reason = error instanceof Error ? error.message : String(error)
    // A bug or damaged data would fail again; a full or absent disk may recover.
    const repeatable = !(error instanceof AssertionFailure) && !(error instanceof FaultError)
    this.#log.error('tenant failed', { reason, repeatable, error })
    const text = 'The tenant has no working store at the moment. Try again later.'
    for (const session of this.#sessions.values()) session.refuse('store_unavailable', text, false)
    this.#stop()
    this.#parts.onFailed(this, reason, repeatable)
  }

  #stop(): void {
    this.#stopped = true
    this.#turn?.cancel()
    this.#checkpointTimer?.cancel()
    this.reports.cancel()
    this.#queue.clear()
    this.#callers.end(failed(this.#storeFault()))
    this.store.close()
  }

  #storeFault(): StoreFault {
    return fault('store_unavailable', `The books of ${this.tenant} cannot be written at the moment; see "status".`)
  }
}
