import type { Acknowledger, DeliveryKind, Intake, Reject } from './ports.ts'

/** One delivery of a request: whose it is, and where in the request its events begin. */
export interface RequestDelivery {
  /** A device, or an `originText`. */
  readonly origin: string
  readonly payload: Uint8Array
  /** Position of its first event in the request. */
  readonly firstPosition: number
  /** How many events it holds; null when nobody has counted them. */
  readonly events: number | null
}

/** What became of a request as a whole. */
export interface RequestOutcome {
  /** `unavailable`: some of it is not stored; what is stored is recognised when the request comes again. */
  readonly outcome: 'stored' | 'unavailable'
  /** What went to suspense, or was refused, with positions in the request. */
  readonly rejected: readonly Reject[]
  /** How many events that is: more than are listed when a group had too many to tell each. */
  readonly rejectedEvents: number
  /** Events that were stored (or were there already), as far as somebody counted: exact as soon as one was rejected. */
  readonly storedEvents: number
}

/**
 * Submits requests of several deliveries each, which are answered as a whole once every delivery is settled: for doors
 * that answer requests. A request that finds no room waits for it, behind those that came before; the door bounds how
 * many bytes may wait.
 */
export class RequestSubmissions {
  readonly #intake: Intake
  readonly #waiting: SubmittedRequest[] = []
  #isClosed = false

  constructor(intake: Intake) {
    this.#intake = intake
    intake.onRoom(() => this.#onRoom())
  }

  /** `done` is called exactly once, after the commit that holds the last delivery; or by `close`. */
  submit(kind: DeliveryKind, deliveries: readonly RequestDelivery[], done: (outcome: RequestOutcome) => void): void {
    const request = new SubmittedRequest(this.#intake, kind, deliveries, done)
    if (this.#isClosed) return request.abandon()
    if (this.#waiting.length > 0 || !request.advance()) this.#waiting.push(request)
  }

  /** Answers `unavailable` to every request that still waits for room, and to all that follow: there will be none. */
  close(): void {
    this.#isClosed = true
    for (const request of this.#waiting.splice(0)) request.abandon()
  }

  #onRoom(): void {
    let taken = 0
    for (const request of this.#waiting) {
      if (!request.advance()) break
      taken += 1
    }
    this.#waiting.splice(0, taken)
  }
}

class SubmittedRequest implements Acknowledger {
  readonly #intake: Intake
  readonly #kind: DeliveryKind
  readonly #deliveries: readonly RequestDelivery[]
  readonly #done: (outcome: RequestOutcome) => void
  readonly #rejected: Reject[] = []
  /** Events of deliveries that had rejects, as the journal counted them. */
  readonly #countedEvents = new Map<number, number>()
  #rejectedEvents = 0
  #submitted = 0
  #settled = 0
  #isUnavailable = false
  #isDone = false

  constructor(
    intake: Intake,
    kind: DeliveryKind,
    deliveries: readonly RequestDelivery[],
    done: (outcome: RequestOutcome) => void,
  ) {
    this.#intake = intake
    this.#kind = kind
    this.#deliveries = deliveries
    this.#done = done
  }

  /** Submits as much as there is room for; false when something is left that has to wait. */
  advance(): boolean {
    while (!this.#isUnavailable) {
      const delivery = this.#deliveries[this.#submitted]
      if (delivery === undefined) break
      const token = this.#submitted
      this.#submitted += 1
      if (!this.#intake.submit(delivery.origin, this.#kind, delivery.payload, this, token)) {
        this.#submitted -= 1
        return false
      }
    }
    this.#finish()
    return true
  }

  abandon(): void {
    this.#isUnavailable = true
    this.#finish()
  }

  rejected(token: number, reject: Reject): void {
    const first = this.#deliveries[token]?.firstPosition ?? 0
    this.#rejected.push({ ...reject, index: first + reject.index })
    this.#rejectedEvents += 1 + (reject.more ?? 0)
    this.#countedEvents.set(token, reject.events)
  }

  settled(_token: number, outcome: 'stored' | 'unavailable'): void {
    this.#settled += 1
    if (outcome === 'unavailable') this.#isUnavailable = true
  }

  flush(): void {
    this.#finish()
  }

  /** Answers once nothing of it is under way, and nothing more is going to be submitted. */
  #finish(): void {
    const isWhole = this.#submitted === this.#deliveries.length || this.#isUnavailable
    if (this.#isDone || !isWhole || this.#settled < this.#submitted) return
    this.#isDone = true
    this.#done({
      outcome: this.#isUnavailable ? 'unavailable' : 'stored',
      rejected: this.#rejected,
      rejectedEvents: this.#rejectedEvents,
      storedEvents: this.#events() - this.#rejectedEvents,
    })
  }

  #events(): number {
    let events = 0
    for (const [token, delivery] of this.#deliveries.entries()) {
      events += this.#countedEvents.get(token) ?? delivery.events ?? 0
    }
    return events
  }
}
