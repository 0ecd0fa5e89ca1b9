import type { DeterministicReader } from '../integrity/deterministic-reader.ts'
import { hashBytes } from '../integrity/hash.ts'
import { batchLimits } from './batch.ts'
import {
  longestDecisionBytes,
  longestLogEntryBytes,
  longestNoteOfPersonBytes,
  type LedgerEntry,
  type LegPosting,
  type LogEntry,
  type NumberGap,
  type SuspendedUnit,
} from './log-entry.ts'

const longestTextBytes = 1024
const longestNoteBytes = 65_536
const longestDeclarationBytes = 4_096
const largestAmount = 2n ** 64n - 1n

/**
 * Reads what follows the kind of a log entry; byte strings are views. The reader says whether all of it was there as it
 * must be. The members of each literal are read in the order they are written here, which is their order in the bytes.
 */
export function readLogPayload(reader: DeterministicReader, kind: LogEntry['kind']): LogEntry {
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
    case 'void':
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
    case 'decision':
      return {
        kind,
        name: readText(reader),
        content: reader.bytes(longestDecisionBytes),
        entries: readList(reader, readLedgerEntry),
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
