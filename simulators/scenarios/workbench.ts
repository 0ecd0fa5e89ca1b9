import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse, stringify } from 'yaml'
import type { ApplyOutcome } from '@meterline/aggregator/flow/commands.ts'
import type { Result } from '@meterline/shared/base/errors.ts'
import { callControl } from '@meterline/shared/wire/control.ts'
import { createDeployment } from './deployment.ts'
import { freePort } from './free-port.ts'
import { startService, type Service } from './processes.ts'
import { StartFailure } from './start-failure.ts'
import {
  nextSteps,
  portText,
  startFailureText,
  type PublishableRule,
  type WorkbenchNames,
  type WorkbenchPorts,
} from './workbench-texts.ts'

const template = fileURLToPath(new URL('./workbench.yaml', import.meta.url))
const agentId = 'gw-1'
/** Where doors usually are; another port is taken when somebody else has them. */
const usualPorts = { edge: 7443, mqtt: 1883, http: 8480 } as const

/** Where the files of a workbench lie; all of them are the user's to edit, and stay. */
interface WorkbenchFiles {
  readonly folder: string
  readonly aggregator: string
  readonly agent: string
  readonly tenant: string
}

/**
 * A place to bill a device of one's own: one aggregator and one agent with their files in a folder that stays. The first
 * time the folder is made, with keys, certificates and a small tenant; every time after that both programs start as the
 * files say by then, and the tenant file is applied. Runs until SIGINT or SIGTERM; the result is the exit code.
 */
export async function runWorkbench(folderName: string): Promise<number> {
  const files = filesIn(resolve(folderName))
  if (!existsSync(files.aggregator)) await prepare(files)
  const running: Service[] = []
  const stopRequested = new Promise<void>((done) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => done())
  })
  try {
    running.push(await start(files, 'aggregator', 'aggregator'))
    // The agent comes second: before that the tenant does not know it.
    console.log(await applied(files))
    const agent = await start(files, 'agent', agentId)
    running.push(agent)
    const steps = nextSteps(namesOf(files), portsOf(agent.ready), rulesIn(files.agent))
    console.log(`\n${steps}\n\n  Ctrl-C stops both; what was metered stays.`)
    await stopRequested
    return 0
  } catch (error) {
    console.error(failureText(error, files))
    return 1
  } finally {
    for (const service of running.toReversed()) await service.stop()
  }
}

function filesIn(folder: string): WorkbenchFiles {
  return {
    folder,
    aggregator: join(folder, 'aggregator.yaml'),
    agent: join(folder, `${agentId}.yaml`),
    tenant: join(folder, 'tenant.yaml'),
  }
}

/** The files as they are named from where the command was started. */
function namesOf({ aggregator, agent, tenant }: WorkbenchFiles): WorkbenchNames {
  return { aggregator: relative('.', aggregator), agent: relative('.', agent), tenant: relative('.', tenant) }
}

async function prepare(files: WorkbenchFiles): Promise<void> {
  const edgePort = await freePort(usualPorts.edge)
  const mqttPort = await freePort(usualPorts.mqtt)
  const httpPort = await freePort(usualPorts.http)
  const deployment = await createDeployment({
    folder: files.folder,
    tenant: 'mine',
    agents: [agentId],
    edgePort,
    mqttPorts: [mqttPort],
    agentSettings: { http: { listeners: [{ host: '127.0.0.1', port: httpPort }], anonymous: 'loopback' } },
  })
  const agents = deployment.agents.map(({ id, signingKey }) => ({ id, signingKey, epoch: 1 }))
  writeFileSync(files.tenant, readFileSync(template, 'utf8') + stringify({ agents }))
  console.log(`  made ${relative('.', files.folder)} with keys, certificates and a small tenant`)
  const { aggregator, agent } = namesOf(files)
  const moved = [
    portText('the aggregator', usualPorts.edge, edgePort, `${aggregator} and, as the uplink's, in ${agent}`),
    portText('MQTT', usualPorts.mqtt, mqttPort, agent),
    portText('HTTP', usualPorts.http, httpPort, agent),
  ]
  for (const text of moved) if (text !== null) console.log(text)
}

function failureText(error: unknown, files: WorkbenchFiles): string {
  if (error instanceof StartFailure) return startFailureText(error, relative('.', files.folder) || '.', namesOf(files))
  return error instanceof Error ? error.message : String(error)
}

function portsOf(ready: Service['ready']): WorkbenchPorts {
  const portOf = (door: 'mqtt' | 'http'): number | null =>
    ((ready[door] ?? []) as readonly { port: number }[])[0]?.port ?? null
  return { mqtt: portOf('mqtt'), http: portOf('http') }
}

/** The rules of the agent's configuration (which the agent has found to be in order) that anybody may publish to. */
function rulesIn(agentFile: string): readonly PublishableRule[] {
  const { mappings } = parse(readFileSync(agentFile, 'utf8')) as {
    mappings?: readonly (PublishableRule & { readonly publishers?: readonly string[] })[] | null
  }
  return (mappings ?? []).filter(({ name, publishers }) => publishers?.includes(name) ?? true)
}

async function start(files: WorkbenchFiles, program: 'agent' | 'aggregator', name: string): Promise<Service> {
  return await startService({
    name,
    program,
    configFile: program === 'agent' ? files.agent : files.aggregator,
    readyFile: join(files.folder, `${name}.ready.json`),
    logFile: join(files.folder, `${name}.log`),
  })
}

/** Applies the tenant file and says what that changed, or what is wrong with it. */
async function applied({ folder, tenant }: WorkbenchFiles): Promise<string> {
  const name = relative('.', tenant)
  const input = { fileName: name, text: readFileSync(tenant, 'utf8') }
  const answer: Result<unknown> = await callControl({
    socketFile: join(folder, 'aggregator.sock'),
    command: 'apply',
    input,
  })
  if (!answer.ok) return `  ${name} is not applied; mend it and apply it again:\n\n${answer.fault.message}`
  const { applied: changed, diff } = answer.value as ApplyOutcome
  return changed ? `  applied ${name}\n${diff.map((line) => `    ${line}`).join('\n')}` : `  ${name} is in force`
}
