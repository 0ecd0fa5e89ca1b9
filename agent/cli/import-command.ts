import { InvalidArgumentError, type Command } from 'commander'
import { systemClock } from '@meterline/shared/base/clock.ts'
import { printResult } from '@meterline/shared/command-line/output.ts'
import { agentFiles } from '../config.ts'
import { isDeviceId } from '../domain/device-id.ts'
import { configOf, refuse, withConfig, withJson } from './command-parts.ts'
import { exitCodes, type ExitCode } from './exit-codes.ts'
import type { ImportSummary } from './import-focus.ts'

interface FocusOptions {
  readonly json?: boolean
  readonly map: string
  readonly source: string
  readonly subjectColumn: string
}

const focusHelp = `
The agent needs a mapping rule for the rows: "mappings: [{ name: focus, profile: focus-1.0 }]". Each row counts once, also
when the file, or a later export with the same rows, is imported again; a row with another cost goes to suspense. An import
that was interrupted goes on where it was. See docs/http.md.`

/** Adds `import focus`: cloud costs from a file, through the running agent. */
export function addImport(program: Command, end: (code: ExitCode) => void): void {
  const imports = program.command('import').description('Take in usage from files, through the running agent.')
  withJson(withConfig(imports.command('focus')))
    .description('Import a FOCUS 1.0 cost and usage export (CSV, or CSV in gzip).')
    .argument('<csv>', 'the file')
    .option('--map <rule>', 'the mapping rule that reads the rows', 'focus')
    .option(
      '--source <id>',
      'whose rows they are, for example the provider: rows of one source count once',
      sourceId,
      'focus',
    )
    .option('--subject-column <name>', 'the column with whom a cost is of', 'SubAccountId')
    .addHelpText('after', focusHelp)
    .action(async (file: string, options: FocusOptions, command: Command) => {
      const json = options.json === true
      const config = configOf(command, json, end)
      if (config === null) return
      const { importFocus } = await import('./import-focus.ts')
      const { callControl } = await import('@meterline/shared/wire/control.ts')
      const { map: rule, source, subjectColumn } = options
      const socketFile = agentFiles(config).controlSocket
      const done = await importFocus({
        identity: { file, source, rule, subjectColumn },
        dataDirectory: config.dataDirectory,
        clock: systemClock(),
        submit: (input) => callControl({ socketFile, command: 'submit', input }),
        say: (line) => void process.stderr.write(`${line}\n`),
      })
      if (done.ok) return printResult(json, done.value, summaryText(done.value))
      const unreachable = done.fault.code === 'control_unreachable' || done.fault.code === 'control_failed'
      refuse(json, done.fault, unreachable ? exitCodes.notRunning : exitCodes.refused, end)
    })
}

function summaryText({ file, rows, skippedRows, storedRows, rejected, examples }: ImportSummary): string {
  const lines = [`${file}: ${rows} rows, ${storedRows} taken in (new, or there already)`]
  if (skippedRows > 0) lines.push(`${skippedRows} rows were imported by an earlier run`)
  for (const [code, count] of Object.entries(rejected)) lines.push(`${count} rows went to suspense: ${code}`)
  return [...lines, ...examples.map((example) => `  ${example}`)].join('\n')
}

function sourceId(text: string): string {
  if (isDeviceId(text)) return text
  throw new InvalidArgumentError('A source is 1 to 64 letters, digits or . _ : - (a letter or digit first).')
}
