import { readFileSync } from 'node:fs'
import { parseInstant } from '@meterline/shared/units/instant.ts'
import { speedOf } from '../fleets/pace.ts'
import { stopRequests } from '../fleets/stop-requests.ts'
import { azureTrace } from './azure-llm.ts'
import { mqttCarrier, type Carrier } from './carrier.ts'
import { HttpCarrier } from './http-carrier.ts'
import type { LlmPublishing } from './llm-call.ts'
import { lorawanTrace } from './lorawan.ts'
import { mooncakeTrace } from './mooncake.ts'
import { replayTrace, type ReplaySummary } from './replay.ts'
import { idPrefixOf, type Trace } from './trace-row.ts'

/** Flags that every replay has. */
export interface ReplayFlags {
  readonly url?: readonly string[]
  readonly http?: readonly string[]
  readonly device: string
  readonly passwordFile?: string
  readonly tokenFile?: string
  readonly from: number
  readonly to?: number
  readonly times: number
  readonly speed: string
  readonly window: number
  readonly json?: boolean
}

/** Flags of traces of language models. */
export interface LlmReplayFlags extends ReplayFlags {
  readonly model: string
  readonly idPrefix?: string
  readonly prefix: string
  /** When the trace begins, for those that do not say it themselves. */
  readonly start?: string
}

/** Flags of `replay lorawan`. */
export interface LorawanReplayFlags extends ReplayFlags {
  readonly topic: string
  readonly rule: string
}

/** `meterline-sim replay azure-llm`. */
export async function replayAzure(file: string, flags: LlmReplayFlags): Promise<void> {
  await replayAndPrint(azureTrace(file, llmPublishing(file, flags)), flags)
}

/** `meterline-sim replay mooncake`. */
export async function replayMooncake(file: string, flags: LlmReplayFlags): Promise<void> {
  const start = parseInstant(flags.start)
  if (!start.ok) throw new Error(`--start: ${start.fault.message}`)
  await replayAndPrint(mooncakeTrace(file, { ...llmPublishing(file, flags), startMs: start.value }), flags)
}

/** `meterline-sim replay lorawan`. */
export async function replayLorawan(file: string, flags: LorawanReplayFlags): Promise<void> {
  await replayAndPrint(lorawanTrace(file, flags), flags)
}

function llmPublishing(file: string, flags: LlmReplayFlags): LlmPublishing {
  const { device, model, prefix } = flags
  return { device, model, prefix, idPrefix: flags.idPrefix ?? idPrefixOf(file) }
}

async function replayAndPrint(trace: Trace, flags: ReplayFlags): Promise<void> {
  const speed = speedOf(flags.speed)
  const summary = await replayTrace({
    trace,
    carriers: await carriersOf(trace, flags),
    from: flags.from,
    ...(flags.to === undefined ? {} : { to: flags.to }),
    times: flags.times,
    speed,
    quiet: flags.json ?? false,
    signal: stopRequests(),
  })
  console.log(flags.json === true ? JSON.stringify(summary) : printable(summary, trace.events))
}

async function carriersOf(trace: Trace, flags: ReplayFlags): Promise<Carrier[]> {
  const secret = (file: string | undefined): string | undefined =>
    file === undefined ? undefined : readFileSync(file, 'utf8').trim()
  const password = secret(flags.passwordFile)
  const token = secret(flags.tokenFile)
  if ((flags.url ?? []).length + (flags.http ?? []).length === 0) {
    throw new Error('name at least one gateway with --url (MQTT) or --http')
  }
  const { device, window } = flags
  const carriers: Carrier[] = []
  try {
    for (const url of flags.url ?? []) {
      carriers.push(await mqttCarrier({ url, device, window, ...(password === undefined ? {} : { password }) }))
    }
  } catch (error) {
    // A connection that stays open would keep the program from ending.
    for (const carrier of carriers) await carrier.close()
    throw error
  }
  for (const url of flags.http ?? []) {
    carriers.push(
      new HttpCarrier({ url, path: trace.httpPath, source: device, ...(token === undefined ? {} : { token }) }),
    )
  }
  return carriers
}

function printable(summary: ReplaySummary, events: Trace['events']): string {
  const { expected } = summary
  const width = Math.max(...Object.keys(expected.quantities).map((meter) => meter.length), events.length, 13)
  const row = (name: string, quantity: string): string =>
    `  ${name.padEnd(width)} ${BigInt(quantity).toLocaleString('en').padStart(18)}`
  return [
    `published and acknowledged ${summary.published.toLocaleString('en')} rows in ${summary.seconds.toFixed(1)} s${summary.stoppedEarly ? ' (stopped early)' : ''}`,
    'the invoices should show',
    row(events, String(expected.events)),
    ...(expected.malformed === 0 ? [] : [row('(in suspense)', String(expected.malformed))]),
    ...Object.entries(expected.quantities).map(([meter, quantity]) => row(meter, quantity)),
  ].join('\n')
}
