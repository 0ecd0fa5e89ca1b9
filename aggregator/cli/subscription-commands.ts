import { userInfo } from 'node:os'
import { InvalidArgumentError, Option, type Command } from 'commander'
import { printResult } from '@meterline/shared/command-line/output.ts'
import { undoneKinds, type UndoneKind } from '../domain/catalogue/subscription-undo.ts'
import type { SubscriptionAnswer, SubscriptionItem, SubscriptionOutcome } from '../flow/subscription-answers.ts'
import { askAggregator, instantMs, tenantOf, wholeNumber, withConfig, withJson, withTenant } from './context.ts'
import type { CommonOptions, End } from './context.ts'
import { subscriptionOutcomeText, subscriptionsText, subscriptionText } from './subscription-texts.ts'

/** Adds the commands about single subscriptions. */
export function addSubscription(program: Command, end: End): void {
  const subscription = program
    .command('subscription')
    .description('Single subscriptions: what they have when, and changes of it by date.')
  addList(subscription, end)
  addShow(subscription, end)
  addChange(subscription, end)
  addQuantity(subscription, end)
  addPause(subscription, end)
  addResume(subscription, end)
  addCancel(subscription, end)
  addUndo(subscription, end)
}

function addList(subscription: Command, end: End): void {
  withTenant(withJson(withConfig(subscription.command('list'))))
    .description(
      'List subscriptions by their ids: who has what, whether it is in use, and when something changes next.',
    )
    .option('--account <id>', 'only those of this account')
    .option('--at <date>', 'as it stands then instead of now, such as 2026-12-01', instantMs)
    .option('--after <id>', 'only those behind this one, for the next page')
    .option('--limit <count>', 'at most this many', wholeNumber, 100)
    .action(async (options: CommonOptions & ListOptions, command: Command) => {
      const json = options.json === true
      const { account, after, limit, at } = options
      const input = { ...tenantOf(options), account, after, limit, atMs: at }
      const answer = await askAggregator(command, 'subscription-list', input, json, end)
      if (answer !== null) printResult(json, answer, subscriptionsText(answer as readonly SubscriptionItem[]))
    })
}

interface ListOptions {
  readonly account?: string
  readonly after?: string
  readonly limit: number
  readonly at?: number
}

function addShow(subscription: Command, end: End): void {
  withTenant(withJson(withConfig(subscription.command('show'))))
    .description('Show what one subscription has, what happened to it, and what is still to come and can be undone.')
    .argument('<id>', 'the subscription')
    .option('--at <date>', 'as it stands then instead of now, such as 2026-12-01', instantMs)
    .action(async (id: string, options: CommonOptions & { at?: number }, command: Command) => {
      const json = options.json === true
      const input = { ...tenantOf(options), subscription: id, atMs: options.at }
      const answer = await askAggregator(command, 'subscription-show', input, json, end)
      if (answer !== null) printResult(json, answer, subscriptionText(answer as SubscriptionAnswer))
    })
}

function addChange(subscription: Command, end: End): void {
  dated(subscription, 'change')
    .description('Change the plan: another version of its offering, or another offering.')
    .option('--offering <id>', 'to this offering; left out: the one it has then')
    .option('--version <date>', 'to the version sold from then on, or "first"; left out: the one sold at --at', version)
    .action(async (id: string, options: DatedOptions & ChangeOptions, command: Command) => {
      const { offering = null, version: named = null } = options
      await decide(command, id, options, { kind: 'change', offering, version: named }, end)
    })
}

interface ChangeOptions {
  readonly offering?: string
  readonly version?: number | 'first'
}

function addQuantity(subscription: Command, end: End): void {
  dated(subscription, 'quantity')
    .description('Change how many it has of what its fees count.')
    .requiredOption('--set <name=count>', 'such as seats=25; may be given more than once', quantity)
    .action(async (id: string, options: DatedOptions & { set: Record<string, string> }, command: Command) => {
      await decide(command, id, options, { kind: 'quantity', quantities: options.set }, end)
    })
}

function addPause(subscription: Command, end: End): void {
  dated(subscription, 'pause')
    .description('Pause it: fees and allowances that are prorated leave the time out; usage is charged all the same.')
    .option('--until <date>', 'when it goes on; left out: until it is resumed', instantMs)
    .option('--reason <text>', 'why, for people')
    .action(async (id: string, options: DatedOptions & { until?: number; reason?: string }, command: Command) => {
      const { until = null, reason = null } = options
      await decide(command, id, options, { kind: 'pause', toMs: until, reason }, end)
    })
}

function addResume(subscription: Command, end: End): void {
  dated(subscription, 'resume')
    .description('End the pause that lasts then, or move the end of one that is still to come.')
    .action(async (id: string, options: DatedOptions, command: Command) => {
      await decide(command, id, options, { kind: 'resume' }, end)
    })
}

function addCancel(subscription: Command, end: End): void {
  dated(subscription, 'cancel')
    .description('End it. What was written down for later than that goes with it.')
    .action(async (id: string, options: DatedOptions, command: Command) => {
      await decide(command, id, options, { kind: 'cancel' }, end)
    })
}

function addUndo(subscription: Command, end: End): void {
  dated(subscription, 'undo')
    .description('Take back what is to happen at an instant that is still to come.')
    .addOption(new Option('--what <kind>', 'which of several things at that instant').choices(undoneKinds))
    .action(async (id: string, options: DatedOptions & { what?: UndoneKind }, command: Command) => {
      await decide(command, id, options, { kind: 'undo', what: options.what ?? null }, end)
    })
}

interface DatedOptions extends CommonOptions {
  readonly at: number
  readonly by?: string
  readonly backdate?: boolean
  readonly dryRun?: boolean
}

/** A command that changes one subscription from an instant on. */
function dated(subscription: Command, name: string): Command {
  return withTenant(withJson(withConfig(subscription.command(name))))
    .argument('<id>', 'the subscription')
    .requiredOption('--at <date>', 'from when on: a day in UTC such as 2026-11-16, or 2026-11-16T12:00:00Z', instantMs)
    .option('--backdate', 'allow an instant that is over; periods that are billed are corrected by a later document')
    .option('--dry-run', 'only check it and show what would change')
    .option('--by <name>', 'who decides it, for the history; left out: the user of this machine')
}

async function decide(
  command: Command,
  id: string,
  options: DatedOptions,
  decided: Readonly<Record<string, unknown>> & { readonly kind: string },
  end: End,
): Promise<void> {
  const json = options.json === true
  const { at, backdate = false, dryRun = false, by = userInfo().username } = options
  const order = { subscription: id, command: { ...decided, atMs: at }, by, backdate, dryRun }
  const answer = await askAggregator(command, 'subscription-change', { ...tenantOf(options), ...order }, json, end)
  if (answer !== null) printResult(json, answer, subscriptionOutcomeText(answer as SubscriptionOutcome, dryRun))
}

function version(text: string): number | 'first' {
  return text === 'first' ? text : instantMs(text)
}

function quantity(text: string, known: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  const match = /^([^=]+)=(0|[1-9][0-9]*)$/.exec(text)
  if (match?.[1] === undefined || match[2] === undefined) {
    throw new InvalidArgumentError('Write a name and a whole number, such as seats=25.')
  }
  return { ...known, [match[1]]: match[2] }
}
