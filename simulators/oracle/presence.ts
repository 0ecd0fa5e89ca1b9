import type { AgentImage, AgentSuspended } from './agent-image.ts'
import type { Findings } from './findings.ts'
import { UnitIndex } from './matching.ts'
import type { MeantEvent, MeantPiece, Publish, PublishedLedger } from './published.ts'

/** What has to be known of a journal to find in it what its box acknowledged. */
export type HeldImage = Pick<AgentImage, 'outbox' | 'open' | 'suspended' | 'retained' | 'answersFor'>

/**
 * I7: everything an agent acknowledged to a device is in that agent's journal or in the aggregator's log. Asked after
 * every crash of an agent, of the very files it starts again from, and whenever its journal is looked into.
 */
export class PresenceWatch {
  readonly #findings: Findings
  readonly #published: PublishedLedger
  /** Publishes whose every piece is in the aggregator's log, which never loses anything (LogWatch sees to that). */
  readonly #settled = new Set<number>()

  constructor(findings: Findings, published: PublishedLedger) {
    this.#findings = findings
    this.#published = published
  }

  check(agent: string, image: HeldImage, logged: UnitIndex): void {
    for (const { publish, piece } of this.missing(image, logged)) {
      const what = (): string =>
        `${agent} acknowledged publish ${publish.index} of ${publish.device} and lost ${pieceName(piece)}`
      this.#findings.add('I7', what())
    }
  }

  /** What was acknowledged and is neither in the journal nor in the log. */
  missing(image: HeldImage, logged: UnitIndex): readonly { readonly publish: Publish; readonly piece: MeantPiece }[] {
    const lost: { readonly publish: Publish; readonly piece: MeantPiece }[] = []
    const journalled = new UnitIndex()
    for (const { units } of [...image.outbox, ...image.retained]) for (const unit of units) journalled.add(unit)
    for (const unit of image.open) journalled.add(unit)
    const { suspended } = image
    const isRecorded = (event: MeantEvent): boolean => journalled.holds(event) || logged.holds(event)
    for (const publish of this.#published.publishes) {
      if (this.#settled.has(publish.index) || this.#published.losses.has(publish.index)) continue
      if (image.answersFor.every((box) => this.#published.timesAcknowledged(publish.index, box) === 0)) continue
      for (const piece of publish.pieces) {
        const found =
          piece.kind === 'malformed'
            ? suspended.some((row) => isSuspendedAs(row, publish, piece))
            : isRecorded(piece.event) || suspended.some((row) => isConflictRow(row, publish, piece.event))
        if (!found) lost.push({ publish, piece })
      }
      if (publish.pieces.every((piece) => piece.kind === 'event' && logged.holds(piece.event)))
        this.#settled.add(publish.index)
    }
    return lost
  }
}

/** Whether a row of an agent's suspense holds this malformed piece: same device, the very bytes (long ones cut). */
export function isSuspendedAs(row: AgentSuspended, publish: Publish, piece: MeantPiece): boolean {
  if (row.device !== publish.device || row.code === 'event_conflict') return false
  const kept = Buffer.from(row.payload)
  return (
    row.payloadBytes <= piece.bytes.length &&
    kept.equals(piece.bytes.subarray(0, kept.length)) &&
    (kept.length > 0 || piece.bytes.length === 0)
  )
}

/** Whether some row of an agent's suspense says that this event came with other content than the first under its identity. */
export function isConflictRow(row: AgentSuspended, publish: Publish, event: MeantEvent): boolean {
  if (row.code !== 'event_conflict' || row.device !== publish.device || row.eventId !== event.id) return false
  // The agent keeps the event as JSON; all that matters here is whether it names these quantities.
  const text = Buffer.from(row.payload).toString('utf8')
  return event.measured.every(({ meter, quantity }) => text.includes(`"${meter}"`) && text.includes(`"${quantity}"`))
}

export function pieceName(piece: MeantPiece): string {
  if (piece.kind === 'malformed') return `a malformed event (${piece.why})`
  const { source, id, subject } = piece.event
  return `event ${id ?? 'without id'} of ${source} (${subject})`
}
