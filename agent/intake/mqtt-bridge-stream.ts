import { Duplex } from 'node:stream'

/** What the stream below needs from the connection it belongs to. */
export interface StreamSide {
  /** The client library has room for further packets. */
  onSessionRoom(): void
  /** Whole packets from the client library for the broker. `done` is called once more may come. */
  writePackets(bytes: Buffer, asksForPing: boolean, done: () => void): void
  /** The client library has written its last packet. */
  onSessionEnd(): void
}

const pingRequest = 0xc0
const pingResponse = Buffer.of(0xd0, 0)

/**
 * The stream mqtt.js takes for its socket. It reads only the packets that are its business (CONNACK, SUBACK, PINGRESP,
 * DISCONNECT and the like; no PUBLISH), and what it writes reaches the socket in whole packets: mqtt-packet corks the
 * stream while it writes one, so acknowledgements of ours can go between them.
 */
export class BridgeStream extends Duplex {
  readonly #side: StreamSide

  constructor(side: StreamSide) {
    super({ allowHalfOpen: true })
    this.#side = side
  }

  /** Hands a packet over. False: taken, but wait for `onSessionRoom` with the next. */
  deliver(packet: Buffer): boolean {
    return this.push(packet)
  }

  /** Answers a ping in the place of a broker whose answer lies behind messages that cannot be read at the moment. */
  answerPing(): void {
    this.push(pingResponse)
  }

  override _read(): void {
    this.#side.onSessionRoom()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#side.writePackets(chunk, isPing(chunk), done)
  }

  override _final(done: () => void): void {
    this.#side.onSessionEnd()
    done()
  }

  override _writev(chunks: { chunk: Buffer; encoding: BufferEncoding }[], done: () => void): void {
    const bytes = Buffer.concat(chunks.map(({ chunk }) => chunk))
    this.#side.writePackets(
      bytes,
      chunks.some(({ chunk }) => isPing(chunk)),
      done,
    )
  }
}

function isPing(packet: Buffer): boolean {
  return packet.length === 2 && packet[0] === pingRequest
}
