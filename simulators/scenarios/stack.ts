import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { stringify } from 'yaml'
import type { StatusJson } from '@meterline/agent/control/serve-commands.ts'
import { decodeInvoice, type Invoice } from '@meterline/aggregator/documents/invoice.ts'
import type { BooksReport, Disposition, TenantStatus } from '@meterline/aggregator/flow/commands.ts'
import type { DocumentSummary } from '@meterline/aggregator/flow/document-summary.ts'
import { callControl } from '@meterline/shared/wire/control.ts'
import { createDeployment, type Deployment } from './deployment.ts'
import { freePort } from './free-port.ts'
import { startService, type ProgramForm, type Service } from './processes.ts'

/** An issued document: its number, what it says, and how it reads. */
export interface ShownInvoice {
  readonly number: string
  readonly invoice: Invoice
  readonly text: string
}

/** One aggregator and its agents as real processes on this machine, under ports that survive a restart. */
export interface Stack {
  readonly deployment: Deployment
  readonly tenant: string
  mqttUrl(agent: number): string
  /** A tenant file with the agents of this stack appended. */
  withAgents(tenantFile: string): string
  apply(file: string): Promise<void>
  agentStatus(agent: number): Promise<StatusJson>
  /** Runs one command of the aggregator's control socket. */
  command(command: string, input: object): Promise<unknown>
  /** Runs one command of an agent's control socket. */
  agentCommand(agent: number, command: string, input: object): Promise<unknown>
  /** Waits until every agent has sent everything and everything received has been rated. */
  drained(): Promise<void>
  closePeriod(period: string): Promise<void>
  invoices(): Promise<ShownInvoice[]>
  dispositions(events: readonly { source: string; id: string }[]): Promise<Disposition[]>
  /** What the aggregator's own checks of its books and proofs complain about; empty is good. */
  verify(): Promise<string[]>
  killAgent(agent: number): Promise<void>
  killAggregator(): Promise<void>
  startAgent(agent: number): Promise<void>
  startAggregator(): Promise<void>
  stop(): Promise<void>
}

/** What to start. */
export interface StackPlan {
  readonly folder: string
  readonly tenant: string
  readonly agents: readonly string[]
  readonly devices?: readonly { id: string; secretHash: string }[]
  readonly mqttPorts?: readonly number[]
  /** Ports of the agents' HTTP doors; absent: they have none. */
  readonly httpPorts?: readonly number[]
  readonly edgePort?: number
  /** Agents that are prepared but not started yet. */
  readonly startAgents?: boolean
  /** Further settings of every agent, for example its mapping rules. */
  readonly agentSettings?: Readonly<Record<string, unknown>>
  readonly form?: ProgramForm
  readonly env?: Readonly<Record<string, string>>
}

/** Makes the deployment and starts every process of it. */
export async function startStack(plan: StackPlan): Promise<Stack> {
  mkdirSync(plan.folder, { recursive: true })
  const edgePort = plan.edgePort ?? (await freePort())
  const mqttPorts = plan.mqttPorts ?? (await Promise.all(plan.agents.map(async () => await freePort())))
  const deployment = await createDeployment({ ...plan, edgePort, mqttPorts })
  const running = new RunningStack(deployment, plan.tenant, edgePort, mqttPorts)
  try {
    await running.startAggregator()
    if (plan.startAgents !== false) {
      for (const index of plan.agents.keys()) await running.startAgent(index)
    }
    return running
  } catch (error) {
    await running.stop()
    throw error
  }
}

class RunningStack implements Stack {
  readonly deployment: Deployment
  readonly tenant: string
  readonly #edgePort: number
  readonly #mqttPorts: readonly number[]
  #aggregator: Service | null = null
  readonly #agents = new Map<number, Service>()

  constructor(deployment: Deployment, tenant: string, edgePort: number, mqttPorts: readonly number[]) {
    this.deployment = deployment
    this.tenant = tenant
    this.#edgePort = edgePort
    this.#mqttPorts = mqttPorts
  }

  mqttUrl(agent: number): string {
    return `mqtt://127.0.0.1:${this.#mqttPorts[agent]}`
  }

  withAgents(tenantFile: string): string {
    const agents = this.deployment.agents.map(({ id, signingKey }) => ({ id, signingKey, epoch: 1 }))
    return `${tenantFile}\n${stringify({ agents })}`
  }

  async apply(file: string): Promise<void> {
    await this.command('apply', { fileName: file, text: readFileSync(file, 'utf8') })
  }

  async agentStatus(agent: number): Promise<StatusJson> {
    return (await this.agentCommand(agent, 'status', {})) as StatusJson
  }

  async command(command: string, input: object): Promise<unknown> {
    return await control(join(this.deployment.folder, 'aggregator.sock'), command, input)
  }

  async agentCommand(agent: number, command: string, input: object): Promise<unknown> {
    return await control(join(this.deployment.folder, `${this.deployment.agents[agent]?.id}.sock`), command, input)
  }

  async drained(): Promise<void> {
    const deadlineMs = performance.now() + 90_000
    for (;;) {
      const waiting = await this.#waiting()
      if (waiting === null) return
      if (performance.now() > deadlineMs) throw new Error(`not drained after 90 s: ${waiting}`)
      await pause(50)
    }
  }

  async closePeriod(period: string): Promise<void> {
    await this.command('close-period', { tenant: this.tenant, period })
  }

  async invoices(): Promise<ShownInvoice[]> {
    const list = (await this.command('invoice-list', { tenant: this.tenant })) as DocumentSummary[]
    const shown: ShownInvoice[] = []
    for (const { number } of list) {
      const answer = (await this.command('invoice-show', { tenant: this.tenant, number })) as {
        json: string
        text: string
      }
      const invoice = decodeInvoice(Buffer.from(answer.json))
      if (!invoice.ok) throw new Error(`${number}: ${invoice.fault.message}`)
      shown.push({ number, invoice: invoice.value, text: answer.text })
    }
    return shown
  }

  async dispositions(events: readonly { source: string; id: string }[]): Promise<Disposition[]> {
    const found: Disposition[] = []
    for (let at = 0; at < events.length; at += 5000) {
      const part = events.slice(at, at + 5000)
      found.push(...((await this.command('dispositions', { tenant: this.tenant, events: part })) as Disposition[]))
    }
    return found
  }

  async verify(): Promise<string[]> {
    const answer = (await this.command('verify', { tenant: this.tenant })) as BooksReport
    return [...answer.problems]
  }

  async killAgent(agent: number): Promise<void> {
    await this.#agents.get(agent)?.kill()
    this.#agents.delete(agent)
  }

  async killAggregator(): Promise<void> {
    await this.#aggregator?.kill()
    this.#aggregator = null
  }

  async startAgent(agent: number): Promise<void> {
    this.#agents.set(agent, await startService(this.deployment.agentService(agent, this.#edgePort)))
  }

  async startAggregator(): Promise<void> {
    this.#aggregator = await startService(this.deployment.aggregatorService())
  }

  async stop(): Promise<void> {
    for (const agent of this.#agents.values()) await agent.stop()
    this.#agents.clear()
    await this.#aggregator?.stop()
    this.#aggregator = null
  }

  /** What is still under way, in words, or null when nothing is. */
  async #waiting(): Promise<string | null> {
    for (const agent of this.#agents.keys()) {
      const status = await this.agentStatus(agent)
      if (status.open.units > 0) return `agent ${agent} has ${status.open.units} units in its open batch`
      if (status.outbox.batches > 0) {
        return `agent ${agent} has ${status.outbox.batches} batches unsent (uplink ${status.uplink.state} ${status.uplink.fault?.message ?? ''})`
      }
    }
    const status = (await this.command('status', { tenant: this.tenant })) as TenantStatus
    return status.unratedBatches > 0 ? `the aggregator has ${status.unratedBatches} batches unrated` : null
  }
}

async function control(socketFile: string, command: string, input: object): Promise<unknown> {
  const answer = await callControl({ socketFile, command, input })
  if (!answer.ok) throw new Error(`${command}: ${answer.fault.code}: ${answer.fault.message}`)
  return answer.value
}
