import type { Clock, Timer } from '@meterline/shared/base/clock.ts'
import type { Fault } from '@meterline/shared/base/errors.ts'
import { usageEventLimits } from '@meterline/shared/model/usage-event.ts'
import type { ClockReading } from '@meterline/shared/model/usage-record.ts'
import { DeviceNumbers, GroupFiller, type GroupLimits } from './group.ts'
import { readClock, type JournalClient } from './journal-client.ts'
import type { GroupReply } from './journal-port.ts'
import type { Acknowledger, DeliveryKind, Intake, Reject } from './ports.ts'

/** How deliveries are gathered into group commits. */
export interface IngestLimits extends GroupLimits {
  /** How long the first delivery of a group may wait for more while the journal is idle; 0: one turn of the event loop. */
  readonly commitDelayMs: number
  /** Device names remembered on both sides before their numbering starts anew. */
  readonly devices: number
}

/**
 * Commits of several deliveries follow each other at this distance at least. Each costs about as much as forty events
 * (and a write to the disk), so commits of a handful, one right after the other, would use up the processor.
 */
const busySpacingMs = 4

/** A payload above the cap is cut to one byte more than the cap: enough to be told too large, and to keep as evidence. */
const longestCopyBytes = usageEventLimits.payloadBytes + 1

/** The deliveries of one group on this side: who is told about which of them. */
interface Batchful {
  readonly filler: GroupFiller
  readonly acknowledgers: Acknowledger[]
  readonly tokens: number[]
}

/**
 * The way in: gathers deliveries into groups, has one group committed at a time while the next one fills, and tells
 * every door what became of its deliveries, in the order they came, once the commit is on the disk.
 */
export class Ingest implements Intake {
  readonly #journal: JournalClient
  readonly #clock: Clock
  readonly #limits: IngestLimits
  readonly #devices: DeviceNumbers
  readonly #roomListeners: (() => void)[] = []
  readonly #rejectListeners: ((reject: Reject) => void)[] = []
  #filling: Batchful
  #spare: Batchful
  #startedAt: ClockReading | null = null
  #committing = false
  #committedDeliveries = 0
  #committedAtMs = 0
  #scheduled = false
  #delay: Timer | null = null
  #roomWanted = false
  #stopped = false
  #refusedDeliveries = 0
  #lastFault: Fault | null = null
  #onFault: (fault: Fault | null) => void = () => undefined

  constructor(journal: JournalClient, clock: Clock, limits: IngestLimits) {
    this.#journal = journal
    this.#clock = clock
    this.#limits = limits
    this.#devices = new DeviceNumbers(limits.devices)
    this.#filling = emptyBatchful(limits)
    this.#spare = emptyBatchful(limits)
  }

  /** Deliveries answered `unavailable` since the start. */
  get refusedDeliveries(): number {
    return this.#refusedDeliveries
  }

  /** Why the group before was not stored; null when it was. */
  get lastFault(): Fault | null {
    return this.#lastFault
  }

  /** Deliveries that were taken and not answered yet. */
  get waitingDeliveries(): number {
    return this.#filling.tokens.length + this.#spare.tokens.length
  }

  submit(origin: string, kind: DeliveryKind, payload: Uint8Array, acknowledger: Acknowledger, token: number): boolean {
    if (this.#stopped) return false
    const copied = payload.length <= longestCopyBytes ? payload : payload.subarray(0, longestCopyBytes)
    if (!this.#filling.filler.fits(copied.length)) {
      if (this.#committing) {
        this.#roomWanted = true
        return false
      }
      // It was waiting for more and is full now.
      this.#commit()
    }
    const { filler, acknowledgers, tokens } = this.#filling
    let afterMs = 0
    if (this.#startedAt === null) this.#startedAt = readClock(this.#clock)
    else afterMs = this.#clock.monotonicMs() - this.#startedAt.monotonicMs
    filler.add(this.#devices.numberOf(origin), kind, copied, afterMs)
    acknowledgers.push(acknowledger)
    tokens.push(token)
    if (!this.#committing && !this.#scheduled) {
      // Whatever else this turn of the event loop brings belongs to the same group.
      this.#scheduled = true
      this.#journal.endOfTurn(() => {
        if (this.#scheduled && this.#delay === null) this.#schedule()
      })
    }
    return true
  }

  onRoom(listener: () => void): void {
    this.#roomListeners.push(listener)
  }

  onReject(listener: (reject: Reject) => void): void {
    this.#rejectListeners.push(listener)
  }

  /** Called when groups begin to be refused, with the reason, and with null when they are stored again. */
  onFault(listener: (fault: Fault | null) => void): void {
    this.#onFault = listener
  }

  /** Takes nothing more. What was taken is still committed and answered. */
  stop(): void {
    this.#stopped = true
    if (this.#scheduled) this.#commit()
  }

  /** Forgets everything taken, unanswered, as a crash would. */
  kill(): void {
    this.#stopped = true
    this.#scheduled = false
    this.#delay?.cancel()
    this.#roomListeners.length = 0
    this.#rejectListeners.length = 0
  }

  /** Plans the commit of the group that fills, or does it when it is due already. */
  #schedule(): void {
    const delayMs = this.#stopped ? 0 : this.#delayMs()
    if (delayMs === 0) return this.#commit()
    this.#scheduled = true
    this.#delay = this.#clock.after(delayMs, () => this.#commit())
  }

  #delayMs(): number {
    const startedAtMs = this.#startedAt?.monotonicMs ?? 0
    // A lone publisher that waits for each acknowledgement gains nothing from company that does not come.
    const spacingMs = this.#committedDeliveries > 1 ? busySpacingMs : 0
    const dueAtMs = Math.max(startedAtMs + this.#limits.commitDelayMs, this.#committedAtMs + spacingMs)
    return Math.max(0, dueAtMs - this.#clock.monotonicMs())
  }

  /** Hands the group over and starts the next one. */
  #commit(): void {
    this.#scheduled = false
    this.#delay?.cancel()
    this.#delay = null
    const startedAt = this.#startedAt
    if (startedAt === null || this.#committing) return
    const group = this.#filling
    this.#filling = this.#spare
    this.#spare = group
    this.#startedAt = null
    this.#committing = true
    this.#committedDeliveries = group.tokens.length
    this.#committedAtMs = this.#clock.monotonicMs()
    this.#journal.apply(group.filler.handOver(this.#devices.handOver(), startedAt), (reply) => this.#committed(reply))
  }

  #committed(reply: GroupReply): void {
    const group = this.#spare
    const acknowledgers = group.acknowledgers.splice(0)
    const tokens = group.tokens.splice(0)
    group.filler.takeBack(reply.buffer)
    this.#committing = false
    // The journal gets its next group before the doors are told about this one, so that both work at the same time.
    if (this.#filling.filler.count > 0) this.#schedule()
    this.#settle(acknowledgers, tokens, reply)
    for (const reject of reply.rejects) for (const listener of this.#rejectListeners) listener(reject)
    if (this.#roomWanted && !this.#stopped) {
      this.#roomWanted = false
      for (const listener of this.#roomListeners) listener()
    }
  }

  #settle(acknowledgers: readonly Acknowledger[], tokens: readonly number[], reply: GroupReply): void {
    if (reply.fault?.code !== this.#lastFault?.code) this.#onFault(reply.fault)
    this.#lastFault = reply.fault
    const groupOutcome = reply.fault === null ? 'stored' : 'unavailable'
    if (reply.fault !== null) this.#refusedDeliveries += tokens.length
    else this.#refusedDeliveries += reply.refused.length
    const toFlush = new Set<Acknowledger>()
    let nextRefused = 0
    let nextReject = 0
    let previous: Acknowledger | null = null
    for (let index = 0; index < tokens.length; index++) {
      const acknowledger = acknowledgers[index]
      const token = tokens[index]
      if (acknowledger === undefined || token === undefined) continue
      let outcome: 'stored' | 'unavailable' = groupOutcome
      if (reply.refused[nextRefused] === index) {
        nextRefused += 1
        outcome = 'unavailable'
      }
      for (let reject = reply.rejects[nextReject]; reject?.delivery === index; reject = reply.rejects[nextReject]) {
        acknowledger.rejected?.(token, reject)
        nextReject += 1
      }
      acknowledger.settled(token, outcome)
      // Deliveries come in runs of one socket, so most need no look at the set.
      if (acknowledger !== previous) toFlush.add(acknowledger)
      previous = acknowledger
    }
    for (const acknowledger of toFlush) acknowledger.flush()
  }
}

function emptyBatchful(limits: GroupLimits): Batchful {
  return { filler: new GroupFiller(limits), acknowledgers: [], tokens: [] }
}
