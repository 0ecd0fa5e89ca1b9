import type { UsageEvent } from '@meterline/shared/model/usage-event.ts'
import type { ClockReading } from '@meterline/shared/model/usage-record.ts'
import { suspenseRefusal } from '../domain/admit.ts'
import type { Normalised } from '../domain/normalised.ts'
import { conflictCode, type SuspenseRow } from '../store/suspense-table.ts'
import type { Origin } from './origin.ts'
import type { DeliveryKind } from './ports.ts'
import { positionsOf, readPayload } from './read-payload.ts'
import { finishChunk } from './seal-batch.ts'
import { closeSuspended, conflictPart, mappedPart, refusalMessage, suspend, type SuspendedPart } from './suspend.ts'
import type { DiscardedRow, DiscardOrder, ReplayedRow, ReplayPage, ReplaySelection } from './suspense-port.ts'
import { identified, noveltyOf, takeEvent } from './take-event.ts'
import type { Writer } from './writer.ts'

/** Entries read again in one transaction, so that deliveries go on in between. */
const rowsPerPage = 200
/** An event without an id counts once for each time it was delivered; above this somebody should look first. */
const mostCopies = 10_000

/** An entry read again by the rules of now. */
interface Reading {
  readonly row: SuspenseRow
  readonly origin: Origin
  readonly kind: DeliveryKind
  readonly arrived: ClockReading
  /** Events, with the ids they get by their request, and how often each one counts. */
  readonly events: readonly { readonly event: UsageEvent; readonly copies: number }[]
  /** What could not be read this time either. */
  readonly rest: readonly SuspendedPart[]
}

/** Why an entry stays. */
interface Stay {
  readonly code: string
  readonly message: string
  /** The payload was read and refused, for this reason; otherwise the reason it had is the one it keeps. */
  readonly isNewReason: boolean
}

/** Why reading an entry again cannot help, or null when it may. */
export function replayObstacle(row: SuspenseRow): string | null {
  if (row.code === conflictCode) return 'the first content under its id counts: it can only be discarded'
  // Of a payload over the limit only the beginning ever comes this far.
  const isCut = row.payload.length < row.payloadBytes || row.code === 'payload_too_large'
  return isCut
    ? 'only the beginning of its payload was kept (limits.suspensePayloadBytes): it can only be discarded'
    : null
}

/**
 * Reads one page of the suspense again. What is understood becomes events, exactly once: their keys as always, the time
 * of arrival that of the first delivery, the entry closed in the same transaction. What is still refused stays, with the
 * reason of now. Inside a transaction; the caller writes staged keys and counters after it.
 */
export function replayPage(
  writer: Writer,
  selection: ReplaySelection,
  at: ClockReading,
): { readonly page: ReplayPage; readonly stagedKeys: number } {
  let stagedKeys = 0
  writer.memory.open.begin()
  const page = eachRow(writer, selection, (row) => {
    const reading = readAgain(writer, row, at)
    if ('stays' in reading) {
      const { code, message, isNewReason } = reading.stays
      if (isNewReason) writer.journal.suspense.changeReason(row.id, code, message, row.eventId)
      return staysRow(row, reading.stays)
    }
    const { replayed, staged } = replay(writer, reading, at)
    stagedKeys += staged
    return replayed
  })
  finishChunk(writer, at.monotonicMs)
  return { page, stagedKeys }
}

/** What `replayPage` would do now, without doing it. */
export function rehearsePage(writer: Writer, selection: ReplaySelection, at: ClockReading): ReplayPage {
  return eachRow(writer, selection, (row) => {
    const reading = readAgain(writer, row, at)
    if ('stays' in reading) return staysRow(row, reading.stays)
    let events = 0
    let duplicates = 0
    let conflicts = 0
    for (const { event, copies } of reading.events) {
      const novelty = noveltyOf(writer, event)
      if (novelty === 'new') events += copies
      else if (novelty === 'duplicate') duplicates += 1
      else conflicts += 1
    }
    return replayedRow(row, { events, duplicates, suspended: reading.rest.length + conflicts })
  })
}

/** Gives entries up by name: they leave the suspense and are kept with the reason. Inside a transaction. */
export function discardSuspended(writer: Writer, order: DiscardOrder, at: ClockReading): readonly DiscardedRow[] {
  return order.numbers.map((number) => {
    const row = writer.journal.suspense.row(number)
    if (row === null) return { number, outcome: 'unknown' }
    const { reason, by: closedBy } = order
    const what = { outcome: 'discarded', events: 0, duplicates: 0 } as const
    closeSuspended(writer, row, { ...what, closedMs: at.wallMs, reason, closedBy })
    return { number, outcome: 'discarded' }
  })
}

/** Goes through one page: at most so many entries, and so many payload bytes as one group of deliveries may have. */
function eachRow(writer: Writer, selection: ReplaySelection, take: (row: SuspenseRow) => ReplayedRow): ReplayPage {
  const { suspense } = writer.journal
  const { after, numbers } = selection
  const upTo = selection.upTo ?? (numbers === null ? suspense.lastNumber(selection) : (numbers.at(-1) ?? 0))
  const wanted =
    numbers === null
      ? suspense.list({ ...selection, limit: rowsPerPage + 1 }).map(({ id }) => id)
      : numbers.filter((number) => number > after)
  const rows: ReplayedRow[] = []
  let bytes = 0
  for (const number of wanted) {
    if (number > upTo) break
    const row = suspense.row(number)
    bytes += row?.payload.length ?? 0
    const isFull = rows.length === rowsPerPage || (rows.length > 0 && bytes > writer.settings.group.payloadBytes)
    if (isFull) return { rows, next: rows.at(-1)?.number ?? after, upTo }
    rows.push(row === null ? unknownRow(number) : take(row))
  }
  return { rows, next: null, upTo }
}

/** The entry as it reads now, or why it stays as it is. */
function readAgain(writer: Writer, row: SuspenseRow, at: ClockReading): Reading | { readonly stays: Stay } {
  const stays = (message: string): { readonly stays: Stay } => ({
    stays: { code: row.code, message, isNewReason: false },
  })
  const obstacle = replayObstacle(row)
  if (obstacle !== null) return stays(obstacle)
  const { device, rule, topic, idempotencyKey, payload } = row
  const origin = { device, rule, topic, idempotencyKey }
  const kind = kindOf(row.kind)
  const arrived = arrivalOf(row, at)
  const read = readPayload(writer, origin, kind, payload, arrived.wallMs)
  const { events, rejected } = kind === 'mapped' ? onlyAt(read, row.positions) : read
  const [first] = rejected
  if (events.length === 0 && first !== undefined) {
    const { code, message } = kind === 'mapped' ? mappedPart(payload, rejected, false) : first
    return { stays: { code, message, isNewReason: true } }
  }
  const places = positionsOf(read)
  const named = events.map((event, index) => {
    // A fragment is the one event that stood at its own place in the request.
    const position = kind === 'mapped' ? (places[read.events.indexOf(event)] ?? index) : (row.positions?.[0] ?? index)
    const withId = identified(event, origin, position)
    return { event: withId, copies: withId.id === null ? row.times : 1 }
  })
  const rest = restOf(row, kind, { events, rejected })
  const crowded = roomProblem(writer, row, named, rest)
  if (crowded !== null) return stays(crowded)
  return { row, origin, kind, arrived, events: named, rest }
}

/** Takes in what was read, closes the entry, and puts what is left of it to suspense on its own. */
function replay(
  writer: Writer,
  { row, origin, kind, arrived, events, rest }: Reading,
  at: ClockReading,
): { readonly replayed: ReplayedRow; readonly staged: number } {
  let taken = 0
  let staged = 0
  let duplicates = 0
  const left = [...rest]
  for (const { event, copies } of events) {
    for (let copy = 0; copy < copies; copy++) {
      const novelty = takeEvent(writer, event, arrived, at)
      if (novelty === 'duplicate') duplicates += 1
      else if (novelty === 'conflict') left.push(conflictPart(event))
      else {
        taken += 1
        if (event.id !== null) staged += 1
      }
    }
  }
  const counts = { events: taken, duplicates }
  closeSuspended(writer, row, { outcome: 'replayed', closedMs: at.wallMs, ...counts, reason: null, closedBy: null })
  for (const part of left) suspend(writer, origin, kind, arrived, part)
  return { replayed: replayedRow(row, { ...counts, suspended: left.length }), staged }
}

/** The records of a mapped payload that an entry is about: the others were journalled when it came. */
function onlyAt(read: Normalised, positions: readonly number[] | null): Pick<Normalised, 'events' | 'rejected'> {
  if (positions === null) return read
  const meant = new Set(positions)
  const places = positionsOf(read)
  // A payload that is refused as a whole names no place of its own.
  const isWhole = read.events.length === 0 && read.rejected.length === 1
  return {
    events: read.events.filter((_, index) => meant.has(places[index] ?? -1)),
    rejected: isWhole ? read.rejected : read.rejected.filter(({ index }) => meant.has(index)),
  }
}

function restOf(
  row: SuspenseRow,
  kind: DeliveryKind,
  { rejected }: Pick<Normalised, 'events' | 'rejected'>,
): SuspendedPart[] {
  if (rejected.length === 0) return []
  if (kind === 'mapped') return [mappedPart(row.payload, rejected, false)]
  return rejected.map(({ index, code, message, eventId, fragment }) => {
    const positions = row.idempotencyKey === null ? null : [index]
    return { code, message, eventId, positions, evidence: fragment }
  })
}

/** Why what comes out of an entry has no room, or null: nothing of it may be lost on the way. */
function roomProblem(
  writer: Writer,
  row: SuspenseRow,
  events: Reading['events'],
  rest: readonly SuspendedPart[],
): string | null {
  const copies = events.reduce((sum, event) => sum + event.copies, 0)
  if (copies > events.length + mostCopies) {
    return `its events have no ids and it was delivered ${row.times} times: above ${mostCopies} it is not replayed`
  }
  const ids = new Set<string>()
  const contested = events.filter(({ event }) => {
    const isRepeated = event.id !== null && ids.has(`${event.source}\n${event.id}`)
    if (event.id !== null) ids.add(`${event.source}\n${event.id}`)
    return isRepeated || noveltyOf(writer, event) === 'conflict'
  })
  const parts = [...rest, ...contested.map(({ event }) => conflictPart(event))]
  const held = writer.memory.suspense
  const rowsOfDevice = (held.rowsByDevice.get(row.device) ?? 1) - 1
  const refusal = suspenseRefusal(
    { rows: held.rows - 1, bytes: held.bytes - row.payload.length, rowsOfDevice },
    { rows: parts.length, bytes: parts.reduce((sum, { evidence }) => sum + evidence.length, 0) },
    writer.settings.suspense,
  )
  return parts.length === 0 || refusal === null ? null : refusalMessage(refusal)
}

/** The clocks when the entry first came. An earlier version kept its wall clock only. */
function arrivalOf(row: SuspenseRow, at: ClockReading): ClockReading {
  const { bootId, monotonicMs, syncState, firstMs } = row
  if (bootId !== null && monotonicMs !== null && syncState !== null) {
    return { bootId, monotonicMs, wallMs: firstMs, syncState }
  }
  const sinceMs = Math.max(0, at.wallMs - firstMs)
  return { ...at, monotonicMs: Math.max(0, at.monotonicMs - sinceMs), wallMs: firstMs, syncState: 'unknown' }
}

function kindOf(text: string): DeliveryKind {
  return text === 'ai' || text === 'mapped' ? text : 'usage'
}

function replayedRow(
  row: SuspenseRow,
  counts: { readonly events: number; readonly duplicates: number; readonly suspended: number },
): ReplayedRow {
  const { events, duplicates, suspended } = counts
  const message = `${events} events, ${duplicates} already there, ${suspended} in suspense on their own`
  return { number: row.id, outcome: 'replayed', ...counts, code: null, message }
}

function staysRow(row: SuspenseRow, { code, message }: Stay): ReplayedRow {
  return { number: row.id, outcome: 'stays', events: 0, duplicates: 0, suspended: 0, code, message }
}

function unknownRow(number: number): ReplayedRow {
  const message = 'there is no such entry in suspense: it was replayed or discarded before, or never there'
  return { number, outcome: 'unknown', events: 0, duplicates: 0, suspended: 0, code: null, message }
}
