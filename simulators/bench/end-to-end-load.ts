import type { BenchServices } from './bench-services.ts'
import { runLoad } from './load-process.ts'
import type { LoadRequest } from './load-process.ts'
import type { LoadReport } from './mqtt-load.ts'
import { cpuMicrosOf } from './process-usage.ts'

/** What a load on agent and aggregator together came to. */
export interface EndToEnd {
  /** Events a second from the first PUBLISH until the last of them was rated and posted. */
  readonly perSecond: number
  readonly load: LoadReport
  readonly agentCpuMicrosPerEvent: number
  readonly aggregatorCpuMicrosPerEvent: number
}

/** Publishes a load and waits until all of it has been charged. Throws when an event was not. */
export async function runEndToEnd(services: BenchServices, request: Omit<LoadRequest, 'port'>): Promise<EndToEnd> {
  const before = await services.tenantStatus()
  const cpuBefore = [cpuMicrosOf(services.agentPid), cpuMicrosOf(services.aggregatorPid)] as const
  const load = await runLoad({ ...request, port: services.mqttPort })
  const publishedMs = performance.now()
  await services.drained()
  const drainSeconds = (performance.now() - publishedMs) / 1000
  const events = request.events + request.warmUpEvents
  const after = await services.tenantStatus()
  if (after.units - before.units !== events || after.suspended !== before.suspended) {
    throw new Error(
      `of ${events} events ${after.units - before.units} arrived and ${after.suspended - before.suspended} were suspended`,
    )
  }
  return {
    perSecond: request.events / (load.seconds + drainSeconds),
    load,
    agentCpuMicrosPerEvent: (cpuMicrosOf(services.agentPid) - cpuBefore[0]) / events,
    aggregatorCpuMicrosPerEvent: (cpuMicrosOf(services.aggregatorPid) - cpuBefore[1]) / events,
  }
}
