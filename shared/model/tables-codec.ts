import { failed, fault, ok, type Fault, type Result } from '../base/errors.ts'
import type { SyncState } from '../base/clock.ts'
import { DeterministicReader } from '../integrity/deterministic-reader.ts'
import { DeterministicWriter } from '../integrity/deterministic-writer.ts'
import { hashBytes, toHex } from '../integrity/hash.ts'
import { batchLimits } from './batch.ts'
import { timeLimits, usageEventLimits } from './usage-event.ts'
import type { BatchTables, ClockAnchor, ClockReading } from './usage-record.ts'

/** The four sections of a batch's tables, in the order they are encoded in. */
export const tableSections = ['strings', 'snapshots', 'anchors', 'leases'] as const

const syncCodes: Readonly<Record<SyncState, number>> = { unknown: 0, synced: 1, unsynced: 2 }
const syncStates: readonly SyncState[] = ['unknown', 'synced', 'unsynced']
const bootIdBytes = 16

/** Writes a clock reading: [boot id (16 bytes), monotonic ms, wall ms, 0 unknown | 1 synced | 2 unsynced]. */
export function writeClockReading(writer: DeterministicWriter, reading: ClockReading): void {
  writer.arrayHead(4)
  writer.bytes(Buffer.from(reading.bootId, 'hex'))
  writer.uint(reading.monotonicMs)
  writer.uint(reading.wallMs)
  writer.uint(syncCodes[reading.syncState])
}

/** Reads what `writeClockReading` wrote. */
export function readClockReading(reader: DeterministicReader): ClockAnchor {
  reader.arrayOf(4)
  const bootId = toHex(reader.bytesOf(bootIdBytes))
  const monotonicMs = reader.uint()
  const wallMs = reader.uint(timeLimits.latestMs)
  const syncState = syncStates[reader.uint(syncStates.length - 1)] ?? 'unknown'
  return { bootId, monotonicMs, wallMs, syncState }
}

/** Reads tables strictly: caps, and no string, snapshot or lease twice. The faults are the reader's. */
export function readTables(reader: DeterministicReader): BatchTables {
  reader.arrayOf(tableSections.length)
  const strings = readSection(reader, batchLimits.strings, () => reader.text(usageEventLimits.subjectBytes))
  const snapshots = readSection(reader, batchLimits.snapshots, () => new Uint8Array(reader.bytesOf(hashBytes)))
  const anchors = readSection(reader, batchLimits.anchors, () => readClockReading(reader))
  const leases = readSection(reader, batchLimits.leases, () => reader.text(batchLimits.leaseIdBytes))
  const unique =
    allDifferent(strings) && allDifferent(leases) && !leases.includes('') && allDifferent(snapshots.map(toHex))
  if (!unique) reader.refuse('bytes_unexpected')
  return { strings, snapshots, anchors, leases }
}

function readSection<Item>(reader: DeterministicReader, cap: number, readItem: () => Item): Item[] {
  const items: Item[] = []
  for (let left = reader.arrayHead(cap); left > 0 && reader.fault === null; left--) items.push(readItem())
  return items
}

function allDifferent(texts: readonly string[]): boolean {
  return new Set(texts).size === texts.length
}

/** The tables of a batch from what its chunks added: the sections' items one after the other, not encoded anew. */
export function mergeTables(deltas: readonly Uint8Array[]): Result<Uint8Array, Fault<'tables_malformed'>> {
  const sections = tableSections.map(() => ({ count: 0, parts: [] as Uint8Array[] }))
  for (const delta of deltas) {
    const reader = new DeterministicReader(delta)
    reader.arrayOf(sections.length)
    for (const section of sections) {
      const count = reader.arrayHead()
      const start = reader.position
      for (let left = count; left > 0; left--) reader.skip()
      section.count += count
      section.parts.push(delta.subarray(start, reader.position))
    }
    reader.finish()
    if (reader.fault !== null) {
      const message = `the tables of a journalled chunk cannot be read (${reader.fault}, ${delta.length} bytes)`
      return failed(fault('tables_malformed', message))
    }
  }
  const writer = new DeterministicWriter(1024)
  writer.arrayHead(sections.length)
  for (const section of sections) {
    writer.arrayHead(section.count)
    for (const part of section.parts) writer.raw(part)
  }
  return ok(writer.copy())
}
