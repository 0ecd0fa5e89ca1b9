import type { Command } from 'commander'
import { fault } from '@meterline/shared/base/errors.ts'
import { printResult } from '@meterline/shared/command-line/output.ts'
import type { DisputeItem, ShownDispute } from '../flow/receivable-reports.ts'
import { askAggregator, refuse, tenantOf, wholeNumber, withConfig, withJson, withTenant } from './context.ts'
import type { CommonOptions, End } from './context.ts'
import { decideMoney, withDecider, type DeciderOptions } from './decide-money.ts'
import { exitCodes } from './exit-codes.ts'
import { disputesText, shownDisputeText } from './receivable-texts.ts'

/** Adds the commands about lines of documents that buyers dispute. */
export function addDispute(program: Command, end: End): void {
  const dispute = program.command('dispute').description('Lines of documents that buyers dispute.')
  addOpen(dispute, end)
  addResolve(dispute, end)
  addList(dispute, end)
  addShow(dispute, end)
}

function addOpen(dispute: Command, end: End): void {
  withDecider(withTenant(withJson(withConfig(dispute.command('open')))))
    .description(
      'Hold a line as disputed, with the charges behind it: it is reminded of by nobody until it is resolved.',
    )
    .argument('<number>', 'the document')
    .argument('<line>', 'the key of the line, as "receivable lines" shows it')
    .option('--amount <amount>', 'as the lines of the document count; left out: all that is left of the line')
    .requiredOption('--reason <text>', 'what the buyer says, in at most 200 bytes')
    .action(
      async (
        document: string,
        line: string,
        options: CommonOptions & DeciderOptions & { amount?: string; reason: string },
        command: Command,
      ) => {
        const { amount = null, reason } = options
        await decideMoney(command, 'dispute-open', { document, line, amount, reason }, options, end)
      },
    )
}

function addResolve(dispute: Command, end: End): void {
  withDecider(withTenant(withJson(withConfig(dispute.command('resolve')))))
    .description('End a dispute: by a credit note, or by rejecting it.')
    .argument('<dispute>', 'its number, as "dispute list" shows it', wholeNumber)
    .option('--credit [amount]', 'issue a credit note; without an amount over all that was disputed')
    .option('--reject', 'reject it: the line is owed as before')
    .requiredOption('--reason <text>', 'why, in at most 200 bytes')
    .action(
      async (
        number: number,
        options: CommonOptions & DeciderOptions & { credit?: string | true; reject?: boolean; reason: string },
        command: Command,
      ) => {
        const { credit, reject = false, reason } = options
        if ((credit === undefined) === !reject) {
          const text = 'Say either --credit or --reject.'
          return refuse(options.json === true, fault('arguments_invalid', text), exitCodes.usage, end)
        }
        const amount = typeof credit === 'string' ? credit : null
        const outcome = reject ? 'rejected' : 'credited'
        await decideMoney(command, 'dispute-resolve', { dispute: number, outcome, amount, reason }, options, end)
      },
    )
}

function addList(dispute: Command, end: End): void {
  withTenant(withJson(withConfig(dispute.command('list'))))
    .description('List disputes that are open, the newest first.')
    .option('--all', 'resolved ones too')
    .option('--limit <count>', 'at most this many', wholeNumber, 100)
    .action(async (options: CommonOptions & { all?: boolean; limit: number }, command: Command) => {
      const json = options.json === true
      const { all = false, limit } = options
      const answer = await askAggregator(command, 'dispute-list', { ...tenantOf(options), all, limit }, json, end)
      if (answer !== null) printResult(json, answer, disputesText(answer as readonly DisputeItem[]))
    })
}

function addShow(dispute: Command, end: End): void {
  withTenant(withJson(withConfig(dispute.command('show'))))
    .description('Show a dispute with its evidence: the charges of the line, block by block with their batches.')
    .argument('<dispute>', 'its number, as "dispute list" shows it', wholeNumber)
    .action(async (number: number, options: CommonOptions, command: Command) => {
      const json = options.json === true
      const answer = await askAggregator(command, 'dispute-show', { ...tenantOf(options), dispute: number }, json, end)
      if (answer !== null) printResult(json, answer, shownDisputeText(answer as ShownDispute))
    })
}
