import { counted } from '@meterline/shared/command-line/counted.ts'
import { oneLine } from '@meterline/shared/command-line/output.ts'
import type { BackupAnswer } from '../control/backup-answer.ts'
import type { LostByRestore, RestoreReport } from '../flow/restore-order.ts'

/** What was backed up, a line for each tenant. */
export function backupText({ backups, failed }: BackupAnswer): string {
  if (backups.length + failed.length === 0) return 'There is no tenant yet.'
  const made = backups.map(
    ({ tenant, file, size, generation, fileBytes }) =>
      `${tenant}: ${counted(size, 'log entry', 'log entries')} of generation ${generation}, verified, ${fileBytes} bytes: ${file}`,
  )
  return [...made, ...failed.map(({ tenant, message }) => `${tenant}: NOT BACKED UP: ${oneLine(message)}`)].join('\n')
}

/** What a restore did or would do, and what is lost by it. */
export function restoreText(report: RestoreReport): string {
  const { tenant, applied, generation, size, replacedFile, replacedUnreadable, lost, numberGaps } = report
  const did = applied ? 'restored' : 'nothing was restored (dry run); it would be'
  const lines = [`${tenant}: ${did} with ${counted(size, 'log entry', 'log entries')}, as generation ${generation}.`]
  if (replacedFile !== null) lines.push(`  The replaced books ${applied ? 'are' : 'would be'} kept in ${replacedFile}.`)
  if (replacedUnreadable !== null) lines.push(`  They cannot be read: ${oneLine(replacedUnreadable)}`)
  lines.push(...(lost === null ? ['  What was lost cannot be known.'] : lostLines(lost)))
  for (const { series, from, to } of numberGaps) {
    lines.push(`  Numbers left unused in series ${series}: ${from === to ? from : `${from} to ${to}`}.`)
  }
  return lines.join('\n')
}

function lostLines({ logEntries, batches, catalogues, documents, closedPeriods, agents }: LostByRestore): string[] {
  if (logEntries === 0) return ['  Nothing is lost.']
  const lines = [
    `  Not in the restored books: ${counted(logEntries, 'log entry', 'log entries')}, among them ` +
      `${counted(batches, 'batch', 'batches')}, ${counted(catalogues, 'catalogue')}, ${counted(documents.length, 'document')}.`,
  ]
  for (const { agent, epoch, restoredSeq, replacedSeq } of agents) {
    const first = restoredSeq + 1
    const [which, them] =
      first === replacedSeq ? [`batch ${first}`, 'it'] : [`batches ${first} to ${replacedSeq}`, 'them']
    lines.push(`  Agent ${agent}, epoch ${epoch}, sends ${which} again if it still has ${them}.`)
  }
  for (const { number, buyer, period, total, currency } of documents) {
    lines.push(`  ISSUED AND LOST: document ${number} to ${buyer} for ${period}, ${total} ${currency}.`)
  }
  if (closedPeriods.length > 0) lines.push(`  Open again, close them anew: ${closedPeriods.join(', ')}.`)
  return lines
}
