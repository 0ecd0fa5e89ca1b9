import { InvalidArgumentError } from 'commander'
import type { Command } from 'commander'
import { printResult } from '@meterline/shared/command-line/output.ts'
import { pairingStates } from '../domain/correlation/judge-pairing.ts'
import { gapKinds } from '../flow/completeness-answers.ts'
import type { CorrelationsAnswer, GapsAnswer } from '../flow/completeness-answers.ts'
import { correlationsText, gapsText } from './completeness-texts.ts'
import { askAggregator, instantMs, tenantOf, wholeNumber, withConfig, withJson, withTenant } from './context.ts'
import type { CommonOptions, End } from './context.ts'

/** Adds the commands about usage that is missing or reported twice. */
export function addCompleteness(program: Command, end: End): void {
  addGaps(program, end)
  addCorrelations(program, end)
}

function addGaps(program: Command, end: End): void {
  withTenant(withJson(withConfig(program.command('gaps'))))
    .description('List what is missing: silent devices and agents, short days, lost sequence numbers, differences.')
    .option('--at <time>', 'judge as of this time instead of now, such as 2026-11-26T12:00:00Z', instantMs)
    .option('--kind <kind...>', `only these kinds: ${gapKinds.join(', ')}`, oneOf(gapKinds))
    .option('--days <count>', 'judge days and correlations this far back', wholeNumber, 7)
    .option('--limit <count>', 'list at most this many', wholeNumber, 1_000)
    .action(async (options: CommonOptions & GapsOptions, command: Command) => {
      const json = options.json === true
      const { at, kind, days, limit } = options
      const input = { ...tenantOf(options), atMs: at, kinds: kind, days, limit }
      const answer = await askAggregator(command, 'gaps', input, json, end)
      if (answer !== null) printResult(json, answer, gapsText(answer as GapsAnswer))
    })
}

interface GapsOptions {
  readonly at?: number
  readonly kind?: readonly string[]
  readonly days: number
  readonly limit: number
}

function addCorrelations(program: Command, end: End): void {
  withTenant(withJson(withConfig(program.command('correlations'))))
    .description('Compare usage that two sources report: what agrees, what differs, what only one of them has.')
    .option('--rule <id>', 'only this correlation of the tenant file')
    .option('--from <time>', 'usage from this time on', instantMs)
    .option('--to <time>', 'usage before this time', instantMs)
    .option(
      '--state <state...>',
      `list these: ${pairingStates.join(', ')}; all but matched when left out`,
      oneOf(pairingStates),
    )
    .option('--limit <count>', 'list at most this many', wholeNumber, 1_000)
    .action(async (options: CommonOptions & CorrelationsOptions, command: Command) => {
      const json = options.json === true
      const { rule, from, to, state, limit } = options
      const input = { ...tenantOf(options), rule, fromMs: from, toMs: to, states: state, limit }
      const answer = await askAggregator(command, 'correlations', input, json, end)
      if (answer !== null) printResult(json, answer, correlationsText(answer as CorrelationsAnswer))
    })
}

interface CorrelationsOptions {
  readonly rule?: string
  readonly from?: number
  readonly to?: number
  readonly state?: readonly string[]
  readonly limit: number
}

/** Parses an option that may be given several times, each time one of some words. */
function oneOf(words: readonly string[]): (text: string, before: readonly string[] | undefined) => readonly string[] {
  return (text, before) => {
    if (!words.includes(text)) throw new InvalidArgumentError(`Write one of ${words.join(', ')}.`)
    return [...(before ?? []), text]
  }
}
