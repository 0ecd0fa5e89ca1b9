import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { systemClock } from '@meterline/shared/base/clock.ts'
import { FaultError } from '@meterline/shared/base/errors.ts'
import { Lifecycle } from '@meterline/shared/base/lifecycle.ts'
import { jsonLog } from '@meterline/shared/base/log.ts'
import type { Log } from '@meterline/shared/base/log.ts'
import { systemRandom } from '@meterline/shared/base/random.ts'
import { composeAggregator, openControl, openEdgeDoor, readSigningKey } from '../compose.ts'
import { aggregatorFiles } from '../config.ts'
import type { AggregatorConfig } from '../config.ts'
import { lockData } from '../store/data-lock.ts'
import { exitCodes } from './exit-codes.ts'
import type { ExitCode } from './exit-codes.ts'

/** Runs an aggregator until it is asked to stop (SIGTERM, SIGINT). */
export async function runAggregator(
  config: AggregatorConfig,
  version: string,
  readyFile: string | undefined,
): Promise<ExitCode> {
  const log = jsonLog({ level: config.log.level, destination: 'stdout' })
  const lifecycle = new Lifecycle()
  const stopped = Promise.withResolvers<undefined>()
  const stop = (signal: string): void => {
    log.info('stopping', { signal })
    stopped.resolve(undefined)
  }
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
  try {
    await start(config, version, log, lifecycle, readyFile)
  } catch (error) {
    await closeAll(lifecycle, log)
    if (!(error instanceof FaultError)) throw error
    log.error('cannot start', { ...error.fault })
    return exitCodes.cannotStart
  }
  await stopped.promise
  const cleanly = await closeAll(lifecycle, log)
  log.info('stopped', { cleanly })
  return cleanly ? exitCodes.ok : exitCodes.unexpected
}

async function start(
  config: AggregatorConfig,
  version: string,
  log: Log,
  lifecycle: Lifecycle,
  readyFile: string | undefined,
): Promise<void> {
  const { dataDirectory, edge, limits } = config
  const { controlSocket } = aggregatorFiles(config)
  const signingKey = readSigningKey(config)
  const lock = lockData(dataDirectory)
  lifecycle.opened('data lock', () => lock.release())
  const aggregator = await composeAggregator({
    dataDirectory,
    signingKey,
    limits,
    copyBooks: async (order, phase) => (await import('../backup/thread.ts')).copyBooksInThread(order, phase),
    version,
    clock: systemClock(),
    random: systemRandom(),
    log,
  })
  const control = await openControl(aggregator, { version, socketFile: controlSocket, log })
  lifecycle.opened('control socket', () => control.close())
  const door = await openEdgeDoor(aggregator, { config, log })
  // Closed first of all, so that sessions get their farewell while their connections are open.
  lifecycle.opened('edge door', () => door.close())
  lifecycle.opened('aggregator', () => aggregator.close())
  const ready = {
    pid: process.pid,
    edge: { host: edge.host, port: door.port, tls: edge.tls !== undefined },
    control: control.socketFile,
    publicKey: aggregator.publicKeyBase64,
  }
  if (readyFile !== undefined) writeReadyFile(readyFile, ready)
  log.info('ready', { edge: ready.edge, control: ready.control, publicKey: ready.publicKey, version })
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

/** Written whole or not at all, so that whoever waits for the file never reads a part of it. */
function writeReadyFile(file: string, ready: object): void {
  mkdirSync(dirname(file), { recursive: true })
  const temporary = `${file}.${process.pid}.new`
  writeFileSync(temporary, `${JSON.stringify(ready)}\n`)
  renameSync(temporary, file)
}
