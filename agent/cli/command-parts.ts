import { InvalidArgumentError, type Command } from 'commander'
import type { Fault, Result } from '@meterline/shared/base/errors.ts'
import { printFault } from '@meterline/shared/command-line/output.ts'
import { agentFiles, type AgentConfig } from '../config.ts'
import { exitCodes, type ExitCode } from './exit-codes.ts'
import { loadAgentConfig } from './load-agent-config.ts'

/** Adds the flag that names the configuration file. */
export function withConfig(command: Command): Command {
  return command.option('-c, --config <file>', 'the configuration file; see "config reference"')
}

/** Adds `--json`. */
export function withJson(command: Command): Command {
  return command.option('--json', 'print one JSON value instead of text, faults to standard error')
}

/** The configuration of a command, or null after its mistakes were printed. */
export function configOf(command: Command, json: boolean, end: (code: ExitCode) => void): AgentConfig | null {
  const loaded = loadAgentConfig(command)
  if (loaded.ok) return loaded.value
  refuse(json, loaded.fault, exitCodes.configuration, end)
  return null
}

/** What the running agent answers, or null after the fault was printed. */
export async function askAgent(
  command: Command,
  json: boolean,
  name: string,
  input: object,
  end: (code: ExitCode) => void,
): Promise<unknown> {
  const config = configOf(command, json, end)
  if (config === null) return null
  const { callControl } = await import('@meterline/shared/wire/control.ts')
  const answer: Result<unknown> = await callControl({
    socketFile: agentFiles(config).controlSocket,
    command: name,
    input,
    onProgress: (message) => void (json || process.stderr.write(`${message}\n`)),
  })
  if (answer.ok) return answer.value
  const unreachable = answer.fault.code === 'control_unreachable' || answer.fault.code === 'control_failed'
  refuse(json, answer.fault, unreachable ? exitCodes.notRunning : exitCodes.refused, end)
  return null
}

/** Prints a fault and sets how the program ends. */
export function refuse(json: boolean, problem: Fault, code: ExitCode, end: (code: ExitCode) => void): void {
  printFault('meterline-agent', json, problem)
  end(code)
}

/** Reads an option that is a whole number. */
export function wholeNumber(text: string): number {
  if (!/^[0-9]{1,15}$/.test(text)) throw new InvalidArgumentError('Write a whole number.')
  return Number(text)
}
