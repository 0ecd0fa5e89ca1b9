import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Random } from '@meterline/shared/base/random.ts'
import { startStack, type Stack } from '../scenarios/stack.ts'
import { killDoor, type DoorName, type KillDoor } from './kill-doors.ts'
import { KillLoad } from './kill-load.ts'

/** Which processes a cycle ends with SIGKILL; `broker` is the foreign one that a bridge reads. */
export type Victim = 'agent' | 'aggregator' | 'both' | 'broker'

/** What was counted over all cycles; the test compares it with what was published. */
export interface KillOutcome {
  readonly kills: number
  readonly acknowledged: number
  readonly chargedOnce: number
  readonly otherwise: readonly { id: string; outcome: string }[]
  readonly billedQuantity: bigint
  readonly publishedQuantity: bigint
  readonly bookProblems: readonly string[]
}

const TENANT = `
tenant: crash
currency: EUR
operator: { id: crash, name: Crash test }
meters: [{ id: data.bytes, unit: byte }]
prices:
  - { id: data, meter: data.bytes, model: graduated, per: 1000, tiers: [{ upTo: 100000, amount: "0.013" }, { amount: "0.0071" }] }
  - { id: data-wholesale, meter: data.bytes, model: per-unit, amount: "0.003", per: 1000 }
offerings:
  - { id: data, name: Data, prices: [data] }
  - { id: wholesale, name: Wholesale, prices: [data-wholesale] }
accounts:
  - { id: shop, kind: reseller, parent: crash, name: Shop, payer: self }
  - { id: customer, kind: customer, parent: shop, name: Customer, payer: self }
subscriptions:
  - { id: customer-data, account: customer, offering: data, from: 2025-01-01, subjects: [dev-1, dev-2] }
  - { id: shop-wholesale, account: shop, offering: wholesale, from: 2025-01-01 }
`
const PERIOD = '2025-06'

/** What is tried: by which door, and who is killed how often. */
export interface KillOptions {
  readonly folder: string
  readonly door: DoorName
  readonly victim: Victim
  readonly cycles: number
  readonly random: Random
  /** Whose power is cut with them; left out: the machine goes on, and what was written is there. */
  readonly power?: PowerSupply
}

/** The disks of agent and aggregator, which lose what was not synchronised when their power is cut. */
export interface PowerSupply {
  /** What the processes are started with. */
  readonly env: Readonly<Record<string, string>>
  /** Waits for the moment to cut the power at. */
  moment(of: 'agent' | 'aggregator'): Promise<void>
  /** The process is dead: makes of its files what a power cut leaves. */
  cut(of: 'agent' | 'aggregator'): void
}

/** A run under way: devices publish until the load is stopped. */
export interface KillRun {
  readonly stack: Stack
  readonly door: KillDoor
  readonly load: KillLoad
  readonly power: PowerSupply | null
  /** Resolves when the load was stopped and everything it published is acknowledged. */
  readonly publishing: Promise<void>
}

/**
 * Publishes without a pause while processes are killed at random moments and started again, then lets everything
 * drain and asks the product what became of every event a device was told is safe.
 */
export async function runKillCycles(options: KillOptions): Promise<KillOutcome> {
  const { victim, cycles, random } = options
  const run = await beginRun(options)
  try {
    let kills = 0
    for (let cycle = 0; cycle < cycles; cycle += 1) {
      await goesOn(run)
      if (run.power !== null && victim !== 'agent') await receiptsGoOn(run)
      await pause(20 + random.below(180))
      kills += await killAndRestart(run, victim, random)
    }
    return await accountFor(run, kills)
  } finally {
    await endRun(run)
  }
}

/** Starts the processes and the load. */
export async function beginRun(options: Omit<KillOptions, 'cycles'>): Promise<KillRun> {
  const { folder, victim, random, power = null } = options
  const door = await killDoor(options.door, folder, victim === 'broker' ? 4 : 5)
  const stack = await startStack({ folder, tenant: 'crash', agents: ['gw-1'], env: power?.env ?? {}, ...door.settings })
  try {
    const tenantFile = join(folder, 'crash.yaml')
    writeFileSync(tenantFile, stack.withAgents(TENANT))
    await stack.apply(tenantFile)
    const senders = new Map(
      await Promise.all(['dev-1', 'dev-2'].map(async (id) => [id, await door.connect(stack, id)] as const)),
    )
    const load = new KillLoad(senders, random)
    return { stack, door, load, power, publishing: load.run() }
  } catch (error) {
    await stack.stop()
    await door.close()
    throw error
  }
}

/** Ends everything that `beginRun` started. */
export async function endRun({ stack, door, load }: KillRun): Promise<void> {
  load.stop()
  await stack.stop()
  await door.close()
}

/** Waits until events get in after the restart. */
export async function goesOn({ stack, door, load }: KillRun): Promise<void> {
  const before = load.acknowledged.size
  await until(() => Promise.resolve(load.acknowledged.size > before), 'the load goes on after the restart', 30_000)
  const isTaking = async (): Promise<boolean> => (await door.takenIn(stack)) !== 0
  await until(isTaking, 'the agent takes something in after the restart', 30_000)
}

/** Waits until the aggregator has taken something since its start, so that there is something it could lose. */
export async function receiptsGoOn({ stack }: KillRun): Promise<void> {
  const settled = async (): Promise<number> => (await stack.agentStatus(0)).chain.settledSeq
  const before = await settled()
  await until(async () => (await settled()) > before, 'the agent gets receipts', 60_000)
}

async function killAndRestart({ stack, door, load, power }: KillRun, victim: Victim, random: Random): Promise<number> {
  switch (victim) {
    case 'agent':
      await power?.moment('agent')
      await stack.killAgent(0)
      power?.cut('agent')
      await stack.startAgent(0)
      return 1
    case 'aggregator':
      await power?.moment('aggregator')
      await stack.killAggregator()
      power?.cut('aggregator')
      await stack.startAggregator()
      return 1
    case 'both':
      await Promise.all([stack.killAgent(0), stack.killAggregator()])
      power?.cut('agent')
      power?.cut('aggregator')
      await stack.startAggregator()
      await stack.startAgent(0)
      return 2
    case 'broker': {
      // What the broker acknowledged and had not written goes with it: its own loss window. Sources that know of the
      // crash send that again; everything before has to get through by itself.
      const safe = new Set(load.acknowledged)
      await door.broker?.save()
      await pause(random.below(100))
      await door.broker?.kill()
      const lost = [...load.acknowledged].filter((id) => !safe.has(id))
      await door.broker?.start()
      load.repeat(lost)
      return 1
    }
  }
}

/** Waits until the agent has everything that a foreign broker holds for it. */
async function takenOver({ stack, door, load }: KillRun): Promise<void> {
  if (door.broker === null) return
  const ids = [...load.acknowledged]
  const all = async (): Promise<boolean> => {
    const outcomes = await stack.dispositions(ids.map((id) => ({ source: door.sourceOf(load.deviceOf(id)), id })))
    return outcomes.every(({ kind }) => kind === 'charged')
  }
  // What is still missing then is told event by event.
  await reachedWithin(60_000, all)
}

/** Stops the load, lets everything drain, closes the period and asks what became of every acknowledged event. */
export async function accountFor(run: KillRun, kills: number): Promise<KillOutcome> {
  const { stack, door, load, publishing } = run
  load.stop()
  await publishing
  await takenOver(run)
  await stack.drained()
  const ids = [...load.acknowledged]
  const outcomes = await stack.dispositions(ids.map((id) => ({ source: door.sourceOf(load.deviceOf(id)), id })))
  const otherwise = outcomes.flatMap((outcome, index) =>
    outcome.kind === 'charged' ? [] : [{ id: ids[index] ?? '', outcome: outcome.kind }],
  )
  await stack.closePeriod(PERIOD)
  const retail = (await stack.invoices()).find(({ invoice }) => invoice.buyer.id === 'customer')
  const lines = retail?.invoice.sections.flatMap((section) => section.lines) ?? []
  return {
    kills,
    acknowledged: ids.length,
    chargedOnce: ids.length - otherwise.length,
    otherwise,
    billedQuantity: lines.reduce((sum, line) => sum + BigInt(line.quantity), 0n),
    publishedQuantity: load.quantity,
    bookProblems: await stack.verify(),
  }
}

/** What an outcome shows to be wrong, in words. */
export function outcomeProblems({ otherwise, bookProblems, billedQuantity, publishedQuantity }: KillOutcome): string[] {
  const problems = [...otherwise.map(({ id, outcome }) => `${id} is ${outcome}`), ...bookProblems]
  if (billedQuantity !== publishedQuantity) problems.push(`${billedQuantity} billed of ${publishedQuantity} published`)
  return problems
}

/** Waits until something is so, and says what was not when the time is over. */
export async function until(reached: () => Promise<boolean>, what: string, timeoutMs: number): Promise<void> {
  if (!(await reachedWithin(timeoutMs, reached))) throw new Error(`after ${timeoutMs} ms still not so: ${what}`)
}

async function reachedWithin(timeoutMs: number, reached: () => Promise<boolean>): Promise<boolean> {
  const deadlineMs = performance.now() + timeoutMs
  while (!(await reached())) {
    if (performance.now() > deadlineMs) return false
    await pause(10)
  }
  return true
}
