import { ok, type Result } from '@meterline/shared/base/errors.ts'
import { isJsonObject, type JsonObject } from './json-text.ts'
import { refused, shown, type NormaliseFault } from './rejection.ts'

/** Whether an event says it is a CloudEvent in the structured JSON format. */
export function isCloudEvent(event: JsonObject): boolean {
  return event['specversion'] !== undefined
}

/**
 * Checks the context attributes that CloudEvents 1.0 (section 3.1) requires and returns `data`, which holds the same
 * members as a plain event. Extension attributes are not looked at. Only JSON data is understood.
 */
export function cloudEventData(event: JsonObject): Result<JsonObject, NormaliseFault> {
  if (event['specversion'] !== '1.0') {
    return refused(
      'cloudevent_invalid',
      `"specversion" is ${shown(event['specversion'])}: only CloudEvents "1.0" is understood`,
    )
  }
  for (const name of ['id', 'source', 'type']) {
    const value = event[name]
    if (typeof value === 'string' && value !== '') continue
    return refused('cloudevent_invalid', `a CloudEvent needs "${name}" as a text that is not empty`)
  }
  const contentType = event['datacontenttype'] ?? null
  if (contentType !== null && !isJsonContentType(contentType)) {
    return refused(
      'cloudevent_data_unsupported',
      `"datacontenttype" is ${shown(contentType)}: only JSON data is understood`,
    )
  }
  if (event['data_base64'] !== undefined) {
    return refused('cloudevent_data_unsupported', 'the event has "data_base64": send the data as JSON under "data"')
  }
  const data = event['data']
  if (isJsonObject(data)) return ok(data)
  return refused('cloudevent_data_unsupported', `"data" is ${shown(data)}: it must be an object`)
}

/** `application/json`, `text/json` or any media type with the `+json` suffix, whatever its parameters. */
function isJsonContentType(contentType: unknown): boolean {
  if (typeof contentType !== 'string') return false
  const mediaType = contentType.split(';', 1)[0]?.trim().toLowerCase() ?? ''
  return mediaType.endsWith('/json') || mediaType.endsWith('+json')
}
