import { InvalidArgumentError, type Command } from 'commander'
import { counted } from '@meterline/shared/command-line/counted.ts'
import { oneLine, printResult, table } from '@meterline/shared/command-line/output.ts'
import { agentFiles } from '../config.ts'
import type { JournalCheck } from '../flow/check-journal.ts'
import type { RecoveryReport } from '../flow/recovery-report.ts'
import type { ReceivedPoint } from '../flow/recover-start.ts'
import { configOf, refuse, withConfig, withJson } from './command-parts.ts'
import { exitCodes, type ExitCode } from './exit-codes.ts'

type End = (code: ExitCode) => void

interface RecoverOptions {
  readonly from?: readonly string[]
  readonly received?: readonly ReceivedPoint[]
  readonly dryRun?: boolean
  readonly by: string
  readonly json?: boolean
}

const mostShown = 50

/** Adds the commands about a journal that is not what was written to it. The agent must not run meanwhile. */
export function addRecover(program: Command, end: End): void {
  addJournalCheck(program, end)
  withJson(withConfig(program.command('recover')))
    .description(
      'Begin a new journal in the epoch of the configuration, with all that can be verified of damaged ones.',
    )
    .option('--from <file>', 'a further journal to salvage: a copy of this disk, an old image; can be repeated', append)
    .option(
      '--received <point>',
      'the last batch the aggregator has, as its "status" says: 4711:8f3a91c2, or 2/4711:8f3a91c2 for epoch 2; can be repeated',
      receivedPoint,
    )
    .option('--dry-run', 'say what would be carried over and what would be lost, and change nothing')
    .requiredOption('--by <name>', 'who decides this; it is kept in the new journal')
    .action(async (options: RecoverOptions, command: Command) => {
      const json = options.json === true
      const config = configOf(command, json, end)
      if (config === null) return
      const { recoverJournal, rehearseRecovery } = await import('../flow/recover-journal.ts')
      const { systemClock } = await import('@meterline/shared/base/clock.ts')
      const { tenant, agent, epoch } = config
      const run = options.dryRun === true ? rehearseRecovery : recoverJournal
      const report = run({
        dataDirectoryJournal: agentFiles(config).journal,
        sources: options.from ?? [],
        identity: { tenant, agent, epoch },
        received: options.received ?? [],
        nowMs: systemClock().wallMs(),
        by: options.by,
      })
      if (!report.ok) return refuse(json, report.fault, exitCodes.refused, end)
      printResult(json, report.value, recoveryText(report.value, epoch, options.dryRun === true))
    })
}

function addJournalCheck(program: Command, end: End): void {
  const journal = program.command('journal').description("The agent's journal.")
  withJson(withConfig(journal.command('check')))
    .description('Read the whole journal and check it against its sums, hashes and signatures; changes nothing.')
    .action(async (options: { json?: boolean }, command: Command) => {
      const json = options.json === true
      const config = configOf(command, json, end)
      if (config === null) return
      const { checkJournal } = await import('../flow/check-journal.ts')
      const checked = checkJournal(agentFiles(config).journal)
      if (!checked.ok) return refuse(json, checked.fault, exitCodes.refused, end)
      printResult(json, checked.value, checkText(checked.value))
      if (checked.value.findings.length > 0) end(exitCodes.damaged)
    })
}

function checkText({ file, epoch, pages, unsentUnits, keys, findings }: JournalCheck): string {
  const what = `${file}: epoch ${epoch ?? 'unknown'}, ${counted(pages, 'page')}, ${counted(unsentUnits, 'event')} not sent, ${counted(keys, 'event key')}`
  if (findings.length === 0) return `${what}\nNothing is wrong with it.`
  const advice =
    'Register the next epoch of this agent in the tenant file, set it in the configuration, then run "meterline-agent recover".'
  return `${what}\n${counted(findings.length, 'finding')}:\n${partsText(findings)}\n${advice}`
}

/** A recovery for people: what was carried over from where, and all that was not. */
export function recoveryText({ movedTo, sources, lost }: RecoveryReport, epoch: number, rehearsal: boolean): string {
  const header = ['from', 'epoch', 'events', 'records', 'duplicates', 'suspended', 'keys']
  const rows = sources.map((source) => [
    source.file,
    String(source.epoch ?? 'unknown'),
    ...[source.units, source.records, source.duplicates, source.suspended, source.keys].map(String),
  ])
  const moved =
    movedTo === null
      ? []
      : [`The journal that was there ${rehearsal ? 'would be moved' : 'is now'} ${rehearsal ? 'to ' : ''}${movedTo}.`]
  const done = rehearsal
    ? `Nothing was changed. A recovery into epoch ${epoch} would carry over:`
    : `The journal goes on in epoch ${epoch}. Carried over:`
  const losses =
    lost.length === 0 ? 'Nothing was lost.' : `Not carried over (${counted(lost.length, 'part')}):\n${partsText(lost)}`
  return [done, table(header, rows), ...moved, losses].join('\n')
}

function partsText(parts: readonly { readonly what: string; readonly which: string; readonly why: string }[]): string {
  const shown = parts.slice(0, mostShown).map(({ what, which, why }) => `  ${what} ${which}: ${oneLine(why)}`)
  const more = parts.length - shown.length
  return [...shown, ...(more > 0 ? [`  and ${more} more; --json has all of them`] : [])].join('\n')
}

/** One more `[<epoch>/]<seq>[:<hash>]`, the hash in hexadecimal and possibly cut off. */
function receivedPoint(text: string, before: readonly ReceivedPoint[] = []): readonly ReceivedPoint[] {
  const [, epoch, seq, hash] = /^(?:([0-9]{1,15})\/)?([0-9]{1,15})(?::((?:[0-9a-f]{2}){4,32}))?$/.exec(text) ?? []
  if (seq === undefined) {
    throw new InvalidArgumentError('Write it as the status of the aggregator shows it, such as 4711:8f3a91c2.')
  }
  const bytes = hash === undefined ? null : Buffer.from(hash, 'hex')
  return [...before, { epoch: epoch === undefined ? null : Number(epoch), seq: Number(seq), hash: bytes }]
}

function append(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value]
}
