import { ok, type Result } from '@meterline/shared/base/errors.ts'
import { annotate, type Annotations } from './annotations.ts'
import { isJsonObject, type JsonObject } from './json-text.ts'
import { refused, shown, type NormaliseFault } from './rejection.ts'

/** Whether an event says it is a CloudEvent in the structured JSON format. */
export function isCloudEvent(event: JsonObject): boolean {
  return event['specversion'] !== undefined
}

/**
 * Checks the context attributes that CloudEvents 1.0 (section 3.1) requires and returns `data`, which holds the same
 * members as a plain event. Only data that is an object is understood.
 */
export function cloudEventData(event: JsonObject): Result<JsonObject, NormaliseFault> {
  if (event['specversion'] !== '1.0') {
    return refused(
      'cloudevent_invalid',
      `"specversion" is ${shown(event['specversion'])}: only CloudEvents "1.0" is understood`,
    )
  }
  if (!isFilled(event['id'])) return withoutRequired('id')
  if (!isFilled(event['source'])) return withoutRequired('source')
  if (!isFilled(event['type'])) return withoutRequired('type')
  const contentType = event['datacontenttype'] ?? null
  if (contentType !== null && !isReadableContentType(contentType)) {
    return refused(
      'cloudevent_data_unsupported',
      `"datacontenttype" is ${shown(contentType)}: only JSON and CBOR data is understood`,
    )
  }
  if (event['data_base64'] !== undefined) {
    return refused('cloudevent_data_unsupported', 'the event has "data_base64": send the data as JSON under "data"')
  }
  const data = event['data']
  if (isJsonObject(data)) return ok(data)
  return refused('cloudevent_data_unsupported', `"data" is ${shown(data)}: it must be an object`)
}

function isFilled(value: unknown): boolean {
  return typeof value === 'string' && value !== ''
}

function withoutRequired(name: string): Result<never, NormaliseFault> {
  return refused('cloudevent_invalid', `a CloudEvent needs "${name}" as a text that is not empty`)
}

// The context attributes of CloudEvents 1.0 (section 3.1) and its JSON format (section 3.1).
const contextAttributes: ReadonlySet<string> = new Set([
  'specversion',
  'id',
  'source',
  'type',
  'time',
  'subject',
  'datacontenttype',
  'dataschema',
  'data',
  'data_base64',
])

/** Whether a CloudEvent, whose required attributes are there, has more members than those that are known. */
export function hasExtensions(event: JsonObject): boolean {
  // specversion, id, source, type and data
  let known = 5
  if (event['time'] !== undefined) known += 1
  if (event['subject'] !== undefined) known += 1
  if (event['datacontenttype'] !== undefined) known += 1
  if (event['dataschema'] !== undefined) known += 1
  return Object.keys(event).length !== known
}

/** Keeps the extension attributes of a CloudEvent as annotations `+ce.<name>`. */
export function keepExtensions(event: JsonObject, annotations: Annotations): void {
  for (const name in event) if (!contextAttributes.has(name)) annotate(annotations, `+ce.${name}`, event[name])
}

/** `application/json`, `text/json` or any media type with the `+json` suffix, whatever its parameters; CBOR the same. */
function isReadableContentType(contentType: unknown): boolean {
  if (typeof contentType !== 'string') return false
  const mediaType = contentType.split(';', 1)[0]?.trim().toLowerCase() ?? ''
  return /[/+](json|cbor)$/.test(mediaType)
}
