import type { IncomingMessage } from 'node:http'
import { isDeviceId } from '../domain/device-id.ts'
import type { DeliveryKind } from '../flow/ports.ts'
import type { DoorRule } from './door-rule.ts'
import type { BodyForm } from './http-pieces.ts'
import { problem, type HttpProblem } from './http-problem.ts'
import type { SourceTokens } from './http-tokens.ts'
import { isPublishableTopic, longestTopicBytes } from './mqtt-mapped-topics.ts'
import { isLoopbackAddress, type AnonymousRule } from './mqtt-policy.ts'

/** What requests are judged by. */
export interface RequestRules {
  readonly tokens: SourceTokens
  readonly anonymous: AnonymousRule
  /** Devices with a secret of their own at another door: nobody may post in their name without a token. */
  readonly isDevice: (name: string) => boolean
  readonly mappings: ReadonlyMap<string, DoorRule>
  readonly bodyBytes: number
}

/** A request that may be read. */
export interface AskedFor {
  readonly source: string
  readonly kind: DeliveryKind
  readonly rule: string | null
  /** What the rule reads as the topic; null where the request names none. */
  readonly topic: string | null
  readonly idempotencyKey: string | null
  readonly form: BodyForm
}

/** `/api/v1/events` is where OpenMeter's clients post to. */
const kindsByPath: Readonly<Record<string, DeliveryKind>> = {
  '/v1/events': 'usage',
  '/api/v1/events': 'usage',
  '/v1/ai': 'ai',
}

const formsByType: Readonly<Record<string, BodyForm>> = {
  'application/json': 'json',
  'application/cloudevents+json': 'json',
  'application/cloudevents-batch+json': 'json',
  'application/x-ndjson': 'json-lines',
  'application/ndjson': 'json-lines',
  'application/jsonl': 'json-lines',
  'application/cbor': 'whole',
}

const anonymousSource = 'http'
/** The IETF's Idempotency-Key draft has it as a quoted string; most clients send it bare. */
const keyPattern = /^"?([\x21\x23-\x7e]{1,64})"?$/
const typePattern = /^application\/[a-z0-9.+_-]{1,100}$/

/** Decides from its head whether a request may be read, before anything of its body is. */
export function readRequest(request: IncomingMessage, rules: RequestRules): AskedFor | HttpProblem {
  const target = request.url ?? ''
  const queryStart = target.indexOf('?')
  const path = queryStart < 0 ? target : target.slice(0, queryStart)
  const kind = Object.hasOwn(kindsByPath, path) ? kindsByPath[path] : undefined
  if (kind === undefined) return problem(404, 'path_unknown', 'there is /v1/events, /v1/ai and /healthz')
  if (request.method !== 'POST') {
    return problem(405, 'method_not_allowed', 'usage is posted: use POST', { headers: { Allow: 'POST' } })
  }
  const parameters = queryStart < 0 ? noParameters : parametersOf(target.slice(queryStart + 1))
  if (isProblem(parameters)) return parameters
  const source = sourceOf(request, rules, parameters)
  if (typeof source !== 'string') return source
  const rule = ruleOf(parameters.rule, source, rules)
  if (isProblem(rule)) return rule
  const form = formOf(request, rule)
  if (typeof form !== 'string') return form
  const lengthProblem = judgeLength(request, rules.bodyBytes)
  if (lengthProblem !== null) return lengthProblem
  const idempotencyKey = idempotencyKeyOf(request)
  if (isProblem(idempotencyKey)) return idempotencyKey
  const { topic } = parameters
  return { source, kind: rule === null ? kind : 'mapped', rule: rule?.name ?? null, topic, idempotencyKey, form }
}

/** Whether an answer is a problem. */
export function isProblem<Other>(answer: Other | HttpProblem): answer is HttpProblem {
  return typeof answer === 'object' && answer !== null && 'status' in answer && 'detail' in answer
}

interface Parameters {
  readonly rule: string | null
  readonly source: string | null
  readonly topic: string | null
}

const parameterNames: readonly string[] = ['rule', 'source', 'topic']
const noParameters: Parameters = { rule: null, source: null, topic: null }

/** A misspelt parameter would make something else of the body, so only known ones are taken, and once each. */
function parametersOf(query: string): Parameters | HttpProblem {
  const given = new URLSearchParams(query)
  const names = [...given.keys()]
  const unknown = names.find((name) => !parameterNames.includes(name))
  if (unknown !== undefined || new Set(names).size < names.length) {
    const which = unknown === undefined ? 'a parameter is there twice' : `there is no parameter ${shortened(unknown)}`
    return problem(400, 'parameter_invalid', `${which}: there are rule, source and topic, once each`)
  }
  const topic = given.get('topic')
  const fault = topic === null ? null : topicFault(topic, given.has('rule'))
  if (fault !== null) return problem(400, 'parameter_invalid', fault)
  return { rule: given.get('rule'), source: given.get('source'), topic }
}

/** A request has no topic of its own: it names the one its payload would have been published to, for a rule to read. */
function topicFault(topic: string, hasRule: boolean): string | null {
  if (!hasRule) return 'a topic is only for a mapping rule to read: name the rule as well'
  if (isPublishableTopic(topic)) return null
  return `a topic is 1 to ${longestTopicBytes} bytes of UTF-8 without +, # and NUL, and does not begin with $`
}

function sourceOf(request: IncomingMessage, rules: RequestRules, parameters: Parameters): string | HttpProblem {
  const { authorization } = request.headers
  if (authorization === undefined) return anonymousSourceOf(request, rules, parameters)
  const asked = parameters.source
  const [scheme = '', token = '', ...more] = authorization.split(' ')
  const source = scheme.toLowerCase() === 'bearer' && more.length === 0 ? rules.tokens.sourceOf(token) : null
  if (source === null) return unauthorised('token_unknown', 'the token is not known here: send one of a source')
  if (asked === null || asked === source) return source
  return problem(403, 'source_not_allowed', `the token is of ${source}: it may not post for another source`)
}

function anonymousSourceOf(
  request: IncomingMessage,
  rules: RequestRules,
  parameters: Parameters,
): string | HttpProblem {
  if (rules.anonymous === 'never' || !isLoopbackAddress(request.socket.remoteAddress ?? '')) {
    return unauthorised('token_missing', 'send "Authorization: Bearer <token>"')
  }
  const { origin, forwarded } = request.headers
  // Whoever comes through a proxy or a browser's page is not somebody on this machine, whatever its address.
  if (origin !== undefined || forwarded !== undefined || request.headers['x-forwarded-for'] !== undefined) {
    return problem(403, 'anonymous_refused', 'browsers and proxies may not post without a token: send one')
  }
  // The same as at the MQTT door: what a rule reads from somebody without a name comes from the rule.
  const source = parameters.source ?? parameters.rule ?? anonymousSource
  if (!isDeviceId(source)) {
    return problem(400, 'parameter_invalid', 'a source is 1 to 64 letters, digits or . _ : - (a letter or digit first)')
  }
  if (!rules.tokens.isRegistered(source) && !rules.isDevice(source)) return source
  return problem(403, 'source_not_allowed', `${source} has a secret of its own: post with its token`)
}

function unauthorised(code: 'token_missing' | 'token_unknown', detail: string): HttpProblem {
  return problem(401, code, detail, { headers: { 'WWW-Authenticate': 'Bearer' } })
}

function ruleOf(name: string | null, source: string, { mappings }: RequestRules): DoorRule | null | HttpProblem {
  if (name === null) return null
  const rule = mappings.get(name)
  if (rule === undefined) {
    return problem(
      404,
      'rule_unknown',
      `there is no mapping rule ${shortened(name)} in the configuration of this agent`,
    )
  }
  if (rule.publishers === null || rule.publishers.includes(source)) return rule
  return problem(403, 'rule_not_allowed', `${source} is not among the publishers of the mapping rule ${name}`)
}

function formOf(request: IncomingMessage, rule: DoorRule | null): BodyForm | HttpProblem {
  const { headers } = request
  if ((headers['content-encoding'] ?? 'identity').toLowerCase() !== 'identity') {
    return problem(415, 'content_encoding_unsupported', 'bodies are taken as they are: send no Content-Encoding')
  }
  if (headers['ce-specversion'] !== undefined) {
    return problem(415, 'content_type_unsupported', 'CloudEvents are taken in structured mode: send no ce- fields')
  }
  const [stated = '', ...parameters] = (headers['content-type'] ?? '').toLowerCase().split(';')
  const type = stated.trim()
  const charset = parameters.map((text) => text.trim()).find((text) => text.startsWith('charset='))
  if (charset !== undefined && !/^charset="?(utf-8|utf8|us-ascii)"?$/.test(charset)) {
    return problem(415, 'content_type_unsupported', 'texts are UTF-8')
  }
  const form = Object.hasOwn(formsByType, type) ? formsByType[type] : undefined
  if (form === 'json-lines' && rule?.readsLines === true) return 'raw-lines'
  if (form !== undefined) return form
  // A rule may read what no table here knows. Types that a page of another site may post unasked stay out.
  if (rule !== null && typePattern.test(type) && type !== 'application/x-www-form-urlencoded') return 'whole'
  const known = Object.keys(formsByType).join(', ')
  return problem(415, 'content_type_unsupported', `the Content-Type is none of ${known}`)
}

function judgeLength(request: IncomingMessage, bodyBytes: number): HttpProblem | null {
  const length = request.headers['content-length']
  if (length === undefined) {
    if (request.headers['transfer-encoding'] !== undefined) return null
    return problem(411, 'length_required', 'send Content-Length, or the body in chunks')
  }
  return Number(length) <= bodyBytes ? null : tooLarge(bodyBytes)
}

/** The answer to a body over the limit; what is left of it is not read. */
export function tooLarge(bodyBytes: number): HttpProblem {
  const detail = `the body is over ${bodyBytes} bytes: post fewer events at a time`
  return problem(413, 'body_too_large', detail, { closes: true })
}

function idempotencyKeyOf(request: IncomingMessage): string | null | HttpProblem {
  const given = request.headers['idempotency-key']
  if (given === undefined) return null
  const key = typeof given === 'string' ? keyPattern.exec(given)?.[1] : undefined
  if (key !== undefined) return key
  return problem(400, 'idempotency_key_invalid', 'an Idempotency-Key is 1 to 64 printable ASCII characters, no spaces')
}

function shortened(text: string): string {
  return JSON.stringify(text.slice(0, 64))
}
