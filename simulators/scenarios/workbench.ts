import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stringify } from 'yaml'
import type { ApplyOutcome } from '@meterline/aggregator/flow/commands.ts'
import type { Result } from '@meterline/shared/base/errors.ts'
import { callControl } from '@meterline/shared/wire/control.ts'
import { createDeployment } from './deployment.ts'
import { freePort } from './free-port.ts'
import { startService, type Service } from './processes.ts'

const template = fileURLToPath(new URL('./workbench.yaml', import.meta.url))
const agentId = 'gw-1'

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
    running.push(await start(files, 'agent', agentId))
    console.log(await applied(files))
    console.log(`\n${nextSteps(files, running.at(-1)?.ready ?? {})}\n\n  Ctrl-C stops both; what was metered stays.`)
    await stopRequested
    return 0
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error))
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

async function prepare(files: WorkbenchFiles): Promise<void> {
  const [edgePort, mqttPort, httpPort] = [await freePort(7443), await freePort(1883), await freePort(8480)]
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

function nextSteps(files: WorkbenchFiles, ready: Service['ready']): string {
  const name = (file: string): string => relative('.', file)
  const addresses = (['mqtt', 'http'] as const).flatMap((door) =>
    ((ready[door] ?? []) as readonly { host: string; port: number }[]).map(
      ({ host, port }) => `    ${door}  ${host}:${port}`,
    ),
  )
  return [
    `  ${agentId} takes usage from this machine, without passwords, at`,
    ...addresses,
    '  edit, then Ctrl-C and start again',
    `    ${name(files.agent)}      the agent; add your rule under "mappings:"`,
    `    ${name(files.tenant)}    meters, prices, customers`,
    '  look',
    `    npm run agent -- status --config ${name(files.agent)}`,
    `    npm run agent -- suspense list --config ${name(files.agent)}`,
    `    npm run aggregator -- suspense list --config ${name(files.aggregator)}`,
    '  bill',
    `    npm run aggregator -- close-period <YYYY-MM> --force --config ${name(files.aggregator)}`,
    `    npm run aggregator -- invoice list --config ${name(files.aggregator)}`,
    `    npm run aggregator -- invoice page mine-000001 --config ${name(files.aggregator)}`,
  ].join('\n')
}
