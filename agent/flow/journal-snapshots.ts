import type { ClockReading } from '@meterline/shared/model/usage-record.ts'
import type { ToldSubject } from '../domain/subject-book.ts'
import type { StoredPart } from '../store/snapshot-tables.ts'
import type { JournalRequest, StoreFault, VerifiedSnapshot } from './journal-port.ts'
import type { Waiting } from './journal-waiting.ts'

/** Posts a request to the journal for whoever waits for its reply; nothing comes of it once the journal is gone. */
export type PostRequest = (request: JournalRequest, waiting: Waiting) => void

/** What the journal keeps of snapshots and subjects, for the flows that keep them up to date. */
export class JournalSnapshots {
  readonly #post: PostRequest
  readonly #now: () => ClockReading

  constructor(post: PostRequest, now: () => ClockReading) {
    this.#post = post
    this.#now = now
  }

  /** Stores a verified snapshot whose parts are all there, and pre-rates by it from the next group on. */
  use(snapshot: VerifiedSnapshot, store: boolean, done: (fault: StoreFault | null) => void): void {
    this.#post({ kind: 'snapshot', snapshot, store, at: this.#now() }, { kind: 'snapshot', done })
  }

  /** Stores parts of a snapshot on its way; deletes those that are neither among them nor to be kept. */
  keepParts(
    parts: readonly StoredPart[],
    alsoKeep: readonly Uint8Array[],
    done: (fault: StoreFault | null) => void,
  ): void {
    this.#post({ kind: 'keep-parts', parts, alsoKeep, at: this.#now() }, { kind: 'keep-parts', done })
  }

  /** Reads those parts of a snapshot that are stored. */
  loadParts(hashes: readonly Uint8Array[], done: (parts: readonly StoredPart[]) => void): void {
    this.#post({ kind: 'load-parts', hashes }, { kind: 'load-parts', done })
  }

  /** Asks for the first subjects that the aggregator has to be asked about. */
  wantedSubjects(maxCount: number, done: (subjects: readonly string[]) => void): void {
    this.#post({ kind: 'wanted-subjects', maxCount }, { kind: 'wanted-subjects', done })
  }

  /** Stores what the aggregator said of subjects, and pre-rates by it from the next group on. */
  learnSubjects(told: readonly ToldSubject[], done: (fault: StoreFault | null) => void): void {
    this.#post({ kind: 'learn-subjects', told, at: this.#now() }, { kind: 'learn-subjects', done })
  }
}
