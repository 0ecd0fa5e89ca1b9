import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { StatusJson } from '@meterline/agent/control/serve-commands.ts'
import type { TenantStatus } from '@meterline/aggregator/flow/commands.ts'
import { callControl } from '@meterline/shared/wire/control.ts'
import { createDeployment } from '../scenarios/deployment.ts'
import type { Deployment, DeploymentPlan } from '../scenarios/deployment.ts'
import { freePort } from '../scenarios/free-port.ts'
import { startService } from '../scenarios/processes.ts'
import type { Service } from '../scenarios/processes.ts'
import { benchTenant, benchTenantFile } from './bench-tenant.ts'
import type { BenchAgent } from './bench-tenant.ts'

/** The programs are measured as they are installed; `runBench` builds them. */
const form = 'bundles'
const pollMs = 20
const patienceMs = 180_000

/** Doors of the agent beside its MQTT broker. */
export type BenchDoors = Pick<DeploymentPlan, 'httpPorts' | 'agentSettings'>

/** One aggregator and one agent as a customer runs them: processes of their own, mutual TLS, real files. */
export class BenchServices {
  readonly #deployment: Deployment
  readonly #edgePort: number
  #agent: Service | null = null
  #aggregator: Service | null = null

  private constructor(deployment: Deployment, edgePort: number) {
    this.#deployment = deployment
    this.#edgePort = edgePort
    // Should the bench itself break down, nothing of it keeps running.
    process.on('exit', this.#endAtOnce)
  }

  /** Starts both, applies a tenant in which `subjects` are charged on three legs, and waits for the agent's snapshot. */
  static async start(folder: string, subjects: readonly string[], doors: BenchDoors = {}): Promise<BenchServices> {
    return await BenchServices.startWith(folder, (agents) => benchTenantFile(subjects, agents), doors)
  }

  /** The same with a tenant file of another kind, for `benchTenant` too. */
  static async startWith(
    folder: string,
    tenantFile: (agents: readonly BenchAgent[]) => string,
    doors: BenchDoors = {},
  ): Promise<BenchServices> {
    const edgePort = await freePort()
    const plan = { folder, tenant: benchTenant, agents: ['gw-1'], edgePort, logLevel: 'warn', ...doors }
    const deployment = await createDeployment(plan)
    const services = new BenchServices(deployment, edgePort)
    try {
      await services.startAggregator()
      await services.apply(tenantFile)
      await services.startAgent()
    } catch (error) {
      await services.stop()
      throw error
    }
    return services
  }

  /** Applies a tenant file and waits until it is in force. */
  async apply(tenantFile: (agents: readonly BenchAgent[]) => string): Promise<void> {
    const text = tenantFile(this.#deployment.agents)
    await control(this.#aggregatorSocket, 'apply', { fileName: 'bench.yaml', text })
  }

  readonly #endAtOnce = (): void => {
    for (const service of [this.#agent, this.#aggregator]) {
      if (service !== null && !service.exited()) process.kill(service.pid, 'SIGKILL')
    }
  }

  get agentPid(): number {
    return running(this.#agent).pid
  }

  get aggregatorPid(): number {
    return running(this.#aggregator).pid
  }

  /** The port that devices connect to. */
  get mqttPort(): number {
    const { mqtt } = running(this.#agent).ready
    const first: unknown = Array.isArray(mqtt) ? mqtt[0] : undefined
    if (typeof first !== 'object' || first === null || !('port' in first) || typeof first.port !== 'number') {
      throw new Error(`the agent's ready file names no MQTT port: ${JSON.stringify(mqtt)}`)
    }
    return first.port
  }

  get agentJournalFile(): string {
    return join(this.#deployment.folder, 'gw-1', 'journal.db')
  }

  get tenantFile(): string {
    return join(this.#deployment.folder, 'aggregator', `${benchTenant}.db`)
  }

  /** Starts the agent, with `env` added to its environment, and waits until it can rate. */
  async startAgent(env: Readonly<Record<string, string>> = {}): Promise<void> {
    this.#agent = await startService({ ...this.#deployment.agentService(0, this.#edgePort), form, env })
    await until('the agent has no snapshot', async () => (await this.agentStatus()).snapshot !== null)
  }

  async stopAgent(): Promise<void> {
    await this.#agent?.stop()
    this.#agent = null
  }

  async startAggregator(): Promise<void> {
    this.#aggregator = await startService({ ...this.#deployment.aggregatorService(), form })
  }

  async stopAggregator(): Promise<void> {
    await this.#aggregator?.stop()
    this.#aggregator = null
  }

  async stop(): Promise<void> {
    await this.stopAgent()
    await this.stopAggregator()
    process.off('exit', this.#endAtOnce)
  }

  async agentStatus(): Promise<StatusJson> {
    assertRunning(this.#agent)
    return (await control(join(this.#deployment.folder, 'gw-1.sock'), 'status', {})) as StatusJson
  }

  async tenantStatus(): Promise<TenantStatus> {
    assertRunning(this.#aggregator)
    return (await control(this.#aggregatorSocket, 'status', { tenant: benchTenant })) as TenantStatus
  }

  /** Waits until everything acknowledged has been sealed, sent, verified, rated and posted. */
  async drained(): Promise<void> {
    await until('the agent still has something to send', async () => {
      const { open, outbox } = await this.agentStatus()
      return open.units === 0 && outbox.batches === 0
    })
    await until(
      'the aggregator still has batches to rate',
      async () => (await this.tenantStatus()).unratedBatches === 0,
    )
  }

  get #aggregatorSocket(): string {
    return join(this.#deployment.folder, 'aggregator.sock')
  }
}

function running(service: Service | null): Service {
  if (service === null) throw new Error('the process is not running')
  return service
}

function assertRunning(service: Service | null): void {
  const checked = running(service)
  if (checked.exited()) throw new Error(`${checked.name} ended by itself; see its log`)
}

async function control(socketFile: string, command: string, input: object): Promise<unknown> {
  const answer = await callControl({ socketFile, command, input })
  if (!answer.ok) throw new Error(`${command}: ${answer.fault.code}: ${answer.fault.message}`)
  return answer.value
}

/** Waits until something holds; throws the complaint when it does not for very long. */
export async function until(complaint: string, holds: () => Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + patienceMs
  while (!(await holds())) {
    if (performance.now() > deadlineMs) throw new Error(`${complaint} after ${patienceMs / 1000} s`)
    await pause(pollMs)
  }
}
