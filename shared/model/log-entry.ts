import type { Fault } from '../base/errors.ts'

/** One line of the double-entry ledger. Exactly one of debit and credit is not zero. */
export interface LedgerEntry {
  /** The legal entity whose books these are. */
  readonly entity: string
  /** A currency or a unit. */
  readonly asset: string
  readonly account: string
  readonly debitMicros: bigint
  readonly creditMicros: bigint
}

/** What one seller charged one buyer for one batch, with the sum root of the charge blocks behind it. */
export interface LegPosting {
  readonly seller: string
  readonly buyer: string
  readonly currency: string
  readonly amountMicros: bigint
  /** Hash of the Merkle-sum root over the leg's charge blocks, 32 bytes. */
  readonly sumRoot: Uint8Array
}

/** A unit of a batch that was put into suspense, and why. */
export interface SuspendedUnit {
  readonly unit: number
  readonly code: string
}

export interface BatchLogEntry {
  readonly kind: 'batch'
  /** Signed bytes of the header and their signature; the body is kept beside the log and can be deleted. */
  readonly header: Uint8Array
  readonly signature: Uint8Array
}

export interface CatalogueLogEntry {
  readonly kind: 'catalogue'
  readonly contentHash: Uint8Array
  readonly content: Uint8Array
}

export interface LedgerLogEntry {
  readonly kind: 'ledger'
  readonly ratingVersion: string
  /** Log index of the catalogue that was rated with. */
  readonly catalogueIndex: number
  /** Log index of the batch that was rated. */
  readonly batchIndex: number
  readonly partition: string
  readonly postings: readonly LegPosting[]
  readonly entries: readonly LedgerEntry[]
}

export interface DocumentLogEntry {
  readonly kind: 'document'
  /** The legal entity that issued it. */
  readonly entity: string
  readonly series: string
  readonly number: number
  /** SHA-256 of the document's bytes. */
  readonly documentHash: Uint8Array
  readonly entries: readonly LedgerEntry[]
}

export interface SuspenseLogEntry {
  readonly kind: 'suspense'
  /** Log index of the batch. */
  readonly batchIndex: number
  /** Sorted by unit, each unit once. */
  readonly units: readonly SuspendedUnit[]
}

/** A unit of a batch that is only compared with what another source reports, and the correlation that says so. */
export interface ControlUnit {
  readonly unit: number
  /** Id of the correlation in the catalogue the batch was rated with. */
  readonly rule: string
}

export interface ControlLogEntry {
  readonly kind: 'control'
  /** Log index of the batch. */
  readonly batchIndex: number
  /** Sorted by unit, each unit once. */
  readonly units: readonly ControlUnit[]
}

/** Suspended units that can be charged by now: the ledger entries of this batch that follow charge them. */
export interface ReleaseLogEntry {
  readonly kind: 'release'
  /** Log index of the batch. */
  readonly batchIndex: number
  /** Sorted, each unit once. */
  readonly units: readonly number[]
  /** The name of who asked for it. */
  readonly by: string
}

/** Suspended units that somebody gave up. */
export interface DiscardLogEntry {
  readonly kind: 'discard'
  /** Log index of the batch. */
  readonly batchIndex: number
  /** Sorted, each unit once. */
  readonly units: readonly number[]
  readonly reason: string
  /** The name of who decided it. */
  readonly by: string
}

/** Charged units that somebody took back: the ledger entries of this batch that follow reverse what they were charged. */
export interface VoidLogEntry {
  readonly kind: 'void'
  /** Log index of the batch. */
  readonly batchIndex: number
  /** Sorted, each unit once. */
  readonly units: readonly number[]
  readonly reason: string
  /** The name of who decided it. */
  readonly by: string
}

export interface CheckpointLogEntry {
  readonly kind: 'checkpoint'
  /** A signed note with its cosignatures (C2SP). */
  readonly note: string
}

/** Numbers of a series that no document has: those that had them were issued after the backup and are not in the log. */
export interface NumberGap {
  readonly entity: string
  readonly series: string
  readonly from: number
  readonly to: number
}

/** The log was restored from a backup: what follows is the next generation. */
export interface RestoreLogEntry {
  readonly kind: 'restore'
  /** Signed bytes of the restore declaration and their signature. */
  readonly declaration: Uint8Array
  readonly signature: Uint8Array
  /** Sorted by entity and series, one for each. */
  readonly numberGaps: readonly NumberGap[]
}

/**
 * What somebody decided about money between two parties, such as a payment, a note or a dispute. What its content may be for
 * which name is of the aggregator (docs/formats.md, "Decisions").
 */
export interface DecisionLogEntry {
  readonly kind: 'decision'
  readonly name: string
  /** Canonical JSON in UTF-8. */
  readonly content: Uint8Array
  readonly entries: readonly LedgerEntry[]
}

/** One entry of a tenant's log: what came in, or what was decided from it. */
export type LogEntry =
  | BatchLogEntry
  | CatalogueLogEntry
  | LedgerLogEntry
  | DocumentLogEntry
  | SuspenseLogEntry
  | ControlLogEntry
  | ReleaseLogEntry
  | DiscardLogEntry
  | VoidLogEntry
  | CheckpointLogEntry
  | RestoreLogEntry
  | DecisionLogEntry

export type LogEntryFault = Fault<'log_entry_malformed' | 'log_entry_unknown_kind' | 'log_entry_too_large'>

/** The largest log entry: a catalogue of some hundred thousand subscriptions. */
export const longestLogEntryBytes = 16 * 1024 * 1024
/** The largest content of a decision. */
export const longestDecisionBytes = 65_536
/** Names and reasons that people give with their decisions. */
export const longestNoteOfPersonBytes = 200
