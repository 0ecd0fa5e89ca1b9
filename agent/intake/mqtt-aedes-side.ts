import { Duplex } from 'node:stream'

/** What the stream below needs from the connection it belongs to. */
export interface SocketSide {
  /** Aedes has room for further packets. */
  onAedesRoom(): void
  /** Whole packets from aedes for the client. `done` is called once more may come. */
  writePackets(bytes: Buffer, done: () => void): void
  /** Aedes gave the client up, or the stream was destroyed from this side. */
  onAedesClosed(): void
}

/**
 * The stream aedes takes for a client's socket. It reads only the packets that are its business, and what it writes
 * reaches the socket in whole packets: mqtt-packet corks the stream while it writes one, so that every `_write` and
 * `_writev` holds whole packets, and acknowledgements of ours can go between them.
 */
export class AedesSide extends Duplex {
  readonly connection: SocketSide

  constructor(connection: SocketSide) {
    super({ allowHalfOpen: true })
    this.connection = connection
  }

  /** Hands a packet to aedes. False: taken, but wait for `onAedesRoom` with the next. */
  deliver(packet: Buffer): boolean {
    return this.push(packet)
  }

  override _read(): void {
    this.connection.onAedesRoom()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.connection.writePackets(chunk, done)
  }

  override _writev(chunks: { chunk: Buffer; encoding: BufferEncoding }[], done: () => void): void {
    this.connection.writePackets(Buffer.concat(chunks.map(({ chunk }) => chunk)), done)
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.connection.onAedesClosed()
    done(error)
  }
}
