import type { Fault } from '@meterline/shared/base/errors.ts'
import type { ClockReading } from '@meterline/shared/model/usage-record.ts'
import type { LogTrust, VerifiedHead } from '../domain/checkpoint-trust.ts'
import type { PrerateTable } from '../domain/prerate.ts'
import type { ToldSubject } from '../domain/subject-book.ts'
import type { BatchReceipt, ChainPosition, TakeBackOrder, TakeBackOutcome } from '../domain/uplink-types.ts'
import type { LogEvidence } from '../store/log-trust-table.ts'
import type { SignedManifest, StoredPart } from '../store/snapshot-tables.ts'
import type { FilledGroup } from './group.ts'
import type { Reject } from './ports.ts'
import type {
  ClosedEntry,
  DiscardedRow,
  DiscardOrder,
  ReplayPage,
  ReplaySelection,
  SuspenseCount,
  SuspenseCounts,
  SuspenseDetail,
  SuspenseEntry,
  SuspenseQuery,
} from './suspense-port.ts'

/** A sealed batch as it was stored, ready to be sent. */
export interface StoredBatch {
  readonly seq: number
  readonly batchHash: Uint8Array
  readonly header: Uint8Array
  readonly signature: Uint8Array
  readonly body: Uint8Array
}

/** A snapshot that was verified and compiled. */
export interface VerifiedSnapshot {
  readonly manifest: SignedManifest
  /** Hashes of its parts: all others are deleted once it is in force. */
  readonly parts: readonly Uint8Array[]
  readonly table: PrerateTable
}

/** The snapshot that a journal held when it was opened, with those of its parts that are still there. */
export interface HeldSnapshot {
  readonly manifest: SignedManifest | null
  readonly parts: readonly StoredPart[]
}

/** What is asked of the journal. Requests are answered one after the other, in the order they were posted. */
export type JournalRequest =
  | {
      readonly kind: 'group'
      readonly group: FilledGroup
      readonly receipts: readonly BatchReceipt[]
      readonly at: ClockReading
    }
  /** What is due without a delivery: sealing the open batch when it has waited long enough, deleting settled batches. */
  | { readonly kind: 'tend'; readonly receipts: readonly BatchReceipt[]; readonly at: ClockReading }
  | { readonly kind: 'load'; readonly fromSeq: number; readonly maxCount: number; readonly maxBytes: number }
  /** `store` is false for the snapshot that the journal itself held at the start. */
  | {
      readonly kind: 'snapshot'
      readonly snapshot: VerifiedSnapshot
      readonly store: boolean
      readonly at: ClockReading
    }
  /** Stores parts of a snapshot that is on its way, and deletes those that are in neither list. */
  | {
      readonly kind: 'keep-parts'
      readonly parts: readonly StoredPart[]
      readonly alsoKeep: readonly Uint8Array[]
      readonly at: ClockReading
    }
  | { readonly kind: 'load-parts'; readonly hashes: readonly Uint8Array[] }
  /** Asks whom the aggregator has to be asked about. */
  | { readonly kind: 'wanted-subjects'; readonly maxCount: number }
  /** Stores what the aggregator said of subjects and pre-rates by it from the next group on. */
  | { readonly kind: 'learn-subjects'; readonly told: readonly ToldSubject[]; readonly at: ClockReading }
  /** Notes a verified head of the log; it is stored with the next commit. */
  | { readonly kind: 'checkpoint'; readonly head: VerifiedHead }
  /** Doubts the log from now on; null when what was sent is no evidence, since nobody signed it. */
  | { readonly kind: 'evidence'; readonly evidence: LogEvidence | null; readonly at: ClockReading }
  /** Takes settled batches back into the outbox, after a restore of the aggregator. */
  | {
      readonly kind: 'take-back'
      readonly order: TakeBackOrder
      readonly receipts: readonly BatchReceipt[]
      readonly at: ClockReading
    }
  /** Reads a page of the suspense again; a dry run changes nothing. */
  | {
      readonly kind: 'replay'
      readonly selection: ReplaySelection
      readonly dryRun: boolean
      readonly at: ClockReading
    }
  | { readonly kind: 'discard'; readonly discard: DiscardOrder; readonly at: ClockReading }

/** Why something was not stored. The first two pass by themselves; after the others the agent ends. */
export type StoreFault = Fault<'outbox_full' | 'disk_full' | JournalFailureCode>

/** Why a journal is not used any more: its disk failed, or what it holds is not what was written to it. */
export type JournalFailureCode = 'journal_failed' | 'journal_damaged'

/** A reject and the delivery it came with, by index in the group. */
export interface DeliveredReject extends Reject {
  readonly delivery: number
}

/** What became of a group. */
export interface GroupReply {
  readonly kind: 'group'
  /** The group's buffer, to be filled again; null when it was lost with its thread. */
  readonly buffer: ArrayBuffer | null
  /** Null: the group is committed. Otherwise nothing of it is stored and nothing may be acknowledged. */
  readonly fault: StoreFault | null
  /** Deliveries of a committed group that were refused all the same, by index in ascending order (suspense is full). */
  readonly refused: readonly number[]
  readonly rejects: readonly DeliveredReject[]
  readonly progress: JournalProgress
}

export type JournalReply =
  | GroupReply
  | { readonly kind: 'tend'; readonly fault: StoreFault | null; readonly progress: JournalProgress }
  | { readonly kind: 'load'; readonly batches: readonly StoredBatch[]; readonly progress: JournalProgress }
  | { readonly kind: 'snapshot'; readonly fault: StoreFault | null; readonly progress: JournalProgress }
  | { readonly kind: 'keep-parts'; readonly fault: StoreFault | null; readonly progress: JournalProgress }
  | { readonly kind: 'load-parts'; readonly parts: readonly StoredPart[]; readonly progress: JournalProgress }
  | { readonly kind: 'wanted-subjects'; readonly subjects: readonly string[]; readonly progress: JournalProgress }
  | { readonly kind: 'learn-subjects'; readonly fault: StoreFault | null; readonly progress: JournalProgress }
  | { readonly kind: 'checkpoint'; readonly progress: JournalProgress }
  | { readonly kind: 'evidence'; readonly fault: StoreFault | null; readonly progress: JournalProgress }
  | {
      readonly kind: 'take-back'
      readonly fault: StoreFault | null
      /** What became of it when there is no fault. */
      readonly outcome: TakeBackOutcome
      readonly progress: JournalProgress
    }
  | {
      readonly kind: 'replay'
      readonly fault: StoreFault | null
      readonly page: ReplayPage
      readonly progress: JournalProgress
    }
  | {
      readonly kind: 'discard'
      readonly fault: StoreFault | null
      readonly rows: readonly DiscardedRow[]
      readonly progress: JournalProgress
    }

/** Where the journal stands; comes with every reply. */
export interface JournalProgress {
  readonly openUnits: number
  /** When the open batch got its first unit, on the monotonic clock; null while it is empty. */
  readonly openSinceMs: number | null
  readonly outboxBatches: number
  readonly outboxBytes: number
  /** Receipts, and a verified checkpoint, that are not stored yet: they ride with the next commit. */
  readonly toBeStored: number
  /** The first batch that could be sent again or is still to be sent; 0 when there is none. */
  readonly resendableFromSeq: number
  /** Subjects that were seen and that the aggregator has to be asked about. */
  readonly wantedSubjects: number
  /** Null when it is where the reply before said. */
  readonly chain: ChainPosition | null
}

/** What the journal held when it was opened. */
export interface JournalOpening {
  readonly chain: ChainPosition
  readonly progress: JournalProgress
  readonly logTrust: LogTrust
}

/** How often each outcome happened since the journal was made. */
export interface JournalCounters {
  readonly deliveries: number
  readonly events: number
  readonly records: number
  /** Events whose quantities were not all bound to a price of the snapshot. */
  readonly unbound: number
  /** Events without an id: delivered at least once. */
  readonly withoutId: number
  readonly duplicates: number
  /** Events and payloads put to suspense, repetitions included. */
  readonly suspended: number
}

/** What `status` shows of the journal. */
export interface JournalStatus {
  readonly epoch: number
  readonly chain: ChainPosition
  /** Where the aggregator's log holds the last batch that left the outbox. */
  readonly lastLogIndex: number | null
  readonly open: { readonly units: number; readonly records: number; readonly bytes: number }
  readonly outbox: {
    readonly batches: number
    readonly bytes: number
    readonly limitBytes: number
    readonly oldestSealedMs: number | null
  }
  /** Batches that have left the outbox and are kept to be sent again, should the aggregator lose them. */
  readonly retained: {
    readonly batches: number
    readonly bytes: number
    readonly limitBytes: number
    /** The oldest one; 0 when there is none. */
    readonly fromSeq: number
  }
  /** What was verified of the aggregator's log, and what contradicted it. */
  readonly log: LogTrust & { readonly evidence: readonly LogEvidence[] }
  readonly snapshot: { readonly version: number; readonly hash: Uint8Array } | null
  /** Subjects that are remembered with what they bought, that nobody knows, and that are to be asked about. */
  readonly subjects: { readonly bound: number; readonly unknown: number; readonly wanted: number }
  readonly counters: JournalCounters
  readonly suspense: {
    readonly rows: number
    readonly bytes: number
    readonly limitRows: number
    readonly byCode: readonly SuspenseCount[]
    /** What left the suspense: read after all, or discarded by somebody. */
    readonly closed: { readonly replayed: number; readonly discarded: number }
  }
  /** How this journal was recovered from others, newest first. */
  readonly recoveries: readonly PastRecovery[]
  readonly files: { readonly journalBytes: number; readonly logBytes: number }
  readonly failure: Fault | null
}

/** A recovery that made this journal, or one that it was recovered from. */
export interface PastRecovery {
  readonly recoveredMs: number
  readonly recoveredBy: string
  /** Name, beside the journal, of the one it took the place of; null when there was none. */
  readonly movedTo: string | null
  /** What was carried over from all sources together, and how many parts could not be. */
  readonly units: number
  readonly suspended: number
  readonly lostParts: number
}

/** Questions that change nothing. */
export type JournalQuestion =
  | { readonly kind: 'status' }
  | { readonly kind: 'suspense'; readonly query: SuspenseQuery }
  | { readonly kind: 'suspense-counts' }
  | { readonly kind: 'suspense-show'; readonly number: number }
  | { readonly kind: 'suspense-closed'; readonly after: number; readonly limit: number }
export type JournalAnswer =
  | { readonly kind: 'status'; readonly status: JournalStatus }
  | { readonly kind: 'suspense'; readonly entries: readonly SuspenseEntry[] }
  | { readonly kind: 'suspense-counts'; readonly counts: SuspenseCounts }
  | { readonly kind: 'suspense-show'; readonly shown: SuspenseDetail | ClosedEntry | null }
  | { readonly kind: 'suspense-closed'; readonly entries: readonly ClosedEntry[] }
  /** Something of what was asked for cannot be read any more: the journal has failed with it. */
  | { readonly kind: 'unanswered'; readonly fault: Fault }

/** What the journal's host tells the flow. */
export interface JournalListener {
  onReply(reply: JournalReply): void
  /** The journal is gone and answers nothing more: a broken disk, a fault of our own. The agent must stop. */
  onFailure(fault: Fault): void
}

/** The journal behind its writer: in a thread of its own, or inline. */
export interface JournalPort {
  readonly opening: JournalOpening
  /** The snapshot that the journal held, once: it can be large, and nobody keeps it. */
  takeHeldSnapshot(): HeldSnapshot
  listen(listener: JournalListener): void
  post(request: JournalRequest): void
  ask(question: JournalQuestion): Promise<JournalAnswer>
  /** Calls `run` when what this turn of the event loop brought in has been taken in. */
  endOfTurn(run: () => void): void
  /** Answers what was posted, then closes the journal. Nothing may be posted after it. */
  close(): Promise<void>
  /** Lets go of everything at once, as a crash would: nothing is answered or written any more. */
  kill(): void
}
