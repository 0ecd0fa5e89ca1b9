import { readFileSync } from 'node:fs'
import { Progress } from './progress.ts'
import { Publisher } from './publisher.ts'
import { fleetMessages, sampleDevices, type FleetMessage, type FleetPlan } from './sample-fleet.ts'

/** Flags of `meterline-sim fleet`. */
export interface FleetFlags {
  readonly url: readonly string[]
  readonly seed: string
  readonly messages: number
  readonly calls: number
  readonly month?: string
  readonly secrets?: string
  readonly prefix: string
  readonly json?: boolean
}

/** Where and how a fleet is published. */
export interface FleetRun {
  readonly plan: FleetPlan
  readonly urls: readonly string[]
  readonly passwords: Readonly<Record<string, string>>
  readonly prefix: string
  readonly quiet: boolean
}

/** What a fleet published: every message is acknowledged when this is returned. */
export interface FleetResult {
  readonly published: number
  readonly repeatedByRetry: number
  readonly seconds: number
  readonly messages: readonly FleetMessage[]
}

/** Publishes every message of the plan at QoS 1 and waits for every acknowledgement. */
export async function runFleet(run: FleetRun): Promise<FleetResult> {
  return await publishMessages([...fleetMessages(run.plan)], run)
}

/** Publishes messages at QoS 1, each through its agent, and waits for every acknowledgement. */
export async function publishMessages(
  messages: readonly FleetMessage[],
  run: Omit<FleetRun, 'plan'>,
): Promise<FleetResult> {
  const publishers = new Map<string, Publisher>()
  const startedMs = performance.now()
  const progress = new Progress('fleet', messages.length, run.quiet)
  let acknowledged = 0
  try {
    for (const message of messages) {
      const publisher = await publisherFor(run, publishers, message)
      await publisher.publish(
        { topic: `${run.prefix}/${message.device}/${message.kind}`, payload: message.payload },
        () => {
          acknowledged += 1
          progress.update(acknowledged)
        },
      )
    }
    for (const publisher of publishers.values()) await publisher.drained()
    progress.finish(acknowledged)
    let repeatedByRetry = 0
    for (const publisher of publishers.values()) repeatedByRetry += publisher.repeats
    return { published: messages.length, repeatedByRetry, seconds: (performance.now() - startedMs) / 1000, messages }
  } finally {
    for (const publisher of publishers.values()) await publisher.close()
  }
}

/** The billing month before `nowMs`, in UTC: usage of a month that is over can be invoiced at once. */
export function monthBefore(nowMs: number): string {
  const now = new Date(nowMs)
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - 1, 1)).toISOString().slice(0, 7)
}

/** The sample fleet over most of one month. */
export function samplePlan(input: {
  seed: string
  month: string
  messages: number
  calls: number
  agents: number
}): FleetPlan {
  const startMs = Date.parse(`${input.month}-01T00:00:00Z`)
  if (Number.isNaN(startMs)) throw new Error(`--month: expected YYYY-MM, found '${input.month}'`)
  return {
    seed: input.seed,
    ...sampleDevices(),
    messagesPerTracker: input.messages,
    callsPerServer: input.calls,
    agents: input.agents,
    startMs: startMs + 3_600_000,
    spanMs: 26 * 86_400_000,
  }
}

/** `meterline-sim fleet`. */
export async function runFleetCommand(flags: FleetFlags): Promise<void> {
  const month = flags.month ?? monthBefore(Date.now())
  const secrets =
    flags.secrets === undefined ? {} : (JSON.parse(readFileSync(flags.secrets, 'utf8')) as Record<string, string>)
  const plan = samplePlan({
    seed: flags.seed,
    month,
    messages: flags.messages,
    calls: flags.calls,
    agents: flags.url.length,
  })
  const result = await runFleet({
    plan,
    urls: flags.url,
    passwords: secrets,
    prefix: flags.prefix,
    quiet: flags.json ?? false,
  })
  const counts: Record<string, number> = {}
  for (const message of result.messages) counts[message.expectation] = (counts[message.expectation] ?? 0) + 1
  const summary = {
    month,
    published: result.published,
    seconds: result.seconds,
    retried: result.repeatedByRetry,
    expected: counts,
  }
  if (flags.json === true) {
    console.log(JSON.stringify(summary))
    return
  }
  console.log(
    `published and acknowledged ${result.published.toLocaleString('en')} messages of ${month} in ${result.seconds.toFixed(1)} s`,
  )
  console.log('of these there ought to be')
  console.log(`  charged              ${count(counts['charged'])}`)
  console.log(`  repeated, no charge  ${count(counts['repeat'])}`)
  console.log(`  in suspense          ${count(counts['suspended'])}`)
}

function count(messages = 0): string {
  return messages.toLocaleString('en').padStart(9)
}

async function publisherFor(
  run: Omit<FleetRun, 'plan'>,
  publishers: Map<string, Publisher>,
  message: FleetMessage,
): Promise<Publisher> {
  const name = `${message.device} ${message.agent}`
  const known = publishers.get(name)
  if (known !== undefined) return known
  const url = run.urls[message.agent]
  if (url === undefined)
    throw new Error(`the fleet wants agent ${message.agent}, but only ${run.urls.length} addresses were given`)
  const password = run.passwords[message.device]
  const publisher = await Publisher.connect({
    url,
    clientId: message.device,
    ...(password === undefined ? {} : { password }),
    window: 100,
    retryMs: 5000,
  })
  publishers.set(name, publisher)
  return publisher
}
