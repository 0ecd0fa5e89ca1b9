import type { AgentImage, AgentSuspended } from './agent-image.ts'
import type { Findings } from './findings.ts'
import type { LoggedBatch } from './log-watch.ts'
import type { Losses } from './losses.ts'
import { isMeant, quantitiesKey } from './matching.ts'
import { isConflictRow, isSuspendedAs, pieceName } from './presence.ts'
import { contentKey, identityKey } from './published.ts'
import type { MeantEvent, MeantPiece, Publish, PublishedLedger } from './published.ts'
import type { RatingWatch } from './rating-watch.ts'
import type { StoredUnit } from './stored-batch.ts'

/** What the published events came to, for the statistics of a run. */
export interface DispositionCounts {
  charged: number
  suspendedAtAggregator: number
  suspendedAtAgents: number
}

/**
 * I8 at quiescence: every acknowledged event has exactly one disposition, however often and through whichever agent it
 * was sent. The first content under an identity counts; any other content is in suspense, at an agent or at the
 * aggregator, and never the same content in both places. What has no id was charged at least once for each
 * acknowledgement and at most once for each time it was sent.
 */
export function checkDispositions(
  findings: Findings,
  published: PublishedLedger,
  images: ReadonlyMap<string, AgentImage>,
  batches: ReadonlyMap<number, LoggedBatch>,
  rating: RatingWatch,
): DispositionCounts {
  const counts = { charged: 0, suspendedAtAggregator: 0, suspendedAtAgents: 0 }
  const suspended = [...images.values()].flatMap((image) => image.suspended)
  const conflicts = conflictingUnits(batches, rating)
  const seen = new Set<string>()
  const contents = contentsByIdentity(published)
  const lost = lostIdentities(published)
  for (const publish of published.publishes) {
    for (const piece of publish.pieces) {
      if (piece.kind === 'malformed') checkMalformed(findings, published, images, publish, piece, counts)
      else if (piece.event.id !== null && published.timesAcknowledged(publish.index) > 0) {
        const identity = identityKey(piece.event.source, piece.event.id)
        const key = `${identity} ${contentKey(piece.event)}`
        if (seen.has(key)) continue
        seen.add(key)
        const isContested = (contents.get(identity)?.size ?? 0) > 1
        checkIdentified(findings, publish, piece, piece.event, {
          suspended,
          conflicts,
          batches,
          rating,
          counts,
          isContested,
          isSomeLost: lost.has(identity),
          losses: published.losses,
        })
      }
    }
  }
  checkWithoutId(findings, published, batches)
  return counts
}

interface Found {
  readonly suspended: readonly AgentSuspended[]
  /** Units of the log that were suspended as conflicts, by identity. */
  readonly conflicts: ReadonlyMap<string, readonly StoredUnit[]>
  readonly batches: ReadonlyMap<number, LoggedBatch>
  readonly rating: RatingWatch
  readonly counts: DispositionCounts
  readonly losses: Losses
  /** Different contents were published under the identity. */
  readonly isContested: boolean
  /** A publish that had the identity is a named loss. */
  readonly isSomeLost: boolean
}

function checkIdentified(
  findings: Findings,
  publish: Publish,
  piece: MeantPiece,
  event: MeantEvent,
  found: Found,
): void {
  const identity = identityKey(event.source, event.id ?? '')
  const place = found.rating.places.first(identity)
  const winner = place === undefined ? undefined : found.batches.get(place.batchIndex)?.units[place.unit]
  const wrong = (what: string): void => findings.add('I8', `${pieceName(piece)} of publish ${publish.index}: ${what}`)
  const missing = (what: string): void => {
    if (!found.losses.has(publish.index)) wrong(what)
  }
  const conflictAtAgent = found.suspended.some((row) => isConflictRow(row, publish, event))
  if (place === undefined || winner === undefined) {
    // The first content is a named loss, and its key is still known: what differs from it stays in suspense.
    if (!conflictAtAgent || !found.isContested || !found.isSomeLost)
      return missing('was acknowledged and never reached the log')
    found.counts.suspendedAtAgents += 1
    return
  }
  const conflictAtAggregator = (found.conflicts.get(identity) ?? []).some((unit) => isMeant(unit, event))
  if (isMeant(winner, event)) {
    const fate = found.rating.fate(place.batchIndex, place.unit)
    if (fate === undefined) return wrong('is in the log and was never rated')
    if (conflictAtAggregator) wrong(`is ${fate.kind} and also in suspense at the aggregator as a conflict with itself`)
    // Two agents may each have seen another of two contents first; the one that loses at the aggregator is then charged
    // nowhere, and the one that wins is still in the suspense of the agent that had known the other.
    if (conflictAtAgent && !found.isContested)
      wrong(`is ${fate.kind} and also in suspense at an agent as a conflict with itself`)
    if (fate.kind === 'charged') found.counts.charged += 1
    else if (fate.kind === 'suspended') found.counts.suspendedAtAggregator += 1
    return
  }
  if (conflictAtAggregator) found.counts.suspendedAtAggregator += 1
  else if (conflictAtAgent) found.counts.suspendedAtAgents += 1
  else missing("differs from what came first under its identity and is in nobody's suspense")
}

function checkMalformed(
  findings: Findings,
  published: PublishedLedger,
  images: ReadonlyMap<string, AgentImage>,
  publish: Publish,
  piece: MeantPiece,
  counts: DispositionCounts,
): void {
  for (const [agent, { suspended, answersFor }] of images) {
    if (
      answersFor.every((box) => published.timesAcknowledged(publish.index, box) === 0) ||
      published.losses.has(publish.index)
    )
      continue
    const there = suspended.some((row) => isSuspendedAs(row, publish, piece))
    findings.demand(
      there,
      'I8',
      () => `${pieceName(piece)} of publish ${publish.index} is not in the suspense of ${agent}, which acknowledged it`,
    )
    if (there) counts.suspendedAtAgents += 1
  }
}

/** Events without an id are told apart by source, subject and quantities only: enough to count them. */
function checkWithoutId(
  findings: Findings,
  published: PublishedLedger,
  batches: ReadonlyMap<number, LoggedBatch>,
): void {
  const least = new Map<string, number>()
  const most = new Map<string, number>()
  const stored = new Map<string, number>()
  const add = (counts: Map<string, number>, key: string, count: number): void =>
    void counts.set(key, (counts.get(key) ?? 0) + count)
  for (const publish of published.publishes) {
    for (const piece of publish.pieces) {
      if (piece.kind !== 'event' || piece.event.id !== null) continue
      const key = `${piece.event.source} ${piece.event.subject} ${quantitiesKey(piece.event.measured)}`
      add(least, key, published.losses.has(publish.index) ? 0 : published.timesAcknowledged(publish.index))
      add(most, key, published.timesSubmitted(publish.index) * (1 + published.recoveredDisks))
    }
  }
  for (const { units } of batches.values()) {
    for (const unit of units) {
      if (unit.eventId === null) add(stored, `${unit.source} ${unit.subject} ${quantitiesKey(unit.records)}`, 1)
    }
  }
  for (const [key, acknowledged] of least) {
    const count = stored.get(key) ?? 0
    const sent = most.get(key) ?? 0
    findings.demand(
      count >= acknowledged,
      'I8',
      () => `without id: ${key} was acknowledged ${acknowledged} times and is in the log ${count} times`,
    )
    findings.demand(
      count <= sent,
      'I5',
      () => `without id: ${key} was sent ${sent} times and is in the log ${count} times`,
    )
  }
}

function contentsByIdentity(published: PublishedLedger): ReadonlyMap<string, ReadonlySet<string>> {
  const contents = new Map<string, Set<string>>()
  for (const piece of published.publishes.flatMap(({ pieces }) => pieces)) {
    if (piece.kind !== 'event' || piece.event.id === null) continue
    const identity = identityKey(piece.event.source, piece.event.id)
    const known = contents.get(identity) ?? new Set()
    contents.set(identity, known.add(contentKey(piece.event)))
  }
  return contents
}

/** Identities of events that a publish stated which is a named loss. */
function lostIdentities({ publishes, losses }: PublishedLedger): ReadonlySet<string> {
  const lost = publishes.filter(({ index }) => losses.has(index)).flatMap(({ pieces }) => pieces)
  return new Set(
    lost.flatMap((piece) =>
      piece.kind === 'event' && piece.event.id !== null ? [identityKey(piece.event.source, piece.event.id)] : [],
    ),
  )
}

function conflictingUnits(
  batches: ReadonlyMap<number, LoggedBatch>,
  rating: RatingWatch,
): ReadonlyMap<string, readonly StoredUnit[]> {
  const conflicts = new Map<string, StoredUnit[]>()
  for (const [batchIndex, { units }] of batches) {
    for (const [index, unit] of units.entries()) {
      const fate = rating.fate(batchIndex, index)
      const isSetAside = fate?.kind === 'suspended' || fate?.kind === 'discarded'
      const isConflict = (isSetAside && fate.code === 'event_conflict') || rating.places.isStandIn(batchIndex, index)
      if (unit.eventId === null || !isConflict) continue
      const key = identityKey(unit.source, unit.eventId)
      conflicts.set(key, [...(conflicts.get(key) ?? []), unit])
    }
  }
  return conflicts
}
