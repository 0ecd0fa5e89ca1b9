import { failed, fault, ok, type Result } from '../base/errors.ts'
import { DeterministicReader } from '../integrity/deterministic-reader.ts'
import { DeterministicWriter } from '../integrity/deterministic-writer.ts'
import { hashBytes } from '../integrity/hash.ts'
import { leafHash } from '../integrity/merkle.ts'
import { batchLimits } from './batch.ts'
import {
  longestLogEntryBytes,
  longestNoteOfPersonBytes,
  type LedgerEntry,
  type LegPosting,
  type LogEntry,
  type LogEntryFault,
  type NumberGap,
  type SuspendedUnit,
} from './log-entry.ts'

const entryFormat = 1
const longestTextBytes = 1024
const longestNoteBytes = 65_536
const longestDeclarationBytes = 4_096
const largestAmount = 2n ** 64n - 1n

/** Positions of each kind after the format number and the kind. */
const payloadFields: Readonly<Record<LogEntry['kind'], number>> = {
  batch: 2,
  catalogue: 2,
  ledger: 6,
  document: 5,
  suspense: 2,
  control: 2,
  release: 3,
  discard: 4,
  checkpoint: 1,
  restore: 3,
}

/** The bytes of a log entry (docs/formats.md, "Log entries"). */
export function encodeLogEntry(entry: LogEntry): Uint8Array {
  const writer = new DeterministicWriter(1024)
  writer.arrayHead(2 + payloadFields[entry.kind])
  writer.uint(entryFormat)
  writer.text(entry.kind)
  writePayload(writer, entry)
  return writer.copy()
}

function writePayload(writer: DeterministicWriter, entry: LogEntry): void {
  switch (entry.kind) {
    case 'batch':
      writer.bytes(entry.header)
      writer.bytes(entry.signature)
      break
    case 'catalogue':
      writer.bytes(entry.contentHash)
      writer.bytes(entry.content)
      break
    case 'ledger':
      writer.text(entry.ratingVersion)
      writer.uint(entry.catalogueIndex)
      writer.uint(entry.batchIndex)
      writer.text(entry.partition)
      writer.arrayHead(entry.postings.length)
      for (const posting of entry.postings) writePosting(writer, posting)
      writeLedgerEntries(writer, entry.entries)
      break
    case 'document':
      writer.text(entry.entity)
      writer.text(entry.series)
      writer.uint(entry.number)
      writer.bytes(entry.documentHash)
      writeLedgerEntries(writer, entry.entries)
      break
    case 'suspense':
      writer.uint(entry.batchIndex)
      writer.arrayHead(entry.units.length)
      for (const { unit, code } of entry.units) {
        writer.arrayHead(2)
        writer.uint(unit)
        writer.text(code)
      }
      break
    case 'control':
      writer.uint(entry.batchIndex)
      writer.arrayHead(entry.units.length)
      for (const { unit, rule } of entry.units) {
        writer.arrayHead(2)
        writer.uint(unit)
        writer.text(rule)
      }
      break
    case 'release':
      writer.uint(entry.batchIndex)
      writeUnits(writer, entry.units)
      writer.text(entry.by)
      break
    case 'discard':
      writer.uint(entry.batchIndex)
      writeUnits(writer, entry.units)
      writer.text(entry.reason)
      writer.text(entry.by)
      break
    case 'checkpoint':
      writer.text(entry.note)
      break
    case 'restore':
      writer.bytes(entry.declaration)
      writer.bytes(entry.signature)
      writer.arrayHead(entry.numberGaps.length)
      for (const gap of entry.numberGaps) writeNumberGap(writer, gap)
      break
    default:
      entry satisfies never
  }
}

function writeUnits(writer: DeterministicWriter, units: readonly number[]): void {
  writer.arrayHead(units.length)
  for (const unit of units) writer.uint(unit)
}

function writeNumberGap(writer: DeterministicWriter, { entity, series, from, to }: NumberGap): void {
  writer.arrayHead(4)
  writer.text(entity)
  writer.text(series)
  writer.uint(from)
  writer.uint(to)
}

function writePosting(writer: DeterministicWriter, posting: LegPosting): void {
  writer.arrayHead(5)
  writer.text(posting.seller)
  writer.text(posting.buyer)
  writer.text(posting.currency)
  writer.bigInt(posting.amountMicros)
  writer.bytes(posting.sumRoot)
}

function writeLedgerEntries(writer: DeterministicWriter, entries: readonly LedgerEntry[]): void {
  writer.arrayHead(entries.length)
  for (const entry of entries) {
    writer.arrayHead(5)
    writer.text(entry.entity)
    writer.text(entry.asset)
    writer.text(entry.account)
    writer.bigInt(entry.debitMicros)
    writer.bigInt(entry.creditMicros)
  }
}

/** Reads a log entry strictly; byte strings are views into `bytes`. */
export function decodeLogEntry(bytes: Uint8Array): Result<LogEntry, LogEntryFault> {
  if (bytes.length > longestLogEntryBytes)
    return failed(fault('log_entry_too_large', `the log entry has ${bytes.length} bytes, over ${longestLogEntryBytes}`))
  const reader = new DeterministicReader(bytes)
  const fields = reader.arrayHead()
  if (reader.uint() !== entryFormat) reader.refuse('bytes_unexpected')
  const kind = reader.text(longestTextBytes)
  if (reader.fault === null && !isKind(kind))
    return failed(fault('log_entry_unknown_kind', `the log entry is of the unknown kind ${JSON.stringify(kind)}`))
  const entry = isKind(kind) && fields === 2 + payloadFields[kind] ? readPayload(reader, kind) : undefined
  reader.finish()
  if (entry !== undefined && reader.fault === null) return ok(entry)
  const why = reader.fault ?? 'bytes_unexpected'
  return failed(fault('log_entry_malformed', `the log entry cannot be read strictly (${why}, ${bytes.length} bytes)`))
}

function isKind(kind: string): kind is LogEntry['kind'] {
  return Object.hasOwn(payloadFields, kind)
}

// The members of each literal are read in the order they are written here, which is their order in the bytes.
function readPayload(reader: DeterministicReader, kind: LogEntry['kind']): LogEntry {
  switch (kind) {
    case 'batch':
      return {
        kind,
        header: reader.bytes(batchLimits.headerBytes),
        signature: reader.bytesOf(batchLimits.signatureBytes),
      }
    case 'catalogue':
      return { kind, contentHash: reader.bytesOf(hashBytes), content: reader.bytes(longestLogEntryBytes) }
    case 'ledger':
      return {
        kind,
        ratingVersion: readText(reader),
        catalogueIndex: reader.uint(),
        batchIndex: reader.uint(),
        partition: readText(reader),
        postings: readList(reader, readPosting),
        entries: readList(reader, readLedgerEntry),
      }
    case 'document':
      return {
        kind,
        entity: readText(reader),
        series: readText(reader),
        number: reader.uint(),
        documentHash: reader.bytesOf(hashBytes),
        entries: readList(reader, readLedgerEntry),
      }
    case 'suspense':
      return { kind, batchIndex: reader.uint(), units: readSuspended(reader) }
    case 'control':
      return {
        kind,
        batchIndex: reader.uint(),
        units: readSuspended(reader).map(({ unit, code }) => ({ unit, rule: code })),
      }
    case 'release':
      return { kind, batchIndex: reader.uint(), units: readUnits(reader), by: reader.text(longestNoteOfPersonBytes) }
    case 'discard':
      return {
        kind,
        batchIndex: reader.uint(),
        units: readUnits(reader),
        reason: reader.text(longestNoteOfPersonBytes),
        by: reader.text(longestNoteOfPersonBytes),
      }
    case 'checkpoint':
      return { kind, note: reader.text(longestNoteBytes) }
    case 'restore':
      return {
        kind,
        declaration: reader.bytes(longestDeclarationBytes),
        signature: reader.bytesOf(batchLimits.signatureBytes),
        numberGaps: readNumberGaps(reader),
      }
  }
}

function readPosting(reader: DeterministicReader): LegPosting {
  reader.arrayOf(5)
  return {
    seller: readText(reader),
    buyer: readText(reader),
    currency: readText(reader),
    amountMicros: reader.bigInt(largestAmount),
    sumRoot: reader.bytesOf(hashBytes),
  }
}

function readLedgerEntry(reader: DeterministicReader): LedgerEntry {
  reader.arrayOf(5)
  return {
    entity: readText(reader),
    asset: readText(reader),
    account: readText(reader),
    debitMicros: reader.bigInt(largestAmount),
    creditMicros: reader.bigInt(largestAmount),
  }
}

function readSuspended(reader: DeterministicReader): SuspendedUnit[] {
  let previous = -1
  return readList(reader, () => {
    reader.arrayOf(2)
    const unit = reader.uint(batchLimits.units - 1)
    if (unit <= previous) reader.refuse('bytes_not_deterministic')
    previous = unit
    return { unit, code: readText(reader) }
  })
}

function readUnits(reader: DeterministicReader): number[] {
  let previous = -1
  return readList(reader, () => {
    const unit = reader.uint(batchLimits.units - 1)
    if (unit <= previous) reader.refuse('bytes_not_deterministic')
    previous = unit
    return unit
  })
}

function readNumberGaps(reader: DeterministicReader): NumberGap[] {
  let previous = ''
  return readList(reader, () => {
    reader.arrayOf(4)
    const gap = { entity: readText(reader), series: readText(reader), from: reader.uint(), to: reader.uint() }
    // NUL stands between them, so that the order of the pairs is the order of these texts.
    const place = `${gap.entity}\0${gap.series}`
    if (place <= previous || gap.from < 1 || gap.from > gap.to) reader.refuse('bytes_not_deterministic')
    previous = place
    return gap
  })
}

function readText(reader: DeterministicReader): string {
  return reader.text(longestTextBytes)
}

function readList<Item>(reader: DeterministicReader, readItem: (reader: DeterministicReader) => Item): Item[] {
  const items: Item[] = []
  for (let left = reader.arrayHead(); left > 0 && reader.fault === null; left--) items.push(readItem(reader))
  return items
}

/** The leaf hash of a log entry in the tenant's RFC 6962 tree. */
export function logEntryLeaf(bytes: Uint8Array): Uint8Array {
  return leafHash(bytes)
}
