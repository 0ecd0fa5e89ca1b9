import type { Fault } from '@meterline/shared/base/errors.ts'
import type { AgentMessage, AggregatorMessage } from '@meterline/shared/wire/messages.ts'

/**
 * What a payload holds: plain or CloudEvents usage, an AI call, or something that a mapping rule of the origin reads.
 */
export type DeliveryKind = 'usage' | 'ai' | 'mapped'

/**
 * The door's side of a delivery: told once per delivery what became of it, in the order of submission, and told to
 * flush once per group commit after all the calls of that group, so that a socket can write its acknowledgements in
 * one piece. `stored` is only ever said after the commit that holds the delivery (its usage records, its duplicates
 * counted, or its rejected parts in suspense) has reached the disk. `unavailable` means: not stored, send it again later.
 */
export interface Acknowledger {
  /** Told before `settled`, for every part of the delivery that went to suspense; for doors that answer each request. */
  rejected?(token: number, reject: Reject): void
  settled(token: number, outcome: 'stored' | 'unavailable'): void
  flush(): void
}

/** What a delivery, or one event of it, was put to suspense or refused for; a door may publish it to the device. */
export interface Reject {
  readonly device: string
  readonly code: string
  readonly message: string
  readonly eventId: string | null
  /** Position of the event in its payload. */
  readonly index: number
  /** How many events its delivery held, this one included. */
  readonly events: number
  /** Further events of the delivery that fared like this one and are not told one by one: a group had too many. */
  readonly more?: number
}

/** The one way into the agent. Doors know their protocol and call this, nothing else. */
export interface Intake {
  /**
   * Hands over one delivery. `payload` is copied at once, so the caller may reuse its buffer; `token` comes back in
   * `acknowledger.settled`. Returns false when the delivery was not taken because the intake holds its cap already:
   * the door stops reading and submits again after `onRoom`. `origin` is the device, or an `originText`.
   */
  submit(origin: string, kind: DeliveryKind, payload: Uint8Array, acknowledger: Acknowledger, token: number): boolean
  /** Called whenever submissions are possible again after one was not taken. */
  onRoom(listener: () => void): void
  /** Called for every event or payload that was put to suspense, after the commit that holds it. */
  onReject(listener: (reject: Reject) => void): void
}

/** What the flow hears from the other end of the uplink. After `onClosed` nothing more is called. */
export interface UplinkHandlers {
  onMessage(message: AggregatorMessage): void
  onRoom(): void
  onClosed(fault: Fault): void
}

/** One open stream to the aggregator. `send` always takes the message; false means: stop until `onRoom`. */
export interface UplinkLink {
  send(message: AgentMessage): boolean
  close(): void
}

/** Opens a new stream; called again by the flow after every `onClosed`, with its own pauses in between. */
export type OpenUplink = (handlers: UplinkHandlers) => UplinkLink
