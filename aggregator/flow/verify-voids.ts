import { decodeChargeBlock } from '@meterline/shared/model/charge.ts'
import type { ReleaseLogEntry, VoidLogEntry } from '@meterline/shared/model/log-entry.ts'
import type { BooksReader } from '../store/books-reader.ts'
import type { BooksAudit } from './books-audit.ts'
import type { BatchCharges } from './verify-charges.ts'
import type { ChargedBlock } from './verify-parts.ts'

/** Where the charges that a void takes back were decided, by unit: the log index of a release, or null for the first rating. */
export type DecidedUnits = ReadonlyMap<number, number | null>

/**
 * A void takes back exactly what each of its units was charged before it, segment by segment and record by record, and the
 * table says the same of them (I8). Gives where they were charged.
 */
export function checkVoid(
  reader: BooksReader,
  audit: BooksAudit,
  charges: BatchCharges,
  logIndex: number,
  { batchIndex, units, reason, by }: VoidLogEntry,
): DecidedUnits {
  audit.count('voids')
  audit.accountedRows.usage_void += units.length
  const rows = reader.voids.ofEntry(logIndex)
  const same =
    rows.length === units.length &&
    units.every((unit, place) => {
      const row = rows[place]
      return row?.unit === unit && row.batchIndex === batchIndex && row.voidedBy === by && row.reason === reason
    })
  if (!same) audit.report(`I8: the void of log entry ${logIndex} is not as the table has it`)
  const decided = new Map<number, number | null>()
  const charged: string[] = []
  for (const { unit, decidedIndex, text } of chargedBefore(reader, batchIndex, logIndex, new Set(units))) {
    decided.set(unit, decidedIndex)
    charged.push(text)
  }
  const taken = charges
    .blocksOf(batchIndex, logIndex)
    .flatMap((block) => chargeTexts(block, -1n).map(({ text }) => text))
  const isExact = JSON.stringify(taken.toSorted()) === JSON.stringify(charged.toSorted())
  if (!isExact || units.some((unit) => !decided.has(unit)))
    audit.report(
      `I8: the void of log entry ${logIndex} does not take back what its units of batch ${batchIndex} were charged`,
    )
  return decided
}

/**
 * Units that were in suspense for the other content of an earlier event are charged only in the place of one of the same
 * event that was taken back before (I5), and the table says which.
 */
export function checkReplacements(
  reader: BooksReader,
  audit: BooksAudit,
  logIndex: number,
  { batchIndex, units }: ReleaseLogEntry,
): void {
  const rows = reader.voids.ofRelease(logIndex)
  audit.accountedRows.event_replacement += rows.length
  const codes = new Map(reader.dispositions.suspended(batchIndex).map(({ unit, code }) => [unit, code]))
  const conflicts = units.filter((unit) => codes.get(unit) === conflictCode)
  const named = rows.map(({ by }) => (by.logIndex === batchIndex ? by.unit : -1))
  if (JSON.stringify(named) !== JSON.stringify(conflicts)) {
    audit.report(
      `I5: the release of log entry ${logIndex} charges other conflicting units of batch ${batchIndex} than the table says`,
    )
  }
  for (const { voided } of rows) {
    audit.count('replaced events')
    const voidedAt = reader.voids.voidedAt(voided.logIndex, voided.unit)
    if (voidedAt !== undefined && voidedAt < logIndex) continue
    const name = `unit ${voided.unit} of batch ${voided.logIndex}`
    audit.report(`I5: the release of log entry ${logIndex} charges another content of ${name}, which was not voided`)
  }
}

/** As admission names it: an event that came before with other content. */
const conflictCode = 'event_conflict'

interface ChargeText {
  readonly unit: number
  readonly text: string
}

/** What units of a batch were charged before a log entry, and by what. */
function chargedBefore(
  reader: BooksReader,
  batchIndex: number,
  logIndex: number,
  units: ReadonlySet<number>,
): readonly (ChargeText & { readonly decidedIndex: number | null })[] {
  return reader.blocksOf(batchIndex).flatMap(({ block, decidedIndex }) => {
    if (decidedIndex !== null && decidedIndex >= logIndex) return []
    const decoded = decodeChargeBlock(block)
    // A block that cannot be read is reported where the charges are checked.
    if (!decoded.ok) return []
    return chargeTexts(decoded.value, 1n).flatMap((each) => (units.has(each.unit) ? [{ ...each, decidedIndex }] : []))
  })
}

/** The charges of a block without their amounts, as texts that can be compared; `sign` turns quantities round. */
function chargeTexts({ segmentKey, legKey, charges }: ChargedBlock, sign: bigint): readonly ChargeText[] {
  return charges.map(({ unit, record, quantity }) => ({
    unit,
    text: `${segmentKey} ${legKey} ${unit} ${record} ${quantity * sign}`,
  }))
}
