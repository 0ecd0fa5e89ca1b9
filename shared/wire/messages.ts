import type { SyncState } from '../base/clock.ts'
import type { SignedRestore } from '../model/restore-declaration.ts'

/** The version of the edge protocol that this code speaks (proto/meterline/v1/edge.proto). */
export const protocolVersion = 1

/** No message of the edge protocol is larger; gRPC refuses it before it is decoded. */
export const maxMessageBytes = 1024 * 1024

/** The first message of a session: who the agent is and where its chain of sealed batches stands. */
export interface Hello {
  readonly kind: 'hello'
  readonly protocolVersion: number
  readonly tenant: string
  readonly agent: string
  readonly epoch: number
  /** 0 before the first batch of the epoch. */
  readonly lastSealedSeq: number
  /** SHA-256 of the header of the last sealed batch; 32 zero bytes before the first one. */
  readonly chainHash: Uint8Array
  /** SHA-256 of the snapshot the agent holds; empty when it has none. */
  readonly snapshotHash: Uint8Array
  /** What this agent takes beyond the first version of the protocol; unknown names mean nothing. */
  readonly features: readonly string[]
  /** The newest checkpoint of the tenant's log that the agent has verified; null when it has none. */
  readonly checkpoint: HeldCheckpoint | null
  /** The first batch of this epoch that the agent could send again; 0 when it has none. */
  readonly retainedFromSeq: number
}

/** A checkpoint as an agent remembers it. */
export interface HeldCheckpoint {
  /** Which life of the log, from 1; a restore from a backup begins the next one. */
  readonly generation: number
  readonly size: number
  /** RFC 6962 root over so many entries, 32 bytes. */
  readonly root: Uint8Array
}

/** A sealed batch: the bytes that were hashed, signed and stored at the edge, never encoded again. */
export interface BatchMessage {
  readonly kind: 'batch'
  readonly header: Uint8Array
  readonly signature: Uint8Array
  readonly body: Uint8Array
}

/** The feature of an aggregator that takes reports. */
export const reportFeature = 'report'

/** The feature of an agent that verifies checkpoints, and of an aggregator that sends them. */
export const checkpointFeature = 'checkpoint'

/** The feature of an agent that puts snapshots together from parts, and of an aggregator that answers for them. */
export const snapshotFeature = 'snapshot-parts'

/** Reasons and devices that one report names at most. */
export const reportedSuspended = 100

/** How many entries of the suspense there are for one reason and device, and how often they were delivered. */
export interface SuspendedCount {
  readonly code: string
  readonly device: string
  readonly rows: number
  readonly times: number
}

/** How an agent stands. It replaces the report before; nothing is answered, and losing one loses nothing. */
export interface ReportMessage {
  readonly kind: 'report'
  /** The agent's wall clock, epoch milliseconds, and whether a time source disciplines it. */
  readonly atMs: number
  readonly clockSync: SyncState
  readonly suspendedRows: number
  readonly suspendedBytes: number
  /** Those with most entries first, at most `reportedSuspended`. */
  readonly suspended: readonly SuspendedCount[]
  /** Deliveries answered `unavailable` since the agent started. */
  readonly refusedDeliveries: number
  readonly connectedDevices: number
  readonly outbox: {
    readonly batches: number
    readonly bytes: number
    /** Epoch milliseconds; null when nothing waits. */
    readonly oldestSealedMs: number | null
  }
  /** How often each outcome happened since the journal was made. */
  readonly counters: {
    readonly deliveries: number
    readonly events: number
    readonly records: number
    readonly unbound: number
    readonly withoutId: number
    readonly duplicates: number
    readonly suspended: number
  }
}

/** Asks for parts of the snapshot that was sent last; what is no part of it is passed over. */
export interface PartRequest {
  readonly kind: 'part-request'
  /** SHA-256 of each part, at most `partsAtOnce`. */
  readonly hashes: readonly Uint8Array[]
}

/** How many parts one request names at most. */
export const partsAtOnce = 8

/** Asks what subjects have bought that were seen for the first time, or whose bindings have changed. */
export interface SubjectRequest {
  readonly kind: 'subject-request'
  /** At most `bindingsLimits.subjects`. */
  readonly subjects: readonly string[]
}

/** What an agent sends. */
export type AgentMessage = Hello | BatchMessage | ReportMessage | PartRequest | SubjectRequest

/** The answer to an accepted hello: the last batch of this epoch that is stored durably, 0 and zero bytes when none. */
export interface Welcome {
  readonly kind: 'welcome'
  readonly receivedSeq: number
  readonly chainHash: Uint8Array
  /** What the aggregator takes beyond the first version of the protocol; unknown names mean nothing. */
  readonly features: readonly string[]
  /** Which life of the log this is, from 1; an aggregator that does not count them is in its first. */
  readonly generation: number
  /** How this generation came about; null in the first one. */
  readonly restore: SignedRestore | null
}

/** A signed head of the tenant's log, and the proof that it continues an earlier one. */
export interface CheckpointMessage {
  readonly kind: 'checkpoint'
  /** C2SP signed note. */
  readonly note: string
  readonly generation: number
  /** The size that `consistency` starts from; 0: there is nothing it has to continue, and no proof. */
  readonly fromSize: number
  /** RFC 6962 consistency proof from `fromSize` to the note's size. */
  readonly consistency: readonly Uint8Array[]
}

/** The batch is stored durably and has its place (`logIndex`, from 0) in the tenant's log. */
export interface Receipt {
  readonly kind: 'receipt'
  readonly epoch: number
  readonly seq: number
  readonly batchHash: Uint8Array
  readonly logIndex: number
}

/** What the agent enforces, by its parts: canonical JSON, signed under 'meterline-snapshot-v2' over its SHA-256. */
export interface SnapshotMessage {
  readonly kind: 'snapshot'
  readonly bytes: Uint8Array
  readonly signature: Uint8Array
}

/** A part of a snapshot: canonical JSON, named by its SHA-256. */
export interface SnapshotPartMessage {
  readonly kind: 'snapshot-part'
  readonly bytes: Uint8Array
}

/** What holds for subjects: canonical JSON, signed under 'meterline-bindings-v1' over its SHA-256. */
export interface SubjectAnswer {
  readonly kind: 'subject-answer'
  readonly bytes: Uint8Array
  readonly signature: Uint8Array
}

/** Why an aggregator refuses a session or a batch. Agents must accept codes they do not know: see {@link Refusal}. */
export type RefusalCode =
  | 'protocol_unsupported'
  | 'message_malformed'
  | 'hello_expected'
  | 'agent_unknown'
  | 'agent_certificate_mismatch'
  | 'agent_quarantined'
  | 'epoch_unknown'
  | 'chain_forked'
  | 'sequence_gap'
  | 'signature_invalid'
  | 'batch_malformed'
  | 'batch_root_mismatch'
  | 'batch_tables_mismatch'
  | 'batch_count_mismatch'
  | 'too_large'
  | 'snapshot_unavailable'
  | 'store_unavailable'
  | 'shutting_down'
  | 'busy'

/**
 * Something was not taken, and the session ends. `seq` is the batch it speaks of, 0 when it speaks of the session.
 * `permanent`: sending the same again cannot succeed and a person has to act; otherwise the agent opens a new session
 * after its backoff and goes on from its welcome. `code` is a {@link RefusalCode} of the sender's version.
 */
export interface Refusal {
  readonly kind: 'refusal'
  readonly code: string
  readonly message: string
  readonly seq: number
  readonly permanent: boolean
}

/** What an aggregator sends. */
export type AggregatorMessage =
  Welcome | Receipt | SnapshotMessage | SnapshotPartMessage | SubjectAnswer | CheckpointMessage | Refusal
