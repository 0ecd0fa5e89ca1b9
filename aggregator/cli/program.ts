import { Command } from 'commander'
import { addConfigFlags } from '@meterline/shared/config/flags.ts'
import { configHelp } from '@meterline/shared/config/help-text.ts'
import { ratingVersion } from '@meterline/shared/rating/dispatch.ts'
import { protocolVersion } from '@meterline/shared/wire/messages.ts'
import { aggregatorConfigSchema, aggregatorFiles } from '../config.ts'
import { configArea, configOf, refuse, withConfig, withJson, withTenant } from './context.ts'
import type { CommonOptions, End } from './context.ts'
import { exitCodeHelp, exitCodes } from './exit-codes.ts'
import type { ExitCode } from './exit-codes.ts'
import { initialiseKey } from '@meterline/shared/command-line/signing-key-file.ts'
import { printResult } from '@meterline/shared/command-line/output.ts'
import { addRate } from './rate-command.ts'
import { addImport } from './import-commands.ts'
import { addRecovery } from './recovery-commands.ts'
import { addServiceCommands } from './service-commands.ts'
import { booksText } from './texts.ts'

/** Runs one command line and says how the program is to end. */
export async function runProgram(argv: readonly string[], version: string): Promise<ExitCode> {
  let exitCode: ExitCode = exitCodes.ok
  const end: End = (code) => {
    exitCode = code
  }
  const program = aggregatorProgram(version, end)
  try {
    await program.parseAsync([...argv])
  } catch (error) {
    // commander has printed what was wrong, or the help that was asked for.
    if (!isCommanderEnd(error)) throw error
    return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
  }
  return exitCode
}

function aggregatorProgram(version: string, end: End): Command {
  const program = new Command('meterline-aggregator')
    .description('Keeps the books: receives signed usage from agents, rates, posts and invoices it, and proves it.')
    .showHelpAfterError('Run it with --help to see what there is.')
    .addHelpText('after', exitCodeHelp)
    .exitOverride()
    .configureHelp({ sortSubcommands: false, showGlobalOptions: true })
  addRun(program, version, end)
  addInit(program, end)
  addServiceCommands(program, end)
  addVerify(program, end)
  addRecovery(program, end)
  addImport(program, end)
  addRate(program, end)
  addConfig(program, end)
  addVersion(program, version)
  return program
}

function addRun(program: Command, version: string, end: End): void {
  const run = withConfig(program.command('run'))
    .description('Run the aggregator until SIGTERM or SIGINT. Logs to standard output, one JSON object a line.')
    .option(
      '--ready-file <file>',
      'write a JSON file with pid, edge address and control socket once everything is open',
    )
  addConfigFlags(run, aggregatorConfigSchema, configArea)
  run.addHelpText('after', exitCodeHelp)
  run.action(async (options: { readyFile?: string }, command: Command) => {
    const config = configOf(command, false, end)
    if (config === null) return
    // The parts of a running aggregator are loaded only by the command that runs one.
    const { runAggregator } = await import('./run.ts')
    end(await runAggregator(config, version, options.readyFile))
  })
}

function addInit(program: Command, end: End): void {
  withJson(withConfig(program.command('init')))
    .description(
      'Make the key that snapshots and checkpoints are signed with (file mode 0600) and print its public part.',
    )
    .action((options: CommonOptions, command: Command) => {
      const json = options.json === true
      const config = configOf(command, json, end)
      if (config === null) return
      const made = initialiseKey(aggregatorFiles(config).signingKey)
      if (!made.ok) return refuse(json, made.fault, exitCodes.cannotStart, end)
      const { publicKey, keyFile, created } = made.value
      const text = `${created ? 'Made the key' : 'Found the key'} ${keyFile}. Agents need its public part in their config:\n\nuplink:\n  aggregatorKey: ${publicKey}`
      printResult(json, { publicKey, keyFile, created }, text)
    })
}

function addVerify(program: Command, end: End): void {
  withTenant(withJson(withConfig(program.command('verify'))))
    .description(
      'Check the books from their bytes: log, signatures, balances, charges, documents. Needs no running service.',
    )
    .option('--key <base64>', 'public key of the aggregator for its checkpoints; that of its key file by default')
    .action(async (options: CommonOptions & { key?: string }, command: Command) => {
      const json = options.json === true
      const config = configOf(command, json, end)
      if (config === null) return
      const { verifyFiles } = await import('./verify.ts')
      const reports = verifyFiles(config, options.tenant ?? null, options.key ?? null)
      if (!reports.ok) return refuse(json, reports.fault, exitCodes.refused, end)
      const texts = reports.value.map(booksText)
      printResult(json, reports.value, texts.length === 0 ? 'There are no books yet.' : texts.join('\n'))
      if (reports.value.some(({ problems }) => problems.length > 0)) end(exitCodes.problemsFound)
    })
}

function addConfig(program: Command, end: End): void {
  const config = program.command('config').description('The configuration file.')
  const check = withJson(withConfig(config.command('check')))
  addConfigFlags(check, aggregatorConfigSchema, configArea)
  check
    .description('Check a configuration and report all mistakes with file, line and a suggestion.')
    .action((options: CommonOptions, command: Command) => {
      const json = options.json === true
      const loaded = configOf(command, json, end)
      if (loaded === null) return
      printResult(json, { ok: true, dataDirectory: loaded.dataDirectory }, 'The configuration is good.')
    })
  config
    .command('reference')
    .description('Print every key of the configuration with its default, environment variable and flag.')
    .action(() => void process.stdout.write(configHelp(aggregatorConfigSchema, configArea)))
}

function addVersion(program: Command, version: string): void {
  withJson(program.command('version'))
    .description('Print the versions of the aggregator, its protocol and its rating rules.')
    .action((options: CommonOptions) => {
      const versions = { version, protocolVersion, ratingVersion, node: process.versions.node }
      const text = `meterline-aggregator ${version} (protocol ${protocolVersion}, rating ${ratingVersion}, Node ${versions.node})`
      printResult(options.json === true, versions, text)
    })
}

function isCommanderEnd(error: unknown): error is Error & { readonly exitCode: number } {
  return error instanceof Error && 'exitCode' in error && typeof error.exitCode === 'number' && 'code' in error
}
