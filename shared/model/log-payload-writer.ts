import type { DeterministicWriter } from '../integrity/deterministic-writer.ts'
import type { LedgerEntry, LegPosting, LogEntry, NumberGap } from './log-entry.ts'

/** Writes what follows the kind of a log entry (docs/formats.md, "Log entries"). */
export function writeLogPayload(writer: DeterministicWriter, entry: LogEntry): void {
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
      for (const { unit, code } of entry.units) writeNamedUnit(writer, unit, code)
      break
    case 'control':
      writer.uint(entry.batchIndex)
      writer.arrayHead(entry.units.length)
      for (const { unit, rule } of entry.units) writeNamedUnit(writer, unit, rule)
      break
    case 'release':
      writer.uint(entry.batchIndex)
      writeUnits(writer, entry.units)
      writer.text(entry.by)
      break
    case 'discard':
    case 'void':
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
    case 'decision':
      writer.text(entry.name)
      writer.bytes(entry.content)
      writeLedgerEntries(writer, entry.entries)
      break
    default:
      entry satisfies never
  }
}

function writeNamedUnit(writer: DeterministicWriter, unit: number, name: string): void {
  writer.arrayHead(2)
  writer.uint(unit)
  writer.text(name)
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
