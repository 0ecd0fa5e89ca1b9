import type { Fault } from '@meterline/shared/base/errors.ts'
import type { AgentMessage, AggregatorMessage } from '@meterline/shared/wire/messages.ts'
import type { OpenUplink, UplinkLink } from './ports.ts'

/** What is heard of a session. */
export interface SessionListener {
  onOpened(): void
  onMessage(message: AggregatorMessage): void
  onRoom(): void
  /** It is gone by itself. */
  onLost(cause: Fault): void
}

/** One session with the aggregator at a time: what a former one still brings is not heard any more. */
export class UplinkSession {
  readonly #openUplink: OpenUplink
  readonly #listener: SessionListener
  #link: UplinkLink | null = null
  #number = 0

  constructor(openUplink: OpenUplink, listener: SessionListener) {
    this.#openUplink = openUplink
    this.#listener = listener
  }

  /** Counts sessions; whoever waits for something in one asks afterwards whether it still is this one. */
  get number(): number {
    return this.#number
  }

  get isOpen(): boolean {
    return this.#link !== null
  }

  open(): void {
    this.#number += 1
    const number = this.#number
    // What a link says while it is being opened must wait until it is known here.
    let opening = true
    let closedWhileOpening: Fault | null = null
    const isCurrent = (): boolean => number === this.#number
    const link = this.#openUplink({
      onMessage: (message) => {
        if (isCurrent()) this.#listener.onMessage(message)
      },
      onRoom: () => {
        if (isCurrent()) this.#listener.onRoom()
      },
      onClosed: (cause) => {
        if (opening) closedWhileOpening = cause
        else if (isCurrent()) this.#lost(cause)
      },
    })
    opening = false
    this.#link = link
    if (closedWhileOpening !== null) this.#lost(closedWhileOpening)
    else this.#listener.onOpened()
  }

  /** False: there is no room for more until `onRoom`. Without a session it goes nowhere. */
  send(message: AgentMessage): boolean {
    return this.#link?.send(message) ?? true
  }

  close(): void {
    const link = this.#link
    this.#number += 1
    this.#link = null
    link?.close()
  }

  #lost(cause: Fault): void {
    this.#number += 1
    this.#link = null
    this.#listener.onLost(cause)
  }
}
