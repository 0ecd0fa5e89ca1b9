import type { Command } from 'commander'
import { printResult } from '@meterline/shared/command-line/output.ts'
import type { MoneyDecision } from '../flow/money-decisions.ts'
import { askAggregator, tenantOf } from './context.ts'
import type { CommonOptions, End } from './context.ts'
import { moneyDecisionText } from './receivable-texts.ts'

/** Who decides about money, and under which key the decision is found again. */
export interface DeciderOptions {
  readonly by: string
  readonly key?: string
}

/** Gives a command that decides about money the options that make the decision somebody's, once. */
export function withDecider(command: Command): Command {
  return command
    .requiredOption('--by <name>', 'who decides it, in at most 200 bytes')
    .option(
      '--key <text>',
      'the same key again answers the same decision; left out: made of what is asked for, such as the reference',
    )
}

/** Asks the running aggregator for a decision about money and prints it. */
export async function decideMoney(
  command: Command,
  name: string,
  input: object,
  options: CommonOptions & DeciderOptions,
  end: End,
): Promise<void> {
  const json = options.json === true
  const { by, key = null } = options
  const answer = await askAggregator(command, name, { ...tenantOf(options), ...input, by, key }, json, end)
  if (answer !== null) printResult(json, answer, moneyDecisionText(answer as MoneyDecision))
}
