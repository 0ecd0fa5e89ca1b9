import { userInfo } from 'node:os'
import type { Command } from 'commander'
import { fault } from '@meterline/shared/base/errors.ts'
import { printResult } from '@meterline/shared/command-line/output.ts'
import type { SuspendedItem } from '../flow/commands.ts'
import type { DiscardedUnit } from '../flow/discard-suspense.ts'
import type { ReplayReport } from '../flow/replay-suspense.ts'
import type { ShownUnit } from '../flow/show-suspended.ts'
import { askAggregator, refuse, tenantOf, wholeNumber, withConfig, withJson, withTenant } from './context.ts'
import type { CommonOptions, End } from './context.ts'
import { exitCodes } from './exit-codes.ts'
import { placeOf, placesOf, type NamedPlace } from './unit-place.ts'
import { discardedText, replayText, shownText, suspenseText } from './suspense-texts.ts'

/** Adds the commands about usage that was received and cannot be charged as it is. */
export function addSuspense(program: Command, end: End): void {
  const suspense = program.command('suspense').description('Usage that was received and cannot be charged as it is.')
  addList(suspense, end)
  addShow(suspense, end)
  addReplay(suspense, end)
  addDiscard(suspense, end)
}

function addList(suspense: Command, end: End): void {
  withTenant(withJson(withConfig(suspense.command('list'))))
    .description('List it with the reason, in the order it came; "status" counts it by reason.')
    .option('--limit <count>', 'at most this many', wholeNumber, 100)
    .option('--after <batch:unit>', 'only what stands after this place of the list')
    .option('--code <code>', 'only units with this reason')
    .option('--source <source>', 'only units of this source')
    .action(async (options: CommonOptions & ListOptions, command: Command) => {
      const json = options.json === true
      const { limit, after, code, source } = options
      const place = after === undefined ? undefined : placeOf(after)
      if (place === null) return refuseText(`${after} is no place: write batch and unit, such as 17:3.`, json, end)
      const filter = { ...(code === undefined ? {} : { code }), ...(source === undefined ? {} : { source }) }
      const input = { ...tenantOf(options), limit, ...filter, ...(place === undefined ? {} : { after: place }) }
      const answer = await askAggregator(command, 'suspense-list', input, json, end)
      if (answer !== null) printResult(json, answer, suspenseText(answer as readonly SuspendedItem[]))
    })
}

function addShow(suspense: Command, end: End): void {
  withTenant(withJson(withConfig(suspense.command('show'))))
    .description('Show everything of one unit: what it says, where it came from, and what became of it.')
    .argument('<batch:unit>', 'its place, as "suspense list" shows it')
    .action(async (text: string, options: CommonOptions, command: Command) => {
      const json = options.json === true
      const place = placeOf(text)
      if (place === null) return refuseText(`${text} is no place: write batch and unit, such as 17:3.`, json, end)
      const answer = await askAggregator(command, 'suspense-show', { ...tenantOf(options), place }, json, end)
      if (answer !== null) printResult(json, answer, shownText(answer as ShownUnit))
    })
}

function addReplay(suspense: Command, end: End): void {
  withTenant(withJson(withConfig(suspense.command('replay'))))
    .description('Rate units again under the tenant file in force: what can be charged is, once; the rest stays.')
    .argument('[places...]', 'their places, as "suspense list" shows them: batch:unit')
    .option('--code <code>', 'all units with this reason')
    .option('--source <source>', 'all units of this source')
    .option('--all', 'all units')
    .option('--dry-run', 'only say what would become of them')
    .option('--by <name>', 'who asks for it, as the log is to name it; left out: the user of this machine')
    .action(async (texts: string[], options: CommonOptions & ReplayOptions, command: Command) => {
      const json = options.json === true
      const units = placesOf(texts)
      const mistake = replayMistake(units, options)
      if (units === null || mistake !== null) return refuseText(mistake ?? 'Write places.', json, end)
      const { code = null, source = null, dryRun = false, by = userInfo().username } = options
      const order = { units: units.length === 0 ? null : units, code, source, dryRun, by }
      const answer = await askAggregator(command, 'suspense-replay', { ...tenantOf(options), ...order }, json, end)
      if (answer !== null) printResult(json, answer, replayText(answer as ReplayReport))
    })
}

function addDiscard(suspense: Command, end: End): void {
  withTenant(withJson(withConfig(suspense.command('discard'))))
    .description('Give units up: the log keeps for ever that they were, why and by whom.')
    .argument('<places...>', 'their places, as "suspense list" shows them: batch:unit')
    .requiredOption('--reason <text>', 'why, in at most 200 bytes')
    .requiredOption('--by <name>', 'who decides it, in at most 200 bytes')
    .action(async (texts: string[], options: CommonOptions & { reason: string; by: string }, command: Command) => {
      const json = options.json === true
      const units = placesOf(texts)
      if (units === null) return refuseText(`${texts.join(' ')}: write batch and unit, such as 17:3.`, json, end)
      const { reason, by } = options
      const input = { ...tenantOf(options), units, reason, by }
      const answer = await askAggregator(command, 'suspense-discard', input, json, end)
      if (answer === null) return
      const discarded = answer as readonly DiscardedUnit[]
      printResult(json, answer, discardedText(discarded))
      if (discarded.some(({ outcome }) => outcome === 'unknown')) end(exitCodes.refused)
    })
}

interface ListOptions {
  readonly limit: number
  readonly after?: string
  readonly code?: string
  readonly source?: string
}

interface ReplayOptions {
  readonly code?: string
  readonly source?: string
  readonly all?: boolean
  readonly dryRun?: boolean
  readonly by?: string
}

function refuseText(text: string, json: boolean, end: End): void {
  refuse(json, fault('arguments_invalid', text), exitCodes.usage, end)
}

function replayMistake(units: readonly NamedPlace[] | null, { code, source, all }: ReplayOptions): string | null {
  if (units === null) return 'Name units by batch and unit, such as 17:3, as "suspense list" shows them.'
  const ways = [units.length > 0, code !== undefined || source !== undefined, all === true].filter(Boolean).length
  return ways === 1 ? null : 'Say what to rate again: places, or --code and --source, or --all.'
}
