import type { Command } from 'commander'
import { fault } from '@meterline/shared/base/errors.ts'
import { printResult } from '@meterline/shared/command-line/output.ts'
import type { BillRun, ClosedPeriod } from '../flow/bill-answers.ts'
import { billRunText, closedText } from './bill-texts.ts'
import { askAggregator, refuse, tenantOf, withConfig, withJson, withTenant } from './context.ts'
import type { CommonOptions, End } from './context.ts'
import { exitCodes } from './exit-codes.ts'

interface RunOptions extends CommonOptions {
  readonly dryRun?: boolean
  readonly approve?: string
  readonly by?: string
}

/** Adds the commands that issue bills. */
export function addBills(program: Command, end: End): void {
  addClosePeriod(program, end)
  const bill = program.command('bill').description('Bills that do not wait for the end of a period.')
  addRun(bill.command('corrections'), 'bill-corrections', end).description(
    'Bill what changed in closed periods (late, voided or corrected usage) now, not with the next period.',
  )
  addRun(bill.command('progressive'), 'bill-progressive', end).description(
    'Bill every buyer who has reached the progressiveAmount of his billing profile. Done by itself after rating, but for sellers whose bills are approved first.',
  )
}

function addClosePeriod(program: Command, end: End): void {
  withRun(program.command('close-period'))
    .description(
      'Close a period: rate what was received, issue a document to every buyer. Usage that comes later stands on the next documents. May be repeated.',
    )
    .argument('<period>', 'the month, such as 2026-11, and ~ with the id of the cycle where it is another: 2026-11~mid')
    .option('--force', 'close a period that still runs, and wait for nobody')
    .action(async (period: string, options: RunOptions & { force?: boolean }, command: Command) => {
      const json = options.json === true
      const run = runOf(options, end)
      if (run === null) return
      const input = { ...tenantOf(options), ...run, period, force: options.force === true }
      const answer = await askAggregator(command, 'close-period', input, json, end)
      if (answer !== null) printResult(json, answer, closedText(answer as ClosedPeriod, options.dryRun === true))
    })
}

function addRun(command: Command, name: 'bill-corrections' | 'bill-progressive', end: End): Command {
  return withRun(command).action(async (options: RunOptions, called: Command) => {
    const json = options.json === true
    const run = runOf(options, end)
    if (run === null) return
    const answer = await askAggregator(called, name, { ...tenantOf(options), ...run }, json, end)
    if (answer !== null) printResult(json, answer, billRunText(answer as BillRun, options.dryRun === true))
  })
}

function withRun(command: Command): Command {
  return withTenant(withJson(withConfig(command)))
    .option('--dry-run', 'only show what would be issued, with the digest it is approved by')
    .option('--approve <digest>', 'issue also what needs approval, if the bills are still those of this digest')
    .option('--by <name>', 'who approves')
}

/** The options of a run as the service takes them, or null after a mistake was printed. */
function runOf({ dryRun, approve, by, json }: RunOptions, end: End): object | null {
  if (approve === undefined && by === undefined) return { dryRun: dryRun === true }
  if (approve === undefined || by === undefined || dryRun === true) {
    const text =
      'To approve bills say --approve with the digest of the dry run and --by with your name, and no --dry-run.'
    refuse(json === true, fault('arguments_invalid', text), exitCodes.usage, end)
    return null
  }
  return { dryRun: false, approve: { digest: approve, by } }
}
