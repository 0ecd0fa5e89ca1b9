import type { LoadReport } from './mqtt-load.ts'
import { runChild } from './child-program.ts'

/** What the load generator is to do; see mqtt-load.ts. */
export interface LoadRequest {
  readonly port: number
  readonly connections: number
  /** Messages each connection keeps unacknowledged. */
  readonly window: number
  /** Open loop: messages a second over all connections. */
  readonly ratePerSecond?: number
  readonly events: number
  readonly warmUpEvents: number
}

/** Device names of the load generator begin with this. */
export const loadDevicePrefix = 'load-'

/** Runs the load generator as a process of its own. */
export async function runLoad(load: LoadRequest): Promise<LoadReport> {
  const flags = {
    port: load.port,
    connections: load.connections,
    window: load.window,
    events: load.events,
    'warm-up': load.warmUpEvents,
    device: loadDevicePrefix,
    ...(load.ratePerSecond === undefined ? {} : { rate: load.ratePerSecond }),
  }
  const args = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)])
  return (await runChild({ file: 'mqtt-load.ts', args })) as LoadReport
}

/** The devices that a load of so many connections publishes as. */
export function loadDevices(connections: number): readonly string[] {
  return Array.from({ length: connections }, (_, index) => `${loadDevicePrefix}${index}`)
}
