import { resolve } from 'node:path'
import { InvalidArgumentError } from 'commander'
import type { Command } from 'commander'
import { fault } from '@meterline/shared/base/errors.ts'
import { printResult } from '@meterline/shared/command-line/output.ts'
import type { BackupAnswer } from '../control/backup-answer.ts'
import type { SeriesNumber } from '../flow/restore-order.ts'
import { askAggregator, configOf, refuse, tenantOf, wholeNumber, withConfig, withJson, withTenant } from './context.ts'
import type { CommonOptions, End } from './context.ts'
import { exitCodes } from './exit-codes.ts'
import { backupText, restoreText } from './recovery-texts.ts'

/** Adds the commands that make backups and restore them. */
export function addRecovery(program: Command, end: End): void {
  addBackup(program, end)
  addRestore(program, end)
}

function addBackup(program: Command, end: End): void {
  withTenant(withJson(withConfig(program.command('backup'))))
    .description(
      'Write a verified copy of the books of a tenant (--tenant all: of every one) while the aggregator goes on.',
    )
    .requiredOption('--to <folder>', 'folder for the copy and its manifest, made when missing')
    .action(async (options: CommonOptions & { to: string }, command: Command) => {
      const json = options.json === true
      const input = { ...tenantOf(options), toDirectory: resolve(options.to) }
      const answer = await askAggregator(command, 'backup', input, json, end)
      if (answer === null) return
      const made = answer as BackupAnswer
      printResult(json, made, backupText(made))
      if (made.failed.length > 0) end(exitCodes.refused)
    })
}

interface RestoreOptions extends CommonOptions {
  readonly from: string
  readonly tenant: string
  readonly by: string
  readonly reason: string
  readonly dryRun?: boolean
  readonly lastNumber?: readonly SeriesNumber[]
  readonly nothingIssued?: boolean
  readonly generation?: number
}

function addRestore(program: Command, end: End): void {
  withJson(withConfig(program.command('restore')))
    .description('Put a backup in the place of the books of a tenant. The aggregator must not run.')
    .requiredOption('--from <file>', 'the backup; its manifest lies beside it')
    .requiredOption('-t, --tenant <id>', 'the tenant')
    .requiredOption('--by <name>', 'who decides it, as the log is to name it, in at most 200 bytes')
    .requiredOption('--reason <text>', 'why, as the log and every agent are told, in at most 200 bytes')
    .option('--dry-run', 'check everything, say what would be lost, and change nothing')
    .option(
      '--last-number <series=number>',
      'the last number of invoices (nordlink) or notes (nordlink-cn, nordlink-dn), when the replaced books cannot be read; may be repeated',
      seriesNumber,
    )
    .option('--nothing-issued', 'no document was issued after the backup, when the replaced books cannot be read')
    .option('--generation <number>', 'the generation that begins, when the replaced books are gone', wholeNumber)
    .action(async (options: RestoreOptions, command: Command) => {
      const json = options.json === true
      const config = configOf(command, json, end)
      if (config === null) return
      if (options.nothingIssued === true && options.lastNumber !== undefined) {
        const text = 'Say either --last-number or --nothing-issued.'
        return refuse(json, fault('arguments_invalid', text), exitCodes.usage, end)
      }
      const { from, tenant, by, reason, dryRun, generation, nothingIssued } = options
      const lastNumbers = nothingIssued === true ? [] : options.lastNumber
      const { restoreFiles } = await import('./restore.ts')
      const restored = restoreFiles(config, {
        tenant,
        backupFile: resolve(from),
        by,
        reason,
        dryRun: dryRun === true,
        ...(lastNumbers === undefined ? {} : { lastNumbers }),
        ...(generation === undefined ? {} : { leastGeneration: generation }),
      })
      if (!restored.ok) return refuse(json, restored.fault, exitCodes.refused, end)
      printResult(json, restored.value, restoreText(restored.value))
    })
}

/** Reads `series=number`; each seller numbers its invoices in one series that carries its id, and notes in two more. */
function seriesNumber(text: string, before: readonly SeriesNumber[] = []): readonly SeriesNumber[] {
  const [, series, number] = /^([^=]+)=([0-9]{1,15})$/.exec(text) ?? []
  if (series === undefined || number === undefined) {
    throw new InvalidArgumentError('Write series and number, such as nordlink=17.')
  }
  return [...before, { entity: series, series, last: Number(number) }]
}
