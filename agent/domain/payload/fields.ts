import { ok, type Result } from '@meterline/shared/base/errors.ts'
import { textFits, usageEventLimits } from '@meterline/shared/model/usage-event.ts'
import { parseInstant } from '@meterline/shared/units/instant.ts'
import { isJsonObject, type JsonObject } from './json-text.ts'
import { refused, shown, type NormaliseCode, type NormaliseFault } from './rejection.ts'

/** What an event says about itself besides its quantities. */
export interface Identity {
  readonly id: string | null
  readonly source: string
  readonly subject: string
  readonly timeMs: number
}

/** One dimension of an event, key and value. */
export type Label = readonly [string, string]

const noLabels: readonly Label[] = []

// Names that every JavaScript object inherits would be mistaken for something else wherever a reader of ours, or a
// customer's, puts names into a plain object.
const reservedNames = new Set(Object.getOwnPropertyNames(Object.prototype))

const controlCharacter = /\p{Cc}/u

/** Whether a text may be stored: not empty, at most `maxBytes` of UTF-8, well formed and without control characters. */
export function isStorable(text: unknown, maxBytes: number): text is string {
  return typeof text === 'string' && textFits(text, maxBytes) && !controlCharacter.test(text)
}

/** Whether a name (of a meter, of a dimension) is one that JavaScript objects inherit, such as `constructor`. */
export function isReservedName(name: string): boolean {
  return reservedNames.has(name)
}

/**
 * Reads id, source, subject and time. The identity of an event belongs to its device for ever, so a `source` in the
 * payload can only name a part of that device: `<device>/<source>`. Device ids hold no slash, so this is unambiguous.
 */
export function readIdentity(
  device: string,
  id: unknown,
  source: unknown,
  subject: unknown,
  time: unknown,
  receivedWallMs: number,
): Result<Identity, NormaliseFault> {
  const eventId = id ?? null
  if (eventId !== null && !isStorable(eventId, usageEventLimits.idBytes))
    return badText('event_id_invalid', 'id', eventId)

  let fullSource = device
  if (source !== undefined && source !== null && source !== device) {
    if (typeof source !== 'string') return badText('source_invalid', 'source', source)
    fullSource = `${device}/${source}`
    if (source === '' || !isStorable(fullSource, usageEventLimits.sourceBytes)) {
      return badText('source_invalid', 'source', source)
    }
  }

  const eventSubject = subject ?? device
  if (!isStorable(eventSubject, usageEventLimits.subjectBytes))
    return badText('subject_invalid', 'subject', eventSubject)

  if (time === undefined || time === null) {
    return ok({ id: eventId, source: fullSource, subject: eventSubject, timeMs: receivedWallMs })
  }
  const instant = parseInstant(time)
  if (!instant.ok) return instant
  return ok({ id: eventId, source: fullSource, subject: eventSubject, timeMs: instant.value })
}

function badText(code: NormaliseCode, name: string, value: unknown): Result<never, NormaliseFault> {
  const limit = name === 'source' ? '128 bytes together with the device id' : '128 bytes'
  return refused(
    code,
    `"${name}" is ${shown(value)}: it must be a text of 1 to ${limit} without control characters, or be left out`,
  )
}

/**
 * Reads `dimensions` into labels sorted by key (UTF-16 code units, as RFC 8785 sorts). Texts, whole numbers and
 * booleans are taken; the latter two as JSON writes them. `derived` are labels that come from elsewhere in the event.
 */
export function readLabels(dimensions: unknown, derived: readonly Label[]): Result<readonly Label[], NormaliseFault> {
  if (dimensions === undefined || dimensions === null) return ok(derived)
  if (!isJsonObject(dimensions)) {
    return refused('dimension_invalid', `"dimensions" is ${shown(dimensions)}: it must be an object of names and texts`)
  }
  const labels: Label[] = derived.slice()
  for (const key in dimensions) {
    const label = readLabel(key, dimensions)
    if (!label.ok) return label
    if (labels.length === usageEventLimits.labels) {
      return refused('dimensions_too_many', `the event has more than ${usageEventLimits.labels} dimensions`)
    }
    if (!insertSorted(labels, label.value)) {
      return refused(
        'dimension_invalid',
        `the dimension ${shown(key)} is there already: it is taken from gen_ai attributes`,
      )
    }
  }
  return ok(labels.length === 0 ? noLabels : labels)
}

function readLabel(key: string, dimensions: JsonObject): Result<Label, NormaliseFault> {
  if (isReservedName(key))
    return refused('name_reserved', `a dimension cannot be named ${shown(key)}: choose another name`)
  if (!isStorable(key, usageEventLimits.labelKeyBytes)) {
    return refused(
      'dimension_invalid',
      `the dimension name ${shown(key)} is empty, over 64 bytes or has control characters`,
    )
  }
  const value = dimensions[key]
  const text = typeof value === 'boolean' || Number.isSafeInteger(value) ? String(value) : value
  if (text === '' || isStorable(text, usageEventLimits.labelValueBytes)) return ok([key, text])
  return refused(
    'dimension_invalid',
    `the dimension ${shown(key)} is ${shown(value)}: it must be a text of at most 128 bytes, a whole number or a boolean`,
  )
}

/** Puts a label in its place; false when its key is there already. Few labels: insertion is the quickest sort. */
function insertSorted(labels: Label[], label: Label): boolean {
  let at = labels.length
  while (at > 0) {
    const before = labels[at - 1]
    if (before === undefined || before[0] < label[0]) break
    if (before[0] === label[0]) return false
    at--
  }
  labels.splice(at, 0, label)
  return true
}
