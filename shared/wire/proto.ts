import { fileURLToPath } from 'node:url'
import { loadSync } from '@grpc/proto-loader'
import { failed, fault, ok } from '../base/errors.ts'
import type { Fault, Result } from '../base/errors.ts'
import type { AgentMessage, AggregatorMessage } from './messages.ts'
import { checkpointFromWire, checkpointToWire } from './checkpoint-wire.ts'
import { helloFromWire, helloToWire, welcomeFromWire, welcomeToWire } from './greeting-wire.ts'
import { reportFromWire, reportToWire } from './report-wire.ts'
import {
  partRequestFromWire,
  signedSnapshotFromWire,
  snapshotPartFromWire,
  subjectAnswerFromWire,
  subjectRequestFromWire,
} from './snapshot-wire.ts'
import { bytesOf, countOf, fieldsOf, MalformedMessage, textOf, type Fields } from './wire-fields.ts'

/** A message that its protobuf layout or its value ranges do not allow. */
export type WireFault = Fault<'message_malformed'>

/** One method as gRPC needs it, with the messages already in their plain form. */
export interface WireMethod<Request, Response> {
  readonly path: string
  readonly encodeRequest: (request: Request) => Buffer
  readonly decodeRequest: (bytes: Buffer) => Result<Request, WireFault>
  readonly encodeResponse: (response: Response) => Buffer
  readonly decodeResponse: (bytes: Buffer) => Result<Response, WireFault>
}

/** What `Control.Run` is asked: a command's name and its arguments as one JSON object. */
export interface RunRequest {
  readonly command: string
  readonly argumentsJson: string
}

/** What `Control.Run` answers: progress lines, then exactly one result or fault. */
export type RunReply =
  | { readonly kind: 'progress'; readonly message: string }
  | { readonly kind: 'result'; readonly json: string }
  | { readonly kind: 'fault'; readonly code: string; readonly message: string; readonly detailsJson: string }

/** The edge session (proto/meterline/v1/edge.proto). Decoding never throws: what is malformed comes back as a fault. */
export const edgeSessionMethod: WireMethod<AgentMessage, AggregatorMessage> = wireMethod(
  loadMethod('edge.proto', 'meterline.v1.Edge', 'Session'),
  agentMessageToWire,
  agentMessageFromWire,
  aggregatorMessageToWire,
  aggregatorMessageFromWire,
)

/** The control call (proto/meterline/v1/control.proto). */
export const controlRunMethod: WireMethod<RunRequest, RunReply> = wireMethod(
  loadMethod('control.proto', 'meterline.v1.Control', 'Run'),
  (request) => ({ command: request.command, argumentsJson: request.argumentsJson }),
  (message) => ({ command: textOf(message, 'command'), argumentsJson: textOf(message, 'argumentsJson') }),
  runReplyToWire,
  runReplyFromWire,
)

interface ProtoMethod {
  readonly path: string
  readonly requestSerialize: (message: object) => Buffer
  readonly requestDeserialize: (bytes: Buffer) => object
  readonly responseSerialize: (message: object) => Buffer
  readonly responseDeserialize: (bytes: Buffer) => object
}

function loadMethod(file: string, service: string, method: string): ProtoMethod {
  const path = fileURLToPath(new URL(`../../proto/meterline/v1/${file}`, import.meta.url))
  const definition = loadSync(path, { longs: Number, defaults: true, oneofs: true, keepCase: false })[service]
  const found = definition === undefined ? undefined : (definition as Readonly<Record<string, unknown>>)[method]
  if (typeof found !== 'object' || found === null) throw new Error(`${file} defines no method ${service}/${method}`)
  return found as ProtoMethod
}

function wireMethod<Request, Response>(
  method: ProtoMethod,
  requestToWire: (request: Request) => object,
  requestFromWire: (message: Fields) => Request,
  responseToWire: (response: Response) => object,
  responseFromWire: (message: Fields) => Response,
): WireMethod<Request, Response> {
  return {
    path: method.path,
    encodeRequest: (request) => method.requestSerialize(requestToWire(request)),
    decodeRequest: (bytes) => decodeWith(method.requestDeserialize, requestFromWire, bytes),
    encodeResponse: (response) => method.responseSerialize(responseToWire(response)),
    decodeResponse: (bytes) => decodeWith(method.responseDeserialize, responseFromWire, bytes),
  }
}

function decodeWith<Message>(
  deserialize: (bytes: Buffer) => object,
  fromWire: (message: Fields) => Message,
  bytes: Buffer,
): Result<Message, WireFault> {
  try {
    return ok(fromWire(deserialize(bytes) as Fields))
  } catch (error) {
    // protobufjs throws on bytes that are no message of this type, and so do the field readers below.
    const reason = error instanceof Error ? error.message : String(error)
    return failed(fault('message_malformed', `A message of ${bytes.length} bytes cannot be read: ${reason}`))
  }
}

function agentMessageToWire(message: AgentMessage): object {
  if (message.kind === 'batch') {
    return { batch: { header: message.header, signature: message.signature, body: message.body } }
  }
  if (message.kind === 'report') return { report: reportToWire(message) }
  if (message.kind === 'part-request') return { partRequest: { hashes: message.hashes } }
  if (message.kind === 'subject-request') return { subjectRequest: { subjects: message.subjects } }
  return { hello: helloToWire(message) }
}

function agentMessageFromWire(message: Fields): AgentMessage {
  const which = textOf(message, 'message')
  if (which === 'batch') {
    const batch = fieldsOf(message, 'batch')
    return {
      kind: 'batch',
      header: bytesOf(batch, 'header'),
      signature: bytesOf(batch, 'signature'),
      body: bytesOf(batch, 'body'),
    }
  }
  if (which === 'report') return reportFromWire(fieldsOf(message, 'report'))
  if (which === 'partRequest') return partRequestFromWire(fieldsOf(message, 'partRequest'))
  if (which === 'subjectRequest') return subjectRequestFromWire(fieldsOf(message, 'subjectRequest'))
  if (which !== 'hello') throw new MalformedMessage('it is no hello, batch, report or request')
  return helloFromWire(fieldsOf(message, 'hello'))
}

function aggregatorMessageToWire(message: AggregatorMessage): object {
  switch (message.kind) {
    case 'receipt': {
      const { epoch, seq, batchHash, logIndex } = message
      return { receipt: { epoch, seq, batchHash, logIndex } }
    }
    case 'welcome':
      return { welcome: welcomeToWire(message) }
    case 'checkpoint':
      return { checkpoint: checkpointToWire(message) }
    case 'snapshot':
      return { snapshot: { bytes: message.bytes, signature: message.signature } }
    case 'snapshot-part':
      return { snapshotPart: { bytes: message.bytes } }
    case 'subject-answer':
      return { subjectAnswer: { bytes: message.bytes, signature: message.signature } }
    case 'refusal': {
      const { code, message: text, seq, permanent } = message
      return { refusal: { code, message: text, seq, permanent } }
    }
  }
}

function aggregatorMessageFromWire(message: Fields): AggregatorMessage {
  const which = textOf(message, 'message')
  switch (which) {
    case 'receipt': {
      const receipt = fieldsOf(message, 'receipt')
      return {
        kind: 'receipt',
        epoch: countOf(receipt, 'epoch'),
        seq: countOf(receipt, 'seq'),
        batchHash: bytesOf(receipt, 'batchHash'),
        logIndex: countOf(receipt, 'logIndex'),
      }
    }
    case 'welcome':
      return welcomeFromWire(fieldsOf(message, 'welcome'))
    case 'checkpoint':
      return checkpointFromWire(fieldsOf(message, 'checkpoint'))
    case 'snapshot':
      return signedSnapshotFromWire(fieldsOf(message, 'snapshot'))
    case 'snapshotPart':
      return snapshotPartFromWire(fieldsOf(message, 'snapshotPart'))
    case 'subjectAnswer':
      return subjectAnswerFromWire(fieldsOf(message, 'subjectAnswer'))
    case 'refusal': {
      const refusal = fieldsOf(message, 'refusal')
      return {
        kind: 'refusal',
        code: textOf(refusal, 'code'),
        message: textOf(refusal, 'message'),
        seq: countOf(refusal, 'seq'),
        permanent: refusal['permanent'] === true,
      }
    }
    default:
      throw new MalformedMessage('it is no welcome, receipt, snapshot, part, answer, checkpoint or refusal')
  }
}

function runReplyToWire(reply: RunReply): object {
  switch (reply.kind) {
    case 'progress':
      return { progress: { message: reply.message } }
    case 'result':
      return { result: { json: reply.json } }
    case 'fault':
      return { fault: { code: reply.code, message: reply.message, detailsJson: reply.detailsJson } }
  }
}

function runReplyFromWire(message: Fields): RunReply {
  const which = textOf(message, 'reply')
  if (which === 'progress') return { kind: 'progress', message: textOf(fieldsOf(message, 'progress'), 'message') }
  if (which === 'result') return { kind: 'result', json: textOf(fieldsOf(message, 'result'), 'json') }
  if (which !== 'fault') throw new MalformedMessage('it is no progress, result or fault')
  const answer = fieldsOf(message, 'fault')
  return {
    kind: 'fault',
    code: textOf(answer, 'code'),
    message: textOf(answer, 'message'),
    detailsJson: textOf(answer, 'detailsJson'),
  }
}
