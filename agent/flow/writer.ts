import { failed, ok, type Fault, type Result } from '@meterline/shared/base/errors.ts'
import type { Random } from '@meterline/shared/base/random.ts'
import type { SigningKey } from '@meterline/shared/integrity/signature.ts'
import { OpenBatch, type Chunk } from '@meterline/shared/model/unit-codec.ts'
import type { SimulatedDisk } from '@meterline/shared/sqlite/simulated-disk.ts'
import type { SuspenseLimits } from '../domain/admit.ts'
import type { LogTrust, VerifiedHead } from '../domain/checkpoint-trust.ts'
import type { BirthBook } from '../domain/mapping/birth-book.ts'
import type { RuleBook } from '../domain/mapping/rule-book.ts'
import type { RuleDefinition } from '../domain/mapping/rule-definition.ts'
import type { PrerateTable } from '../domain/prerate.ts'
import type { RetentionLimits } from '../domain/retention.ts'
import type { SealLimits } from '../domain/seal.ts'
import type { SubjectBook } from '../domain/subject-book.ts'
import type { BatchReceipt } from '../domain/uplink-types.ts'
import { damaged, readStored } from '../store/journal-damage.ts'
import type { CounterRow, Journal, JournalIdentity } from '../store/journal.ts'
import type { ChainRow } from '../store/outbox-tables.ts'
import type { RetainedTotals } from '../store/settled-table.ts'
import { brokenChain } from './check-chain.ts'
import type { GroupLimits } from './group.ts'
import type { Origin } from './origin.ts'

/** What the writer works by. Plain data, so that it can be handed to a thread; only an inline writer may have a disk. */
export interface WriterSettings {
  readonly journalFile: string
  /** For simulations only: see `openDatabase`. */
  readonly disk?: SimulatedDisk | undefined
  readonly identity: JournalIdentity
  readonly group: GroupLimits
  readonly seal: SealLimits
  /** Sealed and open batches may take this much before deliveries are refused. */
  readonly outboxBytes: number
  /** How long batches are kept after they have left the outbox. */
  readonly retention: RetentionLimits
  readonly suspense: SuspenseLimits & { readonly payloadBytes: number }
  readonly keyRetentionMs: number
  /** What the journal's file may take. */
  readonly journalBytes: number
  /** The mapping rules of a checked configuration. */
  readonly mappings: readonly RuleDefinition[]
}

/** What the writer remembers of the journal. All of it can be read back from the file: see `recall`. */
export interface WriterMemory {
  open: OpenBatch
  /** The chunks of the open batch, in order. */
  openChunks: Chunk[]
  /** When the open batch got its first unit, on the monotonic clock; null while it is empty. */
  openSinceMs: number | null
  firstOpenChunk: number
  nextChunk: number
  /** Units that a recovery carried over and that are in no batch yet. */
  salvagedUnits: number
  chain: ChainRow
  outboxBatches: number
  outboxBytes: number
  /** Batches that have left the outbox and are kept. */
  retained: RetainedTotals
  /** No batch is old enough to be let go before this, on the monotonic clock. */
  releaseNotBeforeMs: number
  logTrust: LogTrust
  counters: CounterRow
  suspense: { rows: number; bytes: number; readonly rowsByDevice: Map<string, number> }
}

/** The one who writes the journal: everything that the flows of its thread work on. */
export interface Writer {
  readonly settings: WriterSettings
  readonly journal: Journal
  readonly signingKey: SigningKey
  readonly random: Random
  memory: WriterMemory
  /** Where deliveries come from, by the number that groups use for it. */
  origins: Origin[]
  rules: RuleBook
  /** What the rules learnt of Sparkplug births; what is new of it goes to the journal with each commit. */
  readonly births: BirthBook
  prerates: PrerateTable | null
  /** What is known of subjects, and whom the aggregator has to be asked about. */
  readonly subjects: SubjectBook
  /** Receipts whose batches are still to be deleted, in sequence. */
  receipts: BatchReceipt[]
  /** The newest head of the log that was verified and is still to be stored. */
  verifiedHead: VerifiedHead | null
}

/** Reads the writer's memory from the journal and checks that the chain of the outbox holds together. */
export function recall(journal: Journal, nowMonotonicMs: number): Result<WriterMemory, Fault<'journal_damaged'>> {
  const read = readStored(journal.file, () => readMemory(journal, nowMonotonicMs))
  return read.ok ? read.value : read
}

function readMemory(journal: Journal, nowMonotonicMs: number): Result<WriterMemory, Fault<'journal_damaged'>> {
  const chain = journal.outbox.chain()
  if (chain === null) return failed(damaged(journal.file, 'it does not say whose it is'))
  const broken = brokenChain(journal.outbox, chain)
  if (broken !== null) return failed(damaged(journal.file, broken))
  const openChunks = journal.outbox.openChunks(chain.sealedChunk)
  const open = OpenBatch.restore(openChunks)
  if (!open.ok) return failed(damaged(journal.file, open.fault.message))
  const totals = journal.outbox.totals(chain.settledSeq)
  return ok({
    open: open.value,
    openChunks,
    // Waiting times of an earlier start cannot be told from this boot's clock; the linger begins again.
    openSinceMs: openChunks.length > 0 ? nowMonotonicMs : null,
    firstOpenChunk: openChunks[0]?.id ?? chain.sealedChunk + 1,
    nextChunk: (openChunks.at(-1)?.id ?? chain.sealedChunk) + 1,
    salvagedUnits: journal.salvaged.units(),
    chain,
    outboxBatches: totals.batches,
    outboxBytes: totals.bytes,
    retained: journal.settled.totals(chain.settledSeq),
    releaseNotBeforeMs: nowMonotonicMs,
    logTrust: journal.logTrust.read(),
    counters: journal.counters(),
    suspense: journal.suspense.usage(),
  })
}
