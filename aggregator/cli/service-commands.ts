import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { fault } from '@meterline/shared/base/errors.ts'
import type { StatusJson } from '../control/serve-commands.ts'
import type { ApplyOutcome, Disposition, EvidenceItem, TenantStatus } from '../flow/commands.ts'
import { addBills } from './bill-commands.ts'
import { addCatalogue } from './catalogue-commands.ts'
import { addClock } from './clock-commands.ts'
import { addCompleteness } from './completeness-commands.ts'
import { askAggregator, refuse, tenantOf, wholeNumber, withConfig, withJson, withTenant } from './context.ts'
import type { CommonOptions, End } from './context.ts'
import { addDrift } from './drift-command.ts'
import { exitCodes } from './exit-codes.ts'
import { addInvoice } from './invoice-commands.ts'
import { printResult } from '@meterline/shared/command-line/output.ts'
import { addMargin } from './margin-command.ts'
import { addReceivables } from './receivable-commands.ts'
import { addSuspense } from './suspense-commands.ts'
import { addSubscription } from './subscription-commands.ts'
import { addUsage } from './usage-commands.ts'
import { addSimulateBill } from './what-if-command.ts'
import { applyText, dispositionText, evidenceText, statusText, tenantText } from './texts.ts'

/** Adds every command that the running aggregator answers. */
export function addServiceCommands(program: Command, end: End): void {
  addApply(program, end)
  addCatalogue(program, end)
  addBills(program, end)
  addInvoice(program, end)
  addReceivables(program, end)
  addMargin(program, end)
  addSimulateBill(program, end)
  addClock(program, end)
  addStatus(program, end)
  addSuspense(program, end)
  addSubscription(program, end)
  addUsage(program, end)
  addEvidence(program, end)
  addDisposition(program, end)
  addCompleteness(program, end)
  addDrift(program, end)
}

function addApply(program: Command, end: End): void {
  withJson(withConfig(program.command('apply')))
    .description('Apply a tenant file: show what changes, store it as a new version, send agents what they enforce.')
    .requiredOption('-f, --file <file>', 'the tenant file (YAML); the first apply creates the tenant')
    .option('--dry-run', 'only check the file and show what would change')
    .action(async (options: CommonOptions & { file: string; dryRun?: boolean }, command: Command) => {
      const json = options.json === true
      const dryRun = options.dryRun === true
      const text = readText(options.file)
      if (text === null) {
        return refuse(json, fault('file_unreadable', `${options.file} cannot be read.`), exitCodes.usage, end)
      }
      const answer = await askAggregator(command, 'apply', { fileName: options.file, text, dryRun }, json, end)
      if (answer !== null) printResult(json, answer, applyText(answer as ApplyOutcome, dryRun))
    })
}

function addStatus(program: Command, end: End): void {
  withTenant(withJson(withConfig(program.command('status'))))
    .description('Show tenants, agents, counters and what waits.')
    .action(async (options: CommonOptions, command: Command) => {
      const json = options.json === true
      const answer = await askAggregator(command, 'status', tenantOf(options), json, end)
      if (answer === null) return
      const whole = options.tenant === undefined
      printResult(json, answer, whole ? statusText(answer as StatusJson) : tenantText(answer as TenantStatus))
    })
}

function addEvidence(program: Command, end: End): void {
  const evidence = program.command('evidence').description('What agents sent that was refused, kept as it came.')
  withTenant(withJson(withConfig(evidence.command('list'))))
    .description('List the newest pieces with reason, agent and address.')
    .option('--limit <count>', 'at most this many', wholeNumber, 100)
    .action(async (options: CommonOptions & { limit: number }, command: Command) => {
      const json = options.json === true
      const input = { ...tenantOf(options), limit: options.limit }
      const answer = await askAggregator(command, 'evidence-list', input, json, end)
      if (answer !== null) printResult(json, answer, evidenceText(answer as readonly EvidenceItem[]))
    })
}

function addDisposition(program: Command, end: End): void {
  withTenant(withJson(withConfig(program.command('disposition'))))
    .description('Say what became of events: charged on which legs, in suspense and why, or unknown.')
    .argument('<source>', 'who published them: the device, or device/source')
    .argument('<ids...>', 'their ids')
    .action(async (source: string, ids: string[], options: CommonOptions, command: Command) => {
      const json = options.json === true
      const events = ids.map((id) => ({ source, id }))
      const answer = await askAggregator(command, 'dispositions', { ...tenantOf(options), events }, json, end)
      if (answer === null) return
      const found = answer as readonly Disposition[]
      const lines = found.map((disposition, index) => dispositionText(source, ids[index] ?? '', disposition))
      printResult(json, answer, lines.join('\n'))
    })
}

function readText(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}
