import { Progress } from '../fleets/progress.ts'
import { Publisher } from '../fleets/publisher.ts'
import { azurePayload, readAzureTrace, type LlmRequest } from './azure-llm.ts'

/** One stretch of the trace, published by one device through one agent. */
export interface ReplayOptions {
  readonly file: string
  readonly url: string
  readonly device: string
  readonly password?: string
  readonly model: string
  /** Rows [from, to) of the trace. */
  readonly from: number
  readonly to: number
  /** 1 is real time, 60 a minute a second, Infinity as fast as the agent acknowledges. */
  readonly speed: number
  readonly window: number
  readonly prefix: string
  readonly quiet: boolean
}

/** What was published and acknowledged: what should be on the invoice, counted from the trace itself. */
export interface ReplaySummary {
  readonly calls: number
  readonly inputTokens: number
  readonly outputTokens: number
  readonly repeats: number
  readonly seconds: number
}

/** Replays the Azure LLM trace over MQTT at QoS 1 and resolves once every call has been acknowledged. */
export async function replayAzure(options: ReplayOptions): Promise<ReplaySummary> {
  const rows: LlmRequest[] = []
  for await (const request of readAzureTrace(options.file)) {
    if (request.row >= options.from && request.row < options.to) rows.push(request)
  }
  const publisher = await Publisher.connect({
    url: options.url,
    clientId: options.device,
    ...(options.password === undefined ? {} : { password: options.password }),
    window: options.window,
    retryMs: 5000,
  })
  const progress = new Progress(`replay ${options.device}`, rows.length, options.quiet)
  const startedMs = performance.now()
  const firstMs = rows[0]?.timeMs ?? 0
  const topic = `${options.prefix}/${options.device}/ai`
  let inputTokens = 0
  let outputTokens = 0
  let acknowledged = 0
  for (const request of rows) {
    await pace(startedMs + (request.timeMs - firstMs) / options.speed)
    await publisher.publish({ topic, payload: azurePayload(request, options.model) }, () => {
      acknowledged += 1
      progress.update(acknowledged)
    })
    inputTokens += request.inputTokens
    outputTokens += request.outputTokens
  }
  await publisher.drained()
  progress.finish(acknowledged)
  const repeats = publisher.repeats
  await publisher.close()
  return { calls: rows.length, inputTokens, outputTokens, repeats, seconds: (performance.now() - startedMs) / 1000 }
}

async function pace(dueMs: number): Promise<void> {
  const waitMs = dueMs - performance.now()
  if (waitMs > 1) await new Promise((resolve) => setTimeout(resolve, waitMs))
}
