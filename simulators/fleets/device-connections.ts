import type { FleetDevice } from './device-life.ts'
import { Publisher } from './publisher.ts'

/** Connections that are being made at the same time: an agent that checks passwords is kept busy by few. */
const CONNECTING_AT_ONCE = 32
/** Unacknowledged messages of one device at most. */
const DEVICE_WINDOW = 200
const RETRY_MS = 10_000

/** How the devices of a fleet reach their gateways. */
export interface FleetAccess {
  /** MQTT addresses of the gateways, in the order devices are spread over them. */
  readonly urls: readonly string[]
  /** By device; a device without one connects without a password, which agents allow on their own machine only. */
  readonly passwords: Readonly<Record<string, string>>
}

/**
 * One MQTT connection for each device and gateway it uses: at home from the beginning, elsewhere from the first time it
 * roams there.
 */
export class DeviceConnections {
  readonly #access: FleetAccess
  readonly #publishers = new Map<string, Promise<Publisher>>()

  constructor(access: FleetAccess) {
    this.#access = access
  }

  get count(): number {
    return this.#publishers.size
  }

  /** Connects every device to its home gateway, a few at a time. Throws at the first one that cannot. */
  async connectAll(
    devices: readonly FleetDevice[],
    progress: (connected: number) => void,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const waiting = devices.values()
    let connected = 0
    const worker = async (): Promise<void> => {
      for (const device of waiting) {
        if (signal?.aborted === true) return
        await this.publisher(device, device.ordinal % this.#access.urls.length)
        connected += 1
        progress(connected)
      }
    }
    await Promise.all(Array.from({ length: CONNECTING_AT_ONCE }, worker))
  }

  /** The device's connection to a gateway, made when it is not there yet. */
  async publisher(device: FleetDevice, gateway: number): Promise<Publisher> {
    const name = `${device.ordinal} ${gateway}`
    const known = this.#publishers.get(name)
    if (known !== undefined) return await known
    const connecting = this.#connect(device.id, gateway)
    this.#publishers.set(name, connecting)
    return await connecting
  }

  /** Resolves when everything published has been acknowledged. */
  async drained(): Promise<void> {
    for (const publisher of this.#publishers.values()) await (await publisher).drained()
  }

  /** Messages that were sent again because no acknowledgement came in time. */
  async retried(): Promise<number> {
    let retried = 0
    for (const publisher of this.#publishers.values()) retried += (await publisher).repeats
    return retried
  }

  /** Closes what is open; connections that could not be made have nothing to close. */
  async close(): Promise<void> {
    const settled = await Promise.allSettled(this.#publishers.values())
    await Promise.all(settled.map(async (each) => (each.status === 'fulfilled' ? await each.value.close() : undefined)))
  }

  async #connect(device: string, gateway: number): Promise<Publisher> {
    const url = this.#access.urls[gateway]
    if (url === undefined) throw new Error(`the fleet has no gateway ${gateway}`)
    const password = this.#access.passwords[device]
    return await Publisher.connect({
      url,
      clientId: device,
      ...(password === undefined ? {} : { password }),
      window: DEVICE_WINDOW,
      retryMs: RETRY_MS,
    })
  }
}
