import type { Socket } from 'node:net'
import type { Acknowledger } from '../flow/ports.ts'
import { AedesSide, type SocketSide } from './mqtt-aedes-side.ts'
import { ClientDeadlines } from './mqtt-deadlines.ts'
import type { CloseReason, DoorConnection, DoorSide } from './mqtt-door-side.ts'
import { FrameReader, frameStatus, packetTypes, PublishView } from './mqtt-frames.ts'
import { packetIdOf, PendingDeliveries, type PendingForward } from './mqtt-pending.ts'
import { PubackBuffer } from './mqtt-puback.ts'
import { RouteCache } from './mqtt-route-cache.ts'
import type { PublishRoute } from './mqtt-routes.ts'
import type { Identity } from './mqtt-topics.ts'

// A payload one byte over the limit is enough for it to be refused, however long it was.
const longestPayloadBytes = 65_537

/**
 * One client's socket. Cuts its bytes into packets under caps (nothing reaches aedes before a whole CONNECT of a
 * sensible size is there), takes telemetry at QoS 0 and 1 off the socket and into the intake, acknowledges it in groups
 * after its commit, and hands every other packet to aedes.
 */
export class MqttConnection implements Acknowledger, SocketSide, DoorConnection {
  readonly remoteAddress: string
  readonly #socket: Socket
  readonly #door: DoorSide
  readonly #reader: FrameReader
  readonly #publish = new PublishView()
  readonly #routes: RouteCache
  readonly #pubacks = new PubackBuffer()
  readonly #pending: PendingDeliveries
  readonly #deadlines: ClientDeadlines
  readonly #aedesSide: AedesSide
  readonly #filters = new Set<string>()

  #state: 'new' | 'connecting' | 'ready' | 'closed' = 'new'
  #identity: Identity = null
  #advancing = false
  #packetWaits = false
  #reading = true
  #aedesHasRoom = true
  #heldBytes = 0

  constructor(socket: Socket, door: DoorSide) {
    this.remoteAddress = socket.remoteAddress ?? ''
    this.#socket = socket
    this.#door = door
    this.#reader = new FrameReader(door.limits.connectBytes)
    this.#aedesSide = new AedesSide(this)
    this.#routes = new RouteCache((topic) => door.routeOf(topic, this.#identity))
    this.#pending = new PendingDeliveries(door.limits.pendingBytesPerConnection)
    this.#deadlines = new ClientDeadlines(door.limits, door.lookEveryMs, door.nowMs)
    socket.on('data', (chunk: Buffer) => this.#onData(chunk))
    socket.on('drain', () => this.#onDrain())
    // What went wrong with the connection shows in its close, which always follows.
    socket.on('error', () => undefined)
    socket.on('close', () => this.close('closed_by_client'))
  }

  get identity(): Identity {
    return this.#identity
  }

  get filters(): ReadonlySet<string> {
    return this.#filters
  }

  /** Notes a filter once; false when it was there. */
  addFilter(filter: string): boolean {
    if (this.#filters.has(filter)) return false
    this.#filters.add(filter)
    return true
  }

  removeFilter(filter: string): boolean {
    return this.#filters.delete(filter)
  }

  /** What the CONNECT asked for: the door watches it, because aedes does not see most packets. 0: never. */
  expectEvery(keepaliveMs: number): void {
    this.#deadlines.expectEvery(keepaliveMs)
  }

  /** The client is who it says it is. */
  accept(identity: Identity): void {
    this.#identity = identity
  }

  /** The CONNACK is on its way: from now on packets are worked on. */
  ready(): void {
    if (this.#state !== 'connecting') return
    this.#state = 'ready'
    this.#deadlines.enter('ready', this.#door.nowMs)
    this.#reader.limitBytes = this.#door.limits.packetBytes
    this.#advance()
  }

  onRoom(): void {
    this.#advance()
  }

  settled(token: number, outcome: 'stored' | 'unavailable'): void {
    const forward = this.#pending.settle(token)
    if (this.#state === 'closed') return
    // Without its PUBACK the client sends the message again once it is connected again (MQTT 3.1.1, section 4.4).
    if (outcome === 'unavailable') return this.close('intake_unavailable')
    const packetId = packetIdOf(token)
    if (packetId !== 0) this.#pubacks.add(packetId)
    if (forward !== null) this.#door.forward(forward.topic, forward.payload, forward.qos)
  }

  flush(): void {
    if (this.#state === 'closed') return
    if (this.#pubacks.length > 0) this.#write(this.#pubacks.take())
    // A packet that waits for the intake goes on with `onRoom`; everything else may go on now.
    if (!this.#reading && !this.#packetWaits) this.#advance()
  }

  overdue(nowMs: number): CloseReason | null {
    return this.#deadlines.passed(nowMs, this.#reading)
  }

  close(reason: CloseReason): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#door.holdBytes(-this.#heldBytes)
    this.#heldBytes = 0
    this.#socket.destroy()
    this.#aedesSide.destroy()
    this.#door.onClosed(this, reason)
  }

  onAedesRoom(): void {
    if (this.#aedesHasRoom) return
    this.#aedesHasRoom = true
    this.#advance()
  }

  writePackets(bytes: Buffer, done: () => void): void {
    if (this.#state === 'closed' || this.#write(bytes)) done()
    else this.#socket.once('drain', done)
  }

  onAedesClosed(): void {
    this.close('closed_by_broker')
  }

  #onData(chunk: Buffer): void {
    if (this.#state === 'closed') return
    this.#deadlines.heard(this.#door.nowMs)
    this.#reader.push(chunk)
    this.#advance()
  }

  #onDrain(): void {
    this.#deadlines.drained()
    this.#advance()
  }

  /** Works on packets until there are no more or something has to be waited for; then stops or restarts the reading. */
  #advance(): void {
    if (this.#advancing || this.#state === 'closed') return
    this.#advancing = true
    while (!this.#isBlocked() && this.#toNextPacket()) {
      this.#packetWaits = !this.#takePacket()
      if (this.#packetWaits) break
    }
    this.#advancing = false
    this.#afterAdvance()
  }

  #afterAdvance(): void {
    if (this.#isClosed()) return
    const heldBytes = this.#reader.heldBytes
    const isWithinCaps = this.#door.holdBytes(heldBytes - this.#heldBytes) || heldBytes <= this.#heldBytes
    this.#heldBytes = heldBytes
    if (!isWithinCaps) return this.close('too_much_held')
    if (this.#state === 'connecting') {
      // Read on: what a client sends early is bounded by this cap and not by what the socket would buffer unseen.
      if (heldBytes > this.#door.limits.earlyBytes) this.close('too_much_before_connack')
      return
    }
    const read = !this.#packetWaits && !this.#isBlocked()
    if (read === this.#reading) return
    this.#reading = read
    if (read) {
      this.#deadlines.heard(this.#door.nowMs)
      this.#socket.resume()
    } else this.#socket.pause()
  }

  #isClosed(): boolean {
    return this.#state === 'closed'
  }

  #isBlocked(): boolean {
    return (
      this.#state === 'connecting' ||
      this.#state === 'closed' ||
      !this.#aedesHasRoom ||
      this.#deadlines.isUnread ||
      this.#pending.isFull
    )
  }

  /** Moves the reader to the next packet unless one still waits; false when there is none. */
  #toNextPacket(): boolean {
    if (this.#packetWaits) return true
    // Another protocol is told by its first byte: no need to wait for a packet as long as it seems to promise.
    if (this.#state === 'new' && this.#reader.firstByte >> 4 !== packetTypes.connect) {
      this.close('connect_missing')
      return false
    }
    let status = this.#reader.next()
    if (status === frameStatus.oversized && this.#isOversizedTelemetry()) {
      this.#reader.truncate()
      status = this.#reader.next()
    }
    if (status === frameStatus.malformed) this.close('packet_malformed')
    if (status === frameStatus.oversized) this.close(this.#state === 'new' ? 'connect_missing' : 'packet_too_large')
    return status === frameStatus.frame
  }

  /**
   * A PUBLISH over the limit at QoS 0 or 1: its beginning goes to suspense and it is acknowledged, or the device would
   * send it again for ever. At QoS 2 it would need aedes' memory of it, so that connection is closed.
   */
  #isOversizedTelemetry(): boolean {
    const head = this.#reader.firstByte
    return this.#state === 'ready' && head >> 4 === packetTypes.publish && ((head >> 1) & 3) < 2
  }

  /** Does what the packet asks for; false when it has to wait and be offered again. */
  #takePacket(): boolean {
    if (this.#state === 'new') return this.#takeConnect()
    const type = (this.#reader.bytes[this.#reader.start] ?? 0) >> 4
    return type === packetTypes.publish ? this.#takePublish() : this.#toAedes()
  }

  #takeConnect(): boolean {
    this.#state = 'connecting'
    this.#deadlines.enter('connecting', this.#door.nowMs)
    this.#door.handToAedes(this.#aedesSide)
    return this.#toAedes()
  }

  #takePublish(): boolean {
    const publish = this.#publish
    if (!publish.read(this.#reader)) {
      this.close('packet_malformed')
      return true
    }
    const { truncated } = this.#reader
    if (publish.qos > 1 || !(this.#door.fastPath || truncated)) return this.#toAedes()
    const route = this.#routes.routeOf(this.#reader.bytes, publish.topicStart, publish.topicEnd)
    if (route === null) {
      if (!truncated) return this.#toAedes()
      this.close('packet_too_large')
      return true
    }
    return this.#submit(route, publish)
  }

  #submit(route: PublishRoute, publish: PublishView): boolean {
    const { bytes } = this.#reader
    const end = Math.min(publish.payloadEnd, publish.payloadStart + longestPayloadBytes)
    const payload = bytes.subarray(publish.payloadStart, end)
    const isForwarded = this.#door.isForwarded(route) && !this.#reader.truncated
    const forward = isForwarded ? this.#copyOf(publish) : null
    const token = this.#pending.add(publish.packetId, payload.length, forward)
    if (this.#door.intake.submit(route.origin, route.kind, payload, this, token)) return true
    this.#pending.withdraw(token)
    this.#door.waitForRoom(this)
    return false
  }

  #copyOf(publish: PublishView): PendingForward {
    const { bytes } = this.#reader
    return {
      topic: bytes.toString('latin1', publish.topicStart, publish.topicEnd),
      payload: Buffer.from(bytes.subarray(publish.payloadStart, publish.payloadEnd)),
      qos: publish.qos === 0 ? 0 : 1,
    }
  }

  #toAedes(): boolean {
    const { bytes, start, end } = this.#reader
    this.#aedesHasRoom = this.#aedesSide.deliver(bytes.subarray(start, end))
    return true
  }

  /** False: taken, but the client has much to read (the stream's high-water mark) before more should be written. */
  #write(bytes: Buffer): boolean {
    if (this.#socket.write(bytes)) return true
    this.#deadlines.unread(this.#door.nowMs)
    return false
  }
}
