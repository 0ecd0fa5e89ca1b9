import { fault, type Fault } from '../base/errors.ts'
import { latestInstantMs } from '../units/civil.ts'
import { largestQuantity } from '../units/quantity.ts'

/** One quantity of one meter, in the meter's integer base units. */
export interface Measured {
  readonly meter: string
  readonly quantity: bigint
}

/**
 * What a device or application published, after normalisation and before any journal context.
 * `(tenant, source, id)` is its identity for ever; an event without an id is delivered at least once.
 */
export interface UsageEvent {
  readonly id: string | null
  readonly source: string
  readonly subject: string
  /** Event time in epoch milliseconds, as the publisher stated it. */
  readonly timeMs: number
  /** Sorted by key (UTF-16 code units, as RFC 8785 sorts), keys unique. */
  readonly labels: readonly (readonly [string, string])[]
  /** Sorted by key, keys unique, values not negative. */
  readonly facts: readonly (readonly [string, bigint])[]
  /** At least one, meters unique, in the order stated. */
  readonly measured: readonly Measured[]
}

/** Caps of one usage event and of one published payload. Bytes are UTF-8 bytes. */
export const usageEventLimits = {
  idBytes: 128,
  sourceBytes: 128,
  subjectBytes: 128,
  meterBytes: 64,
  labelKeyBytes: 64,
  labelValueBytes: 128,
  factKeyBytes: 64,
  labels: 16,
  facts: 8,
  records: 16,
  eventsPerPayload: 1000,
  payloadBytes: 65_536,
} as const

/** Event times reach from the year 1970 to the end of 9999, in epoch milliseconds. */
export const timeLimits = { earliestMs: 0, latestMs: latestInstantMs } as const

/** Whether a text can be stored: well-formed Unicode (no lone surrogate), not empty, at most `maxBytes` in UTF-8. */
export function textFits(text: string, maxBytes: number): boolean {
  const units = text.length
  if (units === 0 || units > maxBytes || !text.isWellFormed()) return false
  return units * 3 <= maxBytes || Buffer.byteLength(text, 'utf8') <= maxBytes
}

/**
 * Checks everything the batch decoder of the other side will check of an event, so that an event this function
 * accepts never makes a batch that is refused. Returns the fault, or null for an event that can be journalled.
 */
export function usageEventFault(event: UsageEvent): Fault<'event_over_limits'> | null {
  const what = overLimit(event)
  return what === null ? null : fault('event_over_limits', `the event cannot be recorded: ${what}`)
}

function overLimit(event: UsageEvent): string | null {
  const limits = usageEventLimits
  if (event.id !== null && !textFits(event.id, limits.idBytes)) return `its id is empty or over ${limits.idBytes} bytes`
  if (!textFits(event.source, limits.sourceBytes)) return `its source is empty or over ${limits.sourceBytes} bytes`
  if (!textFits(event.subject, limits.subjectBytes)) return `its subject is empty or over ${limits.subjectBytes} bytes`
  if (!(
    Number.isSafeInteger(event.timeMs) &&
    event.timeMs >= timeLimits.earliestMs &&
    event.timeMs <= timeLimits.latestMs
  ))
    return 'its time is outside the years 1970 to 9999'
  return labelsOverLimit(event.labels) ?? factsOverLimit(event.facts) ?? measuredOverLimit(event.measured)
}

function labelsOverLimit(labels: UsageEvent['labels']): string | null {
  if (labels.length > usageEventLimits.labels) return `it has more than ${usageEventLimits.labels} labels`
  let previous = ''
  for (const [key, value] of labels) {
    if (!textFits(key, usageEventLimits.labelKeyBytes)) return 'a label key is empty or too long'
    if (value !== '' && !textFits(value, usageEventLimits.labelValueBytes)) return `the label ${key} is too long`
    if (key <= previous) return `its labels are not sorted or ${key} is there twice`
    previous = key
  }
  return null
}

function factsOverLimit(facts: UsageEvent['facts']): string | null {
  if (facts.length > usageEventLimits.facts) return `it has more than ${usageEventLimits.facts} facts`
  let previous = ''
  for (const [key, value] of facts) {
    if (!textFits(key, usageEventLimits.factKeyBytes)) return 'a fact key is empty or too long'
    if (value < 0n || value > largestQuantity) return `the fact ${key} is negative or too large`
    if (key <= previous) return `its facts are not sorted or ${key} is there twice`
    previous = key
  }
  return null
}

function measuredOverLimit(measured: readonly Measured[]): string | null {
  if (measured.length === 0) return 'it measures nothing'
  if (measured.length > usageEventLimits.records) return `it has more than ${usageEventLimits.records} quantities`
  for (let index = 0; index < measured.length; index++) {
    const record = measured[index]
    if (record === undefined) continue
    if (!textFits(record.meter, usageEventLimits.meterBytes)) return 'a meter id is empty or too long'
    if (record.quantity < 0n || record.quantity > largestQuantity)
      return `the quantity of ${record.meter} is negative or too large`
    for (let earlier = 0; earlier < index; earlier++)
      if (measured[earlier]?.meter === record.meter) return `the meter ${record.meter} is there twice`
  }
  return null
}
