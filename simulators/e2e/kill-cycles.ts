import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Random } from '@meterline/shared/base/random.ts'
import { Publisher } from '../fleets/publisher.ts'
import { startStack, type Stack } from '../scenarios/stack.ts'

/** Which processes a cycle ends with SIGKILL. */
export type Victim = 'agent' | 'aggregator' | 'both'

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
const PERIOD_START_MS = Date.UTC(2025, 5, 1)

/**
 * Publishes without a pause while processes are killed at random moments and started again, then lets everything
 * drain and asks the product what became of every event a device was told is safe.
 */
export async function runKillCycles(options: {
  folder: string
  victim: Victim
  cycles: number
  random: Random
}): Promise<KillOutcome> {
  const stack = await startStack({ folder: options.folder, tenant: 'crash', agents: ['gw-1'] })
  try {
    const tenantFile = join(options.folder, 'crash.yaml')
    writeFileSync(tenantFile, stack.withAgents(TENANT))
    await stack.apply(tenantFile)
    const load = new Load(stack.mqttUrl(0), options.random)
    const publishing = load.run()
    let kills = 0
    for (let cycle = 0; cycle < options.cycles; cycle += 1) {
      const before = load.acknowledged.size
      await until(() => load.acknowledged.size > before, 'the load goes on after the restart', 30_000)
      await pause(20 + options.random.below(180))
      kills += await killAndRestart(stack, options.victim)
    }
    load.stop()
    await publishing
    await stack.drained()
    return await accountFor(stack, load, kills)
  } finally {
    await stack.stop()
  }
}

async function killAndRestart(stack: Stack, victim: Victim): Promise<number> {
  if (victim === 'agent') {
    await stack.killAgent(0)
    await stack.startAgent(0)
    return 1
  }
  if (victim === 'aggregator') {
    await stack.killAggregator()
    await stack.startAggregator()
    return 1
  }
  await Promise.all([stack.killAgent(0), stack.killAggregator()])
  await stack.startAggregator()
  await stack.startAgent(0)
  return 2
}

async function accountFor(stack: Stack, load: Load, kills: number): Promise<KillOutcome> {
  const ids = [...load.acknowledged]
  const outcomes = await stack.dispositions(ids.map((id) => ({ source: load.sourceOf(id), id })))
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

/** Two devices that publish as long as they are let; every message is published until it has been acknowledged. */
class Load {
  readonly acknowledged = new Set<string>()
  readonly #url: string
  readonly #random: Random
  readonly #sources = new Map<string, string>()
  #stopped = false
  quantity = 0n

  constructor(url: string, random: Random) {
    this.#url = url
    this.#random = random
  }

  stop(): void {
    this.#stopped = true
  }

  sourceOf(id: string): string {
    return this.#sources.get(id) ?? ''
  }

  async run(): Promise<void> {
    await Promise.all(['dev-1', 'dev-2'].map(async (device) => await this.#publishFrom(device)))
  }

  async #publishFrom(device: string): Promise<void> {
    const publisher = await Publisher.connect({ url: this.#url, clientId: device, window: 50, retryMs: 1500 })
    let number = 0
    while (!this.#stopped) {
      const id = `${device}-${String(number).padStart(7, '0')}`
      const quantity = 1 + this.#random.below(5000)
      const event = { id, time: PERIOD_START_MS + number, meter: 'data.bytes', quantity }
      this.#sources.set(id, device)
      await publisher.publish(
        { topic: `meter/v1/${device}/usage`, payload: Buffer.from(JSON.stringify(event)) },
        () => {
          // A retry may be acknowledged after its first copy was: the set and the sum take the event once.
          if (this.acknowledged.has(id)) return
          this.acknowledged.add(id)
          this.quantity += BigInt(quantity)
        },
      )
      number += 1
      // About two thousand events a second keep both processes busy without hiding restarts behind a long backlog.
      if (number % 10 === 0) await pause(10)
    }
    await publisher.drained()
    await publisher.close()
  }
}

async function until(reached: () => boolean, what: string, timeoutMs: number): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs
  while (!reached()) {
    if (performance.now() > deadlineMs) throw new Error(`after ${timeoutMs} ms still not so: ${what}`)
    await pause(5)
  }
}
