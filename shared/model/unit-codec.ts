import { assertThat, failed, fault, ok, type Fault, type Result } from '../base/errors.ts'
import { DeterministicReader } from '../integrity/deterministic-reader.ts'
import { DeterministicWriter } from '../integrity/deterministic-writer.ts'
import { equalBytes, toHex } from '../integrity/hash.ts'
import { batchLimits } from './batch.ts'
import { TableSection } from './table-section.ts'
import { mergeTables, readTables, tableSections, writeClockReading } from './tables-codec.ts'
import { readUnit, recordFields, spendFields, unitFields } from './unit-decoder.ts'
import type { UsageEvent } from './usage-event.ts'
import type { BatchTables, ClockReading, Spend } from './usage-record.ts'

/** What one group commit journals. The bytes go into the batch as they are. */
export interface Chunk {
  /** What this chunk adds to the batch's tables, encoded like tables. */
  readonly tablesDelta: Uint8Array
  /** Encoded units, one after the other. */
  readonly units: Uint8Array
  readonly unitCount: number
  readonly recordCount: number
}

/** A wall clock may wander this far from where the anchor and the monotonic clock put it before a new anchor is made. */
export const anchorToleranceMs = 2
/** Heads of the body, of its parts and of the tables' sections, and the secret: more than they ever take. */
const envelopeBytes = 128
const noSpends: readonly Spend[] = []

/** What `rollback` goes back to. */
interface Mark {
  readonly unitCount: number
  readonly recordCount: number
  readonly bytes: number
  readonly anchorCount: number
  readonly anchor: ClockReading | null
}

/**
 * The batch that grows while group commits come in. It interns the texts that units share, so that a unit is mostly
 * small indexes, and encodes every unit once, at the commit that makes it durable.
 */
export class OpenBatch {
  readonly #units = new DeterministicWriter(65_536)
  readonly #strings = new TableSection()
  readonly #snapshots = new TableSection()
  readonly #leases = new TableSection()
  readonly #anchors = new DeterministicWriter(256)
  #anchorCount = 0
  #anchor: ClockReading | null = null
  #unitCount = 0
  #recordCount = 0
  /** Bytes of the finished chunks. */
  #bytes = 0
  #mark: Mark = { unitCount: 0, recordCount: 0, bytes: 0, anchorCount: 0, anchor: null }
  #open = false
  #lastSnapshot: Uint8Array | null = null
  #lastSnapshotIndex = 0

  /** Takes up a batch whose chunks were journalled before a restart; the next `begin` goes on after them. */
  static restore(chunks: readonly Chunk[]): Result<OpenBatch, Fault<'chunk_malformed'>> {
    const batch = new OpenBatch()
    const tables = tablesOf(chunks)
    if (tables === null) return failed(chunkFault('its tables cannot be read'))
    for (const chunk of chunks) {
      if (!holdsUnits(chunk, tables)) return failed(chunkFault('its units cannot be read'))
      batch.#unitCount += chunk.unitCount
      batch.#recordCount += chunk.recordCount
      batch.#bytes += chunk.tablesDelta.length + chunk.units.length
    }
    for (const text of tables.strings) batch.#strings.take(text)
    for (const hash of tables.snapshots) batch.#snapshots.take(toHex(hash))
    for (const lease of tables.leases) batch.#leases.take(lease)
    batch.#anchorCount = tables.anchors.length
    batch.#anchor = tables.anchors.at(-1) ?? null
    batch.#mark = batch.#state()
    return ok(batch)
  }

  /** Units so far, with those of the chunk begun. */
  get unitCount(): number {
    return this.#unitCount
  }

  /** Records so far, with those of the chunk begun. */
  get recordCount(): number {
    return this.#recordCount
  }

  /** The most bytes the body would take if it were sealed now. */
  get bytes(): number {
    const begun = this.#open ? this.#units.length + this.#tablesLength() : 0
    return this.#bytes + begun + envelopeBytes
  }

  /** Whether the largest possible unit might not fit any more: finish the chunk and seal. Ask before each append. */
  get full(): boolean {
    const { bodyBytes, unitBytes, units, strings, anchors, snapshots, leases } = batchLimits
    return (
      this.#unitCount >= units ||
      this.bytes > bodyBytes - unitBytes ||
      this.#anchorCount >= anchors ||
      this.#snapshots.count >= snapshots ||
      // One unit can bring this many new texts and leases at most, with 16 labels and 16 records of 8 spends.
      this.#strings.count > strings - 256 ||
      this.#leases.count > leases - 128
    )
  }

  /** Starts a chunk: what one group commit will journal. */
  begin(): void {
    assertThat(!this.#open, 'a chunk is already begun')
    this.#open = true
    this.#mark = this.#state()
    this.#units.truncate(0)
    this.#anchors.truncate(0)
    this.#strings.begin()
    this.#snapshots.begin()
    this.#leases.begin()
  }

  /**
   * Adds one event as a rating unit. `prerated` and `spends` are parallel to `event.measured`; what is missing means null
   * and none. The event must be one that `usageEventFault` accepts, and the batch must not be `full`.
   */
  append(
    event: UsageEvent,
    received: ClockReading,
    snapshotHash: Uint8Array | null,
    prerated: readonly (bigint | null)[],
    spends: readonly (readonly Spend[])[],
  ): void {
    assertThat(this.#open && !this.full, 'append only to a chunk that was begun, in a batch that is not full')
    const anchor = this.#anchorFor(received)
    const writer = this.#units
    const strings = this.#strings
    writer.arrayHead(unitFields)
    if (event.id === null) writer.null()
    else writer.text(event.id)
    writer.uint(strings.indexOf(event.source))
    writer.uint(strings.indexOf(event.subject))
    writer.int(event.timeMs - anchor.wallMs)
    writer.uint(this.#anchorCount - 1)
    writer.uint(received.monotonicMs - anchor.monotonicMs)
    if (snapshotHash === null) writer.null()
    else writer.uint(this.#snapshotIndex(snapshotHash))
    writer.arrayHead(2 * event.labels.length)
    for (const label of event.labels) {
      writer.uint(strings.indexOf(label[0]))
      writer.uint(strings.indexOf(label[1]))
    }
    writer.arrayHead(2 * event.facts.length)
    for (const fact of event.facts) {
      writer.uint(strings.indexOf(fact[0]))
      writer.bigUint(fact[1])
    }
    this.#appendRecords(event, prerated, spends)
    this.#unitCount++
    this.#recordCount += event.measured.length
  }

  /** Ends the chunk begun: exactly what is journalled for this commit. */
  finish(): Chunk {
    assertThat(this.#open, 'begin a chunk before finishing it')
    const tables = new DeterministicWriter(this.#tablesLength())
    tables.arrayHead(tableSections.length)
    this.#strings.writeAdded(tables)
    this.#snapshots.writeAdded(tables)
    tables.arrayHead(this.#anchorCount - this.#mark.anchorCount)
    tables.raw(this.#anchors.view())
    this.#leases.writeAdded(tables)
    const chunk = {
      tablesDelta: tables.copy(),
      units: this.#units.copy(),
      unitCount: this.#unitCount - this.#mark.unitCount,
      recordCount: this.#recordCount - this.#mark.recordCount,
    }
    this.#bytes += chunk.tablesDelta.length + chunk.units.length
    this.#open = false
    return chunk
  }

  /** Forgets the last chunk, begun or just finished, because its commit failed. */
  rollback(): void {
    const { unitCount, recordCount, bytes, anchorCount, anchor } = this.#mark
    this.#unitCount = unitCount
    this.#recordCount = recordCount
    this.#bytes = bytes
    this.#anchorCount = anchorCount
    this.#anchor = anchor
    this.#lastSnapshot = null
    this.#strings.rollback()
    this.#snapshots.rollback()
    this.#leases.rollback()
    this.#open = false
  }

  #appendRecords(event: UsageEvent, prerated: readonly (bigint | null)[], spends: readonly (readonly Spend[])[]): void {
    const writer = this.#units
    const measured = event.measured
    writer.arrayHead(recordFields * measured.length)
    for (let index = 0; index < measured.length; index++) {
      const record = measured[index]
      if (record === undefined) continue
      writer.uint(this.#strings.indexOf(record.meter))
      writer.bigUint(record.quantity)
      const micros = prerated[index] ?? null
      if (micros === null) writer.null()
      else writer.bigInt(micros)
      const spent = spends[index] ?? noSpends
      writer.arrayHead(spendFields * spent.length)
      for (const spend of spent) {
        writer.uint(this.#leases.indexOf(spend.leaseId))
        writer.uint(this.#strings.indexOf(spend.asset))
        writer.bigUint(spend.amount)
      }
    }
  }

  /** The anchor a reading can be told from to within the tolerance; a step, another boot or another state makes a new one. */
  #anchorFor(received: ClockReading): ClockReading {
    const anchor = this.#anchor
    if (anchor !== null && isToldBy(anchor, received)) return anchor
    writeClockReading(this.#anchors, received)
    this.#anchor = { ...received }
    this.#anchorCount++
    return this.#anchor
  }

  #snapshotIndex(hash: Uint8Array): number {
    // Snapshots change seldom, so the last one is nearly always the one asked for.
    const last = this.#lastSnapshot
    if (last !== null && (last === hash || equalBytes(last, hash))) return this.#lastSnapshotIndex
    const index = this.#snapshots.indexOfBytes(toHex(hash), hash)
    this.#lastSnapshot = hash
    this.#lastSnapshotIndex = index
    return index
  }

  #tablesLength(): number {
    return this.#strings.bytes + this.#snapshots.bytes + this.#anchors.length + this.#leases.bytes + envelopeBytes
  }

  #state(): Mark {
    return {
      unitCount: this.#unitCount,
      recordCount: this.#recordCount,
      bytes: this.#bytes,
      anchorCount: this.#anchorCount,
      anchor: this.#anchor,
    }
  }
}

function isToldBy(anchor: ClockReading, received: ClockReading): boolean {
  const sinceMs = received.monotonicMs - anchor.monotonicMs
  return (
    sinceMs >= 0 &&
    Math.abs(received.wallMs - anchor.wallMs - sinceMs) <= anchorToleranceMs &&
    received.syncState === anchor.syncState &&
    received.bootId === anchor.bootId
  )
}

function tablesOf(chunks: readonly Chunk[]): BatchTables | null {
  const merged = mergeTables(chunks.map((chunk) => chunk.tablesDelta))
  if (!merged.ok) return null
  const reader = new DeterministicReader(merged.value)
  const tables = readTables(reader)
  reader.finish()
  return reader.fault === null ? tables : null
}

function holdsUnits(chunk: Chunk, tables: BatchTables): boolean {
  const reader = new DeterministicReader(chunk.units)
  let records = 0
  for (let left = chunk.unitCount; left > 0 && reader.fault === null; left--)
    records += readUnit(reader, tables).records.length
  reader.finish()
  return reader.fault === null && records === chunk.recordCount
}

function chunkFault(what: string): Fault<'chunk_malformed'> {
  return fault(
    'chunk_malformed',
    `a journalled chunk is damaged: ${what}; the journal file must be repaired or replaced`,
  )
}
