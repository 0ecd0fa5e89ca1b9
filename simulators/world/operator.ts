import type { RunningAggregator } from '@meterline/aggregator/compose.ts'
import type { ClosingRequest } from '@meterline/aggregator/flow/bill-answers.ts'
import { seededRandom } from '@meterline/shared/base/random.ts'
import type { Random } from '@meterline/shared/base/random.ts'
import type { TenantPlan } from '../oracle/tenant-plan.ts'
import type { Shown } from '../oracle/trial-watch.ts'
import type { AggregatorNode } from './aggregator-node.ts'
import type { Surroundings } from './surroundings.ts'
import { tenantFileText } from './tenant.ts'

/** An agent as the tenant file names it. */
export interface RegisteredAgent {
  readonly id: string
  readonly signingKey: string
  readonly epoch: number
}

type Outcome = { readonly done: boolean; readonly said: string }

const retryMs = 5_000
/** Why a closing is refused at its time: asking again at once changes nothing. */
const untimely: readonly string[] = ['period_order', 'period_running', 'period_future']

/**
 * The person who runs the tenant: applies the tenant file and closes periods, and does it again when the aggregator went
 * away before it answered. Commands must bear that, so each is given until it has worked.
 */
export class Operator {
  readonly #world: Surroundings
  readonly #aggregator: AggregatorNode
  readonly #agents: Map<string, RegisteredAgent>
  readonly #tamper: (tenantFile: string) => string
  readonly #random: Random
  readonly #trials: Random
  readonly #plans: TenantPlan[] = []
  /** What was asked for and has not been done. */
  readonly #attempts = new Set<() => void>()
  #paused = false
  #payments = 0

  constructor(
    world: Surroundings,
    aggregator: AggregatorNode,
    agents: readonly RegisteredAgent[],
    tamper: (tenantFile: string) => string = (text) => text,
  ) {
    this.#world = world
    this.#aggregator = aggregator
    this.#agents = new Map(agents.map((agent) => [agent.id, agent]))
    this.#tamper = tamper
    this.#random = seededRandom(`${world.seed} operator`)
    this.#trials = seededRandom(`${world.seed} trials`)
  }

  /** The versions of the tenant file that were given out, oldest first: any of them may be in force. */
  get plans(): readonly TenantPlan[] {
    return this.#plans
  }

  /** Whether everything that was asked for has been done. */
  get idle(): boolean {
    return this.#attempts.size === 0
  }

  apply(plan: TenantPlan): void {
    if (!this.#plans.includes(plan)) this.#plans.push(plan)
    this.ask(`apply version ${this.#plans.indexOf(plan) + 1}`, async (commands) => {
      // Nobody applies a file of yesterday: what is on the desk now is what is meant.
      const newest = this.#plans.at(-1) ?? plan
      const text = this.#tamper(tenantFileText(newest, [...this.#agents.values()], this.#plans.length))
      const result = await commands.apply('world.yaml', text, { dryRun: false })
      if (result.ok)
        return { done: true, said: result.value.applied ? `version ${String(result.value.version)}` : 'nothing new' }
      const mistakes = result.mistakes.map(({ message }) => message).join('; ')
      // A store that is away for a moment comes back; mistakes in the file do not go away.
      if (result.mistakes.length > 0) this.#world.findings.add('world', `the tenant file has mistakes: ${mistakes}`)
      return { done: result.mistakes.length > 0, said: `${result.fault.code} ${result.fault.message}` }
    })
  }

  /** The epoch of an agent that is in force and the last batch received in it with its hash; null while the aggregator cannot say. */
  standing(agent: string): { readonly epoch: number; readonly receivedSeq: number; readonly chainHash: string } | null {
    if (this.#paused) return null
    const tenants = this.#aggregator.running?.commands.status() ?? []
    return tenants.flatMap(({ agents }) => agents).find((standing) => standing.agent === agent) ?? null
  }

  /** Registers the next epoch of an agent whose data directory is gone, under the newest version of the file. */
  registerNextEpoch(agent: string): number {
    const known = this.#agents.get(agent)
    const plan = this.#plans.at(-1)
    if (known === undefined || plan === undefined) throw new Error(`${agent} is not registered`)
    const epoch = known.epoch + 1
    this.#agents.set(agent, { ...known, epoch })
    this.apply(plan)
    return epoch
  }

  /** The epochs that agents are registered under, in words. */
  get epochs(): string {
    return [...this.#agents.values()].map(({ id, epoch }) => `${id} ${epoch}`).join(', ')
  }

  /** Has the books backed up into a folder; `done` is told the file. */
  backUp(toDirectory: string, done: (file: string) => void): void {
    this.ask('back up', async (commands) => {
      const result = await commands.backup({ tenant: this.#plans[0]?.tenant ?? '', toDirectory })
      if (!result.ok) return { done: false, said: result.fault.code }
      done(result.value.file)
      return { done: true, said: `${result.value.size} entries` }
    })
  }

  /** Gives no commands while the books are not what they should be. */
  pause(): void {
    this.#paused = true
  }

  /** Goes on, and applies the newest file first: the books may have forgotten it. */
  resume(): void {
    this.#paused = false
    const plan = this.#plans.at(-1)
    if (plan !== undefined) this.apply(plan)
  }

  /** Rates everything in suspense again, as after a repair. */
  replaySuspense(): void {
    this.ask('replay the suspense', async (commands) => {
      const order = { units: null, code: null, source: null, dryRun: false, by: 'the operator' }
      const result = await commands.suspenseReplay(this.#plans[0]?.tenant ?? '', order)
      if (!result.ok) return { done: false, said: `${result.fault.code}: ${result.fault.message}` }
      return { done: true, said: `${result.value.released} released, ${result.value.stay} stay` }
    })
  }

  /** Gives up the first units in suspense that have this reason. */
  discardSuspended(code: string, count: number): void {
    const tenant = this.#plans[0]?.tenant ?? ''
    this.ask(`discard ${code}`, (commands) => {
      const listed = commands.suspenseList(tenant, { limit: count, code })
      if (!listed.ok) return Promise.resolve({ done: false, said: listed.fault.code })
      if (listed.value.length === 0) return Promise.resolve({ done: true, said: 'nothing' })
      const units = listed.value.map(({ logIndex, unit }) => ({ logIndex, unit }))
      const result = commands.suspenseDiscard(tenant, {
        units,
        reason: 'nobody can say what it was',
        by: 'the operator',
      })
      return Promise.resolve({ done: result.ok, said: result.ok ? `${units.length} units` : result.fault.code })
    })
  }

  /** `asked` is told until when somebody waits for his bill; null: nobody does. What cannot be closed now is left alone. */
  closePeriod(period: string, asked: (answer: { readonly untilMs: number | null }) => void, force = false): void {
    if (force) this.#world.oracle.forced.add(period)
    this.ask(`close ${period}`, async (commands) => {
      const request = { tenant: this.#plans[0]?.tenant ?? '', period, force }
      const shown = this.#trials.below(2) === 0 ? null : await this.#tryClosing(commands, request)
      const result = await commands.closePeriod(request)
      if (!result.ok) {
        const { code, message } = result.fault
        // The aggregator goes by its own clock, which may be behind: whoever waits asks again later.
        if (code === 'period_running' || code === 'period_future') asked({ untilMs: 0 })
        return { done: untimely.includes(code), said: `${code}: ${message}` }
      }
      if (shown !== null) this.#world.oracle.trials.issued(shown)
      const { documents, waiting, state } = result.value
      const untilMs = waiting.reduce((latest, each) => Math.max(latest, each.untilMs ?? 0), 0)
      asked({ untilMs: state === 'closed' ? null : untilMs })
      return { done: true, said: `${state}, ${documents.length} documents, ${waiting.length} wait` }
    })
  }

  /** What closing a period would issue now; null when it cannot be closed. */
  async #tryClosing(commands: RunningAggregator['commands'], request: ClosingRequest): Promise<Shown | null> {
    const trial = await commands.closePeriod({ ...request, dryRun: true })
    if (!trial.ok) return null
    const { bills, waiting } = trial.value
    return this.#world.oracle.trials.shown(request.period, bills, waiting)
  }

  /** Bills what has changed in periods that are billed. */
  issueCorrections(done: () => void): void {
    this.ask('issue corrections', async (commands) => {
      const result = await commands.billCorrections(this.#plans[0]?.tenant ?? '', {})
      if (!result.ok) return { done: false, said: `${result.fault.code}: ${result.fault.message}` }
      done()
      return { done: true, said: `${result.value.documents.length} documents` }
    })
  }

  /** Some buyers pay something, to a seller whose documents they have; what is too much is their credit. */
  recordPayments(count: number): void {
    const tenant = this.#plans[0]?.tenant ?? ''
    const relations = this.#world.oracle.billedRelations
    for (let left = relations.length === 0 ? 0 : count; left > 0; left--) {
      const parties = relations[this.#random.below(relations.length)]
      if (parties === undefined) continue
      const amount = 1 + this.#random.below(60)
      this.#payments += 1
      const reference = `transfer ${this.#payments}`
      this.#world.oracle.payments.paid({ ...parties, amountMicros: BigInt(amount) * 1_000_000n })
      this.ask(`record ${reference}`, async (commands) => {
        const what = { amount: String(amount), reference, receivedMs: null, documents: null, currency: null }
        const result = await commands.paymentRecord(tenant, { ...parties, ...what, key: reference, by: 'the bank' })
        return { done: result.ok, said: result.ok ? 'recorded' : `${result.fault.code}: ${result.fault.message}` }
      })
    }
  }

  /** Takes some events back that were charged, as the oracle knows. */
  voidSome(count: number): void {
    const tenant = this.#plans[0]?.tenant ?? ''
    const targets = this.#world.oracle.chargedEvents(count, (upTo) => this.#random.below(upTo))
    if (targets.length === 0) return
    this.ask(`void ${targets.map(({ id }) => id).join(', ')}`, async (commands) => {
      const order = { targets, reason: 'it was a test', by: 'the operator', dryRun: false }
      const result = await commands.usageVoid(tenant, order)
      if (!result.ok) return { done: false, said: `${result.fault.code}: ${result.fault.message}` }
      const { voided, before, refused } = result.value
      return { done: true, said: `${voided} taken back, ${before} before, ${refused} not` }
    })
  }

  /** The aggregator is back: whoever sits at the prompt gives his commands again at once. */
  tryAgain(): void {
    for (const attempt of this.#attempts) attempt()
  }

  /** Gives a command again and again until it is done. */
  ask(what: string, command: (commands: RunningAggregator['commands']) => Promise<Outcome>): void {
    const { queue, trace, findings } = this.#world
    const attempt = (): void => {
      const running = this.#aggregator.running
      if (running === null || this.#paused) return
      command(running.commands).then(
        ({ done, said }) => {
          if (!this.#attempts.has(attempt) || running !== this.#aggregator.running) return
          trace.note(queue.nowMs, 'operator', `${what}: ${said}`)
          if (done) this.#attempts.delete(attempt)
          this.#aggregator.letOracleWatch()
        },
        (error: unknown) => {
          if (running === this.#aggregator.running) findings.add('world', `${what} threw: ${String(error)}`)
        },
      )
    }
    const again = (): void => {
      if (!this.#attempts.has(attempt)) return
      attempt()
      queue.at(queue.nowMs + retryMs, 'operator', `retries ${what}`, again)
    }
    this.#attempts.add(attempt)
    again()
  }
}
