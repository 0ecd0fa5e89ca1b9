import { equalBytes, toHex } from '@meterline/shared/integrity/hash.ts'
import type { RestoreLogEntry } from '@meterline/shared/model/log-entry.ts'
import { openRestore } from '@meterline/shared/model/restore-declaration.ts'
import type { BooksReader } from '../store/books-reader.ts'
import type { GenerationRow } from '../store/generation-table.ts'
import type { BooksAudit } from './books-audit.ts'

/** Whose books are checked, and with which key of the aggregator (raw Ed25519, base64). */
export interface BooksOwner {
  readonly tenant: string
  readonly publicKeyBase64: string
}

/**
 * Checks a restore entry: it declares, signed by the aggregator, the log that stands before it, and begins a later
 * generation; its rows say the same (I13, I14).
 */
export function checkRestore(
  reader: BooksReader,
  audit: BooksAudit,
  owner: BooksOwner,
  logIndex: number,
  entry: RestoreLogEntry,
  rootBefore: Uint8Array,
): void {
  audit.count('restores')
  audit.accountedRows.generation += 1
  audit.accountedRows.number_gap += entry.numberGaps.length
  audit.numberGaps.push(...entry.numberGaps.map((gap) => ({ ...gap, logIndex })))
  const report = (text: string): void => audit.report(`I13: the restore of log entry ${logIndex}: ${text}`)
  const rows = reader.generations()
  const row = rows.find((each) => each.logIndex === logIndex)
  if (row === undefined) report('it has no row')
  else if (!sameRestore(row, entry)) report('its row has another declaration')
  if (JSON.stringify(reader.numberGapsOf(logIndex)) !== JSON.stringify(entry.numberGaps)) {
    report('its row of numbers left unused is not as the log has it')
  }
  const opened = openRestore({ bytes: entry.declaration, signature: entry.signature }, owner.publicKeyBase64)
  if (!opened.ok) return report(opened.fault.message)
  const { tenant, generation, size, root } = opened.value
  const before = rows.findLast((each) => each.logIndex < logIndex)?.generation ?? 1
  if (tenant !== owner.tenant) report(`it declares the books of ${tenant}`)
  if (row !== undefined && row.generation !== generation) report(`its row says generation ${row.generation}`)
  if (generation <= before) report(`it begins generation ${generation} after generation ${before}`)
  if (size !== logIndex) report(`it declares ${size} entries that were kept`)
  if (!equalBytes(root, rootBefore)) report(`it declares root ${toHex(root)}, the log's is ${toHex(rootBefore)}`)
}

/** The generation in which the log had so many entries. */
export function generationAt(generations: readonly GenerationRow[], size: number): number {
  return generations.findLast(({ logIndex }) => logIndex < size)?.generation ?? 1
}

function sameRestore({ restore }: GenerationRow, { declaration, signature }: RestoreLogEntry): boolean {
  return equalBytes(restore.bytes, declaration) && equalBytes(restore.signature, signature)
}
