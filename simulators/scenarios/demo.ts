import { randomBytes } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { SuspenseEntry } from '@meterline/agent/flow/suspense-port.ts'
import { hashDeviceSecret } from '@meterline/agent/intake/device-credentials.ts'
import type { Disposition, SuspendedItem } from '@meterline/aggregator/flow/commands.ts'
import { systemRandom } from '@meterline/shared/base/random.ts'
import { monthBefore, publishMessages, runFleet, samplePlan } from '../fleets/run-fleet.ts'
import { sampleDevices, type FleetMessage } from '../fleets/sample-fleet.ts'
import { shownDocuments, writtenPages } from './demo-documents.ts'
import {
  accountForEvents,
  eventKeyOf,
  printableAccount,
  type SuspendedEvent,
  type EventAccount,
} from './event-account.ts'
import { freePort } from './free-port.ts'
import { lateMessage } from './late-message.ts'
import { startStack, type Stack } from './stack.ts'

/** How the demo is run. */
export interface DemoOptions {
  /** Where its state goes; whatever an earlier demo left there is removed first. */
  readonly folder: string
  readonly once: boolean
  readonly seed: string
  readonly messagesPerTracker: number
  readonly callsPerServer: number
  readonly json: boolean
}

const AGENTS = ['gw-1', 'gw-2'] as const
const PREFIX = 'meter/v1'
/** The shell's own code for a process ended by SIGINT. */
const INTERRUPTED = 130
const TEMPLATE = fileURLToPath(new URL('./acme.yaml', import.meta.url))

/**
 * The whole product on one machine: an aggregator and two agents as processes, a sample tenant, a fleet over MQTT,
 * the period closed, the invoices, and the account of every published message. Returns the exit code: 0 only when
 * every message is accounted for and the books verify.
 */
export async function runDemo(options: DemoOptions): Promise<number> {
  const folder = resolve(options.folder)
  const say = (text: string): void => void (options.json ? null : console.log(text))
  const stopRequested = interrupted()
  rmSync(folder, { recursive: true, force: true })
  say('Meterline: one aggregator, two agents, one fleet, from the meter to the invoice line.\n')
  const secrets = Object.fromEntries(deviceNames().map((device) => [device, randomBytes(18).toString('base64url')]))
  const devices = await Promise.all(
    deviceNames().map(async (id) => ({ id, secretHash: await hashDeviceSecret(secrets[id] ?? '', systemRandom()) })),
  )
  const ports = await demoPorts()
  const stack = await startStack({ folder, tenant: 'acme', agents: AGENTS, devices, ...ports })
  try {
    writeFileSync(join(folder, 'device-secrets.json'), JSON.stringify(secrets), { mode: 0o600 })
    const story = tellStory(stack, { options, folder, secrets, say })
    const ended = await Promise.race([story, stopRequested])
    if (ended === 'stop') {
      // The story breaks off with the processes it talks to; what it then complains about is of no use to anyone.
      story.catch(() => undefined)
      return INTERRUPTED
    }
    if (!options.once) {
      say(`\n${addresses(stack, folder, ports.edgePort)}\n\n  Ctrl-C stops everything.`)
      await stopRequested
    }
    return ended
  } finally {
    await stack.stop()
    say('  stopped')
  }
}

/** What the demo shows, in order; the exit code comes out of it. */
async function tellStory(
  stack: Stack,
  demo: {
    options: DemoOptions
    folder: string
    secrets: Readonly<Record<string, string>>
    say: (text: string) => void
  },
): Promise<number> {
  const { options, folder, secrets, say } = demo
  say(`  started an aggregator and ${AGENTS.length} agents (logs and state in ${relative('.', folder)})`)
  const tenantFile = join(folder, 'acme.yaml')
  writeFileSync(tenantFile, stack.withAgents(readFileSync(TEMPLATE, 'utf8')))
  await stack.apply(tenantFile)
  say(`  applied the tenant of ${relative('.', tenantFile)}`)

  const month = monthBefore(Date.now())
  const plan = samplePlan({
    seed: options.seed,
    month,
    messages: options.messagesPerTracker,
    calls: options.callsPerServer,
    agents: AGENTS.length,
  })
  const urls = AGENTS.map((_, index) => stack.mqttUrl(index))
  const fleet = await runFleet({ plan, urls, passwords: secrets, prefix: PREFIX, quiet: options.json })
  await stack.drained()
  say(`  every message is acknowledged, sent and rated; closing ${month}\n`)
  await stack.closePeriod(month)
  const closed = await stack.invoices()
  say(`${shownDocuments(closed)}\n`)

  const late = await publishMessages([lateMessage(month)], { urls, passwords: secrets, prefix: PREFIX, quiet: true })
  await stack.drained()
  say(`  a tracker reports something of ${month} only now: the difference is billed, with its reference\n`)
  await stack.command('bill-corrections', { tenant: stack.tenant })
  const invoices = await stack.invoices()
  say(`${shownDocuments(invoices.slice(closed.length))}\n`)
  say(`${writtenPages(folder, invoices)}\n`)
  const account = await accountOf(stack, [...fleet.messages, ...late.messages])
  say('What became of every published message\n')
  say(`${printableAccount(account)}\n`)
  const problems = await stack.verify()
  say(problems.length === 0 ? '  the books verify' : `  THE BOOKS DO NOT VERIFY\n  ${problems.join('\n  ')}`)
  if (options.json)
    console.log(JSON.stringify({ month, account, problems, invoices: invoices.map(({ invoice }) => invoice) }))
  return account.unexplained.length === 0 && problems.length === 0 ? 0 : 1
}

function deviceNames(): string[] {
  const { trackers, aiServers } = sampleDevices()
  return [...trackers, ...aiServers]
}

/** The ports people expect where they are free, others where they are not. */
async function demoPorts(): Promise<{ edgePort: number; mqttPorts: number[] }> {
  const preferred = async (port: number): Promise<number> => await freePort(port)
  return { edgePort: await preferred(7443), mqttPorts: [await preferred(1883), await preferred(1884)] }
}

async function accountOf(stack: Stack, messages: readonly FleetMessage[]): Promise<EventAccount> {
  const asked = new Map<string, { source: string; id: string }>()
  for (const { device, eventId } of messages) {
    if (eventId !== null) asked.set(eventKeyOf(device, eventId), { source: device, id: eventId })
  }
  const answers = await stack.dispositions([...asked.values()])
  const dispositions = new Map<string, Disposition>()
  for (const [index, key] of [...asked.keys()].entries()) {
    const answer = answers[index]
    if (answer !== undefined) dispositions.set(key, answer)
  }
  const suspended: SuspendedEvent[] = []
  for (const index of AGENTS.keys()) suspended.push(...(await edgeSuspense(stack, index)))
  suspended.push(...(await centreConflicts(stack)))
  return accountForEvents(messages, dispositions, suspended)
}

const PAGE = 1000

/** What an agent keeps in its suspense: the same thing delivered again is counted on one entry. */
async function edgeSuspense(stack: Stack, agent: number): Promise<SuspendedEvent[]> {
  const found: SuspendedEvent[] = []
  for (let after = 0; ;) {
    const page = (await stack.agentCommand(agent, 'suspense-list', { after, limit: PAGE })) as SuspenseEntry[]
    for (const { code, device, eventId, times } of page) found.push({ code, source: device, eventId, times })
    after = page.at(-1)?.number ?? after
    if (page.length < PAGE) return found
  }
}

/** Conflicts that only the centre could see: the id was first used through the other agent. */
async function centreConflicts(stack: Stack): Promise<SuspendedEvent[]> {
  const found: SuspendedEvent[] = []
  for (let after = { logIndex: -1, unit: -1 }; ;) {
    const page = (await stack.command('suspense-list', { tenant: stack.tenant, limit: PAGE, after })) as SuspendedItem[]
    for (const { code, source, eventId } of page) {
      if (code === 'event_conflict') found.push({ code, source, eventId, times: 1 })
    }
    const last = page.at(-1)
    if (last !== undefined) after = { logIndex: last.logIndex, unit: last.unit }
    if (page.length < PAGE) return found
  }
}

function addresses(stack: Stack, folder: string, edgePort: number): string {
  const below = (name: string): string => relative('.', join(folder, name))
  return [
    '  still running',
    ...AGENTS.map((agent, index) => `    ${agent}        ${stack.mqttUrl(index)}   (MQTT)`),
    `    aggregator  localhost:${edgePort}         (gRPC, mutual TLS)`,
    `  the devices' passwords are in ${below('device-secrets.json')}`,
    '  try',
    `    npm run aggregator -- invoice list --config ${below('aggregator.yaml')}`,
    `    npm run aggregator -- suspense list --config ${below('aggregator.yaml')}`,
    `    npm run agent -- status --config ${below('gw-1.yaml')}`,
  ].join('\n')
}

/** Resolves at the first SIGINT or SIGTERM. */
function interrupted(): Promise<'stop'> {
  return new Promise((done) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => done('stop'))
  })
}
