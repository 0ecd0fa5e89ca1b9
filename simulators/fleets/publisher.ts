import { connect, type IClientOptions, type MqttClient } from 'mqtt'

/** One message to publish and the event ids in it, for the account of what became of each. */
export interface Publication {
  readonly topic: string
  readonly payload: Buffer
}

/** How a device reaches its agent. The password is kept out of logs and process arguments. */
export interface PublisherOptions {
  readonly url: string
  readonly clientId: string
  readonly password?: string
  readonly ca?: string
  /** Messages published and not yet acknowledged, at most. */
  readonly window: number
  /** A message that stays unacknowledged this long is published again with the same id, as QoS 1 allows. */
  readonly retryMs: number
}

/**
 * One device's connection: publishes at QoS 1, keeps at most `window` messages unacknowledged, and publishes again
 * what was not acknowledged in time, also over reconnects. mqtt.js may lose the callback of a message around a
 * reconnect, which is why the retry does not rely on its store.
 */
export class Publisher {
  readonly #client: MqttClient
  readonly #options: PublisherOptions
  #unacknowledged = 0
  #room: (() => void) | null = null
  #closed = false
  acknowledged = 0
  repeats = 0

  private constructor(client: MqttClient, options: PublisherOptions) {
    this.#client = client
    this.#options = options
  }

  static async connect(options: PublisherOptions): Promise<Publisher> {
    const settings: IClientOptions = {
      clientId: options.clientId,
      clean: true,
      reconnectPeriod: 200,
      connectTimeout: 10_000,
      keepalive: 30,
      protocolVersion: 4,
      ...(options.password === undefined ? {} : { username: options.clientId, password: options.password }),
      ...(options.ca === undefined ? {} : { ca: options.ca }),
    }
    const client = connect(options.url, settings)
    await connected(client, options)
    // A lost connection is expected under faults: the client reconnects by itself and unacknowledged messages repeat.
    client.on('error', () => undefined)
    return new Publisher(client, options)
  }

  /** Resolves when the message has been handed over and there is room for the next; `onAcknowledged` runs at its PUBACK. */
  async publish(publication: Publication, onAcknowledged: () => void): Promise<void> {
    while (this.#unacknowledged >= this.#options.window && !this.#closed) {
      await new Promise<void>((resolve) => {
        this.#room = resolve
      })
    }
    if (this.#closed) return
    this.#unacknowledged += 1
    this.#send(publication, onAcknowledged)
  }

  /** Resolves when everything published has been acknowledged. */
  async drained(): Promise<void> {
    while (this.#unacknowledged > 0 && !this.#closed) {
      await new Promise<void>((resolve) => {
        this.#room = resolve
      })
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#room?.()
    await this.#client.endAsync(true)
  }

  #send(publication: Publication, onAcknowledged: () => void): void {
    let answered = false
    const settle = (acknowledged: boolean): void => {
      if (answered || this.#closed) return
      answered = true
      clearTimeout(retry)
      if (!acknowledged) {
        this.repeats += 1
        this.#send(publication, onAcknowledged)
        return
      }
      this.acknowledged += 1
      this.#unacknowledged -= 1
      onAcknowledged()
      const room = this.#room
      this.#room = null
      room?.()
    }
    const retry = setTimeout(() => settle(false), this.#options.retryMs)
    this.#client.publish(publication.topic, publication.payload, { qos: 1 }, (error) => {
      if (error === null || error === undefined) settle(true)
    })
  }
}

/** An agent that is very busy may close a connection before its CONNACK; one that does so again has its reasons. */
const CONNECT_ATTEMPTS = 3

/** Resolves at the first CONNACK; where there is none, the client is ended, or it would go on trying unseen. */
async function connected(client: MqttClient, options: PublisherOptions): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      client.once('connect', () => resolve())
      client.once('error', reject)
      let closed = 0
      client.on('close', () => {
        closed += 1
        if (closed >= CONNECT_ATTEMPTS) reject(new Error(`closed ${closed} times before it was accepted`))
      })
    })
  } catch (error) {
    client.on('error', () => undefined)
    await client.endAsync(true)
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(`${options.clientId} cannot connect to ${options.url}: ${reason}`, { cause: error })
  }
}
