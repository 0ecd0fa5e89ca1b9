/** Every cap of the MQTT door. Bytes held are bounded by their sum; over a cap comes a close or a pause, never a loss. */
export interface MqttLimits {
  /** Connections at once, over all listeners. Further ones are closed at once. */
  readonly connections: number
  /** A client has this long to send its CONNECT (and to finish a TLS handshake before that). */
  readonly connectMs: number
  /** From CONNECT to CONNACK, the check of the secret included. */
  readonly acceptMs: number
  /** Remaining length of the first packet, which must be a CONNECT. */
  readonly connectBytes: number
  /** Remaining length of every later packet: a payload of 64 KiB, its topic and its packet id. */
  readonly packetBytes: number
  /** What one client may send before its CONNACK. */
  readonly earlyBytes: number
  /** Unfinished and waiting packets of all connections together. */
  readonly heldBytes: number
  /** Deliveries of one connection that are not settled; above it, the connection is not read. Each counts 64 bytes more. */
  readonly pendingBytesPerConnection: number
  /** A client that reads nothing for this long although there is something to read is closed. */
  readonly drainMs: number
  readonly subscriptionsPerClient: number
  /** Messages on their way to local subscribers; above it, further ones are not forwarded (they are metered all the same). */
  readonly forwards: number
  readonly forwardBytes: number
}

/** The caps where the configuration says nothing. */
export const defaultMqttLimits: MqttLimits = {
  connections: 5_000,
  connectMs: 5_000,
  acceptMs: 30_000,
  connectBytes: 4_096,
  packetBytes: 65_536 + 512,
  earlyBytes: 65_536,
  heldBytes: 64 * 1024 * 1024,
  pendingBytesPerConnection: 1024 * 1024,
  drainMs: 10_000,
  subscriptionsPerClient: 32,
  forwards: 10_000,
  forwardBytes: 8 * 1024 * 1024,
}
