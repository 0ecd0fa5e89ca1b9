import type { Fault } from '@meterline/shared/base/errors.ts'
import type { AgentMessage, AggregatorMessage } from '@meterline/shared/wire/messages.ts'

/** Who is at the other end of an edge session, as its transport established it. */
export interface EdgePeer {
  /** Organisation of the client certificate; null only for plain text on loopback. */
  readonly tenant: string | null
  /** Common name of the client certificate; null only for plain text on loopback. */
  readonly agent: string | null
  readonly address: string
}

/** The aggregator's way to one agent. Nothing is called after `close` or after the session's `onClosed`. */
export interface EdgeLink {
  send(message: AggregatorMessage): void
  /** The session is over, and why; what was sent before still goes out. */
  close(fault: Fault): void
  /** Stop reading: this session holds its share of the receive queue. What still arrives is taken up to a hard cap. */
  pause?(): void
  /** Read on. */
  resume?(): void
}

/** One open session with an agent, whatever carries it. */
export interface EdgeSession {
  onMessage(message: AgentMessage): void
  /** The transport is gone. Batches that were taken are still stored; their receipts come in the next session. */
  onClosed(): void
}
