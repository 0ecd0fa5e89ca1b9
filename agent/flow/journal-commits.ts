import type { Fault, Result } from '@meterline/shared/base/errors.ts'
import type { ClockReading } from '@meterline/shared/model/usage-record.ts'
import { sealDue } from '../domain/seal.ts'
import { readStored } from '../store/journal-damage.ts'
import { commitFault } from '../store/journal.ts'
import type { JournalFailureCode, StoreFault } from './journal-port.ts'
import { storeVerifiedHead } from './keep-log-trust.ts'
import { hasSettledToRelease, releaseForRoom, releaseSettled } from './keep-settled.ts'
import { sealOpenBatch } from './seal-batch.ts'
import { settleReceipts } from './settle-receipts.ts'
import { recall, type Writer } from './writer.ts'

const pruneEveryMs = 3_600_000
const noRoomPauseMs = 10_000

/** What a journal's service reads and writes its file through, and the failure after which it does neither. */
export class JournalCommits {
  readonly #writer: Writer
  #failure: Fault<JournalFailureCode> | null = null
  #prunedAtMs: number
  #noRoomBeforeMs = 0

  constructor(writer: Writer, nowMonotonicMs: number) {
    this.#writer = writer
    this.#prunedAtMs = nowMonotonicMs
  }

  /** Why the journal is not used any more, or null while it is. */
  get failure(): Fault<JournalFailureCode> | null {
    return this.#failure
  }

  /**
   * One transaction: what is to be done, with the deletes that receipts allow and the seal that is due riding in it. When
   * it fails nothing of it stays, in the file or in memory. A full disk can pass: settled batches that are only kept go
   * first, and `work` is then done once more. After any other error the connection is not used again: what it would say
   * about the disk could not be trusted.
   */
  commit(at: ClockReading, work: () => void): StoreFault | null {
    const refused = this.#commitOnce(at, work)
    return refused?.code === 'disk_full' && this.#makeRoom(at) ? this.#commitOnce(at, work) : refused
  }

  /** Reads stored rows, also after a failure, as status does. Damage that this meets is the failure from then on. */
  read<Value>(work: () => Value): Result<Value, Fault<'journal_damaged'>> {
    const stored = readStored(this.#writer.settings.journalFile, work)
    if (!stored.ok) this.#failure ??= stored.fault
    return stored
  }

  /** Whether kept batches could be let go, so that there may be room for something new. */
  #makeRoom(at: ClockReading): boolean {
    if (at.monotonicMs < this.#noRoomBeforeMs || !hasSettledToRelease(this.#writer)) return false
    const refused = this.#commitOnce(at, () => releaseForRoom(this.#writer))
    // Where not even that can be written, trying again with every group would only cost time.
    if (refused !== null) this.#noRoomBeforeMs = at.monotonicMs + noRoomPauseMs
    return refused === null
  }

  #commitOnce(at: ClockReading, work: () => void): StoreFault | null {
    if (this.#failure !== null) return this.#failure
    const writer = this.#writer
    const { journal, settings } = writer
    try {
      journal.commit(() => {
        settleReceipts(writer, at)
        storeVerifiedHead(writer)
        work()
        const { open, openSinceMs } = writer.memory
        if (sealDue(open, openSinceMs, settings.seal, at.monotonicMs)) sealOpenBatch(writer, at)
        releaseSettled(writer, at)
        this.#pruneSometimes(at)
      })
    } catch (error) {
      return this.#afterFailedCommit(commitFault(error, settings.journalFile), at)
    }
    writer.receipts = []
    writer.verifiedHead = null
    return null
  }

  #afterFailedCommit(cause: Fault<'disk_full' | JournalFailureCode>, at: ClockReading): StoreFault {
    if (cause.code !== 'disk_full') return (this.#failure = { ...cause, code: cause.code })
    const { journal } = this.#writer
    journal.keys.rolledBack()
    const memory = recall(journal, at.monotonicMs)
    if (!memory.ok) return (this.#failure = memory.fault)
    this.#writer.memory = memory.value
    this.#writer.births.load(journal.births.all())
    this.#writer.subjects.load(journal.subjects.all())
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
}
