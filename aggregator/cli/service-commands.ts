import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { fault } from '@meterline/shared/base/errors.ts'
import type { StatusJson } from '../control/serve-commands.ts'
import type {
  ApplyOutcome,
  Disposition,
  DocumentSummary,
  EvidenceItem,
  SuspendedItem,
  TenantStatus,
} from '../flow/commands.ts'
import { askAggregator, refuse, wholeNumber, withConfig, withJson, withTenant } from './context.ts'
import type { CommonOptions, End } from './context.ts'
import { exitCodes } from './exit-codes.ts'
import { printResult } from '@meterline/shared/command-line/output.ts'
import {
  applyText,
  dispositionText,
  documentsText,
  evidenceText,
  statusText,
  suspenseText,
  tenantText,
} from './texts.ts'

/** Adds every command that the running aggregator answers. */
export function addServiceCommands(program: Command, end: End): void {
  addApply(program, end)
  addClosePeriod(program, end)
  addInvoice(program, end)
  addStatus(program, end)
  addSuspense(program, end)
  addEvidence(program, end)
  addDisposition(program, end)
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

function addClosePeriod(program: Command, end: End): void {
  withTenant(withJson(withConfig(program.command('close-period'))))
    .description('Close a period: rate what was received, issue every document, bar later usage. May be repeated.')
    .argument('<period>', 'the month, such as 2026-11')
    .option('--force', 'close a period that still runs; its later usage goes to suspense')
    .action(async (period: string, options: CommonOptions & { force?: boolean }, command: Command) => {
      const json = options.json === true
      const input = { ...tenantOf(options), period, force: options.force === true }
      const answer = await askAggregator(command, 'close-period', input, json, end)
      if (answer === null) return
      const { documents } = answer as { readonly documents: readonly DocumentSummary[] }
      printResult(json, answer, `Period ${period} is closed.\n${documentsText(documents)}`)
    })
}

function addInvoice(program: Command, end: End): void {
  const invoice = program.command('invoice').description('Documents that were issued.')
  withTenant(withJson(withConfig(invoice.command('list'))))
    .description('List documents in the order they were issued.')
    .option('--period <period>', 'only those of a month, such as 2026-11')
    .action(async (options: CommonOptions & { period?: string }, command: Command) => {
      const json = options.json === true
      const period = options.period === undefined ? {} : { period: options.period }
      const answer = await askAggregator(command, 'invoice-list', { ...tenantOf(options), ...period }, json, end)
      if (answer !== null) printResult(json, answer, documentsText(answer as readonly DocumentSummary[]))
    })
  withTenant(withJson(withConfig(invoice.command('show'))))
    .description('Print a document: as a table, or with --json its immutable bytes.')
    .argument('<number>', 'its number, as "invoice list" shows it')
    .action(async (number: string, options: CommonOptions, command: Command) => {
      const json = options.json === true
      const answer = await askAggregator(command, 'invoice-show', { ...tenantOf(options), number }, json, end)
      if (answer === null) return
      const shown = answer as { readonly json: string; readonly text: string }
      // Byte for byte as it was issued and hashed: not even a line break is added.
      process.stdout.write(json ? shown.json : shown.text)
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

function addSuspense(program: Command, end: End): void {
  const suspense = program.command('suspense').description('Usage that was received and cannot be charged as it is.')
  withTenant(withJson(withConfig(suspense.command('list'))))
    .description('List it with the reason, in the order it came.')
    .option('--limit <count>', 'at most this many', wholeNumber, 100)
    .option('--after <batch:unit>', 'only what stands after this place of the list')
    .action(async (options: CommonOptions & { limit: number; after?: string }, command: Command) => {
      const json = options.json === true
      const after = placeOf(options.after)
      if (after === null) {
        const text = `${options.after} is no place: write batch and unit as the list shows them, such as 17:3.`
        return refuse(json, fault('arguments_invalid', text), exitCodes.usage, end)
      }
      const input = { ...tenantOf(options), limit: options.limit, ...after }
      const answer = await askAggregator(command, 'suspense-list', input, json, end)
      if (answer !== null) printResult(json, answer, suspenseText(answer as readonly SuspendedItem[]))
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

function tenantOf(options: CommonOptions): { readonly tenant?: string } {
  return options.tenant === undefined ? {} : { tenant: options.tenant }
}

function placeOf(text: string | undefined): { readonly after?: { logIndex: number; unit: number } } | null {
  if (text === undefined) return {}
  const found = /^([0-9]{1,15}):([0-9]{1,6})$/.exec(text)
  return found === null ? null : { after: { logIndex: Number(found[1]), unit: Number(found[2]) } }
}

function readText(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}
