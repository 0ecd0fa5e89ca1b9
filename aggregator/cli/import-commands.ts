import { readFileSync, writeFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { basename } from 'node:path'
import { InvalidArgumentError, type Command } from 'commander'
import { failed, fault, ok, type Fault, type Result } from '@meterline/shared/base/errors.ts'
import { counted } from '@meterline/shared/command-line/counted.ts'
import { printResult } from '@meterline/shared/command-line/output.ts'
import { minorDigitsOf } from '@meterline/shared/units/currency.ts'
import { importAiPrices } from '../catalogue-files/ai-prices/import-table.ts'
import { tenantFragment } from '../catalogue-files/ai-prices/tenant-fragment.ts'
import { refuse, withJson, type CommonOptions, type End } from './context.ts'
import { exitCodes } from './exit-codes.ts'
import { importText } from './import-texts.ts'

interface ImportOptions extends CommonOptions {
  readonly out?: string
  readonly currency: string
  readonly matrix: string
  readonly models?: readonly string[]
}

/** Adds the commands that turn price lists of others into entries of a tenant file. They need no running service. */
export function addImport(program: Command, end: End): void {
  const importing = program.command('import').description('Turn price lists of others into entries of a tenant file.')
  withJson(importing.command('ai-prices'))
    .description('Turn a model price table of LiteLLM into a matrix, and report what it cannot express.')
    .argument('<file>', 'model_prices_and_context_window.json of LiteLLM')
    .option('--out <file>', 'write the entries to a new file; without it they go to standard output')
    .option('--currency <code>', 'what the amounts of the table are in; nothing is converted', currencyCode, 'USD')
    .option('--matrix <id>', 'what the matrix is called', matrixId, 'ai-models')
    .option('--models <names...>', 'only these models; * stands for anything, as in "gpt-5*"')
    .action((file: string, options: ImportOptions) => {
      const json = options.json === true
      const imported = importFile(file, options)
      if (!imported.ok) return refuse(json, imported.fault, exitCodes.refused, end)
      const { fragment, report, rows } = imported.value
      if (options.out === undefined) {
        if (json) return printResult(true, { ...report, rows, tenantFile: fragment }, '')
        process.stdout.write(fragment)
        process.stderr.write(`${importText(report, rows)}\n`)
        return
      }
      const written = writeNew(options.out, fragment)
      if (!written.ok) return refuse(json, written.fault, exitCodes.refused, end)
      printResult(
        json,
        { ...report, rows, out: options.out },
        `${importText(report, rows)}\n\nWritten to ${options.out}.`,
      )
    })
}

function importFile(
  file: string,
  { currency, matrix: id, models }: ImportOptions,
): Result<{
  readonly fragment: string
  readonly report: Omit<Extract<ReturnType<typeof importAiPrices>, { ok: true }>['value'], 'matrix'>
  readonly rows: number
}> {
  const bytes = readBytes(file)
  if (!bytes.ok) return bytes
  const imported = importAiPrices(bytes.value.toString('utf8'), id, models ?? [])
  if (!imported.ok) return imported
  const { matrix, ...report } = imported.value
  const digest = createHash('sha256').update(bytes.value).digest('hex')
  const what = `${counted(report.modelsPriced, 'model')} of ${JSON.stringify(basename(file))} (SHA-256 ${digest})`
  return ok({ fragment: tenantFragment(matrix, currency, what), report, rows: matrix.rows.length })
}

function readBytes(file: string): Result<Buffer, Fault<'file_unreadable'>> {
  try {
    return ok(readFileSync(file))
  } catch (error) {
    return failed(fault('file_unreadable', `${file} cannot be read: ${messageOf(error)}`))
  }
}

function writeNew(file: string, text: string): Result<null, Fault<'file_not_written'>> {
  try {
    writeFileSync(file, text, { flag: 'wx' })
    return ok(null)
  } catch (error) {
    return failed(
      fault('file_not_written', `${file} cannot be written: ${messageOf(error)}; name a file that is not there`),
    )
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function currencyCode(text: string): string {
  if (minorDigitsOf(text) !== undefined) return text
  throw new InvalidArgumentError('Write a currency code of ISO 4217, such as USD.')
}

function matrixId(text: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/.test(text)) return text
  throw new InvalidArgumentError('Write 1 to 32 letters, digits, dots, underscores and hyphens.')
}
