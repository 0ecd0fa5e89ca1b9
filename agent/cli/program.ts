import { Command, type Help } from 'commander'
import { systemRandom } from '@meterline/shared/base/random.ts'
import { printResult } from '@meterline/shared/command-line/output.ts'
import { initialiseKey } from '@meterline/shared/command-line/signing-key-file.ts'
import { addConfigFlags } from '@meterline/shared/config/flags.ts'
import { configHelp } from '@meterline/shared/config/help-text.ts'
import { ratingVersion } from '@meterline/shared/rating/dispatch.ts'
import { protocolVersion } from '@meterline/shared/wire/messages.ts'
import { agentConfigSchema, agentFiles } from '../config.ts'
import type { StatusJson } from '../control/serve-commands.ts'
import { askAgent, configOf, refuse, withConfig, withJson } from './command-parts.ts'
import { exitCodeHelp, exitCodes, type ExitCode } from './exit-codes.ts'
import { addImport } from './import-command.ts'
import { configArea } from './load-agent-config.ts'
import { addMap } from './map-command.ts'
import { addRecover } from './recover-command.ts'
import { readSecret } from './read-secret.ts'
import { addSuspense } from './suspense-command.ts'
import { statusText } from './texts.ts'
import { addToken } from './token-command.ts'

/** Runs one command line and says how the program is to end. */
export async function runProgram(argv: readonly string[], version: string): Promise<ExitCode> {
  let exitCode: ExitCode = exitCodes.ok
  const end = (code: ExitCode): void => {
    exitCode = code
  }
  const program = agentProgram(version, end)
  try {
    await program.parseAsync([...argv])
  } catch (error) {
    // commander has printed what was wrong, or the help that was asked for.
    if (!isCommanderEnd(error)) throw error
    return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
  }
  return exitCode
}

function agentProgram(version: string, end: (code: ExitCode) => void): Command {
  const program = new Command('meterline-agent')
    .description(
      'Meters usage at the edge: takes it in over MQTT and HTTP, stores, seals and sends it to the aggregator.',
    )
    .showHelpAfterError('Run it with --help to see what there is.')
    .addHelpText('after', exitCodeHelp)
    .exitOverride()
    .configureHelp({ sortSubcommands: false, showGlobalOptions: true } satisfies Partial<Help>)
  addRun(program, version, end)
  addInit(program, end)
  addStatus(program, end)
  addSuspense(program, end)
  addRecover(program, end)
  addDevice(program, end)
  addToken(program)
  addImport(program, end)
  addMap(program, end)
  addConfig(program, end)
  addVersion(program, version)
  return program
}

function addRun(program: Command, version: string, end: (code: ExitCode) => void): void {
  const run = withConfig(program.command('run'))
    .description('Run the agent until SIGTERM or SIGINT. Logs to standard output, one JSON object a line.')
    .option('--ready-file <file>', 'write a JSON file with pid, addresses and control socket once everything is open')
  addConfigFlags(run, agentConfigSchema, configArea)
  run.addHelpText('after', exitCodeHelp)
  run.action(async (options: { readyFile?: string }, command: Command) => {
    const config = configOf(command, false, end)
    if (config === null) return
    // The parts of a running agent are loaded only by the command that runs one.
    const { runAgent } = await import('./run.ts')
    end(await runAgent(config, version, options.readyFile))
  })
}

function addInit(program: Command, end: (code: ExitCode) => void): void {
  withJson(withConfig(program.command('init')))
    .description('Make the key this agent signs with (file mode 0600) and print its public part for the tenant file.')
    .action((options: { json?: boolean }, command: Command) => {
      const json = options.json === true
      const config = configOf(command, json, end)
      if (config === null) return
      const made = initialiseKey(agentFiles(config).signingKey)
      if (!made.ok) return refuse(json, made.fault, exitCodes.cannotStart, end)
      const { publicKey, keyFile, created } = made.value
      const { tenant, agent, epoch } = config
      const entry = `  - { id: ${agent}, signingKey: ${publicKey}, epoch: ${epoch} }`
      const text = `${created ? 'Made the key' : 'Found the key'} ${keyFile}. Register it in the tenant file:\n\nagents:\n${entry}`
      printResult(json, { tenant, agent, epoch, publicKey, keyFile, created }, text)
    })
}

function addStatus(program: Command, end: (code: ExitCode) => void): void {
  withJson(withConfig(program.command('status')))
    .description('Show journal, outbox, uplink, snapshot and counters of the running agent.')
    .action(async (options: { json?: boolean }, command: Command) => {
      const json = options.json === true
      const answer = await askAgent(command, json, 'status', {}, end)
      if (answer !== null) printResult(json, answer, statusText(answer as StatusJson))
    })
}

function addDevice(program: Command, end: (code: ExitCode) => void): void {
  const device = program.command('device').description('Credentials of devices.')
  withJson(device.command('hash'))
    .description('Read a device secret from standard input and print its hash for "secretHash" in the configuration.')
    .action(async (options: { json?: boolean }) => {
      const json = options.json === true
      const secret = await readSecret(process.stdin)
      if (!secret.ok) return refuse(json, secret.fault, exitCodes.usage, end)
      const { hashDeviceSecret } = await import('../intake/device-credentials.ts')
      const secretHash = await hashDeviceSecret(secret.value, systemRandom())
      printResult(json, { secretHash }, secretHash)
    })
}

function addConfig(program: Command, end: (code: ExitCode) => void): void {
  const config = program.command('config').description('The configuration file.')
  const check = withJson(withConfig(config.command('check')))
  addConfigFlags(check, agentConfigSchema, configArea)
  check
    .description('Check a configuration and report all mistakes with file, line and a suggestion.')
    .action((options: { json?: boolean }, command: Command) => {
      const json = options.json === true
      const loaded = configOf(command, json, end)
      if (loaded !== null)
        printResult(json, { ok: true, agent: loaded.agent, tenant: loaded.tenant }, 'The configuration is good.')
    })
  config
    .command('reference')
    .description('Print every key of the configuration with its default, environment variable and flag.')
    .action(() => void process.stdout.write(configHelp(agentConfigSchema, configArea)))
}

function addVersion(program: Command, version: string): void {
  withJson(program.command('version'))
    .description('Print the versions of the agent, its protocol and its rating rules.')
    .action((options: { json?: boolean }) => {
      const versions = { version, protocolVersion, ratingVersion, node: process.versions.node }
      const text = `meterline-agent ${version} (protocol ${protocolVersion}, rating ${ratingVersion}, Node ${versions.node})`
      printResult(options.json === true, versions, text)
    })
}

function isCommanderEnd(error: unknown): error is Error & { readonly exitCode: number } {
  return error instanceof Error && 'exitCode' in error && typeof error.exitCode === 'number' && 'code' in error
}
