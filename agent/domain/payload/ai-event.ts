import { ok, type Result } from '@meterline/shared/base/errors.ts'
import { usageEventLimits, type UsageEvent } from '@meterline/shared/model/usage-event.ts'
import {
  annotateKnown,
  dialectLabel,
  isDimension,
  noAnnotations,
  withAnnotations,
  type Annotations,
} from './annotations.ts'
import { hasExtensions, keepExtensions } from './cloudevent.ts'
import { isStorable, readIdentity, readLabels, type Label } from './fields.ts'
import { countMembers, isJsonObject, type JsonObject } from './json-text.ts'
import { keepUnknownAttributes, otelAttributes, readOtelTokens, type OtelAttributes } from './otel-usage.ts'
import { findUsage, type FoundUsage } from './provider-usage/find-usage.ts'
import { CountReader } from './provider-usage/count-reader.ts'
import { keepUnknownUsage } from './provider-usage/known-fields.ts'
import { refused, shown, type NormaliseFault } from './rejection.ts'
import { measureTokens, type TokenClasses } from './token-classes.ts'

/**
 * Reads an AI call: attributes under the OpenTelemetry names, or what the API of a provider answered. `envelope` says
 * which event it is, `body` what was used: the same object, but for a CloudEvent.
 */
export function readAiEvent(
  device: string,
  envelope: JsonObject,
  body: JsonObject,
  receivedWallMs: number,
  isPrintable: boolean,
): Result<UsageEvent, NormaliseFault> {
  const attributes = otelAttributes(body)
  if (!attributes.ok) return attributes
  if (attributes.value.nested === null && !isOtel(body)) {
    const found = findUsage(body)
    if (!found.ok) return found
    if (found.value !== null) return readAnswer(device, envelope, body, found.value, receivedWallMs, isPrintable)
  }
  return readOtelEvent(device, envelope, body, attributes.value, receivedWallMs, isPrintable)
}

function isOtel(body: JsonObject): boolean {
  return (
    body['gen_ai.usage.input_tokens'] !== undefined ||
    body['gen_ai.usage.output_tokens'] !== undefined ||
    body['gen_ai.usage.prompt_tokens'] !== undefined ||
    body['gen_ai.usage.completion_tokens'] !== undefined
  )
}

function readOtelEvent(
  device: string,
  envelope: JsonObject,
  body: JsonObject,
  attributes: OtelAttributes,
  receivedWallMs: number,
  isPrintable: boolean,
): Result<UsageEvent, NormaliseFault> {
  const counts = new CountReader()
  const tokens = readOtelTokens(attributes, counts)
  if (!tokens.ok) return tokens
  const annotations = keepUnknownAttributes(attributes, counts.understood)
  const other = attributes.nested ?? noMembers
  const labels = readCallLabels(
    null,
    body[responseModel] ?? other[responseModel] ?? body[requestModel] ?? other[requestModel],
    body[operationName] ?? other[operationName],
    body[providerName] ?? other[providerName] ?? body[systemName] ?? other[systemName],
    isPrintable,
  )
  if (!labels.ok) return labels
  const id = envelope['id'] ?? body[responseId] ?? other[responseId]
  const time = envelope['time'] ?? body['time']
  const call = { id, time, tokens: tokens.value, labels: labels.value, annotations }
  return finishEvent(device, envelope, body, call, receivedWallMs, isPrintable)
}

const noMembers: JsonObject = {}
const responseId = 'gen_ai.response.id'
const responseModel = 'gen_ai.response.model'
const requestModel = 'gen_ai.request.model'
const operationName = 'gen_ai.operation.name'
const providerName = 'gen_ai.provider.name'
/** The name `gen_ai.provider.name` replaced. */
const systemName = 'gen_ai.system'

/** What the event states goes before what the answer states: the publisher may know better, and says so on purpose. */
function readAnswer(
  device: string,
  envelope: JsonObject,
  body: JsonObject,
  { dialect, response, usage }: FoundUsage,
  receivedWallMs: number,
  isPrintable: boolean,
): Result<UsageEvent, NormaliseFault> {
  const counts = new CountReader()
  const tokens = dialect.read(usage, counts)
  if (!tokens.ok) return tokens
  const annotations = noAnnotations()
  annotateKnown(annotations, '+service_tier', response['service_tier'] ?? usage['service_tier'])
  if (dialect.known !== null && countMembers(usage) !== counts.understood)
    keepUnknownUsage(usage, dialect.known, annotations)
  const labels = readCallLabels(
    dialectLabel(dialect.name),
    body['model'] ?? response['model'] ?? response['modelVersion'],
    body['operation'] ?? dialect.operation(response),
    body['provider'] ?? response['provider'] ?? dialect.provider,
    isPrintable,
  )
  if (!labels.ok) return labels
  const time = envelope['time'] ?? body['time'] ?? createdAt(response)
  const id = envelope['id'] ?? body['id'] ?? callId(response) ?? callId(body)
  const call = { id, time, tokens: tokens.value, labels: labels.value, annotations }
  return finishEvent(device, envelope, body, call, receivedWallMs, isPrintable)
}

/** What one of the ways to state an AI call came to; id and time are still as they were stated. */
interface AiCall {
  readonly id: unknown
  readonly time: unknown
  readonly tokens: TokenClasses
  /** Dialect, model, operation and provider. */
  readonly labels: readonly Label[]
  /** Null for none. */
  readonly annotations: Annotations | null
}

function finishEvent(
  device: string,
  envelope: JsonObject,
  body: JsonObject,
  { id, time, tokens, labels: callLabels, annotations: found }: AiCall,
  receivedWallMs: number,
  isPrintable: boolean,
): Result<UsageEvent, NormaliseFault> {
  const subject = envelope['subject'] ?? body['subject']
  const identity = readIdentity(device, id, envelope['source'], subject, time, receivedWallMs, isPrintable)
  if (!identity.ok) return identity
  const usage = measureTokens(tokens)
  if (!usage.ok) return usage
  let labels = readLabels(body['dimensions'], callLabels, isPrintable)
  // The dialect is an annotation: it makes room before a dimension is refused.
  if (!labels.ok && labels.fault.code === 'dimensions_too_many')
    labels = readLabels(body['dimensions'], callLabels.filter(isDimension), isPrintable)
  if (!labels.ok) return labels
  let annotations = found
  if (envelope !== body && hasExtensions(envelope)) {
    annotations ??= noAnnotations()
    keepExtensions(envelope, annotations)
  }
  const { measured, facts } = usage.value
  const { id: eventId, source, subject: user, timeMs } = identity.value
  const allLabels = annotations === null ? labels.value : withAnnotations(labels.value, annotations)
  return ok({ id: eventId, source, subject: user, timeMs, labels: allLabels, facts, measured })
}

/** The labels every call has, sorted by key; which dialect read it comes first, where that is said. */
function readCallLabels(
  dialect: Label | null,
  model: unknown,
  operation: unknown,
  provider: unknown,
  isPrintable: boolean,
): Result<readonly Label[], NormaliseFault> {
  // Calls come in runs of the same model: the labels that were made last are kept. Nobody changes a list of labels.
  if (model === keptModel && operation === keptOperation && provider === keptProvider && dialect?.[1] === keptDialect)
    return keptLabels
  if (isText(model, isPrintable) && isText(operation, isPrintable) && isText(provider, isPrintable)) {
    // The usual call has all three, and then its list is made in one piece.
    const labels: Label[] =
      dialect === null
        ? [
            ['model', model],
            ['operation', operation],
            ['provider', provider],
          ]
        : [dialect, ['model', model], ['operation', operation], ['provider', provider]]
    keptModel = model
    keptOperation = operation
    keptProvider = provider
    keptDialect = dialect?.[1]
    return (keptLabels = ok(labels))
  }
  const labels: Label[] = dialect === null ? [] : [dialect]
  const problem =
    addLabel(labels, 'model', model, isPrintable) ??
    addLabel(labels, 'operation', operation, isPrintable) ??
    addLabel(labels, 'provider', provider, isPrintable)
  return problem ?? ok(labels)
}

let keptModel: string | null = null
let keptOperation: string | null = null
let keptProvider: string | null = null
let keptDialect: string | undefined
let keptLabels: Result<readonly Label[], NormaliseFault> = ok([])

function isText(value: unknown, isPrintable: boolean): value is string {
  return isStorable(value, usageEventLimits.labelValueBytes, isPrintable)
}

function addLabel(
  labels: Label[],
  key: string,
  value: unknown,
  isPrintable: boolean,
): ReturnType<typeof refused> | null {
  if (value === null || value === undefined || value === '') return null
  if (!isText(value, isPrintable))
    return refused('dimension_invalid', `the ${key} is ${shown(value)}: it must be a text of at most 128 bytes`)
  labels.push([key, value])
  return null
}

/** When an API says it made its answer: Unix seconds (OpenAI), or a timestamp (Ollama, Gemini). */
function createdAt(response: JsonObject): unknown {
  const created = response['created'] ?? response['created_at'] ?? response['createTime'] ?? null
  return typeof created === 'number' ? Math.round(created * 1000) : created
}

/** The id an API gave a call, wherever it keeps it. */
function callId(response: JsonObject): unknown {
  const id = response['id'] ?? response['responseId'] ?? null
  if (id !== null) return id
  const metadata = response['ResponseMetadata']
  if (isJsonObject(metadata)) return metadata['RequestId'] ?? null
  const sdkMetadata = response['$metadata']
  return isJsonObject(sdkMetadata) ? (sdkMetadata['requestId'] ?? null) : null
}
