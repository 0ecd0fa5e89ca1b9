import { ok, type Result } from '@meterline/shared/base/errors.ts'
import { usageEventLimits, type UsageEvent } from '@meterline/shared/model/usage-event.ts'
import { parseQuantity } from '@meterline/shared/units/quantity.ts'
import { annotate, noAnnotations, withAnnotations } from './annotations.ts'
import { hasExtensions, keepExtensions } from './cloudevent.ts'
import { isStorable, readIdentity, readLabels, type Label } from './fields.ts'
import type { JsonObject } from './json-text.ts'
import { refused, shown, type NormaliseFault } from './rejection.ts'
import { readMeasured } from './usage-payload.ts'

/** Label: the canonical unit of an event's quantity (`byte`, `ms`, `mWh`, `mW`), when the event stated a unit. */
export const unitLabel = '@unit'
/** Label: which run of a cumulative counter a reading belongs to, as the device says. */
export const resetLabel = '@reset'
/** Fact: the device's own sequence number of the event. */
export const sequenceFact = '@sequence'

const noLabels: readonly Label[] = []
const noFacts: UsageEvent['facts'] = []

/**
 * Reads a plain usage event. `envelope` says which event it is, `body` what was used: the same object, but for a
 * CloudEvent. Members it does not know are kept as annotations. `isPrintable` is what `ParsedPayload` says.
 */
export function readUsageEvent(
  device: string,
  envelope: JsonObject,
  body: JsonObject,
  receivedWallMs: number,
  isPrintable: boolean,
): Result<UsageEvent, NormaliseFault> {
  const identity = readIdentity(
    device,
    envelope['id'],
    envelope['source'],
    envelope['subject'] ?? body['subject'],
    envelope['time'] ?? body['time'],
    receivedWallMs,
    isPrintable,
  )
  if (!identity.ok) return identity
  const usage = readMeasured(body, isPrintable)
  if (!usage.ok) return usage
  const { measured, unit } = usage.value
  const reset = body['reset'] ?? null
  const system = unit === null && reset === null ? noLabels : systemLabels(unit, reset)
  if (system === null) {
    return refused(
      'reset_invalid',
      `"reset" is ${shown(reset)}: it must be a text of 1 to 128 bytes or a whole number, or be left out`,
    )
  }
  const labels = readLabels(body['dimensions'], system, isPrintable)
  if (!labels.ok) return labels
  const sequence = body['sequence'] ?? null
  const facts = sequence === null ? noFacts : sequenceFacts(sequence)
  if (facts === null) {
    return refused(
      'sequence_invalid',
      `"sequence" is ${shown(sequence)}: it must be a whole number from 0 to ${Number.MAX_SAFE_INTEGER}, or be left out`,
    )
  }
  const { id, source, subject, timeMs } = identity.value
  return ok({ id, source, subject, timeMs, labels: keepUnknown(labels.value, envelope, body), facts, measured })
}

/** Sorted by key; null when the reset id cannot be one. */
function systemLabels(unit: string | null, reset: unknown): readonly Label[] | null {
  const labels: Label[] = []
  if (reset !== null) {
    const isWhole = typeof reset === 'bigint' || (typeof reset === 'number' && Number.isSafeInteger(reset))
    const text = isWhole ? String(reset) : reset
    if (!isStorable(text, usageEventLimits.labelValueBytes)) return null
    labels.push([resetLabel, text])
  }
  if (unit !== null) labels.push([unitLabel, unit])
  return labels
}

function sequenceFacts(sequence: unknown): UsageEvent['facts'] | null {
  const number = parseQuantity(sequence)
  return number.ok && number.value <= Number.MAX_SAFE_INTEGER ? [[sequenceFact, number.value]] : null
}

// Names of members are kept once by the engine: these comparisons look at no characters, and cost less than a set.
function isBodyMember(name: string): boolean {
  return (
    name === 'time' ||
    name === 'subject' ||
    name === 'meter' ||
    name === 'quantity' ||
    name === 'usage' ||
    name === 'dimensions' ||
    name === 'unit' ||
    name === 'sequence' ||
    name === 'reset'
  )
}

/** The usual event has no unknown members, and looking for them must cost next to nothing. */
function keepUnknown(labels: readonly Label[], envelope: JsonObject, body: JsonObject): readonly Label[] {
  let annotations = null
  for (const name in body) {
    if (isBodyMember(name) || (envelope === body && (name === 'id' || name === 'source'))) continue
    annotations ??= noAnnotations()
    annotate(annotations, `+${name}`, body[name])
  }
  if (envelope !== body && hasExtensions(envelope)) {
    annotations ??= noAnnotations()
    keepExtensions(envelope, annotations)
  }
  return annotations === null ? labels : withAnnotations(labels, annotations)
}
