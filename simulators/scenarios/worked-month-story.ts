import { readFileSync } from 'node:fs'
import { SealingAgent, usageEvent } from '@meterline/aggregator/flow/fixtures/sealing-agent.ts'
import { TestTenant } from '@meterline/aggregator/flow/fixtures/test-tenant.ts'
import type { AccountBalance } from '@meterline/aggregator/store/ledger-table.ts'
import { silentLog } from '@meterline/shared/base/log.ts'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { openSigningKey, type SigningKey } from '@meterline/shared/integrity/signature.ts'
import type { UsageEvent } from '@meterline/shared/model/usage-event.ts'
import { signingKeyFrom } from '../world/signing-key.ts'

/** Data of a fleet in one visited network, in MB. */
export interface FleetUsage {
  readonly fleet: string
  readonly network: string
  /** Of November, received before it was closed. */
  readonly inTime: bigint
  /** Of 30 November, received when the month was closed. */
  readonly late: bigint
  readonly december: bigint
}

/** What the company used, as docs/worked-month.md says it. */
export interface MonthUsage {
  readonly data: readonly FleetUsage[]
  /** Tokens by meter. */
  readonly novemberTokens: ReadonlyMap<string, bigint>
  readonly decemberTokens: ReadonlyMap<string, bigint>
}

/** The books once the month and the one after it are closed. */
export interface WorkedMonth {
  readonly tenant: TestTenant
  readonly signingKey: SigningKey
  /** As they stood when November was closed, before the late day. */
  readonly balancesOfNovember: readonly AccountBalance[]
  /** As they stood when the late day was charged. */
  readonly balancesOfLateDay: readonly AccountBalance[]
}

const tenantText = readFileSync(new URL('worked-month.yaml', import.meta.url), 'utf8')
/** When the gateway sends each week of November. */
const daysOfBatches = ['2026-11-12', '2026-11-15', '2026-11-22', '2026-11-29', '2026-12-01']
const dayOf = (text: string): number => Date.parse(`${text}T00:00:00Z`)

/**
 * Plays docs/worked-month.md from 1 October to 1 January: sealed and signed batches of an agent through receiving, rating and
 * closing, with real files under `dataDirectory` and a clock that is moved by hand. Throws when the product refuses anything.
 */
export async function workedMonth(dataDirectory: string, usage: MonthUsage): Promise<WorkedMonth> {
  const keys = seededRandom('worked month keys')
  const [signingKey, agentKey] = [keyFrom(keys.bytes(32)), keyFrom(keys.bytes(32))]
  const tenant = new TestTenant({
    dataDirectory,
    signingKey,
    nowMs: dayOf('2026-10-01'),
    random: seededRandom('worked month'),
    log: silentLog(),
    agent: new SealingAgent('acme', 'gw-1', { key: agentKey }),
  })
  const agents = `agents: [{ id: gw-1, signingKey: "${agentKey.publicKeyBase64}", epoch: 1 }]\n`
  demand(tenant.apply(() => `${tenantText}${agents}`))

  moveTo(tenant, '2026-11-01')
  await close(tenant, '2026-10')
  moveTo(tenant, '2026-11-10')
  changeDashboard(tenant)
  const weeks = novemberInWeeks(usage)
  for (const [index, day] of daysOfBatches.entries()) {
    moveTo(tenant, day)
    send(tenant, weeks[index] ?? [])
  }
  await close(tenant, '2026-11')
  const balancesOfNovember = tenant.service.store.ledger.balances()

  moveTo(tenant, '2026-12-03')
  send(
    tenant,
    usage.data.flatMap(({ fleet, network, late }) => dataEvents(fleet, network, late, ['2026-11-30'])),
  )
  const balancesOfLateDay = tenant.service.store.ledger.balances()
  moveTo(tenant, '2026-12-31')
  send(tenant, decemberOf(usage))
  moveTo(tenant, '2027-01-01')
  await close(tenant, '2026-12')
  return { tenant, signingKey, balancesOfNovember, balancesOfLateDay }
}

function keyFrom(seed: Uint8Array): SigningKey {
  return openSigningKey(signingKeyFrom(seed).privatePem)
}

function demand<Value>(
  result: { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly fault: { message: string } },
): Value {
  if (!result.ok) throw new Error(result.fault.message)
  return result.value
}

function moveTo({ clock }: TestTenant, day: string): void {
  clock.advance(dayOf(day) - clock.wallMs())
}

/** One batch; nothing is sent when nothing was used. */
function send(tenant: TestTenant, events: readonly UsageEvent[]): void {
  if (events.length > 0) tenant.use(events)
}

async function close({ clock, commands }: TestTenant, period: string): Promise<void> {
  const closed = demand(await clock.until(commands.closePeriod({ tenant: 'acme', period })))
  if (closed.state !== 'closed') throw new Error(`${period} is ${closed.state}, not closed`)
}

function changeDashboard({ commands }: TestTenant): void {
  const command = { kind: 'change', atMs: dayOf('2026-11-16'), offering: 'dashboard-pro', version: null } as const
  const order = { subscription: 'hansa-dashboard', command, by: 'Ada', backdate: false, dryRun: false }
  demand(commands.subscriptionChange('acme', order))
}

/** November as the gateway sends it: a batch for each week, that of a fleet's late day apart. */
function novemberInWeeks({ data, novemberTokens }: MonthUsage): readonly (readonly UsageEvent[])[] {
  const days = Array.from({ length: 30 }, (_, index) => `2026-11-${String(index + 1).padStart(2, '0')}`)
  const lateFleets = new Set(data.filter(({ late }) => late > 0n).map(({ fleet }) => fleet))
  const events = [
    ...data.flatMap(({ fleet, network, inTime }) =>
      dataEvents(fleet, network, inTime, lateFleets.has(fleet) ? days.slice(0, -1) : days),
    ),
    ...callEvents(novemberTokens, days),
  ]
  const weekOf = ({ timeMs }: UsageEvent): number => Math.floor((timeMs - dayOf('2026-11-01')) / (7 * 86_400_000))
  return daysOfBatches.map((_, week) => events.filter((event) => weekOf(event) === week))
}

function decemberOf({ data, decemberTokens }: MonthUsage): readonly UsageEvent[] {
  const days = ['2026-12-02', '2026-12-09', '2026-12-21']
  return [
    ...data.flatMap(({ fleet, network, december }) => dataEvents(fleet, network, december, days)),
    ...callEvents(decemberTokens, days),
  ]
}

/** Data divided over days, and on each day over the two trucks that a fleet sends reports of. */
function dataEvents(fleet: string, network: string, megabytes: bigint, days: readonly string[]): readonly UsageEvent[] {
  const trucks = [`truck-${fleet.slice(0, 1)}1`, `truck-${fleet.slice(0, 1)}2`]
  return partsOf(megabytes, 2 * days.length).flatMap((quantity, index) => {
    const [truck = '', day = ''] = [trucks[index % 2], days[Math.floor(index / 2)]]
    const id = `${day} ${network}`
    const event = { id, source: truck, subject: truck, timeMs: dayOf(day) + 9 * 3_600_000 + index }
    return quantity === 0n
      ? []
      : [usageEvent({ ...event, labels: [['network', network]], measured: [{ meter: 'data', quantity }] })]
  })
}

/** Calls of the dispatch desk, one a day, each with all kinds of tokens. */
function callEvents(tokens: ReadonlyMap<string, bigint>, days: readonly string[]): readonly UsageEvent[] {
  const parts = new Map([...tokens].map(([meter, all]) => [meter, partsOf(all, days.length)]))
  return days.map((day, index) => {
    const measured = [...parts].map(([meter, quantities]) => ({ meter, quantity: quantities[index] ?? 0n }))
    return usageEvent({ id: day, source: 'dispatch', subject: 'dispatch', timeMs: dayOf(day), measured })
  })
}

/** A whole in parts that add up to it and rise: the n-th is n times as much as the first, but for rounding. */
function partsOf(whole: bigint, count: number): readonly bigint[] {
  const sumUpTo = (index: number): bigint => (whole * BigInt(index * (index + 1))) / BigInt(count * (count + 1))
  return Array.from({ length: count }, (_, index) => sumUpTo(index + 1) - sumUpTo(index))
}
