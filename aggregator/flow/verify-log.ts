import { equalBytes, hashBytes, sha256, toHex } from '@meterline/shared/integrity/hash.ts'
import { CompactRange } from '@meterline/shared/integrity/merkle.ts'
import { decodeHeader, openBatchBody, verifyBatchSignature } from '@meterline/shared/model/batch-codec.ts'
import { decodeLogEntry, logEntryLeaf } from '@meterline/shared/model/log-entry.ts'
import type {
  BatchLogEntry,
  CatalogueLogEntry,
  LedgerEntry,
  LedgerLogEntry,
  LogEntry,
  SuspenseLogEntry,
} from '@meterline/shared/model/log-entry.ts'
import { catalogueFromBytes } from '../domain/catalogue/compile-catalogue.ts'
import type { BooksReader } from '../store/books-reader.ts'
import type { BooksAudit } from './books-audit.ts'
import { BatchCharges } from './verify-charges.ts'

/** The end of an agent's chain, as the log shows it. */
interface ChainEnd {
  readonly seq: number
  readonly hash: Uint8Array
}

/**
 * Walks the whole log in order: recomputes its tree, and checks what each entry says against the tables that follow from
 * it. `onSize` hears the root after every entry, for checkpoints.
 */
export function walkLog(
  reader: BooksReader,
  audit: BooksAudit,
  onSize: (size: number, root: () => Uint8Array) => void,
): void {
  const walk = new LogWalk(reader, audit)
  const range = new CompactRange()
  for (const { logIndex, entry, leaf } of reader.log()) {
    audit.count('log entries')
    if (logIndex !== range.size) {
      audit.report(`I12: the log goes on with entry ${logIndex} where ${range.size} is next`)
      return
    }
    const computed = logEntryLeaf(entry)
    if (!equalBytes(computed, leaf)) audit.report(`I14: log entry ${logIndex} is not what its leaf hash says`)
    range.append(computed)
    onSize(range.size, () => range.root())
    const decoded = decodeLogEntry(entry)
    if (decoded.ok) walk.take(logIndex, decoded.value)
    else audit.report(`I14: log entry ${logIndex}: ${decoded.fault.message}`)
  }
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
  readonly #chains = new Map<string, ChainEnd>()
  /** Signing keys by agent and epoch, of every catalogue so far. */
  readonly #keys = new Map<string, string>()

  constructor(reader: BooksReader, audit: BooksAudit) {
    this.#reader = reader
    this.#audit = audit
    this.#charges = new BatchCharges(reader, audit)
  }

  take(logIndex: number, entry: LogEntry): void {
    switch (entry.kind) {
      case 'batch':
        return this.#takeBatch(logIndex, entry)
      case 'catalogue':
        return this.#takeCatalogue(logIndex, entry)
      case 'ledger':
        return this.#takeLedger(logIndex, entry)
      case 'suspense':
        return this.#takeSuspense(logIndex, entry)
      case 'document':
        this.#audit.documents.set(logIndex, entry)
        this.#audit.accountedRows.document += 1
        return this.#takeEntries(logIndex, entry.entries)
      case 'checkpoint':
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
    if (row.body === null) return
    const body = openBatchBody(header, row.body)
    if (!body.ok) report(body.fault.message)
  }

  #takeCatalogue(logIndex: number, { contentHash, content }: CatalogueLogEntry): void {
    this.#audit.count('catalogues')
    this.#audit.accountedRows.catalogue += 1
    if (!equalBytes(sha256(content), contentHash)) {
      this.#audit.report(`I14: catalogue ${logIndex} is not what its hash ${toHex(contentHash)} says`)
    }
    const catalogue = catalogueFromBytes(content)
    if (!catalogue.ok) return this.#audit.report(`I14: catalogue ${logIndex}: ${catalogue.fault.message}`)
    this.#audit.learnPrices(catalogue.value)
    for (const { id, epoch, signingKey } of catalogue.value.file.agents) this.#keys.set(`${id} ${epoch}`, signingKey)
  }

  #takeLedger(logIndex: number, entry: LedgerLogEntry): void {
    this.#audit.count('ledger transactions')
    this.#charges.checkPostings(logIndex, entry)
    this.#takeEntries(logIndex, entry.entries)
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

  #takeSuspense(logIndex: number, { batchIndex, units }: SuspenseLogEntry): void {
    this.#audit.count('suspense decisions')
    this.#audit.accountedRows.suspense += units.length
    const rows = this.#reader.suspended(batchIndex)
    const same =
      rows.length === units.length &&
      units.every(({ unit, code }, place) => rows[place]?.unit === unit && rows[place]?.code === code)
    if (!same) this.#audit.report(`I8: suspense of batch ${batchIndex} is not as log entry ${logIndex} has it`)
  }
}
