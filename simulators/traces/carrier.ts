import { Publisher } from '../fleets/publisher.ts'
import type { TraceRow } from './trace-row.ts'

/** One way into an agent. Whoever carries a row repeats it until the agent has acknowledged it. */
export interface Carrier {
  /** Resolves when there is room for the next row; `onAcknowledged` runs when the agent has stored this one. */
  carry(row: TraceRow, onAcknowledged: () => void): Promise<void>
  /** Resolves when everything carried has been acknowledged. */
  drained(): Promise<void>
  close(): Promise<void>
  /** Rows that had to be sent again because no acknowledgement came. */
  readonly repeats: number
}

/** Over MQTT at QoS 1, as one device. */
export async function mqttCarrier(options: {
  readonly url: string
  readonly device: string
  readonly password?: string
  readonly window: number
}): Promise<Carrier> {
  const publisher = await Publisher.connect({
    url: options.url,
    clientId: options.device,
    ...(options.password === undefined ? {} : { password: options.password }),
    window: options.window,
    retryMs: 5000,
  })
  return {
    carry: async (row, onAcknowledged) => await publisher.publish(row, onAcknowledged),
    drained: async () => await publisher.drained(),
    close: async () => await publisher.close(),
    get repeats() {
      return publisher.repeats
    },
  }
}
