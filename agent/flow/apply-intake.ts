import { assertThat } from '@meterline/shared/base/errors.ts'
import { eventKeyBytes, eventKeyInto } from '@meterline/shared/integrity/event-key.ts'
import type { UsageEvent } from '@meterline/shared/model/usage-event.ts'
import type { Spend } from '@meterline/shared/model/usage-record.ts'
import type { SyncState } from '@meterline/shared/base/clock.ts'
import { checkToKeep, sameContent, suspenseRefusal } from '../domain/admit.ts'
import { normalise, type Normalised } from '../domain/normalise.ts'
import { prerate } from '../domain/prerate.ts'
import { sizeReached } from '../domain/seal.ts'
import type { SuspenseInput } from '../store/suspense-table.ts'
import { GroupReader, type FilledGroup } from './group.ts'
import type { DeliveredReject } from './journal-port.ts'
import type { Origin } from './origin.ts'
import type { DeliveryKind } from './ports.ts'
import { finishChunk, sealOpenBatch } from './seal-batch.ts'
import type { Writer } from './writer.ts'

/** What became of the deliveries of a group, beside being stored. */
export interface IntakeOutcome {
  /** Deliveries that are to be refused although the group commits, by index in ascending order. */
  readonly refused: number[]
  readonly rejects: DeliveredReject[]
  stagedKeys: number
}

/** A device hears of at most this many rejects per group; all of them are in suspense. */
const rejectsPerGroup = 1000

// Filled anew for each event: everything here is synchronous, and the hot path allocates as little as it can.
const key = new Uint8Array(eventKeyBytes)
const check = { check0: 0, check1: 0 }
const prerated: (bigint | null)[] = []
const noSpends: readonly (readonly Spend[])[] = []
/** The delivery at hand, by index in its group. */
let delivery = 0
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
  writer.memory.open.begin()
  while (reader.next()) {
    received.monotonicMs = startedAt.monotonicMs + reader.afterMs
    received.wallMs = startedAt.wallMs + reader.afterMs
    const origin = writer.origins[reader.device]
    assertThat(origin !== undefined, 'every origin of a group was named in it or in one before')
    delivery = reader.index
    if (takeDelivery(writer, origin, reader.kind, reader.payload, outcome)) writer.memory.counters.deliveries += 1
    else outcome.refused.push(reader.index)
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
  const { events, rejected } = read(writer, origin, kind, payload)
  // Rejected parts come first: when they do not fit, nothing of the delivery has been stored yet.
  for (let at = 0; at < rejected.length; at++) {
    const reject = rejected[at]
    if (reject === undefined) continue
    const { index, code, message, eventId, fragment } = reject
    const input = suspenseInput(writer, origin, kind, code, message, eventId, fragment)
    if (!suspend(writer, input, index, outcome)) return false
  }
  for (let at = 0; at < events.length; at++) {
    const event = events[at]
    // After a conflict that found no room the events before it stay; under their ids they are duplicates next time.
    if (event !== undefined && !takeEvent(writer, origin, kind, identified(event, origin, at), at, outcome))
      return false
  }
  return true
}

function read(writer: Writer, origin: Origin, kind: DeliveryKind, payload: Uint8Array): Normalised {
  if (kind !== 'mapped') return normalise(kind, origin.device, payload, received.wallMs)
  const rule = writer.rules.byName.get(origin.rule ?? '')
  const { device, topic } = origin
  if (rule !== undefined) return rule.map(payload, { device, topic, receivedWallMs: received.wallMs })
  const message = `there is no mapping rule ${origin.rule} any more: put it back into the configuration, then replay`
  const fragment = Uint8Array.from(payload)
  return { events: [], rejected: [{ index: 0, eventId: null, code: 'rule_unknown', message, fragment }] }
}

/** An event without an id gets one from the request it came in, where that has a key: sent again, it is a duplicate. */
function identified(event: UsageEvent, { idempotencyKey }: Origin, at: number): UsageEvent {
  return event.id !== null || idempotencyKey === null ? event : { ...event, id: `${idempotencyKey}/${at}` }
}

function takeEvent(
  writer: Writer,
  origin: Origin,
  kind: DeliveryKind,
  event: UsageEvent,
  index: number,
  outcome: IntakeOutcome,
): boolean {
  const { counters } = writer.memory
  if (event.id !== null) {
    const { keys } = writer.journal
    eventKeyInto(writer.settings.identity.tenant, event.source, event.id, key, 0)
    const known = keys.lookup(key, 0)
    if (known !== null) {
      if (!sameContent(known, event)) return suspendConflict(writer, origin, kind, event, index, outcome)
      counters.duplicates += 1
      return true
    }
  }
  if (sizeReached(writer.memory.open, writer.settings.seal)) startNextBatch(writer)
  const { open, chain } = writer.memory
  if (event.id === null) counters.withoutId += 1
  else {
    checkToKeep(event, received.wallMs, check)
    writer.journal.keys.stage(key, 0, check.check0, check.check1, chain.sealedSeq + 1, open.unitCount)
    outcome.stagedKeys += 1
  }
  if (!prerate(writer.prerates, event, prerated)) counters.unbound += 1
  open.append(event, received, writer.prerates?.snapshotHash ?? null, prerated, noSpends)
  counters.events += 1
  counters.records += event.measured.length
  return true
}

/** A group may hold more than one batch's worth: the full one is sealed in the same transaction and the next one begun. */
function startNextBatch(writer: Writer): void {
  finishChunk(writer, received.monotonicMs)
  sealOpenBatch(writer, { ...received })
  writer.memory.open.begin()
}

function suspendConflict(
  writer: Writer,
  origin: Origin,
  kind: DeliveryKind,
  event: UsageEvent,
  index: number,
  outcome: IntakeOutcome,
): boolean {
  const message = `event ${event.id} of ${event.source} is already recorded with other content; the first content counts`
  const evidence = Buffer.from(JSON.stringify(event, bigintsAsText), 'utf8')
  const input = suspenseInput(writer, origin, kind, 'event_conflict', message, event.id, evidence)
  return suspend(writer, input, index, outcome)
}

function bigintsAsText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value
}

function suspenseInput(
  writer: Writer,
  { device }: Origin,
  kind: DeliveryKind,
  code: string,
  message: string,
  eventId: string | null,
  evidence: Uint8Array,
): SuspenseInput {
  const payload = evidence.subarray(0, writer.settings.suspense.payloadBytes)
  return { code, message, device, kind, eventId, atMs: received.wallMs, payloadBytes: evidence.length, payload }
}

/** Puts one thing to suspense, or counts it on the row it already has. False: there is no room. */
function suspend(writer: Writer, input: SuspenseInput, index: number, outcome: IntakeOutcome): boolean {
  const { memory, journal, settings } = writer
  const { device, eventId } = input
  const known = journal.suspense.find(input)
  if (known !== null) journal.suspense.countAgain(known, input.atMs)
  else {
    const held = { ...memory.suspense, rowsOfDevice: memory.suspense.rowsByDevice.get(device) ?? 0 }
    const refusal = suspenseRefusal(held, { rows: 1, bytes: input.payload.length }, settings.suspense)
    if (refusal !== null) {
      tell(outcome, { device, code: refusal, message: refusalMessage(refusal), eventId, index, delivery })
      return false
    }
    journal.suspense.insert(input)
    memory.suspense.rows += 1
    memory.suspense.bytes += input.payload.length
    memory.suspense.rowsByDevice.set(device, held.rowsOfDevice + 1)
  }
  memory.counters.suspended += 1
  tell(outcome, { device, code: input.code, message: input.message, eventId, index, delivery })
  return true
}

function refusalMessage(refusal: 'suspense_full' | 'suspense_full_for_device'): string {
  return refusal === 'suspense_full'
    ? 'not taken: the suspense of this agent is full; look at it with "suspense list"'
    : 'not taken: the share of this device in the suspense is full; look at it with "suspense list"'
}

function tell(outcome: IntakeOutcome, reject: DeliveredReject): void {
  if (outcome.rejects.length < rejectsPerGroup) outcome.rejects.push(reject)
}
