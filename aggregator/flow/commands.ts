import type { Fault, Result } from '@meterline/shared/base/errors.ts'
import type { Mistake } from '@meterline/shared/config/mistakes.ts'
import type {
  CatalogueAnswer,
  CatalogueDifference,
  CatalogueExport,
  CatalogueSide,
  CatalogueVersionItem,
} from './catalogue-answers.ts'
import type { BillCommands } from './bill-commands.ts'
import type { ClockCommands } from './clock-commands.ts'
import type { DocumentSummary } from './document-summary.ts'
import type { UnitPlace } from '../store/suspense-table.ts'
import type { DiscardedUnit, DiscardOrder } from './discard-suspense.ts'
import type { DriftItem } from './list-drift.ts'
import type { RestoreSummary } from './log-generation.ts'
import type { ReceivableCommands } from './receivable-commands.ts'
import type { ReplayOrder, ReplayReport } from './replay-suspense.ts'
import type { ShownUnit } from './show-suspended.ts'
import type { SubscriptionCommands } from './subscription-commands.ts'
import type { UsageCommands } from './usage-commands.ts'
import type { WhatIfCommands } from './what-if-commands.ts'
import type { CorrelationsAnswer, CorrelationsRequest, GapsAnswer, GapsRequest } from './completeness-answers.ts'

/** What an apply did or, in a dry run, would do. */
export interface ApplyOutcome {
  readonly tenant: string
  /** Log index of the catalogue that is in force now; null when there is none yet (first apply, dry run). */
  readonly version: number | null
  /** false: the file says what is in force already, or this was a dry run. */
  readonly applied: boolean
  /** Lines for people: what is added (+), removed (-) and changed (~). */
  readonly diff: readonly string[]
}

/** What one event was charged on one leg. */
export interface DispositionLeg {
  /** `seller>buyer:subscription:priceId`. */
  readonly leg: string
  /** What the price is called in the catalogue in force; null where that has it no more. */
  readonly price: string | null
  readonly meter: string | null
  readonly amountMicros: string
}

/** What became of one event: looked up by its identity `(tenant, source, id)`. */
export type Disposition =
  | {
      readonly kind: 'charged'
      readonly logIndex: number
      readonly unit: number
      /** Micros the end customer pays, decimal text: the sum over the retail leg. */
      readonly amountMicros: string
      readonly legs: readonly DispositionLeg[]
    }
  | {
      readonly kind: 'suspended'
      readonly logIndex: number
      readonly unit: number
      readonly code: string
      readonly message: string
    }
  /** A report of usage that another source is charged for: only compared with it, by this correlation. */
  | { readonly kind: 'control'; readonly logIndex: number; readonly unit: number; readonly rule: string }
  /** It was in suspense, and somebody gave it up. */
  | {
      readonly kind: 'discarded'
      readonly logIndex: number
      readonly unit: number
      readonly reason: string
      readonly by: string
      readonly discardedMs: number
    }
  /** It was charged, and somebody took that back. */
  | {
      readonly kind: 'voided'
      readonly logIndex: number
      readonly unit: number
      readonly reason: string
      readonly by: string
      readonly voidedMs: number
    }
  /** Stored and receipted, not rated yet. */
  | { readonly kind: 'pending'; readonly logIndex: number; readonly unit: number }
  | { readonly kind: 'unknown' }

/** One rating unit in suspense. */
export interface SuspendedItem {
  readonly logIndex: number
  readonly unit: number
  readonly code: string
  readonly message: string
  readonly source: string
  readonly eventId: string | null
  readonly subject: string
  readonly timeMs: number
}

/** Which part of the suspense is asked for: units after a place, in order. */
export interface SuspensePage {
  readonly limit: number
  readonly after?: UnitPlace
  readonly code?: string
  readonly source?: string
}

/** Something an agent sent that was refused, kept as it came. */
export interface EvidenceItem {
  readonly id: number
  readonly code: string
  readonly message: string
  readonly agent: string
  readonly address: string
  readonly firstSeenMs: number
  readonly lastSeenMs: number
  /** How often the very same came. */
  readonly seen: number
  readonly headerHex: string
  readonly signatureHex: string
  readonly bodyBytes: number
}

/** How one agent stands. */
export interface AgentStanding {
  readonly agent: string
  readonly epoch: number
  readonly receivedSeq: number
  /** Hash of that batch, hexadecimal; zeros before the first one. */
  readonly chainHash: string
  readonly connected: boolean
  readonly quarantined: string | null
  /** How the checkpoint that it holds contradicts these books; null when it does not. */
  readonly logDispute: string | null
  /** What it said of itself last; null when it never did. */
  readonly report: AgentReportSummary | null
}

/** An agent's latest report, in figures. */
export interface AgentReportSummary {
  readonly receivedMs: number
  readonly suspendedRows: number
  readonly refusedDeliveries: number
  readonly connectedDevices: number
  readonly outboxBatches: number
  readonly clockSync: string
}

/** How one tenant stands. */
export interface TenantStatus {
  readonly tenant: string
  readonly state: 'open' | 'failed'
  /** Why the store failed; null when it is open. */
  readonly reason: string | null
  readonly catalogueVersion: number
  readonly logSize: number
  /** Which life of the log this is, from 1: each restore from a backup begins the next. */
  readonly generation: number
  readonly restores: readonly RestoreSummary[]
  readonly batches: number
  readonly units: number
  readonly records: number
  readonly duplicates: number
  readonly conflicts: number
  /** Events that are in suspense now, and why. */
  readonly suspended: number
  readonly suspendedByCode: readonly { readonly code: string; readonly units: number }[]
  /** Events that were in suspense and are charged by now, and those that somebody gave up. */
  readonly released: number
  readonly discarded: number
  /** Events that were charged and taken back. */
  readonly voided: number
  readonly unratedBatches: number
  readonly evidence: number
  readonly documents: number
  readonly closedPeriods: readonly string[]
  /** Periods whose closing was begun and not finished; asking for it again goes on. */
  readonly closingPeriods: readonly string[]
  readonly agents: readonly AgentStanding[]
}

/** What `verifyBooks` looked at and what is wrong; no problems means every check held. */
export interface BooksReport {
  readonly tenant: string
  readonly checked: Readonly<Record<string, number>>
  readonly problems: readonly string[]
}

/** What is to be backed up, and into which folder of the aggregator's machine. */
export interface BackupOrder {
  readonly tenant: string
  /** Created when missing. The files in it are named after the tenant and the time. */
  readonly toDirectory: string
}

/** A backup that was written and verified, as its manifest says. */
export interface BackupReport {
  readonly tenant: string
  readonly generation: number
  /** Log entries in it, the RFC 6962 root over them (hexadecimal) and the checkpoint that says so (C2SP signed note). */
  readonly size: number
  readonly root: string
  readonly checkpoint: string
  readonly file: string
  readonly manifestFile: string
  readonly fileBytes: number
  /** SHA-256 of the file, hexadecimal. */
  readonly sha256: string
  readonly createdMs: number
}

export type BackupFaultCode =
  | 'backup_exists'
  | 'backup_running'
  | 'backup_failed'
  | 'backup_has_problems'
  | 'store_unavailable'
  | 'tenant_unknown'
  | 'tenant_failed'

/** Everything a person or another program can ask of a running aggregator. Every answer is plain JSON. */
export interface Commands
  extends SubscriptionCommands, BillCommands, UsageCommands, ReceivableCommands, WhatIfCommands, ClockCommands {
  /** Mistakes come back in `mistakes` with fault code 'tenant_file_invalid'. */
  apply(fileName: string, text: string, options: { readonly dryRun: boolean }): Promise<ApplyResult>
  /** What a version of the catalogue (null: the one in force) says at an instant; now when none is given. */
  catalogueShow(
    tenant: string,
    request: { readonly version: number | null; readonly atMs?: number },
  ): Result<CatalogueAnswer>
  /** The newest versions first. */
  catalogueHistory(tenant: string, page: { readonly limit: number }): Result<readonly CatalogueVersionItem[]>
  /** Compares two versions, or a version and a file that need not be applied. */
  catalogueDiff(tenant: string, before: CatalogueSide, after: CatalogueSide): Result<CatalogueDifference>
  /** A version (null: the one in force) as a tenant file that applies to the same content. */
  catalogueExport(tenant: string, version: number | null): Result<CatalogueExport>
  invoiceList(tenant: string, period?: string): Result<readonly DocumentSummary[]>
  /** `json` is the document's immutable text, byte for byte; `text` a table for reading. */
  invoiceShow(tenant: string, number: string): Result<{ readonly json: string; readonly text: string }>
  status(): readonly TenantStatus[]
  tenantStatus(tenant: string): Result<TenantStatus>
  dispositions(
    tenant: string,
    events: readonly { readonly source: string; readonly id: string }[],
  ): Result<readonly Disposition[]>
  suspenseList(tenant: string, page: SuspensePage): Result<readonly SuspendedItem[]>
  suspenseShow(tenant: string, place: UnitPlace): Result<ShownUnit>
  /** Rates suspended units again under the catalogue in force. */
  suspenseReplay(
    tenant: string,
    order: ReplayOrder,
    progress?: (message: string) => void,
  ): Promise<Result<ReplayReport>>
  suspenseDiscard(tenant: string, order: DiscardOrder): Result<readonly DiscardedUnit[]>
  /** What agents pre-rated with an older snapshot, against the version of record; of one period, or of all. */
  drift(
    tenant: string,
    request: { readonly period?: string | undefined; readonly limit: number },
  ): Result<readonly DriftItem[]>
  evidenceList(tenant: string, page: { readonly limit: number }): Result<readonly EvidenceItem[]>
  verifyBooks(tenant: string): Result<BooksReport>
  /** Writes a verified copy of a tenant's books while the service goes on. */
  backup(
    order: BackupOrder,
    progress?: (message: string) => void,
  ): Promise<Result<BackupReport, Fault<BackupFaultCode>>>
  /** What is missing at an instant. */
  gaps(tenant: string, request: GapsRequest): Promise<Result<GapsAnswer>>
  /** What the two sides of each correlation reported; 'correlation_unknown' for a rule there is not. */
  correlations(tenant: string, request: CorrelationsRequest): Promise<Result<CorrelationsAnswer>>
}

/** An apply either went through, found mistakes in the file (all of them at once), or was refused as a whole. */
export type ApplyResult =
  | { readonly ok: true; readonly value: ApplyOutcome }
  | {
      readonly ok: false
      readonly fault: { readonly code: string; readonly message: string }
      readonly mistakes: readonly Mistake[]
    }
