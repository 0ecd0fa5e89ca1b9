import { readAgentImage } from './agent-image.ts'
import type { AgentImage, AgentSuspended } from './agent-image.ts'
import type { BooksLife } from './books-life.ts'
import type { CapWatch } from './cap-check.ts'
import type { Findings } from './findings.ts'
import type { NamedLoss } from './losses.ts'
import { isMeant } from './matching.ts'
import { checkOutbox } from './outbox-check.ts'
import { isConflictRow, isSuspendedAs } from './presence.ts'
import type { HeldImage } from './presence.ts'
import type { PublishedLedger } from './published.ts'

/** What a recovery said was lost, and why. */
export interface NamedByRecovery {
  readonly units: boolean
  readonly suspended: boolean
  readonly why: string
}

/**
 * Looks into copies of journals: what each box acknowledged is in its journal or in the log (I7), its outbox is a chain
 * (I6), and what people or damage took from a box may be missing for that reason alone.
 */
export class JournalWatch {
  readonly #findings: Findings
  readonly #published: PublishedLedger
  readonly #caps: CapWatch
  /** Boxes that run as an agent of another name, and whose acknowledgements another box has taken over. */
  readonly #runsAs = new Map<string, string>()
  readonly #answersFor = new Map<string, string[]>()
  /** What boxes acknowledged after the image that their disks were put back to. */
  readonly #destroyed: NamedLoss[] = []
  /** What stood in the suspense of agents whose disk was replaced: a person took it out before. */
  readonly #retired = new Map<string, readonly AgentSuspended[]>()

  constructor(findings: Findings, published: PublishedLedger, caps: CapWatch) {
    this.#findings = findings
    this.#published = published
    this.#caps = caps
  }

  /** `arePutBack`: what agents retain stands for what the log had, because the books are being put back. */
  lookInto(box: string, journalCopy: string, life: BooksLife, arePutBack: boolean): AgentImage | null {
    const answersFor = this.#boxesOf(box)
    const stored = readAgentImage(journalCopy, answersFor, arePutBack)
    const suspended = this.#retired.get(box) ?? []
    const image = stored === null ? null : { ...stored, suspended: [...suspended, ...stored.suspended] }
    if (image !== null) {
      const agent = this.#runsAs.get(box) ?? box
      checkOutbox(this.#findings, agent, image, life.log.chain(agent, image.epoch).seq, arePutBack)
      this.#caps.checkJournal(box, image)
    }
    life.presence.check(box, image ?? { ...nothingHeld, suspended, answersFor }, life.provenance.logged)
    return image
  }

  /** A box runs as this agent, under a name of its own here. */
  runsAs(box: string, agent: string): void {
    this.#runsAs.set(box, agent)
  }

  /** What `other` acknowledged is in the journal of this box from now on, or in the log. */
  answersFor(box: string, other: string): void {
    const known = this.#answersFor.get(box)
    if (known === undefined) this.#answersFor.set(box, [other])
    else known.push(other)
  }

  /** The agent's disk is about to be replaced, with nothing in its outbox; what is in its suspense has been noted. */
  retire(box: string, image: AgentImage): void {
    this.#retired.set(box, image.suspended)
  }

  /** The disk of a box is this journal now: what it acknowledged since and had not sent may be missing, for this reason. */
  thrownBack(
    box: string,
    journalCopy: string,
    life: BooksLife,
    acknowledgedBefore: ReadonlySet<number>,
    why: string,
  ): void {
    const answersFor = [box]
    for (const { index } of this.#published.publishes)
      if (this.#published.timesAcknowledged(index, box) > 0 && !acknowledgedBefore.has(index))
        this.#destroyed.push({ publish: index, why })
    const held = readAgentImage(journalCopy, answersFor) ?? { ...nothingHeld, answersFor }
    for (const { publish } of life.presence.missing(held, life.provenance.logged))
      if (!acknowledgedBefore.has(publish.index)) this.#published.losses.add(publish.index, why)
  }

  /**
   * The books forget some of their log. What a disk had that was thrown back since is not there any more to be sent again:
   * it may be missing for that reason.
   */
  booksForget(): void {
    for (const { publish, why } of this.#destroyed) this.#published.losses.add(publish, why)
  }

  /**
   * A journal that had held this was damaged and recovered. What is missing now may be, for this reason, where the recovery
   * named any loss of its kind.
   */
  recovered(box: string, journalCopy: string, life: BooksLife, held: AgentImage, named: NamedByRecovery): void {
    const left = readAgentImage(journalCopy, this.#boxesOf(box))
    if (left === null) return this.#findings.add('I7', `${box}: what was recovered cannot be read`)
    const units = [...held.open, ...held.outbox.flatMap((batch) => batch.units)]
    for (const { publish, piece } of life.presence.missing(left, life.provenance.logged)) {
      const wasUnit = piece.kind === 'event' && units.some((unit) => isMeant(unit, piece.event))
      const wasSuspended = held.suspended.some((row) =>
        piece.kind === 'event' ? isConflictRow(row, publish, piece.event) : isSuspendedAs(row, publish, piece),
      )
      if ((wasUnit && named.units) || (wasSuspended && named.suspended))
        this.#published.losses.add(publish.index, named.why)
    }
  }

  #boxesOf(box: string): readonly string[] {
    return [box, ...(this.#answersFor.get(box) ?? [])]
  }
}

const nothingHeld: Omit<HeldImage, 'answersFor'> = { outbox: [], open: [], suspended: [], retained: [] }
