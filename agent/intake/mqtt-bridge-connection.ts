import type { Duplex } from 'node:stream'
import type { Acknowledger, Intake } from '../flow/ports.ts'
import { bridgeFault, type BridgeFault } from './mqtt-bridge-faults.ts'
import { BridgePending } from './mqtt-bridge-pending.ts'
import { BrokerPublish, type BridgeProtocolVersion } from './mqtt-bridge-publish.ts'
import type { BridgeRoute, BridgeRoutes } from './mqtt-bridge-routes.ts'
import { BridgeStream, type StreamSide } from './mqtt-bridge-stream.ts'
import { FrameReader, frameStatus, packetTypes } from './mqtt-frames.ts'
import { PubackBuffer } from './mqtt-puback.ts'

/** What came over a bridge since the agent was started. */
export interface BridgeCounts {
  /** Messages taken in, whatever became of them. */
  received: number
  /** PUBACKs written. */
  acknowledged: number
  /** Messages that came at QoS 0: what is lost on the way is lost. */
  lossy: number
  /** Messages the broker sent again because it had no acknowledgement. */
  repeated: number
  /** Retained copies that were acknowledged and left alone. */
  retained: number
  /** Messages no subscription asks for (any more): acknowledged and left alone. */
  unmatched: number
}

/** What a connection needs from the bridge it belongs to. */
export interface BridgeSide {
  readonly intake: Intake
  readonly routes: BridgeRoutes
  readonly protocolVersion: BridgeProtocolVersion
  readonly counts: BridgeCounts
  onUnmatched(topic: string): void
  onClosed(fault: BridgeFault): void
}

// A payload one byte over the limit is enough for it to be refused, however long it was.
const longestPayloadBytes = 65_537
/** Room for the longest topic, a payload over its limit, and the properties of MQTT 5; the rest of a frame is not kept. */
const longestFrameBytes = 65_535 + longestPayloadBytes + 4_096
const mostPendingBytes = 4 * 1024 * 1024
const connackType = 2
/** What else a broker may send to a client that only subscribes: CONNACK, SUBACK, PINGRESP and, in MQTT 5, DISCONNECT. */
const sessionTypes: Readonly<Record<BridgeProtocolVersion, readonly number[]>> = {
  4: [connackType, 9, 13],
  5: [connackType, 9, 13, 14],
}

/**
 * One connection to a foreign broker. Cuts its bytes into packets under a cap before anything parses them, takes the
 * messages at QoS 0 and 1 off the socket and into the intake, writes their PUBACKs in groups after the commit, in order
 * and on this connection only, and hands every other packet to the session. Reads on only while the intake has room.
 */
export class BridgeConnection implements Acknowledger, StreamSide {
  readonly stream: BridgeStream
  readonly #socket: Duplex
  readonly #bridge: BridgeSide
  readonly #reader = new FrameReader(longestFrameBytes)
  readonly #publish = new BrokerPublish()
  readonly #pubacks = new PubackBuffer()
  readonly #pending = new BridgePending(mostPendingBytes)
  #isAccepted = false
  #isClosed = false
  #advancing = false
  #packetWaits = false
  #reading = true
  #sessionHasRoom = true
  #isUnread = false

  constructor(socket: Duplex, bridge: BridgeSide) {
    this.#socket = socket
    this.#bridge = bridge
    this.stream = new BridgeStream(this)
    socket.on('data', (chunk: Buffer) => this.#onData(chunk))
    socket.on('drain', () => this.#onDrain())
    socket.on('close', () => this.close(bridgeFault('bridge_lost', 'the connection to the broker was lost')))
    // Its error, if any, is the session's to tell, before this close.
    this.stream.on('error', () => undefined)
    this.stream.on('close', () => this.close(bridgeFault('bridge_closed', 'the session was closed')))
  }

  /** Deliveries that are with the intake and not acknowledged yet. */
  get unsettled(): number {
    return this.#pending.count
  }

  onRoom(): void {
    this.#advance()
  }

  settled(token: number, outcome: 'stored' | 'unavailable'): void {
    if (this.#isClosed) return
    if (outcome === 'unavailable') {
      // A broker sends a message again only on a new connection (MQTT 3.1.1, section 4.4).
      const message = 'this agent could not store a message and has not acknowledged it; the broker sends it again'
      return this.close(bridgeFault('bridge_intake_unavailable', message))
    }
    this.#acknowledge(this.#pending.settle(token))
    this.#acknowledgeSkipped()
  }

  flush(): void {
    if (this.#isClosed) return
    if (this.#pubacks.length > 0) this.#write(this.#pubacks.take())
    // A packet that waits for the intake goes on with `onRoom`; everything else may go on now.
    if (!this.#reading && !this.#packetWaits) this.#advance()
  }

  close(fault: BridgeFault): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#socket.destroy()
    this.stream.destroy()
    this.#bridge.onClosed(fault)
  }

  onSessionRoom(): void {
    if (this.#sessionHasRoom) return
    this.#sessionHasRoom = true
    this.#advance()
  }

  writePackets(bytes: Buffer, asksForPing: boolean, done: () => void): void {
    if (this.#isClosed || this.#write(bytes)) done()
    else this.#socket.once('drain', done)
    // The answer would be read only after messages that wait for the journal: the broker is not silent, we are.
    if (asksForPing && !this.#reading && !this.#isUnread) this.stream.answerPing()
  }

  onSessionEnd(): void {
    this.#socket.end()
  }

  #onData(chunk: Buffer): void {
    if (this.#isClosed) return
    this.#reader.push(chunk)
    this.#advance()
  }

  #onDrain(): void {
    this.#isUnread = false
    this.#advance()
  }

  /** Works on packets until there are no more or something has to be waited for; then stops or restarts the reading. */
  #advance(): void {
    if (this.#advancing || this.#isClosed) return
    this.#advancing = true
    while (!this.#isBlocked() && this.#toNextPacket()) {
      this.#packetWaits = !this.#takePacket()
      if (this.#packetWaits) break
    }
    this.#advancing = false
    this.#afterAdvance()
  }

  #afterAdvance(): void {
    if (this.#isClosed) return
    // Skipped messages have no commit to wait for.
    if (this.#pubacks.length > 0) this.#write(this.#pubacks.take())
    const read = !this.#packetWaits && !this.#isBlocked()
    if (read === this.#reading) return
    this.#reading = read
    if (read) this.#socket.resume()
    else this.#socket.pause()
  }

  #isBlocked(): boolean {
    return this.#isClosed || this.#isUnread || !this.#sessionHasRoom || this.#pending.isFull
  }

  /** Moves the reader to the next packet unless one still waits; false when there is none. */
  #toNextPacket(): boolean {
    if (this.#packetWaits) return true
    let status = this.#reader.next()
    if (status === frameStatus.oversized && this.#isOversizedMessage()) {
      this.#reader.truncate()
      status = this.#reader.next()
    }
    if (status === frameStatus.malformed) {
      this.close(bridgeFault('bridge_packet_malformed', 'the broker sent bytes that are no MQTT packet'))
    }
    if (status === frameStatus.oversized) {
      const message = `the broker sent a packet of more than ${longestFrameBytes} bytes that is no message`
      this.close(bridgeFault('bridge_packet_too_large', message))
    }
    return status === frameStatus.frame
  }

  /** A message over the limit: its beginning goes to suspense and it is acknowledged, or it would come again for ever. */
  #isOversizedMessage(): boolean {
    const head = this.#reader.firstByte
    return this.#isAccepted && head >> 4 === packetTypes.publish && ((head >> 1) & 3) < 2
  }

  /** Does what the packet asks for; false when it has to wait and be offered again. */
  #takePacket(): boolean {
    const { bytes, start, bodyStart, end } = this.#reader
    const type = (bytes[start] ?? 0) >> 4
    if (type === packetTypes.publish) return this.#takePublish()
    if (!sessionTypes[this.#bridge.protocolVersion].includes(type)) {
      this.close(bridgeFault('bridge_protocol_broken', `the broker sent a packet of type ${type}, which it must not`))
      return true
    }
    // MQTT 3.1.1 and MQTT 5, section 3.2.2: flags, then 0 when the connection is accepted.
    if (type === connackType && end - bodyStart >= 2 && bytes[bodyStart + 1] === 0) this.#isAccepted = true
    this.#sessionHasRoom = this.stream.deliver(bytes.subarray(start, end))
    return true
  }

  #takePublish(): boolean {
    const publish = this.#publish
    const { bytes } = this.#reader
    const broken = !this.#isAccepted
      ? bridgeFault('bridge_protocol_broken', 'the broker sent a message before it accepted the connection')
      : !publish.read(this.#reader, this.#bridge.protocolVersion)
        ? bridgeFault('bridge_packet_malformed', 'the broker sent a malformed PUBLISH')
        : publish.qos === 2
          ? bridgeFault('bridge_protocol_broken', 'the broker sent a message at QoS 2, but QoS 1 was subscribed to')
          : null
    if (broken !== null) {
      this.close(broken)
      return true
    }
    const route = this.#bridge.routes.routeOf(bytes, publish.topicStart, publish.topicEnd)
    const isLeftAlone = route === null || (publish.isRetained && !route.takesRetained)
    if (!isLeftAlone && !this.#submit(route)) return false
    this.#count(route, publish)
    if (isLeftAlone && publish.packetId !== 0) {
      this.#pending.skip(publish.packetId)
      this.#acknowledgeSkipped()
    }
    return true
  }

  #submit(route: BridgeRoute): boolean {
    const { payloadStart, payloadEnd, packetId } = this.#publish
    const end = Math.min(payloadEnd, payloadStart + longestPayloadBytes)
    const payload = this.#reader.bytes.subarray(payloadStart, end)
    const token = this.#pending.add(packetId, payload.length)
    if (this.#bridge.intake.submit(route.origin, route.kind, payload, this, token)) return true
    this.#pending.withdraw(token)
    return false
  }

  #count(route: BridgeRoute | null, publish: BrokerPublish): void {
    const { counts } = this.#bridge
    counts.received++
    if (publish.qos === 0) counts.lossy++
    if (publish.isRepeated) counts.repeated++
    if (route === null) {
      counts.unmatched++
      this.#bridge.onUnmatched(this.#reader.bytes.toString('utf8', publish.topicStart, publish.topicEnd))
    } else if (publish.isRetained && !route.takesRetained) counts.retained++
  }

  #acknowledgeSkipped(): void {
    for (let packetId = this.#pending.nextSkipped(); packetId !== 0; packetId = this.#pending.nextSkipped()) {
      this.#acknowledge(packetId)
    }
  }

  #acknowledge(packetId: number): void {
    if (packetId === 0) return
    this.#pubacks.add(packetId)
    this.#bridge.counts.acknowledged++
  }

  /** False: taken, but the broker has much to read (the stream's high-water mark) before more should be written. */
  #write(bytes: Buffer): boolean {
    if (this.#socket.write(bytes)) return true
    this.#isUnread = true
    return false
  }
}
