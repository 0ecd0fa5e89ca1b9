import { failed, fault, ok, type Fault, type Result } from '@meterline/shared/base/errors.ts'
import type { Random } from '@meterline/shared/base/random.ts'
import { equalBytes } from '@meterline/shared/integrity/hash.ts'
import type { SigningKey } from '@meterline/shared/integrity/signature.ts'
import { batchHashOf, decodeHeader } from '@meterline/shared/model/batch-codec.ts'
import { OpenBatch, type Chunk } from '@meterline/shared/model/unit-codec.ts'
import type { SuspenseLimits } from '../domain/admit.ts'
import type { BirthBook } from '../domain/mapping/birth-book.ts'
import type { RuleBook } from '../domain/mapping/rule-book.ts'
import type { RuleDefinition } from '../domain/mapping/rule-definition.ts'
import type { PrerateIndex } from '../domain/prerate.ts'
import type { SealLimits } from '../domain/seal.ts'
import type { BatchReceipt } from '../domain/uplink-types.ts'
import type { CounterRow, Journal, JournalIdentity } from '../store/journal.ts'
import type { ChainRow } from '../store/outbox-tables.ts'
import type { GroupLimits } from './group.ts'
import type { Origin } from './origin.ts'

/** What the writer works by. Plain data, so that it can be handed to a thread. */
export interface WriterSettings {
  readonly journalFile: string
  readonly onTemporaryDisk: boolean
  readonly identity: JournalIdentity
  readonly group: GroupLimits
  readonly seal: SealLimits
  /** Sealed and open batches may take this much before deliveries are refused. */
  readonly outboxBytes: number
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
  chain: ChainRow
  outboxBatches: number
  outboxBytes: number
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
  prerates: PrerateIndex | null
  /** Receipts whose batches are still to be deleted, in sequence. */
  receipts: BatchReceipt[]
}

/** Reads the writer's memory from the journal and checks that the chain of the outbox holds together. */
export function recall(journal: Journal, nowMonotonicMs: number): Result<WriterMemory, Fault<'journal_damaged'>> {
  const chain = journal.outbox.chain()
  if (chain === null) return failed(damaged('it does not say whose it is'))
  const broken = brokenLink(journal, chain)
  if (broken !== null) return failed(damaged(broken))
  const openChunks = journal.outbox.openChunks(chain.sealedChunk)
  const open = OpenBatch.restore(openChunks)
  if (!open.ok) return failed(damaged(open.fault.message))
  const totals = journal.outbox.totals()
  return ok({
    open: open.value,
    openChunks,
    // Waiting times of an earlier start cannot be told from this boot's clock; the linger begins again.
    openSinceMs: openChunks.length > 0 ? nowMonotonicMs : null,
    firstOpenChunk: openChunks[0]?.id ?? chain.sealedChunk + 1,
    nextChunk: (openChunks.at(-1)?.id ?? chain.sealedChunk) + 1,
    chain,
    outboxBatches: totals.batches,
    outboxBytes: totals.bytes,
    counters: journal.counters(),
    suspense: journal.suspense.usage(),
  })
}

/** What is wrong with the sealed batches of the outbox, or null: each must be there, be its hash, and name the one before. */
function brokenLink(journal: Journal, chain: ChainRow): string | null {
  let previousHash = chain.settledHash
  for (let seq = chain.settledSeq + 1; seq <= chain.sealedSeq; seq++) {
    const batch = journal.outbox.batch(seq)
    if (batch === null) return `sealed batch ${seq} is missing`
    if (!equalBytes(batchHashOf(batch.header), batch.batchHash)) return `the header of sealed batch ${seq} was changed`
    const header = decodeHeader(batch.header)
    if (!header.ok) return `sealed batch ${seq}: ${header.fault.message}`
    if (header.value.seq !== seq || !equalBytes(header.value.previousHash, previousHash)) {
      return `sealed batch ${seq} does not follow the one before it`
    }
    if (journal.outbox.unitsHeld(batch) !== header.value.unitCount) return `units of sealed batch ${seq} are missing`
    previousHash = batch.batchHash
  }
  return equalBytes(previousHash, chain.sealedHash) ? null : 'the last sealed batch is not the one the chain ends with'
}

function damaged(what: string): Fault<'journal_damaged'> {
  return fault(
    'journal_damaged',
    `The journal is damaged: ${what}. Keep the file for examination, and start with a new dataDirectory under a new epoch.`,
  )
}
