import { ok, type Result } from '@meterline/shared/base/errors.ts'
import { textFits, usageEventLimits } from '@meterline/shared/model/usage-event.ts'
import { parseInstant } from '@meterline/shared/units/instant.ts'
import { isJsonObject } from './json-text.ts'
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
const reservedNames = Map.groupBy(Object.getOwnPropertyNames(Object.prototype), (name) => name.length)

const controlCharacter = /\p{Cc}/u

/**
 * Whether a text may be stored: not empty, at most `maxBytes` of UTF-8, well formed and without control characters.
 * `isPrintable` says that the whole payload is printable ASCII, so that its texts need no look of their own.
 */
export function isStorable(text: unknown, maxBytes: number, isPrintable = false): text is string {
  if (typeof text !== 'string') return false
  const { length } = text
  if (length === 0 || length > maxBytes) return false
  if (isPrintable) return true
  // Nearly all texts are printable ASCII, and for those one look at each character answers it all.
  for (let at = 0; at < length; at++) {
    const unit = text.charCodeAt(at)
    if (unit < 0x20 || unit > 0x7e) return textFits(text, maxBytes) && !controlCharacter.test(text)
  }
  return true
}

/** Whether a name (of a meter, of a dimension) is one that JavaScript objects inherit, such as `constructor`. */
export function isReservedName(name: string): boolean {
  // By length first: most names are told apart by it, without a look at their characters.
  return reservedNames.get(name.length)?.includes(name) ?? false
}

/**
 * Whether a meter or a dimension can have this name: 1 to 64 bytes, storable, and none that objects inherit. Few names
 * come again and again, so those found good are remembered, up to a cap. `isPrintable` is as for `isStorable`.
 */
export function isUsableName(name: string, isPrintable = false): boolean {
  if (isPrintable) return isStorable(name, usageEventLimits.labelKeyBytes, true) && !isReservedName(name)
  if (usableNames.has(name)) return true
  if (!isStorable(name, usageEventLimits.labelKeyBytes) || isReservedName(name)) return false
  if (usableNames.size >= mostUsableNames) usableNames.clear()
  usableNames.add(name)
  return true
}

const usableNames = new Set<string>()
const mostUsableNames = 4096

/** Whether a label key is one of ours: `@` begins what the system states, `+` what it only keeps. */
function isSystemLabel(key: string): boolean {
  const first = key.charCodeAt(0)
  return first === atSign || first === plusSign
}

const atSign = 0x40
const plusSign = 0x2b

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
  isPrintable: boolean,
): Result<Identity, NormaliseFault> {
  const eventId = id ?? null
  if (eventId !== null && !isStorable(eventId, usageEventLimits.idBytes, isPrintable))
    return badText('event_id_invalid', 'id', eventId)

  let fullSource = device
  if (source !== undefined && source !== null && source !== device) {
    if (typeof source !== 'string') return badText('source_invalid', 'source', source)
    if (source === keptPart && device === keptDevice) fullSource = keptSource
    else {
      fullSource = `${device}/${source}`
      if (source === '' || !isStorable(fullSource, usageEventLimits.sourceBytes))
        return badText('source_invalid', 'source', source)
      keptDevice = device
      keptPart = source
      keptSource = fullSource
    }
  }

  const eventSubject = subject ?? device
  if (!isStorable(eventSubject, usageEventLimits.subjectBytes, isPrintable))
    return badText('subject_invalid', 'subject', eventSubject)

  if (time === undefined || time === null) {
    return ok({ id: eventId, source: fullSource, subject: eventSubject, timeMs: receivedWallMs })
  }
  const instant = parseInstant(time)
  if (!instant.ok) return instant
  return ok({ id: eventId, source: fullSource, subject: eventSubject, timeMs: instant.value })
}

// A device's events come in runs of the same source: the last one is kept, checked and put together.
let keptDevice = ''
let keptPart = ''
let keptSource = ''

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
export function readLabels(
  dimensions: unknown,
  derived: readonly Label[],
  isPrintable: boolean,
): Result<readonly Label[], NormaliseFault> {
  if (dimensions === undefined || dimensions === null) return ok(derived)
  if (!isJsonObject(dimensions)) {
    return refused('dimension_invalid', `"dimensions" is ${shown(dimensions)}: it must be an object of names and texts`)
  }
  const labels: Label[] = derived.length === 0 ? [] : derived.slice()
  for (const key in dimensions) {
    const value = dimensions[key]
    const text = typeof value === 'string' ? value : scalarText(value)
    if (text === null || !isUsableName(key) || isSystemLabel(key) || !isLabelValue(text, isPrintable))
      return refuseLabel(key, value)
    if (labels.length === usageEventLimits.labels) {
      return refused('dimensions_too_many', `the event has more than ${usageEventLimits.labels} dimensions`)
    }
    if (!insertSorted(labels, [key, text])) {
      return refused('dimension_invalid', `the dimension ${shown(key)} is there already: it is taken from the AI call`)
    }
  }
  return ok(labels.length === 0 ? noLabels : labels)
}

function scalarText(value: unknown): string | null {
  if (typeof value === 'boolean') return value ? 'true' : 'false'
  return Number.isSafeInteger(value) || typeof value === 'bigint' ? String(value) : null
}

function isLabelValue(text: string, isPrintable: boolean): boolean {
  return text === '' || isStorable(text, usageEventLimits.labelValueBytes, isPrintable)
}

function refuseLabel(key: string, value: unknown): Result<never, NormaliseFault> {
  if (isReservedName(key) || isSystemLabel(key))
    return refused('name_reserved', `a dimension cannot be named ${shown(key)}: choose another name`)
  if (!isStorable(key, usageEventLimits.labelKeyBytes)) {
    return refused(
      'dimension_invalid',
      `the dimension name ${shown(key)} is empty, over 64 bytes or has control characters`,
    )
  }
  return refused(
    'dimension_invalid',
    `the dimension ${shown(key)} is ${shown(value)}: it must be a text of at most 128 bytes, a whole number or a boolean`,
  )
}

/** Puts a label in its place; false when its key is there already. Few labels: insertion is the quickest sort. */
export function insertSorted(labels: Label[], label: Label): boolean {
  const key = label[0]
  const first = key.charCodeAt(0)
  let at = labels.length
  for (; at > 0; at--) {
    const before = labels[at - 1]?.[0] ?? ''
    // The first character tells most keys apart, for less than a comparison of texts.
    const firstBefore = before.charCodeAt(0)
    if (firstBefore < first || (firstBefore === first && before < key)) break
    if (before === key) return false
  }
  labels.push(label)
  for (let to = labels.length - 1; to > at; to--) labels[to] = labels[to - 1] ?? label
  labels[at] = label
  return true
}
