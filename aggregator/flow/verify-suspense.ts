import type { DiscardLogEntry, ReleaseLogEntry, SuspenseLogEntry } from '@meterline/shared/model/log-entry.ts'
import type { BooksReader } from '../store/books-reader.ts'
import type { BooksAudit } from './books-audit.ts'
import type { BatchCharges } from './verify-charges.ts'

/** The units that the log puts to suspense are those of the table, and the batch's first rating charged none of them. */
export function checkSuspended(
  reader: BooksReader,
  audit: BooksAudit,
  charges: BatchCharges,
  logIndex: number,
  { batchIndex, units }: SuspenseLogEntry,
): void {
  audit.count('suspense decisions')
  audit.accountedRows.suspense += units.length
  const rows = reader.dispositions.suspended(batchIndex)
  const same =
    rows.length === units.length &&
    units.every(({ unit, code }, place) => rows[place]?.unit === unit && rows[place]?.code === code)
  if (!same) audit.report(`I8: suspense of batch ${batchIndex} is not as log entry ${logIndex} has it`)
  const charged = unitsCharged(charges, batchIndex, null)
  for (const { unit } of units) {
    if (charged.has(unit)) audit.report(`I8: unit ${unit} of batch ${batchIndex} is in suspense and charged`)
  }
}

/** A release charges exactly the units it names, each of which was in suspense, and the table says the same of them. */
export function checkRelease(
  reader: BooksReader,
  audit: BooksAudit,
  charges: BatchCharges,
  logIndex: number,
  entry: ReleaseLogEntry,
): void {
  const { batchIndex, units } = entry
  audit.count('releases')
  checkDecision(reader, audit, logIndex, entry)
  const charged = unitsCharged(charges, batchIndex, logIndex)
  const same = charged.size === units.length && units.every((unit) => charged.has(unit))
  if (!same) {
    const text = `charges the units ${[...charged].join(', ') || 'none'} of batch ${batchIndex}`
    audit.report(`I8: the release of log entry ${logIndex} ${text}, it says ${units.join(', ')}`)
  }
}

/** The units that the log says were given up are those of the table, with the same reason and name. */
export function checkDiscard(reader: BooksReader, audit: BooksAudit, logIndex: number, entry: DiscardLogEntry): void {
  audit.count('discards')
  checkDecision(reader, audit, logIndex, entry)
}

/** What is in suspense now is what was put there and not decided about. */
export function checkOpenSuspense(reader: BooksReader, audit: BooksAudit): void {
  for (const { batchIndex, unit } of reader.dispositions.strayUnits()) {
    audit.report(`I8: unit ${unit} of batch ${batchIndex} is not where the decisions about it have it`)
  }
}

function checkDecision(
  reader: BooksReader,
  audit: BooksAudit,
  logIndex: number,
  entry: ReleaseLogEntry | DiscardLogEntry,
): void {
  const { kind, batchIndex, units, by } = entry
  const reason = entry.kind === 'discard' ? entry.reason : null
  audit.accountedRows.suspense_decision += units.length
  const rows = reader.dispositions.decisions(logIndex)
  const same =
    rows.length === units.length &&
    units.every((unit, place) => {
      const row = rows[place]
      return (
        row?.unit === unit &&
        row.batchIndex === batchIndex &&
        row.kind === kind &&
        row.decidedBy === by &&
        row.reason === reason
      )
    })
  if (!same) audit.report(`I8: the ${kind} of log entry ${logIndex} is not as the table has it`)
}

function unitsCharged(charges: BatchCharges, batchIndex: number, releaseIndex: number | null): ReadonlySet<number> {
  const blocks = charges.blocksOf(batchIndex, releaseIndex)
  return new Set(blocks.flatMap((block) => block.charges.map(({ unit }) => unit)))
}
