import { assertThat } from '@meterline/shared/base/errors.ts'
import type { SyncState } from '@meterline/shared/base/clock.ts'
import type { Normalised } from '../domain/normalised.ts'
import { GroupReader, type FilledGroup } from './group.ts'
import type { DeliveredReject } from './journal-port.ts'
import type { Origin } from './origin.ts'
import type { DeliveryKind } from './ports.ts'
import { positionsOf, readPayload } from './read-payload.ts'
import { finishChunk } from './seal-batch.ts'
import {
  conflictPart,
  mappedPart,
  refusalMessage,
  suspend,
  type SuspendedPart,
  type SuspenseRefusal,
} from './suspend.ts'
import { identified, takeEvent } from './take-event.ts'
import type { Writer } from './writer.ts'

/** What became of the deliveries of a group, beside being stored. */
export interface IntakeOutcome {
  /** Deliveries that are to be refused although the group commits, by index in ascending order. */
  readonly refused: number[]
  readonly rejects: DeliveredReject[]
  stagedKeys: number
}

/** This many rejects per group are told one by one, further ones as a number per delivery; all of them are in suspense. */
const rejectsPerGroup = 1000

// Filled anew for each delivery: everything here is synchronous, and the hot path allocates as little as it can.
/** The delivery at hand, by index in its group, how many events it holds, and its rejects that are not told yet. */
let delivery = 0
let deliveredEvents = 0
let untold: DeliveredReject | null = null
let untoldCount = 0
const received = { bootId: '', monotonicMs: 0, wallMs: 0, syncState: 'unknown' as SyncState }

/**
 * Takes in the deliveries of one group, inside the transaction that makes them durable: payload → events → key known? →
 * pre-rated → open batch. Duplicates are counted; what cannot be used goes to suspense with its reason. A delivery whose
 * suspense has no room is refused, so that its device keeps it.
 */
export function applyIntake(writer: Writer, group: FilledGroup): IntakeOutcome {
  const { startedAt } = group
  const outcome: IntakeOutcome = { refused: [], rejects: [], stagedKeys: 0 }
  const reader = new GroupReader(group, writer.settings.group)
  received.bootId = startedAt.bootId
  received.syncState = startedAt.syncState
  // A group that failed half-way may have left some.
  untold = null
  untoldCount = 0
  writer.memory.open.begin()
  while (reader.next()) {
    received.monotonicMs = startedAt.monotonicMs + reader.afterMs
    received.wallMs = startedAt.wallMs + reader.afterMs
    const origin = writer.origins[reader.device]
    assertThat(origin !== undefined, 'every origin of a group was named in it or in one before')
    delivery = reader.index
    if (takeDelivery(writer, origin, reader.kind, reader.payload, outcome)) writer.memory.counters.deliveries += 1
    else outcome.refused.push(reader.index)
    if (untold !== null) tellRest(outcome, untold)
  }
  finishChunk(writer, startedAt.monotonicMs)
  return outcome
}

/** False: the suspense has no room for what it would add, and the whole delivery is to be refused. */
function takeDelivery(
  writer: Writer,
  origin: Origin,
  kind: DeliveryKind,
  payload: Uint8Array,
  outcome: IntakeOutcome,
): boolean {
  const read = readPayload(writer, origin, kind, payload, received.wallMs)
  const { events, rejected } = read
  deliveredEvents = events.length + rejected.length
  // Rejected parts come first: when they do not fit, nothing of the delivery has been stored yet.
  if (rejected.length > 0 && !suspendRejected(writer, origin, kind, payload, read, outcome)) return false
  // Rejected events keep their places: what becomes of one must not change the ids that others get by theirs.
  const positions = rejected.length === 0 ? read.positions : positionsOf(read)
  for (let at = 0; at < events.length; at++) {
    const event = events[at]
    if (event === undefined) continue
    const position = positions?.[at] ?? at
    const named = identified(event, origin, position)
    const novelty = takeEvent(writer, named, received, received)
    if (novelty === 'new' && named.id !== null) outcome.stagedKeys += 1
    // After a conflict that found no room the events before it stay; under their ids they are duplicates next time.
    if (novelty === 'conflict' && !suspendPart(writer, origin, kind, conflictPart(named), position, outcome))
      return false
  }
  return true
}

/**
 * What a mapping rule could not read of a payload is one thing with the whole payload, which the rule needs to read it
 * again; of any other payload every event is a thing of its own, with its own bytes.
 */
function suspendRejected(
  writer: Writer,
  origin: Origin,
  kind: DeliveryKind,
  payload: Uint8Array,
  { events, rejected }: Normalised,
  outcome: IntakeOutcome,
): boolean {
  if (kind === 'mapped') {
    const part = mappedPart(payload, rejected, events.length === 0 && rejected.length === 1)
    const refusal = suspend(writer, origin, kind, received, part)
    // One entry stands for all of them, but each record is told its own reason.
    for (const { index, ...reason } of rejected) tellReject(origin, reason, index, refusal, outcome)
    return refusal === null
  }
  for (const { index, code, message, eventId, fragment } of rejected) {
    // An event without an id may have one by its place in the request, so that place is part of what it is.
    const positions = origin.idempotencyKey === null ? null : [index]
    const part = { code, message, eventId, positions, evidence: fragment }
    if (!suspendPart(writer, origin, kind, part, index, outcome)) return false
  }
  return true
}

/** Puts one part to suspense and tells the device where it stood. False: there is no room. */
function suspendPart(
  writer: Writer,
  origin: Origin,
  kind: DeliveryKind,
  part: SuspendedPart,
  index: number,
  outcome: IntakeOutcome,
): boolean {
  const refusal = suspend(writer, origin, kind, received, part)
  tellReject(origin, part, index, refusal, outcome)
  return refusal === null
}

/** Tells why something at one place of the delivery cannot be used, or that there was no room to keep it. */
function tellReject(
  { device }: Origin,
  reason: Pick<SuspendedPart, 'code' | 'message' | 'eventId'>,
  index: number,
  refusal: SuspenseRefusal | null,
  outcome: IntakeOutcome,
): void {
  const { eventId } = reason
  const code = refusal ?? reason.code
  const message = refusal === null ? reason.message : refusalMessage(refusal)
  tell(outcome, { device, code, message, eventId, index, events: deliveredEvents, delivery })
}

function tell(outcome: IntakeOutcome, reject: DeliveredReject): void {
  if (outcome.rejects.length < rejectsPerGroup) outcome.rejects.push(reject)
  else {
    untold ??= reject
    untoldCount += 1
  }
}

/** Whoever answers for the delivery must know that something of it was rejected, if not each time what. */
function tellRest(outcome: IntakeOutcome, first: DeliveredReject): void {
  outcome.rejects.push({ ...first, more: untoldCount - 1 })
  untold = null
  untoldCount = 0
}
