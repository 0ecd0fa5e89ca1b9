import { equalBytes, hashBytes, sha256, toHex } from '@meterline/shared/integrity/hash.ts'
import { CompactRange } from '@meterline/shared/integrity/merkle.ts'
import { decodeHeader, openBatchBody, verifyBatchSignature } from '@meterline/shared/model/batch-codec.ts'
import { decodeLogEntry, logEntryLeaf } from '@meterline/shared/model/log-entry-codec.ts'
import type {
  BatchLogEntry,
  CatalogueLogEntry,
  LedgerEntry,
  LedgerLogEntry,
  LogEntry,
  RestoreLogEntry,
  VoidLogEntry,
} from '@meterline/shared/model/log-entry.ts'
import { catalogueFromBytes } from '../domain/catalogue/compile-catalogue.ts'
import type { BooksReader } from '../store/books-reader.ts'
import type { BooksAudit } from './books-audit.ts'
import { BatchCharges } from './verify-charges.ts'
import { DocumentCheck } from './verify-documents.ts'
import { LogNodeCheck } from './verify-log-nodes.ts'
import { checkRestore } from './verify-restores.ts'
import type { BooksOwner } from './verify-restores.ts'
import { knownBatch } from './verify-batches.ts'
import { UsageCheck } from './verify-usage.ts'
import { checkControls } from './verify-controls.ts'
import { CostCheck } from './verify-costs.ts'
import { DecisionCheck } from './verify-decisions.ts'
import { checkDiscard, checkRelease, checkSuspended } from './verify-suspense.ts'
import { checkReplacements, checkVoid, type DecidedUnits } from './verify-voids.ts'

/** The end of an agent's chain, as the log shows it. */
interface ChainEnd {
  readonly seq: number
  readonly hash: Uint8Array
}

/** A decision about units of a batch that ledger transactions follow. */
interface UnitDecision {
  readonly logIndex: number
  readonly batchIndex: number
  /** Where the charges were decided that a void takes back; null for a release. */
  readonly voided: DecidedUnits | null
}

/**
 * Walks the whole log in order: recomputes its tree, and checks what each entry says against the tables that follow from
 * it. `onSize` hears the root after every entry, for checkpoints.
 */
export function walkLog(
  reader: BooksReader,
  audit: BooksAudit,
  owner: BooksOwner,
  onSize: (size: number, root: () => Uint8Array) => void,
): void {
  const usage = new UsageCheck(reader, audit)
  try {
    const walk = new LogWalk(reader, audit, usage, owner)
    walkEntries(reader, audit, walk, onSize)
    walk.finish()
    usage.finish()
  } finally {
    usage.close()
  }
}

function walkEntries(
  reader: BooksReader,
  audit: BooksAudit,
  walk: LogWalk,
  onSize: (size: number, root: () => Uint8Array) => void,
): void {
  const range = new CompactRange()
  const nodes = new LogNodeCheck(reader, audit)
  for (const { logIndex, entry, leaf } of reader.log()) {
    audit.count('log entries')
    if (logIndex !== range.size) {
      audit.report(`I12: the log goes on with entry ${logIndex} where ${range.size} is next`)
      return
    }
    const computed = logEntryLeaf(entry)
    if (!equalBytes(computed, leaf)) audit.report(`I14: log entry ${logIndex} is not what its leaf hash says`)
    const decoded = decodeLogEntry(entry)
    if (decoded.ok && decoded.value.kind === 'restore') walk.takeRestore(logIndex, decoded.value, range.root())
    nodes.take(computed)
    range.append(computed)
    onSize(range.size, () => range.root())
    if (decoded.ok) walk.take(logIndex, decoded.value)
    else audit.report(`I14: log entry ${logIndex}: ${decoded.fault.message}`)
  }
  nodes.finish()
  const head = reader.head()
  if ((head?.size ?? 0) !== range.size)
    audit.report(`I12: the head says ${head?.size ?? 0} entries, there are ${range.size}`)
  else if (head !== undefined && !equalBytes(head.frontier, range.save())) {
    audit.report('I14: the saved frontier is not that of the entries')
  }
}

class LogWalk {
  readonly #reader: BooksReader
  readonly #audit: BooksAudit
  readonly #charges: BatchCharges
  readonly #decisions: DecisionCheck
  readonly #usage: UsageCheck
  readonly #documents: DocumentCheck
  readonly #costs = new CostCheck()
  readonly #owner: BooksOwner
  readonly #chains = new Map<string, ChainEnd>()
  /** Signing keys by agent and epoch, of every catalogue so far. */
  readonly #keys = new Map<string, string>()
  #lastRated = ''
  /** The release or void whose ledger transactions are being read, if it is one. */
  #decision: UnitDecision | null = null

  constructor(reader: BooksReader, audit: BooksAudit, usage: UsageCheck, owner: BooksOwner) {
    this.#reader = reader
    this.#audit = audit
    this.#charges = new BatchCharges(reader, audit)
    this.#decisions = new DecisionCheck(reader, audit)
    this.#documents = new DocumentCheck(reader, audit)
    this.#usage = usage
    this.#owner = owner
  }

  /** A restore declares the root of the log before it. */
  takeRestore(logIndex: number, entry: RestoreLogEntry, rootBefore: Uint8Array): void {
    checkRestore(this.#reader, this.#audit, this.#owner, logIndex, entry, rootBefore)
  }

  /** Called behind the last entry. */
  finish(): void {
    this.#charges.finishDecision()
    this.#decisions.finish()
    this.#documents.finish()
    this.#costs.finish(this.#reader, this.#audit)
  }

  take(logIndex: number, entry: LogEntry): void {
    // The ledger transactions of a release or void follow it at once.
    if (entry.kind !== 'ledger' || entry.batchIndex !== this.#decision?.batchIndex) this.#decision = null
    switch (entry.kind) {
      case 'batch':
        return this.#takeBatch(logIndex, entry)
      case 'catalogue':
        return this.#takeCatalogue(logIndex, entry)
      case 'ledger':
        return this.#takeLedger(logIndex, entry)
      case 'suspense':
        return checkSuspended(this.#reader, this.#audit, this.#charges, logIndex, entry)
      case 'release':
        this.#decision = { logIndex, batchIndex: entry.batchIndex, voided: null }
        checkReplacements(this.#reader, this.#audit, logIndex, entry)
        return checkRelease(this.#reader, this.#audit, this.#charges, logIndex, entry)
      case 'discard':
        return checkDiscard(this.#reader, this.#audit, logIndex, entry)
      case 'void':
        return this.#takeVoid(logIndex, entry)
      case 'control':
        return checkControls(this.#reader, this.#audit, logIndex, entry)
      case 'document':
        this.#audit.accountedRows.document += 1
        this.#documents.take(logIndex, entry)
        return this.#takeEntries(logIndex, entry.entries)
      case 'decision':
        this.#decisions.take(logIndex, entry)
        return this.#takeEntries(logIndex, entry.entries)
      case 'checkpoint':
      case 'restore':
    }
  }

  #takeBatch(logIndex: number, entry: BatchLogEntry): void {
    this.#audit.count('batches')
    this.#audit.accountedRows.batch += 1
    const report = (text: string): void => this.#audit.report(`I14: batch ${logIndex}: ${text}`)
    const decoded = decodeHeader(entry.header)
    if (!decoded.ok) return report(decoded.fault.message)
    const header = decoded.value
    const chain = `${header.agent} ${header.epoch}`
    const signed = verifyBatchSignature(this.#keys.get(chain) ?? '', entry.header, entry.signature)
    if (!signed.ok) return report(signed.fault.message)
    const before = this.#chains.get(chain) ?? { seq: 0, hash: new Uint8Array(hashBytes) }
    if (header.seq !== before.seq + 1 || !equalBytes(header.previousHash, before.hash)) {
      this.#audit.report(`I6: batch ${logIndex} does not continue batch ${before.seq} of ${header.agent}`)
    }
    this.#chains.set(chain, { seq: header.seq, hash: signed.value })
    const row = this.#reader.batch(logIndex)
    if (row === undefined) return report('it has no row')
    const { agent, epoch, seq } = row
    if (agent !== header.agent || epoch !== header.epoch || seq !== header.seq) report('its row names another batch')
    if (!equalBytes(row.batchHash, signed.value)) report('its row has another hash')
    if (row.body === null) return this.#usage.keepBatch(logIndex, null)
    const body = openBatchBody(header, row.body)
    this.#usage.keepBatch(logIndex, body.ok ? knownBatch(header, body.value) : null)
    if (!body.ok) report(body.fault.message)
  }

  #takeCatalogue(logIndex: number, { contentHash, content }: CatalogueLogEntry): void {
    this.#audit.count('catalogues')
    this.#audit.accountedRows.catalogue += 1
    if (!equalBytes(sha256(content), contentHash)) {
      this.#audit.report(`I14: catalogue ${logIndex} is not what its hash ${toHex(contentHash)} says`)
    }
    const catalogue = catalogueFromBytes(this.#undamaged(logIndex, contentHash, content))
    if (!catalogue.ok) return this.#audit.report(`I14: catalogue ${logIndex}: ${catalogue.fault.message}`)
    this.#audit.learn(catalogue.value)
    this.#usage.learnMeters(logIndex, catalogue.value)
    for (const { id, epoch, signingKey } of catalogue.value.file.agents) this.#keys.set(`${id} ${epoch}`, signingKey)
  }

  /** The content of a catalogue: where the log's is damaged, the copy beside it as long as that is whole. */
  #undamaged(logIndex: number, contentHash: Uint8Array, content: Uint8Array): Uint8Array {
    if (equalBytes(sha256(content), contentHash)) return content
    const copy = this.#reader.standing.catalogueInForceAt(logIndex)
    return copy !== undefined && equalBytes(sha256(copy.content), contentHash) ? copy.content : content
  }

  #takeVoid(logIndex: number, entry: VoidLogEntry): void {
    this.#charges.expectVoid(logIndex)
    const voided = checkVoid(this.#reader, this.#audit, this.#charges, logIndex, entry)
    this.#decision = { logIndex, batchIndex: entry.batchIndex, voided }
  }

  #takeLedger(logIndex: number, entry: LedgerLogEntry): void {
    this.#audit.count('ledger transactions')
    this.#charges.checkPostings(logIndex, entry, this.#decision?.logIndex ?? null)
    this.#checkUsage(logIndex, entry)
    if (entry.postings.length > 0) this.#usage.checkEntry(logIndex, entry)
    else this.#costs.take(entry)
    this.#takeEntries(logIndex, entry.entries)
  }

  /** One decision about a batch is one ledger transaction per partition; its usage is checked with the first of them. */
  #checkUsage(logIndex: number, entry: LedgerLogEntry): void {
    const { batchIndex, postings } = entry
    const decidedIndex = this.#decision?.logIndex ?? null
    const decision = `${batchIndex}/${decidedIndex}`
    if (postings.length === 0 || decision === this.#lastRated) return
    this.#lastRated = decision
    const blocks = this.#charges.blocksOf(batchIndex, decidedIndex)
    const voided = this.#decision?.voided ?? null
    if (voided === null) this.#usage.checkCharges(logIndex, entry, blocks)
    else this.#usage.checkVoid(entry, blocks, voided)
  }

  /** The rows of the ledger are the entries of the log, entry by entry, and each transaction balances (I1). */
  #takeEntries(logIndex: number, entries: readonly LedgerEntry[]): void {
    const rows = this.#reader.ledgerEntries(logIndex)
    this.#audit.accountedRows.ledger_entry += entries.length
    const sums = new Map<string, bigint>()
    for (const [place, entry] of entries.entries()) {
      this.#audit.count('ledger entries')
      this.#audit.balances.post(entry)
      const row = rows[place]
      const same =
        row?.entity === entry.entity &&
        row.asset === entry.asset &&
        row.account === entry.account &&
        row.debitMicros === entry.debitMicros.toString() &&
        row.creditMicros === entry.creditMicros.toString()
      if (!same) this.#audit.report(`I12: ledger entry ${place} of log entry ${logIndex} is not as the log has it`)
      const books = `${entry.entity} ${entry.asset}`
      sums.set(books, (sums.get(books) ?? 0n) + entry.debitMicros - entry.creditMicros)
    }
    if (rows.length !== entries.length) {
      this.#audit.report(`I12: log entry ${logIndex} has ${entries.length} ledger entries, the ledger ${rows.length}`)
    }
    for (const [books, sum] of sums) {
      if (sum !== 0n)
        this.#audit.report(`I1: log entry ${logIndex} is out of balance by ${sum} in the books of ${books}`)
    }
  }
}
