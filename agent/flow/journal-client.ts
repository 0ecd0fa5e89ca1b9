import type { Clock } from '@meterline/shared/base/clock.ts'
import { failed, fault, type Fault, type Result } from '@meterline/shared/base/errors.ts'
import type { ClockReading } from '@meterline/shared/model/usage-record.ts'
import type { VerifiedHead } from '../domain/checkpoint-trust.ts'
import type { BatchReceipt, ChainPosition, TakeBackOrder, TakeBackOutcome } from '../domain/uplink-types.ts'
import type { LogEvidence } from '../store/log-trust-table.ts'
import type { FilledGroup } from './group.ts'
import type { GroupReply, JournalPort, JournalProgress, JournalReply, StoreFault, StoredBatch } from './journal-port.ts'
import { JournalQuestions } from './journal-questions.ts'
import { JournalSnapshots } from './journal-snapshots.ts'
import { answer, type Waiting } from './journal-waiting.ts'
import type { DiscardedRow, DiscardOrder, ReplayPage, ReplaySelection } from './suspense-port.ts'

/** How long what is due waits after it could not be written. */
const pauseAfterFaultMs = 1000

/** The most that may wait for a reply at once: a group, a load, a snapshot and what is due by time. */
const waitingLimit = 16

/** All readings of a clock at one moment. */
export function readClock(clock: Clock): ClockReading {
  return {
    bootId: clock.bootId,
    monotonicMs: clock.monotonicMs(),
    wallMs: clock.wallMs(),
    syncState: clock.syncState(),
  }
}

/**
 * The flow's side of the journal: keeps who waits for which reply, lets receipts ride with the next request, and asks
 * for what is due by time: sealing the open batch when it has lingered, deleting settled batches.
 */
export class JournalClient {
  /** Questions that change nothing. */
  readonly questions: JournalQuestions
  /** What it keeps of snapshots and subjects. */
  readonly snapshots: JournalSnapshots
  readonly #port: JournalPort
  readonly #clock: Clock
  readonly #lingerMs: number
  readonly #waiting: Waiting[] = []
  #receipts: BatchReceipt[] = []
  /** Verified and not handed to the journal yet. */
  #verifiedHead: VerifiedHead | null = null
  #chain: ChainPosition
  #progress: JournalProgress
  #tendAtMs: number | null = null
  /** After a commit that failed, such as on a full disk, what is due waits a little. */
  #tendNotBeforeMs = 0
  #cancelTend: (() => void) | null = null
  #failure: Fault | null = null
  #ended = false
  #onGrown: () => void = ignore
  #onProgress: () => void = ignore
  #onFailure: (fault: Fault) => void = ignore

  constructor(port: JournalPort, clock: Clock, lingerMs: number) {
    this.questions = new JournalQuestions(port)
    this.snapshots = new JournalSnapshots(
      (request, waiting) => {
        if (this.#failure !== null || this.#ended) return
        this.#waiting.push(waiting)
        this.#port.post(request)
      },
      () => readClock(this.#clock),
    )
    this.#port = port
    this.#clock = clock
    this.#lingerMs = lingerMs
    this.#chain = port.opening.chain
    this.#progress = port.opening.progress
    port.listen({ onReply: (reply) => this.#replied(reply), onFailure: (failure) => this.#failed(failure) })
    this.#planTend()
  }

  get chain(): ChainPosition {
    return this.#chain
  }

  get progress(): JournalProgress {
    return this.#progress
  }

  /** The first batch that could be sent again or is still to be sent; 0 when there is none. */
  get resendableFromSeq(): number {
    return this.#progress.resendableFromSeq
  }

  /** Why the journal answers nothing more, or null while it does. */
  get failure(): Fault | null {
    return this.#failure
  }

  /** Called when the chain has moved: a batch was sealed, or left the outbox. */
  onGrown(listener: () => void): void {
    this.#onGrown = listener
  }

  /** Called after every reply: `progress` may be another. */
  onProgress(listener: () => void): void {
    this.#onProgress = listener
  }

  /** Called once when the journal is gone for good. */
  onFailure(listener: (fault: Fault) => void): void {
    this.#onFailure = listener
    if (this.#failure !== null) listener(this.#failure)
  }

  endOfTurn(run: () => void): void {
    this.#port.endOfTurn(() => {
      if (!this.#ended) run()
    })
  }

  /** Has one group committed. */
  apply(group: FilledGroup, done: (reply: GroupReply) => void): void {
    const failure = this.#failure
    if (failure !== null) return this.endOfTurn(() => done(this.#unanswered(failure)))
    this.#waiting.push({ kind: 'group', done })
    this.#port.post({ kind: 'group', group, receipts: this.#takeReceipts(), at: readClock(this.#clock) })
  }

  /** Reads sealed batches from the outbox, in sequence from `fromSeq` on. */
  load(fromSeq: number, maxCount: number, maxBytes: number, done: (batches: readonly StoredBatch[]) => void): void {
    if (this.#failure !== null || this.#ended) return
    this.#waiting.push({ kind: 'load', done })
    this.#port.post({ kind: 'load', fromSeq, maxCount, maxBytes })
  }

  /** A batch may leave the outbox. Rides with the next request, or goes with one of its own after the linger. */
  settle(receipt: BatchReceipt): void {
    this.#receipts.push(receipt)
    this.#planTend()
  }

  /** Stores a verified head of the aggregator's log. Rides with the next request, or with one after the linger. */
  keepVerifiedHead(head: VerifiedHead): void {
    this.#verifiedHead = head
    this.#postVerifiedHead()
  }

  /** Keeps the evidence, if there is any, and lets no settled batch go until a checkpoint is verified again. */
  doubtLog(evidence: LogEvidence | null, done: (fault: StoreFault | null) => void): void {
    if (this.#failure !== null || this.#ended) return
    // Stored after it, an earlier one would end the doubt.
    this.#verifiedHead = null
    this.#waiting.push({ kind: 'evidence', done })
    this.#port.post({ kind: 'evidence', evidence, at: readClock(this.#clock) })
  }

  /** Takes settled batches back into the outbox, after the receipts that came before. */
  takeBack(order: TakeBackOrder, done: (outcome: Result<TakeBackOutcome, StoreFault>) => void): void {
    if (this.#failure !== null || this.#ended) return
    // It is of the generation that ends here.
    this.#verifiedHead = null
    this.#waiting.push({ kind: 'take-back', done })
    this.#port.post({ kind: 'take-back', order, receipts: this.#takeReceipts(), at: readClock(this.#clock) })
  }

  /** Reads one page of the suspense again. */
  replay(selection: ReplaySelection, dryRun: boolean): Promise<Result<ReplayPage, StoreFault>> {
    const gone = this.#goneFault()
    if (gone !== null) return Promise.resolve(failed(gone))
    return new Promise((done) => {
      this.#waiting.push({ kind: 'replay', done })
      this.#port.post({ kind: 'replay', selection, dryRun, at: readClock(this.#clock) })
    })
  }

  discard(discard: DiscardOrder): Promise<Result<readonly DiscardedRow[], StoreFault>> {
    const gone = this.#goneFault()
    if (gone !== null) return Promise.resolve(failed(gone))
    return new Promise((done) => {
      this.#waiting.push({ kind: 'discard', done })
      this.#port.post({ kind: 'discard', discard, at: readClock(this.#clock) })
    })
  }

  /** Writes what is due, waits for every reply and closes the journal. */
  async close(): Promise<void> {
    if (this.#ended) return
    if (this.#receipts.length + this.#progress.toBeStored > 0 && this.#failure === null) this.#tend()
    await this.#port.close()
    this.#end()
  }

  /** Lets go of everything at once. */
  kill(): void {
    this.#end()
    this.#port.kill()
  }

  #end(): void {
    this.#ended = true
    this.#cancelTend?.()
    this.#cancelTend = null
    this.#tendAtMs = null
  }

  #replied(reply: JournalReply): void {
    if (this.#ended) return
    const waiting = this.#waiting.shift()
    if (reply.kind === 'tend' && reply.fault !== null) {
      this.#tendNotBeforeMs = this.#clock.monotonicMs() + pauseAfterFaultMs
    }
    this.#progress = reply.progress
    const moved = reply.progress.chain !== null
    if (reply.progress.chain !== null) this.#chain = reply.progress.chain
    this.#planTend()
    if (waiting !== undefined) answer(waiting, reply)
    if (reply.kind === 'checkpoint') this.#postVerifiedHead()
    if (moved) this.#onGrown()
    this.#onProgress()
  }

  #failed(failure: Fault): void {
    if (this.#failure !== null || this.#ended) return
    this.#failure = failure
    this.#cancelTend?.()
    for (const waiting of this.#waiting.splice(0)) {
      if (waiting.kind === 'group') waiting.done(this.#unanswered(failure))
      else if (waiting.kind === 'replay' || waiting.kind === 'discard') {
        waiting.done(failed(fault('journal_failed', failure.message)))
      }
    }
    this.#onFailure(failure)
  }

  /** One at a time: of heads that come faster than they are taken only the newest counts. */
  #postVerifiedHead(): void {
    const head = this.#verifiedHead
    if (head === null || this.#failure !== null || this.#ended) return
    if (this.#waiting.some(({ kind }) => kind === 'checkpoint')) return
    this.#verifiedHead = null
    this.#waiting.push({ kind: 'checkpoint' })
    this.#port.post({ kind: 'checkpoint', head })
  }

  #goneFault(): StoreFault | null {
    if (this.#failure !== null) return fault('journal_failed', this.#failure.message)
    return this.#ended ? fault('journal_failed', 'the agent has been closed') : null
  }

  #unanswered(failure: Fault): GroupReply {
    const cause = fault('journal_failed', failure.message)
    return { kind: 'group', buffer: null, fault: cause, refused: [], rejects: [], progress: this.#progress }
  }

  #takeReceipts(): readonly BatchReceipt[] {
    const receipts = this.#receipts
    this.#receipts = []
    return receipts
  }

  /** Arms the one timer for the earliest thing that is due; a request that comes before it makes it find nothing to do. */
  #planTend(): void {
    if (this.#ended || this.#failure !== null) return
    const nowMs = this.#clock.monotonicMs()
    const { openSinceMs, toBeStored } = this.#progress
    const sealAtMs = openSinceMs === null ? Infinity : openSinceMs + this.#lingerMs
    const settleAtMs = this.#receipts.length + toBeStored > 0 ? nowMs + this.#lingerMs : Infinity
    const dueAtMs = Math.max(Math.min(sealAtMs, settleAtMs), this.#tendNotBeforeMs)
    if (dueAtMs === Infinity || (this.#tendAtMs !== null && this.#tendAtMs <= dueAtMs)) return
    this.#cancelTend?.()
    this.#tendAtMs = dueAtMs
    const timer = this.#clock.after(Math.max(0, dueAtMs - nowMs), () => {
      this.#tendAtMs = null
      this.#cancelTend = null
      this.#tend()
    })
    this.#cancelTend = () => timer.cancel()
  }

  #tend(): void {
    // While so much waits, what is due rides with one of the requests before, or with the next timer.
    if (this.#waiting.length >= waitingLimit) return
    this.#waiting.push({ kind: 'tend' })
    this.#port.post({ kind: 'tend', receipts: this.#takeReceipts(), at: readClock(this.#clock) })
  }
}

function ignore(): void {
  // Nobody listens yet.
}
