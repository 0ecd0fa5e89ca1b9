import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { systemClock } from '@meterline/shared/base/clock.ts'
import { FaultError, type Fault } from '@meterline/shared/base/errors.ts'
import { Lifecycle } from '@meterline/shared/base/lifecycle.ts'
import { jsonLog, type Log } from '@meterline/shared/base/log.ts'
import { systemRandom } from '@meterline/shared/base/random.ts'
import { composeAgent, openControl, openDoors, openGrpcUplink, type OpenDoors } from '../compose.ts'
import { agentFiles, type AgentConfig } from '../config.ts'
import { exitCodes, type ExitCode } from './exit-codes.ts'

/** Faults of a start that a recovery may put right. */
const journalFaults = new Set(['journal_damaged', 'journal_epoch_unsent'])

/** Runs an agent until it is asked to stop (SIGTERM, SIGINT) or cannot go on. */
export async function runAgent(config: AgentConfig, version: string, readyFile: string | undefined): Promise<ExitCode> {
  const log = jsonLog({ level: config.log.level, destination: 'stdout' })
  const lifecycle = new Lifecycle()
  const ended = Promise.withResolvers<ExitCode>()
  const stop = (signal: string): void => {
    log.info('stopping', { signal })
    ended.resolve(exitCodes.ok)
  }
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
  try {
    await start(config, version, { log, lifecycle, readyFile, onFailure: () => ended.resolve(exitCodes.failed) })
  } catch (error) {
    await closeAll(lifecycle, log)
    if (!(error instanceof FaultError)) throw error
    log.error('cannot start', { ...error.fault })
    return exitCodes.cannotStart
  }
  const exitCode = await ended.promise
  const closedCleanly = await closeAll(lifecycle, log)
  log.info('stopped', { exitCode })
  return exitCode === exitCodes.ok && !closedCleanly ? exitCodes.unexpected : exitCode
}

async function start(
  config: AgentConfig,
  version: string,
  parts: { log: Log; lifecycle: Lifecycle; readyFile: string | undefined; onFailure: () => void },
): Promise<void> {
  const { log, lifecycle, readyFile, onFailure } = parts
  const files = agentFiles(config)
  mkdirSync(config.dataDirectory, { recursive: true, mode: 0o700 })
  const clock = systemClock()
  const random = systemRandom()
  const agentParts = {
    config,
    clock,
    random,
    log,
    openUplink: await openGrpcUplink(config),
    writer: 'thread' as const,
    journalFile: files.journal,
  }
  const agent = await composeAgent(agentParts).catch(async (error: unknown) => {
    if (!(error instanceof FaultError) || !journalFaults.has(error.fault.code)) throw error
    const { recoverAtStart } = await import('./recover-at-start.ts')
    if (!(await recoverAtStart(config, clock, log))) throw error
    return await composeAgent(agentParts)
  })
  // What stands first here is closed last: the agent answers what it took while its doors are still open.
  const doors = await guarded(
    () => agent.close(),
    () => openDoors(agent, { config, clock, random, log }),
  )
  const control = await guarded(
    async () => {
      await agent.close()
      await doors.close()
    },
    () => openControl(agent, doors, { version, socketFile: files.controlSocket, log }),
  )
  lifecycle.opened('control socket', () => control.close())
  lifecycle.opened('doors', () => doors.close())
  lifecycle.opened('agent', () => agent.close())
  agent.onFailure((failure: Fault) => {
    log.error('failed', { ...failure })
    onFailure()
  })
  const ready = readyDocument(doors, control.socketFile, agent.publicKey)
  if (readyFile !== undefined) writeReadyFile(readyFile, ready)
  const { mqtt, http, control: controlSocket, publicKey } = ready
  const addresses = { mqtt, http, control: controlSocket }
  log.info('ready', { agent: config.agent, tenant: config.tenant, version, ...addresses, publicKey })
}

/** Opens one more part; when that fails, what is open already is closed before the failure goes on. */
async function guarded<Part>(closeOthers: () => Promise<void>, open: () => Promise<Part>): Promise<Part> {
  try {
    return await open()
  } catch (error) {
    await closeOthers()
    throw error
  }
}

async function closeAll(lifecycle: Lifecycle, log: Log): Promise<boolean> {
  try {
    await lifecycle.close()
    return true
  } catch (error) {
    log.error('not closed cleanly', { error })
    return false
  }
}

interface ReadyDocument {
  readonly pid: number
  readonly mqtt: OpenDoors['mqtt']
  readonly http: OpenDoors['http']
  readonly control: string
  readonly publicKey: string
}

function readyDocument(doors: OpenDoors, controlSocket: string, publicKey: string): ReadyDocument {
  return { pid: process.pid, mqtt: doors.mqtt, http: doors.http, control: controlSocket, publicKey }
}

/** Written whole or not at all, so that whoever waits for the file never reads a part of it. */
function writeReadyFile(file: string, ready: object): void {
  mkdirSync(dirname(file), { recursive: true })
  const temporary = `${file}.${process.pid}.new`
  writeFileSync(temporary, `${JSON.stringify(ready)}\n`)
  renameSync(temporary, file)
}
