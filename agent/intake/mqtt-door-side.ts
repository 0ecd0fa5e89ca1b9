import type { Intake } from '../flow/ports.ts'
import type { AedesSide } from './mqtt-aedes-side.ts'
import type { MqttLimits } from './mqtt-limits.ts'
import type { PublishRoute } from './mqtt-routes.ts'
import type { Identity } from './mqtt-topics.ts'

/** Why a connection was closed; what aedes closes is `closed_by_broker`, what the client closes `closed_by_client`. */
export type CloseReason =
  | 'closed_by_client'
  | 'closed_by_broker'
  | 'connect_missing'
  | 'connect_too_late'
  | 'connect_not_accepted_in_time'
  | 'packet_malformed'
  | 'packet_too_large'
  | 'too_much_before_connack'
  | 'too_much_held'
  | 'keepalive_missed'
  | 'client_does_not_read'
  | 'intake_unavailable'
  | 'door_closed'

/** A connection as the door that keeps it sees it. */
export interface DoorConnection {
  /** The client's IP address. */
  readonly remoteAddress: string
  /** Who the client is; null before it is accepted and for anybody on this machine. */
  readonly identity: Identity
  /** What the client subscribed to. */
  readonly filters: ReadonlySet<string>
  /** False when the filter was not there. */
  removeFilter(filter: string): boolean
  /** The intake has room again. */
  onRoom(): void
  /** Says why the connection has to go, if it has to. */
  overdue(nowMs: number): CloseReason | null
  close(reason: CloseReason): void
}

/** What a connection needs from the door it came through. */
export interface DoorSide {
  readonly intake: Intake
  readonly limits: MqttLimits
  /** False: telemetry goes the way through aedes, with the same outcome. */
  readonly fastPath: boolean
  /** Monotonic milliseconds as of the last look at the clock, at most `lookEveryMs` ago. */
  readonly nowMs: number
  readonly lookEveryMs: number
  /** Gives a stream to aedes, once its connection has sent a CONNECT. */
  handToAedes(side: AedesSide): void
  /** Counts bytes held over all connections; false when that is too many. */
  holdBytes(change: number): boolean
  /** Where a message goes; null where the publisher may not publish. */
  routeOf(topic: string, publisher: Identity): PublishRoute | null
  /** Calls `onRoom` of the connection when the intake has room again. */
  waitForRoom(connection: DoorConnection): void
  /** Whether local clients listen to this telemetry. */
  isForwarded(route: PublishRoute): boolean
  forward(topic: string, payload: Buffer, qos: 0 | 1): void
  onClosed(connection: DoorConnection, reason: CloseReason): void
}
