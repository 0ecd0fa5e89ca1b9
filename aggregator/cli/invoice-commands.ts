import { Buffer } from 'node:buffer'
import { writeFileSync } from 'node:fs'
import { InvalidArgumentError, type Command } from 'commander'
import { fault, type Fault } from '@meterline/shared/base/errors.ts'
import { printResult } from '@meterline/shared/command-line/output.ts'
import { invoicesCsv } from '../documents/invoice-csv.ts'
import { decodeInvoice, type Invoice } from '../documents/invoice.ts'
import { invoicePage } from '../documents/invoice-page.ts'
import type { DocumentSummary } from '../flow/document-summary.ts'
import { askAggregator, refuse, tenantOf, withConfig, withJson, withTenant } from './context.ts'
import type { CommonOptions, End } from './context.ts'
import { exitCodes } from './exit-codes.ts'
import { documentsText } from './texts.ts'

/** Adds the commands about issued documents. */
export function addInvoice(program: Command, end: End): void {
  const invoice = program.command('invoice').description('Documents that were issued.')
  addList(invoice, end)
  addShow(invoice, end)
  addPage(invoice, end)
  addCsv(invoice, end)
}

function addList(invoice: Command, end: End): void {
  withTenant(withJson(withConfig(invoice.command('list'))))
    .description('List documents in the order they were issued.')
    .option('--period <period>', 'only those of a month, such as 2026-11, or of a cycle, such as 2026-11~mid', period)
    .action(async (options: CommonOptions & { period?: string }, command: Command) => {
      const json = options.json === true
      const only = options.period === undefined ? {} : { period: options.period }
      const answer = await askAggregator(command, 'invoice-list', { ...tenantOf(options), ...only }, json, end)
      if (answer !== null) printResult(json, answer, documentsText(answer as readonly DocumentSummary[]))
    })
}

function period(text: string): string {
  if (/^\d{4}-(0[1-9]|1[0-2])(~[A-Za-z0-9][A-Za-z0-9._-]*)?$/.test(text)) return text
  throw new InvalidArgumentError('Write a month such as 2026-11, and ~ with the id of its cycle where it has one.')
}

function addShow(invoice: Command, end: End): void {
  withTenant(withJson(withConfig(invoice.command('show'))))
    .description('Print a document: as a table, or with --json its immutable bytes.')
    .argument('<number>', 'its number, as "invoice list" shows it')
    .action(async (number: string, options: CommonOptions, command: Command) => {
      const json = options.json === true
      const shown = await askForDocument(command, number, options, end)
      // Byte for byte as it was issued and hashed: not even a line break is added.
      if (shown !== null) process.stdout.write(json ? shown.json : shown.text)
    })
}

function addPage(invoice: Command, end: End): void {
  withTenant(withJson(withConfig(invoice.command('page'))))
    .description('Write a document as an HTML page for the screen and the printer; it needs no other file.')
    .argument('<number>', 'its number, as "invoice list" shows it')
    .option('-o, --output <file>', 'where to; left out: <number>.html in this folder')
    .action(async (number: string, options: CommonOptions & { output?: string }, command: Command) => {
      const json = options.json === true
      const document = await askForInvoice(command, number, options, end)
      if (document === null) return
      const file = options.output ?? `${number}.html`
      const unwritable = writeDocument(file, invoicePage(document))
      if (unwritable !== null) return refuse(json, unwritable, exitCodes.usage, end)
      printResult(json, { number, file }, `Wrote ${file}: open it in a browser, or print it.`)
    })
}

function addCsv(invoice: Command, end: End): void {
  withTenant(withJson(withConfig(invoice.command('csv'))))
    .description(
      'Write documents as CSV for a spreadsheet or accounting: a row for each line, exact and invoiced amounts.',
    )
    .argument('<numbers...>', 'their numbers, as "invoice list" shows them')
    .option('-o, --output <file>', 'where to; left out: standard output')
    .action(async (numbers: readonly string[], options: CommonOptions & { output?: string }, command: Command) => {
      const json = options.json === true
      const documents: Invoice[] = []
      for (const number of numbers) {
        const document = await askForInvoice(command, number, options, end)
        if (document === null) return
        documents.push(document)
      }
      const csv = invoicesCsv(documents)
      const { output: file } = options
      if (file === undefined) {
        if (json) printResult(json, { numbers, csv }, '')
        else process.stdout.write(csv)
        return
      }
      const unwritable = writeDocument(file, csv)
      if (unwritable !== null) return refuse(json, unwritable, exitCodes.usage, end)
      printResult(json, { numbers, file }, `Wrote ${file}.`)
    })
}

function writeDocument(file: string, content: string): Fault | null {
  try {
    writeFileSync(file, content)
    return null
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return fault('file_unwritable', `${file} cannot be written: ${reason}`)
  }
}

/** A document, or null after it was said why there is none. */
async function askForInvoice(
  command: Command,
  number: string,
  options: CommonOptions,
  end: End,
): Promise<Invoice | null> {
  const shown = await askForDocument(command, number, options, end)
  if (shown === null) return null
  const decoded = decodeInvoice(Buffer.from(shown.json))
  if (decoded.ok) return decoded.value
  refuse(options.json === true, decoded.fault, exitCodes.unexpected, end)
  return null
}

async function askForDocument(
  command: Command,
  number: string,
  options: CommonOptions,
  end: End,
): Promise<{ readonly json: string; readonly text: string } | null> {
  const input = { ...tenantOf(options), number }
  const answer = await askAggregator(command, 'invoice-show', input, options.json === true, end)
  return answer === null ? null : (answer as { readonly json: string; readonly text: string })
}
