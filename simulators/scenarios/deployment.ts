import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { createAuthority, issueCertificate, writeCertificate } from '../pki/certificates.ts'
import { runCommand, type ProgramForm, type ServiceSpec } from './processes.ts'

/** What a deployment on one machine is made of: one aggregator and some agents, each its own process. */
export interface DeploymentPlan {
  /** Everything lives below this folder. */
  readonly folder: string
  readonly tenant: string
  readonly agents: readonly string[]
  /** Device id and password hash; empty means anonymous devices from loopback. */
  readonly devices?: readonly { id: string; secretHash: string }[]
  /** Ports to bind; 0 or absent lets the machine choose. */
  readonly edgePort?: number
  readonly mqttPorts?: readonly number[]
  /** Ports of the agents' HTTP doors; absent: they have none. */
  readonly httpPorts?: readonly number[]
  readonly logLevel?: string
  /** Further settings of every agent, for example its mapping rules. */
  readonly agentSettings?: Readonly<Record<string, unknown>>
  readonly form?: ProgramForm
  /** Added to the environment of every service, for example a preloaded library. */
  readonly env?: Readonly<Record<string, string>>
}

/** The files of a deployment that is ready to start. */
export interface Deployment {
  readonly folder: string
  readonly aggregatorConfig: string
  readonly agents: readonly { id: string; configFile: string; signingKey: string }[]
  readonly aggregatorKey: string
  aggregatorService(): ServiceSpec
  /** Writes the agent's config with the aggregator's real port, and says how to start it. */
  agentService(index: number, edgePort: number): ServiceSpec
}

/** Makes keys, certificates and config files. Keys are made by the programs' own `init`; nothing secret passes through argv. */
export async function createDeployment(plan: DeploymentPlan): Promise<Deployment> {
  const pki = join(plan.folder, 'pki')
  mkdirSync(plan.folder, { recursive: true })
  const authority = await createAuthority('Meterline demo authority')
  mkdirSync(pki, { recursive: true })
  const authorityFile = join(pki, 'ca.crt')
  writeFileSync(authorityFile, authority.certificatePem)

  const server = await issueCertificate(authority, {
    commonName: 'aggregator',
    organisation: plan.tenant,
    serverNames: ['localhost', '127.0.0.1'],
  })
  const aggregatorConfig = join(plan.folder, 'aggregator.yaml')
  writeYaml(aggregatorConfig, {
    dataDirectory: join(plan.folder, 'aggregator'),
    edge: {
      host: '127.0.0.1',
      port: plan.edgePort ?? 0,
      tls: { ca: authorityFile, ...writeCertificate(pki, 'aggregator', server) },
    },
    control: { socket: join(plan.folder, 'aggregator.sock') },
    log: { level: plan.logLevel ?? 'info' },
  })
  const aggregatorKey = await initialise('aggregator', aggregatorConfig)

  const agents: {
    id: string
    configFile: string
    signingKey: string
    tls: { ca: string; cert: string; key: string }
  }[] = []
  for (const [index, id] of plan.agents.entries()) {
    const client = await issueCertificate(authority, { commonName: id, organisation: plan.tenant })
    const tls = { ca: authorityFile, ...writeCertificate(pki, id, client) }
    const configFile = join(plan.folder, `${id}.yaml`)
    writeYaml(configFile, agentConfig(plan, id, index, plan.edgePort ?? 1, tls, aggregatorKey))
    agents.push({ id, configFile, signingKey: await initialise('agent', configFile), tls })
  }

  const spec = (program: 'agent' | 'aggregator', name: string, configFile: string): ServiceSpec => ({
    name,
    program,
    configFile,
    readyFile: join(plan.folder, `${name}.ready.json`),
    logFile: join(plan.folder, `${name}.log`),
    ...(plan.form === undefined ? {} : { form: plan.form }),
    ...(plan.env === undefined ? {} : { env: plan.env }),
  })
  return {
    folder: plan.folder,
    aggregatorConfig,
    agents,
    aggregatorKey,
    aggregatorService: () => spec('aggregator', 'aggregator', aggregatorConfig),
    agentService: (index, edgePort) => {
      const agent = agents[index]
      if (agent === undefined) throw new Error(`there is no agent ${index}`)
      writeYaml(agent.configFile, agentConfig(plan, agent.id, index, edgePort, agent.tls, aggregatorKey))
      return spec('agent', agent.id, agent.configFile)
    },
  }
}

function agentConfig(
  plan: DeploymentPlan,
  id: string,
  index: number,
  edgePort: number,
  tls: { ca: string; cert: string; key: string },
  aggregatorKey: string,
): object {
  const devices = plan.devices ?? []
  return {
    tenant: plan.tenant,
    agent: id,
    dataDirectory: join(plan.folder, id),
    mqtt: {
      listeners: [{ host: '127.0.0.1', port: plan.mqttPorts?.[index] ?? 0 }],
      anonymous: devices.length > 0 ? 'never' : 'loopback',
      devices,
    },
    ...(plan.httpPorts === undefined
      ? {}
      : { http: { listeners: [{ host: '127.0.0.1', port: plan.httpPorts[index] ?? 0 }], anonymous: 'loopback' } }),
    uplink: { address: `localhost:${edgePort}`, tls, aggregatorKey },
    control: { socket: join(plan.folder, `${id}.sock`) },
    log: { level: plan.logLevel ?? 'info' },
    ...plan.agentSettings,
  }
}

async function initialise(program: 'agent' | 'aggregator', configFile: string): Promise<string> {
  const { code, stdout, stderr } = await runCommand(program, ['init', '--config', configFile, '--json'])
  if (code !== 0) throw new Error(`${program} init failed with exit code ${code}: ${stderr}${stdout}`)
  const answer = JSON.parse(stdout) as { publicKey?: string }
  if (answer.publicKey === undefined) throw new Error(`${program} init printed no publicKey: ${stdout}`)
  return answer.publicKey
}

function writeYaml(file: string, value: object): void {
  writeFileSync(file, stringify(value), { mode: 0o600 })
}
