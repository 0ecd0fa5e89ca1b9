import { fault, ok, type Fault, type Result } from '@meterline/shared/base/errors.ts'
import type { Random } from '@meterline/shared/base/random.ts'
import type { SigningKey } from '@meterline/shared/integrity/signature.ts'
import type { ClockReading } from '@meterline/shared/model/usage-record.ts'
import { sealDue } from '../domain/seal.ts'
import type { TakeBackOutcome } from '../domain/uplink-types.ts'
import { readStored } from '../store/journal-damage.ts'
import type { JournalFaultCode } from '../store/journal.ts'
import type { ChainRow } from '../store/outbox-tables.ts'
import type { StoredPart } from '../store/snapshot-tables.ts'
import { answerAboutSuspense } from './answer-about-suspense.ts'
import { applyIntake, type IntakeOutcome } from './apply-intake.ts'
import type { FilledGroup } from './group.ts'
import { JournalCommits } from './journal-commits.ts'
import type {
  GroupReply,
  HeldSnapshot,
  JournalAnswer,
  JournalFailureCode,
  JournalOpening,
  JournalProgress,
  JournalQuestion,
  JournalReply,
  JournalRequest,
  StoreFault,
  StoredBatch,
} from './journal-port.ts'
import { journalProgress, journalStatus, positionOf } from './journal-status.ts'
import { storeDoubt } from './keep-log-trust.ts'
import { learnSubjects } from './learn-subjects.ts'
import { loadBatches } from './load-batches.ts'
import { openWriter } from './open-writer.ts'
import { readOrigin } from './origin.ts'
import { heldSnapshot, storeParts, useSnapshot } from './store-snapshot.ts'
import { discardSuspended, rehearsePage, replayPage } from './replay-suspense.ts'
import type { DiscardedRow, ReplayPage } from './suspense-port.ts'
import { takeBack } from './take-back.ts'
import { takeSalvaged } from './take-salvaged.ts'
import type { Writer, WriterSettings } from './writer.ts'

// Each staged key causes work at every level of the index it passes through; eight entries a key keep up with any size.
const maintenancePerKey = 8

/**
 * The journal's own side: answers requests one after the other, each change in one transaction. It runs in the writer's
 * thread, or inline, and never waits for anything but the disk.
 */
export class JournalService {
  readonly opening: JournalOpening
  readonly #writer: Writer
  readonly #commits: JournalCommits
  #toldChain: ChainRow
  #held: HeldSnapshot

  static open(
    settings: WriterSettings,
    signingKey: SigningKey,
    random: Random,
    nowMonotonicMs: number,
  ): Result<JournalService, Fault<JournalFaultCode>> {
    const writer = openWriter(settings, signingKey, random, nowMonotonicMs)
    if (!writer.ok) return writer
    const { journal } = writer.value
    const held = readStored(settings.journalFile, () => heldSnapshot(journal))
    if (held.ok) return ok(new JournalService(writer.value, held.value, nowMonotonicMs))
    journal.close()
    return held
  }

  private constructor(writer: Writer, held: HeldSnapshot, nowMonotonicMs: number) {
    this.#writer = writer
    this.#held = held
    this.#commits = new JournalCommits(writer, nowMonotonicMs)
    this.#toldChain = writer.memory.chain
    this.opening = {
      chain: positionOf(writer.memory.chain),
      progress: this.#progress(),
      logTrust: writer.memory.logTrust,
    }
  }

  /** Why the journal takes nothing more, or null while it does. */
  get failure(): Fault<JournalFailureCode> | null {
    return this.#commits.failure
  }

  /** The snapshot that the journal held when it was opened; it is handed out once. */
  takeHeldSnapshot(): HeldSnapshot {
    const held = this.#held
    this.#held = { manifest: null, parts: [] }
    return held
  }

  handle(request: JournalRequest): JournalReply {
    switch (request.kind) {
      case 'group':
        this.#writer.receipts.push(...request.receipts)
        return this.#applyGroup(request.group, request.at)
      case 'tend':
        this.#writer.receipts.push(...request.receipts)
        return { kind: 'tend', fault: this.#tend(request.at), progress: this.#progress() }
      case 'load':
        return { kind: 'load', batches: this.#load(request), progress: this.#progress() }
      case 'snapshot':
        return { kind: 'snapshot', fault: this.#useSnapshot(request), progress: this.#progress() }
      case 'keep-parts': {
        const { parts, alsoKeep } = request
        const partsFault = this.#commits.commit(request.at, () => storeParts(this.#writer.journal, parts, alsoKeep))
        return { kind: 'keep-parts', fault: partsFault, progress: this.#progress() }
      }
      case 'load-parts':
        return { kind: 'load-parts', parts: this.#loadParts(request.hashes), progress: this.#progress() }
      case 'wanted-subjects': {
        const subjects = this.#writer.subjects.wanted(request.maxCount)
        return { kind: 'wanted-subjects', subjects, progress: this.#progress() }
      }
      case 'learn-subjects': {
        const learnFault = this.#commits.commit(request.at, () => learnSubjects(this.#writer, request.told))
        return { kind: 'learn-subjects', fault: learnFault, progress: this.#progress() }
      }
      case 'checkpoint':
        this.#writer.verifiedHead = request.head
        return { kind: 'checkpoint', progress: this.#progress() }
      case 'evidence':
        return { kind: 'evidence', fault: this.#keepEvidence(request), progress: this.#progress() }
      case 'take-back':
        this.#writer.receipts.push(...request.receipts)
        return this.#takeBack(request)
      case 'replay':
        return { kind: 'replay', ...this.#replay(request), progress: this.#progress() }
      case 'discard': {
        let rows: readonly DiscardedRow[] = []
        const discardFault = this.#commits.commit(request.at, () => {
          rows = discardSuspended(this.#writer, request.discard, request.at)
        })
        return {
          kind: 'discard',
          fault: discardFault,
          rows: discardFault === null ? rows : [],
          progress: this.#progress(),
        }
      }
    }
  }

  answer(question: JournalQuestion): JournalAnswer {
    const answered = this.#commits.read<JournalAnswer>(() =>
      question.kind === 'status'
        ? { kind: 'status', status: journalStatus(this.#writer, this.failure) }
        : answerAboutSuspense(this.#writer.journal, question),
    )
    if (answered.ok) return answered.value
    return { kind: 'unanswered', fault: answered.fault }
  }

  /** Closes the file. Nothing is written: everything answered is on the disk already. */
  close(): void {
    this.#writer.journal.close()
  }

  #applyGroup(group: FilledGroup, at: ClockReading): GroupReply {
    const writer = this.#writer
    if (group.devicesRestarted) writer.origins = []
    writer.origins.push(...group.newDevices.map(readOrigin))

    let outcome: IntakeOutcome = { refused: [], rejects: [], stagedKeys: 0 }
    let storeFault = this.#outboxFault(at)
    storeFault ??= this.#commits.commit(at, () => {
      outcome = applyIntake(writer, group)
      this.#storeTaken(outcome.stagedKeys, at)
    })
    if (storeFault !== null) outcome = { refused: [], rejects: [], stagedKeys: 0 }
    const { refused, rejects } = outcome
    return { kind: 'group', buffer: group.buffer, fault: storeFault, refused, rejects, progress: this.#progress() }
  }

  #replay({ selection, dryRun, at }: JournalRequest & { readonly kind: 'replay' }): {
    readonly fault: StoreFault | null
    readonly page: ReplayPage
  } {
    let page: ReplayPage = { rows: [], next: null, upTo: selection.upTo ?? 0 }
    if (dryRun) {
      if (this.failure !== null) return { fault: this.failure, page }
      const rehearsed = this.#commits.read(() => rehearsePage(this.#writer, selection, at))
      return rehearsed.ok ? { fault: null, page: rehearsed.value } : { fault: rehearsed.fault, page }
    }
    let storeFault = this.#outboxFault(at)
    storeFault ??= this.#commits.commit(at, () => {
      const replayed = replayPage(this.#writer, selection, at)
      this.#storeTaken(replayed.stagedKeys, at)
      page = replayed.page
    })
    return { fault: storeFault, page: storeFault === null ? page : { ...page, rows: [], next: null } }
  }

  /** Writes what taking events in left in memory: their keys, Sparkplug births, and the counters. Inside a commit. */
  #storeTaken(stagedKeys: number, at: ClockReading): void {
    const { journal, memory } = this.#writer
    journal.keys.writeStaged(at.wallMs)
    journal.keys.maintain(stagedKeys * maintenancePerKey)
    for (const birth of this.#writer.births.takeChanges()) journal.births.write(birth)
    journal.writeCounters(memory.counters)
  }

  /** Whether the outbox is over its cap, after everything that may leave it has left. */
  #outboxFault(at: ClockReading): StoreFault | null {
    const { settings, receipts } = this.#writer
    if (this.#outboxBytes() < settings.outboxBytes) return null
    const storeFault = receipts.length > 0 ? this.#commits.commit(at, () => undefined) : null
    if (storeFault !== null || this.#outboxBytes() < settings.outboxBytes) return storeFault
    return fault(
      'outbox_full',
      `The outbox holds its cap of ${settings.outboxBytes} bytes that the aggregator has not taken: ` +
        'nothing is taken in until it has. Look at the uplink with "status".',
    )
  }

  #outboxBytes(): number {
    return this.#writer.memory.outboxBytes + this.#writer.memory.open.bytes
  }

  /** Keeps what contradicts the verified log, and doubts it from then on. */
  #keepEvidence({ evidence, at }: JournalRequest & { readonly kind: 'evidence' }): StoreFault | null {
    const writer = this.#writer
    const storeFault = this.#commits.commit(at, () => storeDoubt(writer, evidence))
    // Doubted also when it cannot be written: what is kept must not be let go on the word of such a log.
    writer.verifiedHead = null
    writer.memory.logTrust = { ...writer.memory.logTrust, doubted: true }
    return storeFault
  }

  #takeBack({ order, at }: JournalRequest & { readonly kind: 'take-back' }): JournalReply {
    let outcome: TakeBackOutcome = 'done'
    const storeFault = this.#commits.commit(at, () => {
      outcome = takeBack(this.#writer, order)
    })
    return { kind: 'take-back', fault: storeFault, outcome, progress: this.#progress() }
  }

  #load({ fromSeq, maxCount, maxBytes }: JournalRequest & { readonly kind: 'load' }): readonly StoredBatch[] {
    if (this.failure !== null) return []
    const loaded = this.#commits.read(() => loadBatches(this.#writer, fromSeq, maxCount, maxBytes))
    return loaded.ok ? loaded.value : []
  }

  #tend(at: ClockReading): StoreFault | null {
    const { memory, settings, receipts, verifiedHead } = this.#writer
    const nothingWaits = receipts.length === 0 && verifiedHead === null
    // A piece of what a recovery carried over in a transaction of its own: what comes in meanwhile waits no longer.
    if (memory.salvagedUnits > 0) return this.#commits.commit(at, () => takeSalvaged(this.#writer, at))
    if (nothingWaits && !sealDue(memory.open, memory.openSinceMs, settings.seal, at.monotonicMs)) return null
    return this.#commits.commit(at, () => undefined)
  }

  #useSnapshot({ snapshot, store, at }: JournalRequest & { readonly kind: 'snapshot' }): StoreFault | null {
    const writer = this.#writer
    const storeFault = store ? this.#commits.commit(at, () => useSnapshot(writer.journal, snapshot, at.wallMs)) : null
    if (storeFault === null) writer.prerates = snapshot.table
    return storeFault
  }

  #loadParts(hashes: readonly Uint8Array[]): readonly StoredPart[] {
    if (this.failure !== null) return []
    const loaded = this.#commits.read(() => this.#writer.journal.snapshots.parts(hashes))
    return loaded.ok ? loaded.value : []
  }

  #progress(): JournalProgress {
    const { chain } = this.#writer.memory
    const moved = chain !== this.#toldChain
    this.#toldChain = chain
    return journalProgress(this.#writer, moved)
  }
}
