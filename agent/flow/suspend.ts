import { assertThat } from '@meterline/shared/base/errors.ts'
import type { UsageEvent } from '@meterline/shared/model/usage-event.ts'
import type { ClockReading } from '@meterline/shared/model/usage-record.ts'
import { suspenseRefusal } from '../domain/admit.ts'
import type { RejectedEvent } from '../domain/normalised.ts'
import { conflictCode, suspenseIdentity, type SuspenseInput, type SuspenseRow } from '../store/suspense-table.ts'
import type { Closing } from '../store/closed-suspense-table.ts'
import type { Origin } from './origin.ts'
import type { DeliveryKind } from './ports.ts'
import type { Writer } from './writer.ts'

/** Something of a delivery that cannot be used, and why. */
export interface SuspendedPart {
  readonly code: string
  readonly message: string
  readonly eventId: string | null
  /** See `SuspenseInput.positions`. */
  readonly positions: readonly number[] | null
  /** Everything that came in of it. */
  readonly evidence: Uint8Array
}

/** Why there is no room in the suspense for something. */
export type SuspenseRefusal = 'suspense_full' | 'suspense_full_for_device'

/**
 * Puts one thing to suspense, or counts it on the row it has there already, or on the row of what was discarded when it
 * is the very same. Returns why it has no room, or null. Inside the transaction.
 */
export function suspend(
  writer: Writer,
  origin: Origin,
  kind: DeliveryKind,
  received: ClockReading,
  part: SuspendedPart,
): SuspenseRefusal | null {
  const { memory, journal, settings } = writer
  const input = inputOf(writer, origin, kind, received, part)
  const identity = suspenseIdentity(input)
  const known = journal.suspense.find(identity)
  const discarded = known === null ? journal.closedSuspense.findDiscarded(identity) : null
  if (known !== null) journal.suspense.countAgain(known, input.atMs, input.code, input.message)
  else if (discarded !== null) journal.closedSuspense.countAgain(discarded, input.atMs)
  else {
    const { device } = origin
    const rowsOfDevice = memory.suspense.rowsByDevice.get(device) ?? 0
    const added = { rows: 1, bytes: input.payload.length }
    const refusal = suspenseRefusal({ ...memory.suspense, rowsOfDevice }, added, settings.suspense)
    if (refusal !== null) return refusal
    journal.suspense.insert(input, identity)
    memory.suspense.rows += 1
    memory.suspense.bytes += input.payload.length
    memory.suspense.rowsByDevice.set(device, rowsOfDevice + 1)
  }
  memory.counters.suspended += 1
  return null
}

/** Takes a row out of the suspense and notes what became of it. Inside the transaction. */
export function closeSuspended(writer: Writer, row: SuspenseRow, closing: Closing): void {
  const { journal, memory } = writer
  journal.closedSuspense.insert(row, closing)
  journal.suspense.delete(row.id)
  const held = memory.suspense
  held.rows -= 1
  held.bytes -= row.payload.length
  const left = (held.rowsByDevice.get(row.device) ?? 1) - 1
  if (left > 0) held.rowsByDevice.set(row.device, left)
  else held.rowsByDevice.delete(row.device)
}

/** What is kept of an event whose id is known with other content: its content, as JSON of our own. */
export function conflictPart(event: UsageEvent): SuspendedPart {
  const message = `event ${event.id} of ${event.source} is already recorded with other content; the first content counts`
  const evidence = Buffer.from(JSON.stringify(event, bigintsAsText), 'utf8')
  return { code: conflictCode, message, eventId: event.id, positions: null, evidence }
}

/**
 * What a mapping rule could not read of a payload, as one part. `whole`: it could read nothing of it, so no records of it
 * are named.
 */
export function mappedPart(payload: Uint8Array, rejected: readonly RejectedEvent[], whole: boolean): SuspendedPart {
  const [first] = rejected
  assertThat(first !== undefined, 'there is a part for what was rejected')
  const { code, message, eventId } = first
  if (rejected.length === 1)
    return { code, message, eventId, positions: whole ? null : [first.index], evidence: payload }
  const positions = rejected.map(({ index }) => index)
  return { code, message: reasonsText(rejected), eventId: null, positions, evidence: payload }
}

const mostReasons = 3
const mostPositions = 5

/** The first different reasons of several records, each with where it holds; positions count from 0. */
function reasonsText(rejected: readonly RejectedEvent[]): string {
  const positionsByMessage = new Map<string, number[]>()
  for (const { index, message } of rejected) {
    const positions = positionsByMessage.get(message)
    if (positions === undefined) positionsByMessage.set(message, [index])
    else positions.push(index)
  }
  const reasons = [...positionsByMessage].slice(0, mostReasons).map(([message, positions]) => {
    const more = positions.length > mostPositions ? ` and ${positions.length - mostPositions} more` : ''
    const named = positions.length === 1 ? 'position' : 'positions'
    return `${named} ${positions.slice(0, mostPositions).join(', ')}${more}: ${message}`
  })
  const further = positionsByMessage.size - reasons.length
  const rest = further > 0 ? [`and ${further} further reason${further === 1 ? '' : 's'}`] : []
  return `${rejected.length} records of the payload; ${[...reasons, ...rest].join('; ')}`
}

/** What the device is told when its delivery was not taken. */
export function refusalMessage(refusal: SuspenseRefusal): string {
  return refusal === 'suspense_full'
    ? 'not taken: the suspense of this agent is full; look at it with "suspense list"'
    : 'not taken: the share of this device in the suspense is full; look at it with "suspense list"'
}

function inputOf(
  writer: Writer,
  origin: Origin,
  kind: DeliveryKind,
  received: ClockReading,
  { code, message, eventId, positions, evidence }: SuspendedPart,
): SuspenseInput {
  const { device, rule, topic, idempotencyKey } = origin
  const { wallMs: atMs, bootId, monotonicMs, syncState } = received
  const payload = evidence.subarray(0, writer.settings.suspense.payloadBytes)
  const from = { device, kind, rule, topic, idempotencyKey }
  const when = { atMs, bootId, monotonicMs, syncState }
  return { code, message, ...from, eventId, positions, ...when, payloadBytes: evidence.length, payload }
}

function bigintsAsText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value
}
