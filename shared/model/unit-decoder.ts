import type { DeterministicReader } from '../integrity/deterministic-reader.ts'
import { largestQuantity } from '../units/quantity.ts'
import { batchLimits } from './batch.ts'
import { timeLimits, usageEventLimits } from './usage-event.ts'
import type { BatchTables, RatingUnit, Spend, UsageRecord } from './usage-record.ts'

/** Positions of a unit's array. */
export const unitFields = 10
/** Positions of a record in a unit's flat list of records. */
export const recordFields = 4
/** Positions of a spend in a record's flat list of spends. */
export const spendFields = 3

const noPairs: readonly never[] = []
const noSpends: readonly Spend[] = []

/**
 * Reads one unit strictly (docs/formats.md, "Rating unit"). What is wrong shows as the reader's fault; the unit returned
 * then means nothing.
 */
export function readUnit(reader: DeterministicReader, tables: BatchTables): RatingUnit {
  reader.arrayOf(unitFields)
  const eventId = reader.takeNull() ? null : reader.text(usageEventLimits.idBytes)
  if (eventId === '') reader.refuse('bytes_unexpected')
  const source = readName(reader, tables)
  const subject = readName(reader, tables)
  const timeAfterAnchorMs = reader.int()
  const anchorIndex = reader.uint(batchLimits.anchors)
  const receivedAfterAnchorMs = reader.uint()
  const snapshot = reader.takeNull() ? null : reader.uint(batchLimits.snapshots)
  const labels = readLabels(reader, tables)
  const facts = readFacts(reader, tables)
  const records = readRecords(reader, tables)

  const anchor = tables.anchors[anchorIndex]
  const timeMs = (anchor?.wallMs ?? 0) + timeAfterAnchorMs
  const receivedMonotonicMs = (anchor?.monotonicMs ?? 0) + receivedAfterAnchorMs
  if (anchor === undefined || (snapshot !== null && snapshot >= tables.snapshots.length))
    reader.refuse('bytes_over_limit')
  if (timeMs < timeLimits.earliestMs || timeMs > timeLimits.latestMs) reader.refuse('bytes_over_limit')
  if (receivedMonotonicMs > Number.MAX_SAFE_INTEGER) reader.refuse('bytes_over_limit')
  return {
    eventId,
    source,
    subject,
    timeMs,
    receivedMonotonicMs,
    anchor: anchorIndex,
    snapshot,
    labels,
    facts,
    records,
  }
}

function readText(reader: DeterministicReader, tables: BatchTables): string {
  const text = tables.strings[reader.uint()]
  if (text !== undefined) return text
  reader.refuse('bytes_over_limit')
  return ''
}

/** A text that names something: never empty. Only the value of a label may be. */
function readName(reader: DeterministicReader, tables: BatchTables): string {
  const name = readText(reader, tables)
  if (name === '') reader.refuse('bytes_unexpected')
  return name
}

function readLabels(reader: DeterministicReader, tables: BatchTables): RatingUnit['labels'] {
  const pairs = readPairCount(reader, usageEventLimits.labels)
  if (pairs === 0) return noPairs
  const labels: [string, string][] = []
  let previous = ''
  for (let index = 0; index < pairs; index++) {
    const key = readName(reader, tables)
    if (key <= previous) reader.refuse('bytes_not_deterministic')
    previous = key
    labels.push([key, readText(reader, tables)])
  }
  return labels
}

function readFacts(reader: DeterministicReader, tables: BatchTables): RatingUnit['facts'] {
  const pairs = readPairCount(reader, usageEventLimits.facts)
  if (pairs === 0) return noPairs
  const facts: [string, bigint][] = []
  let previous = ''
  for (let index = 0; index < pairs; index++) {
    const key = readName(reader, tables)
    if (key <= previous) reader.refuse('bytes_not_deterministic')
    previous = key
    facts.push([key, reader.bigUint(largestQuantity)])
  }
  return facts
}

function readPairCount(reader: DeterministicReader, cap: number): number {
  const items = reader.arrayHead(2 * cap)
  if (items % 2 === 0) return items / 2
  reader.refuse('bytes_unexpected')
  return 0
}

function readRecords(reader: DeterministicReader, tables: BatchTables): readonly UsageRecord[] {
  const items = reader.arrayHead(recordFields * usageEventLimits.records)
  if (items === 0 || items % recordFields !== 0) {
    reader.refuse('bytes_unexpected')
    return []
  }
  const records: UsageRecord[] = []
  for (let left = items; left > 0; left -= recordFields) {
    const meter = readName(reader, tables)
    for (const earlier of records) if (earlier.meter === meter) reader.refuse('bytes_unexpected')
    const quantity = reader.bigUint(largestQuantity)
    const preratedMicros = reader.takeNull() ? null : reader.bigInt(largestQuantity)
    records.push({ meter, quantity, preratedMicros, spends: readSpends(reader, tables) })
  }
  return records
}

function readSpends(reader: DeterministicReader, tables: BatchTables): readonly Spend[] {
  const items = reader.arrayHead(spendFields * batchLimits.spendsPerRecord)
  if (items === 0) return noSpends
  if (items % spendFields !== 0) reader.refuse('bytes_unexpected')
  const spends: Spend[] = []
  for (let left = items; left > 0; left -= spendFields) {
    const leaseId = tables.leases[reader.uint()]
    if (leaseId === undefined) reader.refuse('bytes_over_limit')
    spends.push({ leaseId: leaseId ?? '', asset: readName(reader, tables), amount: reader.bigUint(largestQuantity) })
  }
  return spends
}
