import { assertThat, fault, ok, type Fault, type Result } from '@meterline/shared/base/errors.ts'
import type { Random } from '@meterline/shared/base/random.ts'
import type { SigningKey } from '@meterline/shared/integrity/signature.ts'
import type { ClockReading } from '@meterline/shared/model/usage-record.ts'
import { BirthBook } from '../domain/mapping/birth-book.ts'
import { compileRules } from '../domain/mapping/compile-rules.ts'
import { indexPrerates } from '../domain/prerate.ts'
import { sealDue } from '../domain/seal.ts'
import { commitFault, Journal, type JournalFaultCode } from '../store/journal.ts'
import type { ChainRow } from '../store/outbox-tables.ts'
import { answerAboutSuspense } from './answer-about-suspense.ts'
import { applyIntake, type IntakeOutcome } from './apply-intake.ts'
import type { FilledGroup } from './group.ts'
import type {
  GroupReply,
  JournalAnswer,
  JournalOpening,
  JournalProgress,
  JournalQuestion,
  JournalReply,
  JournalRequest,
  StoreFault,
  VerifiedSnapshot,
} from './journal-port.ts'
import { journalStatus, positionOf } from './journal-status.ts'
import { loadBatches } from './load-batches.ts'
import { readOrigin } from './origin.ts'
import { discardSuspended, rehearsePage, replayPage } from './replay-suspense.ts'
import { sealOpenBatch } from './seal-batch.ts'
import { settleReceipts } from './settle-receipts.ts'
import type { DiscardedRow, ReplayPage } from './suspense-port.ts'
import { recall, type Writer, type WriterSettings } from './writer.ts'

// Each staged key causes work at every level of the index it passes through; eight entries a key keep up with any size.
const maintenancePerKey = 8
const pruneEveryMs = 3_600_000

/**
 * The journal's own side: answers requests one after the other, each change in one transaction. It runs in the writer's
 * thread, or inline, and never waits for anything but the disk.
 */
export class JournalService {
  readonly opening: JournalOpening
  readonly #writer: Writer
  #toldChain: ChainRow
  #failure: Fault<'journal_failed'> | null = null
  #prunedAtMs: number

  static open(
    settings: WriterSettings,
    signingKey: SigningKey,
    random: Random,
    nowMonotonicMs: number,
  ): Result<JournalService, Fault<JournalFaultCode>> {
    const births = new BirthBook()
    const rules = compileRules(settings.mappings, births)
    assertThat(rules.ok, 'mapping rules are compiled once when the configuration is checked')
    const { journalFile, onTemporaryDisk, identity, keyRetentionMs, group, journalBytes } = settings
    // No plain event is shorter than this. Records of mapped payloads may be; their keys are then written in pieces.
    const shortestEventBytes = 24
    const maxStagedKeys = Math.ceil(group.payloadBytes / shortestEventBytes)
    const journal = Journal.open({
      file: journalFile,
      identity,
      onTemporaryDisk,
      maxStagedKeys,
      keyRetentionMs,
      maxFileBytes: journalBytes,
    })
    if (!journal.ok) return journal
    const memory = recall(journal.value, nowMonotonicMs)
    if (!memory.ok) {
      journal.value.close()
      return memory
    }
    births.load(journal.value.births.all())
    const writer: Writer = {
      settings,
      journal: journal.value,
      signingKey,
      random,
      memory: memory.value,
      origins: [],
      rules: rules.value,
      births,
      prerates: null,
      receipts: [],
    }
    return ok(new JournalService(writer, nowMonotonicMs))
  }

  private constructor(writer: Writer, nowMonotonicMs: number) {
    this.#writer = writer
    this.#toldChain = writer.memory.chain
    this.#prunedAtMs = nowMonotonicMs
    this.opening = {
      chain: positionOf(writer.memory.chain),
      progress: this.#progress(),
      snapshot: writer.journal.snapshot(),
    }
  }

  /** Why the journal takes nothing more, or null while it does. */
  get failure(): Fault<'journal_failed'> | null {
    return this.#failure
  }

  handle(request: JournalRequest): JournalReply {
    switch (request.kind) {
      case 'group':
        this.#writer.receipts.push(...request.receipts)
        return this.#applyGroup(request.group, request.at)
      case 'tend':
        this.#writer.receipts.push(...request.receipts)
        return { kind: 'tend', fault: this.#tend(request.at), progress: this.#progress() }
      case 'load': {
        const { fromSeq, maxCount, maxBytes } = request
        const batches = this.#failure === null ? loadBatches(this.#writer, fromSeq, maxCount, maxBytes) : []
        return { kind: 'load', batches, progress: this.#progress() }
      }
      case 'snapshot':
        return {
          kind: 'snapshot',
          fault: this.#useSnapshot(request.snapshot, request.store, request.at),
          progress: this.#progress(),
        }
      case 'replay':
        return { kind: 'replay', ...this.#replay(request), progress: this.#progress() }
      case 'discard': {
        let rows: readonly DiscardedRow[] = []
        const discardFault = this.#commit(request.at, () => {
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
    if (question.kind === 'status') return { kind: 'status', status: journalStatus(this.#writer, this.#failure) }
    return answerAboutSuspense(this.#writer.journal, question)
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
    storeFault ??= this.#commit(at, () => {
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
    if (dryRun)
      return { fault: this.#failure, page: this.#failure === null ? rehearsePage(this.#writer, selection, at) : page }
    let storeFault = this.#outboxFault(at)
    storeFault ??= this.#commit(at, () => {
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
    const storeFault = receipts.length > 0 ? this.#commit(at, () => undefined) : null
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

  #tend(at: ClockReading): StoreFault | null {
    const { memory, settings, receipts } = this.#writer
    if (receipts.length === 0 && !sealDue(memory.open, memory.openSinceMs, settings.seal, at.monotonicMs)) return null
    return this.#commit(at, () => undefined)
  }

  #useSnapshot(snapshot: VerifiedSnapshot, store: boolean, at: ClockReading): StoreFault | null {
    const writer = this.#writer
    const { bytes, signature, table } = snapshot
    const storeFault = store
      ? this.#commit(at, () => writer.journal.writeSnapshot(table.version, bytes, signature, at.wallMs))
      : null
    if (storeFault === null) writer.prerates = indexPrerates(table)
    return storeFault
  }

  /**
   * One transaction: what is to be done, with the deletes that receipts allow and the seal that is due riding in it. When
   * it fails nothing of it stays, in the file or in memory. A full disk can pass; after any other error the connection is
   * not used again: what it would say about the disk could not be trusted.
   */
  #commit(at: ClockReading, work: () => void): StoreFault | null {
    if (this.#failure !== null) return this.#failure
    const writer = this.#writer
    const { journal, settings } = writer
    try {
      journal.commit(() => {
        settleReceipts(writer)
        work()
        const { open, openSinceMs } = writer.memory
        if (sealDue(open, openSinceMs, settings.seal, at.monotonicMs)) sealOpenBatch(writer, at)
        this.#pruneSometimes(at)
      })
    } catch (error) {
      return this.#afterFailedCommit(commitFault(error, settings.journalFile), at)
    }
    writer.receipts = []
    return null
  }

  #afterFailedCommit(cause: Fault<'disk_full' | 'journal_failed'>, at: ClockReading): StoreFault {
    if (cause.code === 'journal_failed') return (this.#failure = { ...cause, code: cause.code })
    const { journal } = this.#writer
    journal.keys.rolledBack()
    const memory = recall(journal, at.monotonicMs)
    if (!memory.ok) return (this.#failure = fault('journal_failed', memory.fault.message))
    this.#writer.memory = memory.value
    this.#writer.births.load(journal.births.all())
    return cause
  }

  /** Forgets event keys past their retention, by the hour. Never by a wall clock that is known to be wrong. */
  #pruneSometimes(at: ClockReading): void {
    if (at.monotonicMs - this.#prunedAtMs < pruneEveryMs || at.syncState === 'unsynced') return
    this.#prunedAtMs = at.monotonicMs
    const { journal, settings } = this.#writer
    journal.keys.prune(at.wallMs - settings.keyRetentionMs)
    journal.closedSuspense.prune(at.wallMs - settings.keyRetentionMs)
  }

  #progress(): JournalProgress {
    const { open, openSinceMs, outboxBatches, chain } = this.#writer.memory
    const moved = chain !== this.#toldChain
    this.#toldChain = chain
    return {
      openUnits: open.unitCount,
      openSinceMs,
      outboxBatches,
      outboxBytes: this.#outboxBytes(),
      waitingReceipts: this.#writer.receipts.length,
      chain: moved ? positionOf(chain) : null,
    }
  }
}
