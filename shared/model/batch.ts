import type { Fault } from '../base/errors.ts'
import type { AgentId, TenantId } from '../units/ids.ts'
import type { BatchTables, ClockAnchor, RatingUnit } from './usage-record.ts'

/** What the agent signs: who, which batch of which chain, and commitments to everything in the body. */
export interface BatchHeader {
  readonly tenant: TenantId
  readonly agent: AgentId
  /** Incarnation of the agent's chain, from 1; a new epoch fences all earlier ones. */
  readonly epoch: number
  /** From 1, without gaps inside one epoch. */
  readonly seq: number
  /** Hash of the batch before, 32 bytes; zeros for seq 1. */
  readonly previousHash: Uint8Array
  readonly unitCount: number
  readonly recordCount: number
  /** RFC 6962 root over the salted units. */
  readonly unitsRoot: Uint8Array
  /** Salted hash of the tables' bytes. */
  readonly tablesHash: Uint8Array
  readonly sealedAt: ClockAnchor
  readonly ratingVersion: string
}

/** The bytes that are stored, hashed, signed and sent; they are never encoded again. */
export interface SealedBatch {
  readonly header: Uint8Array
  readonly signature: Uint8Array
  readonly body: Uint8Array
}

/** A body that was checked against its header. */
export interface DecodedBatch {
  readonly tables: BatchTables
  readonly units: readonly RatingUnit[]
  /** The exact bytes of a unit: a view into the body. */
  unitBytes(index: number): Uint8Array
  /** The 16-byte salt of a unit: a view. */
  salt(index: number): Uint8Array
}

/** Everything a batch can be refused for by its own bytes. Whose turn it is (chain, epoch) is the receiver's matter. */
export type BatchFaultCode =
  | 'batch_malformed'
  | 'batch_too_large'
  | 'batch_root_mismatch'
  | 'batch_tables_mismatch'
  | 'batch_count_mismatch'
  | 'batch_signature_invalid'

export type BatchFault = Fault<BatchFaultCode>

/** Caps of a batch. They are checked before anything of that size is allocated. */
export const batchLimits = {
  headerBytes: 1024,
  idBytes: 64,
  signatureBytes: 64,
  /** A batch travels in one message of at most 1 MiB; the rest of that is for the header and the envelope. */
  bodyBytes: 983_040,
  /** The most one unit with all its new table entries can take within the caps of a usage event. */
  unitBytes: 32_768,
  units: 16_384,
  strings: 65_536,
  snapshots: 256,
  anchors: 4096,
  leases: 16_384,
  spendsPerRecord: 8,
  leaseIdBytes: 64,
  assetBytes: 64,
  ratingVersionBytes: 32,
} as const
