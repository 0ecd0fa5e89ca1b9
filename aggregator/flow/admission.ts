import { assertThat } from '@meterline/shared/base/errors.ts'
import { decodeDeterministic, encodeDeterministic } from '@meterline/shared/integrity/deterministic-bytes.ts'
import { contentCheck, eventKeyBytes, eventKeyInto } from '@meterline/shared/integrity/event-key.ts'
import type { ContentCheck } from '@meterline/shared/integrity/event-key.ts'
import { batchLimits } from '@meterline/shared/model/batch.ts'
import type { DecodedBatch } from '@meterline/shared/model/batch.ts'
import { anchorToleranceMs } from '@meterline/shared/model/unit-codec.ts'
import { receivedWallMs } from '@meterline/shared/model/usage-record.ts'
import type { ClockAnchor, RatingUnit } from '@meterline/shared/model/usage-record.ts'

/** Which units of a batch are not charged because their event is known already. Unit indexes, ascending. */
export interface Admission {
  /** The same event with the same content came before: counted, nothing else. */
  readonly duplicates: readonly number[]
  /** The same event came before with other content: kept in suspense. */
  readonly conflicts: readonly number[]
}

/** The part of the event-key index that admission needs. */
export interface EventKeys {
  lookup(keys: Uint8Array, offset: number): (KeyPosition & ContentCheck) | null
  stage(
    keys: Uint8Array,
    offset: number,
    check0: number,
    check1: number,
    positionHigh: number,
    positionLow: number,
  ): void
}

/** Where a unit stands, as the event-key index keeps it: two unsigned 32-bit integers. */
export interface KeyPosition {
  readonly positionHigh: number
  readonly positionLow: number
}

/** A unit's index takes 14 bits of a position, the log index of its batch the other 50. */
const unitBits = 14
const unitsPerBatch = 2 ** unitBits
const lowLogIndexes = 2 ** (32 - unitBits)
assertThat(batchLimits.units <= unitsPerBatch, 'every unit index fits into a position')

/** The position of a unit: log index of its batch and its place there. */
export function keyPositionOf(logIndex: number, unit: number): KeyPosition {
  return {
    positionHigh: Math.floor(logIndex / lowLogIndexes),
    positionLow: (logIndex % lowLogIndexes) * unitsPerBatch + unit,
  }
}

/** The way back from `keyPositionOf`. */
export function unitAt(position: KeyPosition): { readonly logIndex: number; readonly unit: number } {
  const { positionHigh, positionLow } = position
  return {
    logIndex: positionHigh * lowLogIndexes + Math.floor(positionLow / unitsPerBatch),
    unit: positionLow % unitsPerBatch,
  }
}

/**
 * Looks every event of a batch up and stages those that are new: the first one wins, inside a batch as well. Events
 * without an id have no identity and are always admitted. Returns how many keys were staged with what was not admitted.
 */
export function admitUnits(
  keys: EventKeys,
  tenant: string,
  { units, tables }: Pick<DecodedBatch, 'units' | 'tables'>,
  logIndex: number,
): { readonly admission: Admission; readonly keysStaged: number } {
  const duplicates: number[] = []
  const conflicts: number[] = []
  const key = new Uint8Array(eventKeyBytes)
  const check: ContentCheck = { check0: 0, check1: 0 }
  const positionHigh = Math.floor(logIndex / lowLogIndexes)
  const firstPositionLow = (logIndex % lowLogIndexes) * unitsPerBatch
  let keysStaged = 0
  for (let index = 0; index < units.length; index++) {
    const unit = units[index]
    if (unit === undefined || unit.eventId === null) continue
    eventKeyInto(tenant, unit.source, unit.eventId, key, 0)
    checkToKeep(unit, tables.anchors[unit.anchor], check)
    const known = keys.lookup(key, 0)
    if (known === null) {
      keys.stage(key, 0, check.check0, check.check1, positionHigh, firstPositionLow + index)
      keysStaged += 1
    } else if (isSame(known, check) || sameContent(known, unit)) duplicates.push(index)
    else conflicts.push(index)
  }
  return { admission: { duplicates, conflicts }, keysStaged }
}

// Filled anew by each call: the content of a unit as if it stated no time.
const untimed = { subject: '', timeMs: 0, labels: [] as RatingUnit['labels'], facts: [] as RatingUnit['facts'] }

/**
 * The content check that is kept of a unit. An event that states no time got the time it was received at, which is
 * another one at each agent it is sent through and each time it is sent: its check is made without a time.
 */
function checkToKeep(unit: RatingUnit, anchor: ClockAnchor | undefined, out: ContentCheck): ContentCheck {
  const isTimedByReceipt =
    anchor !== undefined && Math.abs(unit.timeMs - receivedWallMs(unit, anchor)) <= anchorToleranceMs
  return isTimedByReceipt ? untimedCheck(unit, out) : contentCheck(unit, unit.records, out)
}

/** Whether a unit says the same as the one before it, with or without its time. */
function sameContent(known: Readonly<ContentCheck>, unit: RatingUnit): boolean {
  const check = { check0: 0, check1: 0 }
  return isSame(known, contentCheck(unit, unit.records, check)) || isSame(known, untimedCheck(unit, check))
}

function untimedCheck(unit: RatingUnit, out: ContentCheck): ContentCheck {
  untimed.subject = unit.subject
  untimed.labels = unit.labels
  untimed.facts = unit.facts
  return contentCheck(untimed, unit.records, out)
}

function isSame(known: Readonly<ContentCheck>, check: Readonly<ContentCheck>): boolean {
  return known.check0 === check.check0 && known.check1 === check.check1
}

/** The bytes of an admission, or null when every unit was admitted, which is the usual case. */
export function encodeAdmission(admission: Admission): Uint8Array | null {
  if (admission.duplicates.length === 0 && admission.conflicts.length === 0) return null
  return encodeDeterministic([admission.duplicates, admission.conflicts])
}

/** Reads what `encodeAdmission` wrote into our own file; anything else there is a damaged file. */
export function decodeAdmission(bytes: Uint8Array | null): Admission {
  if (bytes === null) return { duplicates: [], conflicts: [] }
  const decoded = decodeDeterministic(bytes)
  assertThat(decoded.ok && Array.isArray(decoded.value), 'a stored admission can be read')
  const [duplicates, conflicts] = decoded.value as readonly unknown[]
  return { duplicates: unitIndexes(duplicates), conflicts: unitIndexes(conflicts) }
}

function unitIndexes(value: unknown): readonly number[] {
  assertThat(Array.isArray(value) && value.every((index) => typeof index === 'number'), 'units are named by index')
  return value
}
