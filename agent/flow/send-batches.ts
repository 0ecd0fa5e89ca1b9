import type { Clock, Timer } from '@meterline/shared/base/clock.ts'
import { fault, type Fault } from '@meterline/shared/base/errors.ts'
import type { Log } from '@meterline/shared/base/log.ts'
import type { Random } from '@meterline/shared/base/random.ts'
import {
  checkpointFeature,
  protocolVersion,
  reportFeature,
  snapshotFeature,
  type AggregatorMessage,
  type CheckpointMessage,
  type ReportMessage,
} from '@meterline/shared/wire/messages.ts'
import { nextUplinkState } from '../domain/uplink-state.ts'
import {
  initialUplinkState,
  type TakeBackOrder,
  type UplinkEffect,
  type UplinkEvent,
  type UplinkState,
  type UplinkTimer,
} from '../domain/uplink-types.ts'
import type { JournalIdentity } from '../store/journal.ts'
import type { JournalClient } from './journal-client.ts'
import type { StoredBatch } from './journal-port.ts'
import type { CheckpointKeeper } from './keep-checkpoints.ts'
import type { OpenUplink } from './ports.ts'
import { SnapshotTalk } from './snapshot-talk.ts'
import { UplinkSession } from './uplink-session.ts'
import type { UplinkStatus } from './uplink-status.ts'
import { uplinkDelayMs, type UplinkTiming } from './uplink-timing.ts'

/**
 * Sends what is sealed: keeps one session with the aggregator, by the state machine of domain/uplink-state.ts, and does
 * what that decides.
 */
export class BatchSender {
  readonly snapshotTalk: SnapshotTalk
  readonly #session: UplinkSession
  readonly #journal: JournalClient
  readonly #checkpoints: CheckpointKeeper
  readonly #identity: JournalIdentity
  readonly #timing: UplinkTiming
  readonly #clock: Clock
  readonly #random: Random
  readonly #log: Log
  readonly #timers = new Map<UplinkTimer, Timer>()
  /** Batches read from the outbox and not sent yet; the window caps them. */
  readonly #ready = new Map<number, StoredBatch>()
  readonly #events: UplinkEvent[] = []
  #stepping = false
  #state: UplinkState = initialUplinkState
  #fault: Fault | null = null
  #onReportWanted: () => void = () => undefined
  /** What the aggregator of the session at hand takes beyond the first version of the protocol. */
  #features: readonly string[] = []
  #sentBatches = 0
  #receipts = 0
  #lastReceiptMs: number | null = null
  #killed = false

  constructor(parts: {
    readonly openUplink: OpenUplink
    readonly journal: JournalClient
    readonly checkpoints: CheckpointKeeper
    readonly identity: JournalIdentity
    readonly timing: UplinkTiming
    readonly clock: Clock
    readonly random: Random
    readonly log: Log
  }) {
    this.#session = new UplinkSession(parts.openUplink, {
      onOpened: () => this.#happened({ kind: 'opened' }),
      onMessage: (message) => this.#heard(message),
      onRoom: () => this.#happened({ kind: 'room' }),
      onLost: (cause) => this.#lost(cause),
    })
    this.snapshotTalk = new SnapshotTalk(
      () => this.#state.phase === 'verifying' || this.#state.phase === 'streaming',
      (request) => void (this.#killed || this.#session.send(request)),
    )
    this.#journal = parts.journal
    this.#checkpoints = parts.checkpoints
    this.#identity = parts.identity
    this.#timing = parts.timing
    this.#clock = parts.clock
    this.#random = parts.random
    this.#log = parts.log
    this.#journal.onGrown(() => this.#happened({ kind: 'grown' }))
  }

  get status(): UplinkStatus {
    const inFlight = this.#state.phase === 'streaming' ? this.#state.inFlight.length : 0
    return {
      state: this.#state.phase,
      fault: this.#fault,
      inFlight,
      sentBatches: this.#sentBatches,
      receipts: this.#receipts,
      lastReceiptMs: this.#lastReceiptMs,
    }
  }

  /** Whether there is a session whose aggregator takes reports. */
  get takesReports(): boolean {
    return this.#state.phase === 'streaming' && this.#features.includes(reportFeature)
  }

  /** Called whenever a session begins whose aggregator takes reports. */
  onReportWanted(listener: () => void): void {
    this.#onReportWanted = listener
  }

  /** Sends a report if there is anybody to take it; otherwise it is lost, and the next session begins with a new one. */
  report(report: ReportMessage): void {
    // It is small and seldom: whether the transport has room is for the batches to ask.
    if (this.takesReports && !this.#killed) this.#session.send(report)
  }

  start(): void {
    this.#happened({ kind: 'timer', timer: 'retry' })
  }

  /** Ends the session and sends nothing more. */
  stop(): void {
    this.#happened({ kind: 'stop' })
  }

  /** Lets go of everything without a word. The link is closed, as the system would close a dead process's sockets. */
  kill(): void {
    if (this.#killed) return
    this.#killed = true
    for (const timer of this.#timers.values()) timer.cancel()
    this.#timers.clear()
    this.#close()
  }

  /** One event at a time: what the effects of one make happen at once is taken up after they are all performed. */
  #happened(event: UplinkEvent): void {
    this.#events.push(event)
    if (this.#stepping) return
    this.#stepping = true
    for (let next = this.#events.shift(); next !== undefined; next = this.#events.shift()) this.#step(next)
    this.#stepping = false
  }

  #step(event: UplinkEvent): void {
    if (this.#killed) return
    const { tenant, epoch } = this.#identity
    const { chain, resendableFromSeq } = this.#journal
    const facts = { tenant, epoch, chain, resendableFromSeq, trust: this.#checkpoints.trust }
    const before = this.#state
    const { state, effects } = nextUplinkState(before, event, facts)
    this.#state = state
    if (state.phase !== before.phase) this.#log.info('uplink', { state: state.phase, was: before.phase })
    if (state.phase === 'streaming' && before.phase !== 'streaming') this.#fault = null
    for (const effect of effects) this.#perform(effect)
  }

  #perform(effect: UplinkEffect): void {
    switch (effect.kind) {
      case 'open':
        return this.#session.open()
      case 'close':
        return this.#close()
      case 'hello':
        return this.#greet()
      case 'load':
        return this.#load(effect.fromSeq, effect.maxCount, effect.maxBytes)
      case 'send':
        return this.#send(effect.seq)
      case 'settle':
        this.#receipts += 1
        this.#lastReceiptMs = this.#clock.wallMs()
        return this.#journal.settle(effect.receipt)
      case 'take-back':
        return this.#takeBack(effect.order)
      case 'keep-evidence':
        return this.#checkpoints.contradictedByRestore(effect.fault)
      case 'arm':
        return this.#arm(effect.timer, effect.attempt)
      case 'disarm':
        this.#timers.get(effect.timer)?.cancel()
        this.#timers.delete(effect.timer)
        return
      case 'report':
        this.#fault = effect.fault
        this.#log.warn('uplink fault', { ...effect.fault })
    }
  }

  /** The link is gone by itself. */
  #lost(cause: Fault): void {
    this.#ready.clear()
    this.#fault = cause
    this.#log.info('uplink lost', { code: cause.code, message: cause.message })
    this.#happened({ kind: 'closed' })
  }

  #close(): void {
    this.#ready.clear()
    this.#session.close()
  }

  #greet(): void {
    const { tenant, agent, epoch } = this.#identity
    const { sealedSeq, sealedHash } = this.#journal.chain
    this.#session.send({
      kind: 'hello',
      protocolVersion,
      tenant,
      agent,
      epoch,
      lastSealedSeq: sealedSeq,
      chainHash: sealedHash,
      snapshotHash: this.snapshotTalk.heldHash,
      features: [checkpointFeature, snapshotFeature],
      checkpoint: this.#checkpoints.held,
      retainedFromSeq: this.#journal.resendableFromSeq,
    })
  }

  #heard(message: AggregatorMessage): void {
    switch (message.kind) {
      case 'welcome':
        this.#features = message.features
        this.#happened({ ...message, restore: this.#checkpoints.readRestore(message.restore) })
        if (this.takesReports) this.#onReportWanted()
        this.snapshotTalk.welcomed(message.features)
        return
      case 'receipt':
        return this.#happened({ kind: 'receipt', receipt: message })
      case 'refusal': {
        const { code, message: text, seq, permanent } = message
        return this.#happened({ kind: 'refusal', fault: fault(code, text, { seq }), seq, permanent })
      }
      case 'snapshot':
      case 'snapshot-part':
      case 'subject-answer':
        return this.snapshotTalk.heard(message)
      case 'checkpoint':
        return this.#judge(message)
    }
  }

  #judge(message: CheckpointMessage): void {
    const { phase } = this.#state
    // Before the welcome it is not known which generation it would have to be of.
    if (phase !== 'verifying' && phase !== 'streaming') return
    const distrust = this.#checkpoints.take(message)
    this.#happened(distrust === null ? { kind: 'trusted' } : { kind: 'distrusted', fault: distrust })
  }

  #takeBack(order: TakeBackOrder): void {
    this.#checkpoints.takeBack(order, (outcome) => {
      if (outcome.ok) this.#happened({ kind: 'taken-back', outcome: outcome.value })
      else this.#happened({ kind: 'not-taken-back', fault: outcome.fault })
    })
  }

  #load(fromSeq: number, maxCount: number, maxBytes: number): void {
    if (!this.#session.isOpen) return
    const { number } = this.#session
    this.#journal.load(fromSeq, maxCount, maxBytes, (batches) => {
      if (number !== this.#session.number) return
      for (const batch of batches) this.#ready.set(batch.seq, batch)
      const loaded = batches.map(({ seq, batchHash, header, signature, body }) => ({
        seq,
        batchHash,
        bytes: header.length + signature.length + body.length,
      }))
      this.#happened({ kind: 'loaded', batches: loaded })
    })
  }

  #send(seq: number): void {
    const batch = this.#ready.get(seq)
    if (batch === undefined || !this.#session.isOpen) return
    this.#ready.delete(seq)
    this.#sentBatches += 1
    const { header, signature, body } = batch
    const room = this.#session.send({ kind: 'batch', header, signature, body })
    this.#happened({ kind: 'sent', room })
  }

  #arm(timer: UplinkTimer, attempt: number): void {
    this.#timers.get(timer)?.cancel()
    const delayMs = uplinkDelayMs(timer, attempt, this.#timing, this.#random)
    this.#timers.set(
      timer,
      this.#clock.after(delayMs, () => {
        this.#timers.delete(timer)
        this.#happened({ kind: 'timer', timer })
      }),
    )
  }
}
