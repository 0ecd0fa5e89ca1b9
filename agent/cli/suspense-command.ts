import type { Command } from 'commander'
import { fault } from '@meterline/shared/base/errors.ts'
import { printResult } from '@meterline/shared/command-line/output.ts'
import type { ShownEntry } from '../control/suspense-commands.ts'
import type { ReplayReport } from '../flow/replay-all.ts'
import type { ClosedEntry, DiscardedRow, SuspenseCounts, SuspenseEntry } from '../flow/suspense-port.ts'
import { askAgent, refuse, wholeNumber, withConfig, withJson } from './command-parts.ts'
import { exitCodes, type ExitCode } from './exit-codes.ts'
import { closedText, countsText, discardedText, replayText, shownText, suspenseText } from './suspense-texts.ts'

type End = (code: ExitCode) => void

/** Adds the commands about what was taken in and cannot be used as it is. */
export function addSuspense(program: Command, end: End): void {
  const suspense = program.command('suspense').description('What was taken in and cannot be used as it is.')
  addList(suspense, end)
  addShow(suspense, end)
  addReplay(suspense, end)
  addDiscard(suspense, end)
}

function addList(suspense: Command, end: End): void {
  withJson(withConfig(suspense.command('list')))
    .description('List it with reason, device and event id; --counts counts it by reason and device.')
    .option('--limit <count>', 'at most this many entries', wholeNumber, 100)
    .option('--after <number>', 'only entries after the one with this number', wholeNumber, 0)
    .option('--code <code>', 'only entries with this reason')
    .option('--device <id>', 'only entries of this device')
    .option('--counts', 'how much there is for each reason and device')
    .option('--closed', 'what was replayed or discarded instead')
    .action(async (options: ListOptions, command: Command) => {
      const json = options.json === true
      const { limit, after, code = null, device = null } = options
      if (options.counts === true) {
        const answer = await askAgent(command, json, 'suspense-counts', {}, end)
        if (answer !== null) printResult(json, answer, countsText(answer as SuspenseCounts))
      } else if (options.closed === true) {
        const answer = await askAgent(command, json, 'suspense-closed', { limit, after }, end)
        if (answer !== null) printResult(json, answer, closedText(answer as readonly ClosedEntry[]))
      } else {
        const answer = await askAgent(command, json, 'suspense-list', { limit, after, code, device }, end)
        if (answer !== null) printResult(json, answer, suspenseText(answer as readonly SuspenseEntry[]))
      }
    })
}

function addShow(suspense: Command, end: End): void {
  withJson(withConfig(suspense.command('show')))
    .description('Show one entry with what was delivered, or what became of it.')
    .argument('<number>', 'its number, as "suspense list" shows it', wholeNumber)
    .action(async (number: number, options: { json?: boolean }, command: Command) => {
      const json = options.json === true
      const answer = await askAgent(command, json, 'suspense-show', { number }, end)
      if (answer !== null) printResult(json, answer, shownText(answer as ShownEntry))
    })
}

function addReplay(suspense: Command, end: End): void {
  withJson(withConfig(suspense.command('replay')))
    .description('Read entries again, by the rules of now: what is understood is metered once, the rest stays.')
    .argument('[numbers...]', 'their numbers, as "suspense list" shows them')
    .option('--code <code>', 'all entries with this reason')
    .option('--device <id>', 'all entries of this device')
    .option('--all', 'all entries')
    .option('--dry-run', 'only say what would become of them')
    .action(async (texts: string[], options: ReplayOptions, command: Command) => {
      const json = options.json === true
      const { code = null, device = null } = options
      const numbers = numbersOf(texts)
      const mistake = replayMistake(numbers, options)
      if (numbers === null || mistake !== null) {
        return refuse(json, fault('arguments_invalid', mistake ?? 'Write numbers.'), exitCodes.usage, end)
      }
      const input = { numbers: numbers.length === 0 ? null : numbers, code, device, dryRun: options.dryRun === true }
      const answer = await askAgent(command, json, 'suspense-replay', input, end)
      if (answer !== null) printResult(json, answer, replayText(answer as ReplayReport))
    })
}

function addDiscard(suspense: Command, end: End): void {
  withJson(withConfig(suspense.command('discard')))
    .description('Give entries up: they leave the suspense and are kept for ever with reason and name.')
    .argument('<numbers...>', 'their numbers, as "suspense list" shows them')
    .requiredOption('--reason <text>', 'why, in at most 200 bytes')
    .requiredOption('--by <name>', 'who decides it, in at most 200 bytes')
    .action(async (texts: string[], options: { json?: boolean; reason: string; by: string }, command: Command) => {
      const json = options.json === true
      const numbers = numbersOf(texts)
      if (numbers === null) {
        return refuse(json, fault('arguments_invalid', `${texts.join(' ')}: write numbers.`), exitCodes.usage, end)
      }
      const { reason, by } = options
      const answer = await askAgent(command, json, 'suspense-discard', { numbers, reason, by }, end)
      if (answer === null) return
      const rows = answer as readonly DiscardedRow[]
      printResult(json, answer, discardedText(rows))
      if (rows.some(({ outcome }) => outcome === 'unknown')) end(exitCodes.refused)
    })
}

interface ListOptions {
  readonly json?: boolean
  readonly limit: number
  readonly after: number
  readonly code?: string
  readonly device?: string
  readonly counts?: boolean
  readonly closed?: boolean
}

interface ReplayOptions {
  readonly json?: boolean
  readonly code?: string
  readonly device?: string
  readonly all?: boolean
  readonly dryRun?: boolean
}

/** Null: something among them is no number. */
function numbersOf(texts: readonly string[]): readonly number[] | null {
  return texts.every((text) => /^[1-9][0-9]{0,14}$/.test(text)) ? texts.map(Number) : null
}

function replayMistake(numbers: readonly number[] | null, { code, device, all }: ReplayOptions): string | null {
  if (numbers === null) return 'Name entries by their numbers, as "suspense list" shows them.'
  const isFiltered = code !== undefined || device !== undefined
  const ways = [numbers.length > 0, isFiltered, all === true].filter(Boolean).length
  if (ways === 1) return null
  return 'Say what to read again: numbers, or --code and --device, or --all.'
}
