import { eventKeyBytes, eventKeyInto } from '@meterline/shared/integrity/event-key.ts'
import type { UsageEvent } from '@meterline/shared/model/usage-event.ts'
import type { ClockReading, Spend } from '@meterline/shared/model/usage-record.ts'
import { checkToKeep, sameContent } from '../domain/admit.ts'
import { prerate } from '../domain/prerate.ts'
import { sizeReached } from '../domain/seal.ts'
import type { Origin } from './origin.ts'
import { finishChunk, sealOpenBatch } from './seal-batch.ts'
import type { Writer } from './writer.ts'

/** Whether an event is new under its id, said before, or another one under a known id. Events without an id are new. */
export type Novelty = 'new' | 'duplicate' | 'conflict'

// Filled anew for each event: everything here is synchronous, and the hot path allocates as little as it can.
const key = new Uint8Array(eventKeyBytes)
const check = { check0: 0, check1: 0 }
const prerated: (bigint | null)[] = []
const noSpends: readonly (readonly Spend[])[] = []

/** Looks an event up by its id, without changing anything. */
export function noveltyOf(writer: Writer, event: UsageEvent): Novelty {
  if (event.id === null) return 'new'
  eventKeyInto(writer.settings.identity.tenant, event.source, event.id, key, 0)
  const known = writer.journal.keys.lookup(key, 0)
  if (known === null) return 'new'
  return sameContent(known, event) ? 'duplicate' : 'conflict'
}

/**
 * Takes one event into the open batch, pre-rated, with its key, when it is new; counts it when it is a duplicate. What to
 * do about a conflict is the caller's matter. `received` are the clocks when it came. A batch that is full is sealed
 * first. Inside the transaction, in a chunk that was begun.
 */
export function takeEvent(writer: Writer, event: UsageEvent, received: ClockReading, sealedAt: ClockReading): Novelty {
  const { counters } = writer.memory
  const novelty = noveltyOf(writer, event)
  if (novelty !== 'new') {
    if (novelty === 'duplicate') counters.duplicates += 1
    return novelty
  }
  if (sizeReached(writer.memory.open, writer.settings.seal)) startNextBatch(writer, sealedAt)
  const { open, chain } = writer.memory
  if (event.id === null) counters.withoutId += 1
  else {
    checkToKeep(event, received.wallMs, check)
    const { keys } = writer.journal
    if (!keys.hasRoomToStage) keys.writeStaged(received.wallMs)
    // `noveltyOf` left this event's key.
    keys.stage(key, 0, check.check0, check.check1, chain.sealedSeq + 1, open.unitCount)
  }
  if (!prerate(writer.prerates, writer.subjects, event, prerated)) counters.unbound += 1
  open.append(event, received, writer.prerates?.snapshotHash ?? null, prerated, noSpends)
  counters.events += 1
  counters.records += event.measured.length
  return 'new'
}

/** An event without an id gets one from the request it came in, where that has a key: sent again, it is a duplicate. */
export function identified(event: UsageEvent, { idempotencyKey }: Origin, position: number): UsageEvent {
  return event.id !== null || idempotencyKey === null ? event : { ...event, id: `${idempotencyKey}/${position}` }
}

/** A group may hold more than one batch's worth: the full one is sealed in the same transaction and the next one begun. */
function startNextBatch(writer: Writer, sealedAt: ClockReading): void {
  finishChunk(writer, sealedAt.monotonicMs)
  sealOpenBatch(writer, { ...sealedAt })
  writer.memory.open.begin()
}
