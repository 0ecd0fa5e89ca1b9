import { decodeChargeBlock } from '@meterline/shared/model/charge.ts'
import type { ControlLogEntry } from '@meterline/shared/model/log-entry.ts'
import type { BooksReader } from '../store/books-reader.ts'
import type { BooksAudit } from './books-audit.ts'

/**
 * The units that the log says are only compared are those of the table, and none of them is charged or in suspense: a unit
 * has one disposition (I8).
 */
export function checkControls(
  reader: BooksReader,
  audit: BooksAudit,
  logIndex: number,
  { batchIndex, units }: ControlLogEntry,
): void {
  audit.count('control decisions')
  audit.accountedRows.control_unit += units.length
  const rows = reader.dispositions.controls(batchIndex)
  const same =
    rows.length === units.length &&
    units.every(({ unit, rule }, place) => rows[place]?.unit === unit && rows[place]?.rule === rule)
  if (!same) audit.report(`I8: the control units of batch ${batchIndex} are not as log entry ${logIndex} has them`)
  const controls = new Set(units.map(({ unit }) => unit))
  const name = (unit: number): string => `I8: unit ${unit} of batch ${batchIndex} is for control and also`
  for (const { unit } of reader.dispositions.suspended(batchIndex)) {
    if (controls.has(unit)) audit.report(`${name(unit)} in suspense`)
  }
  for (const { block } of reader.blocksOf(batchIndex)) {
    const decoded = decodeChargeBlock(block)
    // A block that cannot be read is reported where the charges are checked.
    const charges = decoded.ok ? decoded.value.charges : []
    for (const { unit } of charges) if (controls.has(unit)) audit.report(`${name(unit)} charged`)
  }
}
