import type { LedgerEntry, NumberGap } from '@meterline/shared/model/log-entry.ts'
import type { MeteringChanges } from '@meterline/shared/metering/state.ts'
import type { Accumulator, SegmentDays } from '@meterline/shared/rating/accumulate.ts'
import type { BilledLine } from '../domain/billing/due-line.ts'
import type { ChargedRelation } from '../domain/rating-of-record/rated-partitions.ts'
import type { ApprovalRow } from './approval-table.ts'
import type { BatchRow, Chain } from './batch-table.ts'
import type { CatalogueRow } from './catalogue-table.ts'
import type { DocumentRow } from './document-table.ts'
import type { DriftRow } from './drift-table.ts'
import type { EvidenceRow } from './evidence-table.ts'
import type { GenerationRow } from './generation-table.ts'
import type { LateMark } from './late-table.ts'
import type { ObservationWrites } from './observation-writes.ts'
import type { BlockRow } from './segment-table.ts'
import type { DecisionRow, NewReason, SuspenseRow } from './suspense-table.ts'
import type { ClockMove } from './test-clock-table.ts'
import type { Counted } from './total-table.ts'
import type { ReplacementRow, VoidRow } from './void-table.ts'

/**
 * What a decision was based on. A commit that finds the file elsewhere stops with an assertion: inside one process the
 * load, the decision and the commit of a flow run without a pause, so it can only be a bug.
 */
export interface Expected {
  readonly logSize: number
}

/** An agent's chain after a decision. */
export interface ChainWrite {
  readonly agent: string
  readonly epoch: number
  readonly chain: Chain
}

/** What receiving a group of batches decided. The staged event keys are written with it. */
export interface ReceiveWrites {
  readonly entries: readonly Uint8Array[]
  readonly batches: readonly BatchRow[]
  readonly chains: readonly ChainWrite[]
  readonly evidence: readonly EvidenceRow[]
  readonly counted: Counted
  /** When they came, epoch milliseconds, and how many event keys were staged for them. */
  readonly receivedMs: number
  readonly keysStaged: number
}

/** Ledger entries of one log entry. */
export interface LedgerWrite {
  readonly logIndex: number
  readonly entries: readonly LedgerEntry[]
}

/** What was charged, as rows. */
export interface ChargeWrites {
  readonly ledger: readonly LedgerWrite[]
  readonly accumulators: ReadonlyMap<string, Accumulator>
  readonly blocks: readonly BlockRow[]
  /** What was used in those segments per UTC day, to be added to what is known of the days. */
  readonly days: SegmentDays
  readonly metering: MeteringChanges
  /** To be added to what is known of each place. */
  readonly drift: readonly DriftRow[]
  /** In which billing periods of whom something was charged, each once: where such a period is billed, it is late usage. */
  readonly charged: readonly ChargedRelation[]
}

/** What rating some batches decided. */
export interface RatingWrites extends ChargeWrites {
  readonly entries: readonly Uint8Array[]
  readonly suspended: readonly SuspenseRow[]
  /** Null when nothing was seen that anybody watches for. */
  readonly observations: ObservationWrites | null
  /** Log index of the last batch that is rated now. */
  readonly cursor: number
}

/** What trying suspended units again decided. */
export interface ReleaseWrites {
  readonly entries: readonly Uint8Array[]
  readonly charges: ChargeWrites
  readonly decisions: readonly DecisionRow[]
  /** Which of the units took the places of voided ones. */
  readonly replacements: readonly ReplacementRow[]
  /** Units that stay, for a reason other than before. */
  readonly stays: readonly NewReason[]
  readonly triedMs: number
}

/** What taking charged units back decided. */
export interface VoidWrites {
  readonly entries: readonly Uint8Array[]
  readonly charges: ChargeWrites
  readonly voids: readonly VoidRow[]
}

/** What giving suspended units up decided. */
export interface DiscardWrites {
  readonly entries: readonly Uint8Array[]
  readonly decisions: readonly DecisionRow[]
}

/** What an apply decided. */
export interface CatalogueWrites {
  readonly entries: readonly Uint8Array[]
  readonly catalogue: CatalogueRow
  /** Periods and relations that owe something else by it; of those that are open nothing is kept. */
  readonly late?: readonly LateMark[]
}

/** What beginning another generation of the log decided. */
export interface RestoreWrites {
  readonly entries: readonly Uint8Array[]
  readonly generation: GenerationRow
  readonly numberGaps: readonly NumberGap[]
}

/** What issuing some documents decided. */
export interface DocumentWrites {
  readonly entries: readonly Uint8Array[]
  readonly documents: readonly DocumentRow[]
  readonly ledger: readonly LedgerWrite[]
  /** What documents say of their lines with these, and what partners are owed with what was posted. */
  readonly billed: readonly BilledLine[]
  /** Marks that are dealt with by them. */
  readonly cleared: readonly LateMark[]
  /** Relations that these documents change something for, because they share a bill or build on what was billed. */
  readonly late: readonly LateMark[]
}

/** What approving bills decided. */
export interface ApprovalWrites {
  readonly entries: readonly Uint8Array[]
  readonly approvals: readonly ApprovalRow[]
}

/** What moving the clock of a test tenant decided. */
export interface ClockWrites {
  readonly entries: readonly Uint8Array[]
  readonly move: ClockMove
}

/** What the end of a closing decided, once every document is issued. */
export interface ClosedWrites {
  readonly period: string
  readonly closedMs: number
}
