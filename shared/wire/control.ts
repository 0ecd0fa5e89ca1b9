import { mkdirSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { dirname, resolve as resolvePath } from 'node:path'
import { Client, Server, ServerCredentials, credentials, status } from '@grpc/grpc-js'
import type { ServerWritableStream, ServiceError } from '@grpc/grpc-js'
import { failed, fault, FaultError, ok } from '../base/errors.ts'
import type { Fault, Result } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { openGrpcListener } from './grpc-listener.ts'
import { controlRunMethod } from './proto.ts'
import type { RunReply, RunRequest, WireFault } from './proto.ts'

/** A control message is at most this large: it carries a tenant file or a list of documents. */
const maxControlMessageBytes = 16 * 1024 * 1024

/** Linux keeps a Unix socket's path in 108 bytes including the final zero (unix(7)). */
const maxSocketPathBytes = 107

/**
 * What a running service does with a command: `argumentsJson` parsed (an object, not yet checked), and a way to tell
 * the waiting person about progress. Answers a JSON value or a fault.
 */
export type RunCommand = (
  command: string,
  input: Readonly<Record<string, unknown>>,
  progress: (message: string) => void,
) => Promise<Result<unknown>>

/** The open control socket of a running service. */
export interface ControlServer {
  readonly socketFile: string
  close(): Promise<void>
}

/**
 * Serves commands on a Unix socket of mode 0600. A socket file left behind by a service that was killed is replaced;
 * one on which a service still answers is not ('control_in_use').
 */
export async function serveControl(options: {
  readonly socketFile: string
  readonly run: RunCommand
  readonly log: Log
}): Promise<Result<ControlServer, Fault<'control_in_use' | 'control_path_invalid' | 'listen_failed'>>> {
  const socketFile = resolvePath(options.socketFile)
  const checked = checkPath(socketFile)
  if (!checked.ok) return checked
  mkdirSync(dirname(socketFile), { recursive: true, mode: 0o700 })
  if (await answers(socketFile)) {
    const message = `Another service answers on ${socketFile}. Stop it first, or give this one another control.socket.`
    return failed(fault('control_in_use', message))
  }
  rmSync(socketFile, { force: true })

  const server = new Server({
    'grpc.max_receive_message_length': maxControlMessageBytes,
    'grpc.max_send_message_length': maxControlMessageBytes,
    'grpc.max_concurrent_streams': 8,
  })
  server.register(
    controlRunMethod.path,
    (call: ControlCall) => void serveCall(call, options.run, options.log),
    controlRunMethod.encodeResponse,
    controlRunMethod.decodeRequest,
    'serverStream',
  )
  const listener = await openGrpcListener({
    server,
    credentials: ServerCredentials.createInsecure(),
    place: { socketFile },
    maxConnections: 32,
  })
  if (!listener.ok) return listener
  const { value } = listener
  return ok({ socketFile, close: () => value.close() })
}

/**
 * Runs one command in the service behind `socketFile` and waits for its result, a JSON value. Faults of the service
 * come back with their own code; 'control_unreachable' when no service answers, 'control_failed' when it goes away.
 */
export function callControl(call: {
  readonly socketFile: string
  readonly command: string
  readonly input: object
  readonly onProgress?: (message: string) => void
}): Promise<Result<unknown>> {
  const socketFile = resolvePath(call.socketFile)
  const checked = checkPath(socketFile)
  if (!checked.ok) return Promise.resolve(checked)
  const client = new Client(`unix:${socketFile}`, credentials.createInsecure(), {
    'grpc.max_receive_message_length': maxControlMessageBytes,
    'grpc.max_send_message_length': maxControlMessageBytes,
    'grpc.enable_retries': 0,
  })
  return new Promise<Result<unknown>>((settle) => {
    let outcome: Result<unknown> | null = null
    const stream = client.makeServerStreamRequest(
      controlRunMethod.path,
      controlRunMethod.encodeRequest,
      controlRunMethod.decodeResponse,
      { command: call.command, argumentsJson: JSON.stringify(call.input) },
    )
    stream.on('data', (reply: Result<RunReply, WireFault>) => {
      if (!reply.ok) outcome = reply
      else if (reply.value.kind === 'progress') call.onProgress?.(reply.value.message)
      else outcome = outcomeOf(reply.value)
    })
    stream.on('error', (error: ServiceError) => settle(failed(transportFault(error, socketFile))))
    stream.on('end', () => {
      settle(outcome ?? failed(fault('control_failed', `The service behind ${socketFile} ended without an answer.`)))
    })
  }).finally(() => client.close())
}

type ControlCall = ServerWritableStream<Result<RunRequest, WireFault>, RunReply>

async function serveCall(call: ControlCall, run: RunCommand, log: Log): Promise<void> {
  // The caller may be gone before the answer; the command has run all the same.
  call.on('error', (error) => log.debug('control call broke off', { error: error.message }))
  call.write(await replyTo(call, run, log))
  call.end()
}

async function replyTo(call: ControlCall, run: RunCommand, log: Log): Promise<RunReply> {
  if (!call.request.ok) return faultReply(call.request.fault)
  const { command, argumentsJson } = call.request.value
  const input = parseObject(argumentsJson)
  if (input === null) return faultReply(fault('arguments_invalid', `The arguments of ${command} are no JSON object.`))
  try {
    const outcome = await run(command, input, (message) => void call.write({ kind: 'progress', message }))
    return outcome.ok ? { kind: 'result', json: JSON.stringify(outcome.value ?? null) } : faultReply(outcome.fault)
  } catch (error) {
    if (error instanceof FaultError) return faultReply(error.fault)
    const message = error instanceof Error ? error.message : String(error)
    log.error('command failed unexpectedly', { command, error: error instanceof Error ? error.stack : message })
    return faultReply(
      fault('internal', `${command} failed unexpectedly: ${message}. The service's log has the details.`),
    )
  }
}

function faultReply(given: Fault): RunReply {
  const detailsJson = given.details === undefined ? '' : JSON.stringify(given.details)
  return { kind: 'fault', code: given.code, message: given.message, detailsJson }
}

function outcomeOf(reply: Exclude<RunReply, { kind: 'progress' }>): Result<unknown> {
  if (reply.kind === 'result') return ok(JSON.parse(reply.json) as unknown)
  if (reply.detailsJson === '') return failed(fault(reply.code, reply.message))
  // The service wrote the details itself, from a Fault.
  const details = JSON.parse(reply.detailsJson) as Readonly<Record<string, string | number>>
  return failed(fault(reply.code, reply.message, details))
}

function transportFault(error: ServiceError, socketFile: string): Fault {
  if (error.code === status.UNAVAILABLE) {
    const message = `No service answers on ${socketFile}. Start it with "run", or name the config file of the one that runs.`
    return fault('control_unreachable', message)
  }
  return fault('control_failed', `The service behind ${socketFile} broke off: ${error.details || error.message}`)
}

function parseObject(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : null
  } catch {
    return null
  }
}

function checkPath(socketFile: string): Result<null, Fault<'control_path_invalid'>> {
  const bytes = Buffer.byteLength(socketFile)
  if (bytes <= maxSocketPathBytes) return ok(null)
  const message =
    `The path of a Unix socket has at most ${maxSocketPathBytes} bytes, this one has ${bytes}: ${socketFile}. ` +
    'Set control.socket to a shorter path.'
  return failed(fault('control_path_invalid', message))
}

function answers(socketFile: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(socketFile)
    probe.once('connect', () => {
      probe.destroy()
      resolve(true)
    })
    probe.once('error', () => resolve(false))
  })
}
