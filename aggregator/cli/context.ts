import { InvalidArgumentError } from 'commander'
import type { Command } from 'commander'
import { systemClock } from '@meterline/shared/base/clock.ts'
import { fault } from '@meterline/shared/base/errors.ts'
import type { Fault } from '@meterline/shared/base/errors.ts'
import { configFlagValues } from '@meterline/shared/config/flags.ts'
import { loadConfig } from '@meterline/shared/config/load-config.ts'
import { formatMistakes } from '@meterline/shared/config/mistakes.ts'
import { aggregatorConfigSchema, aggregatorFiles } from '../config.ts'
import type { AggregatorConfig } from '../config.ts'
import { exitCodes } from './exit-codes.ts'
import type { ExitCode } from './exit-codes.ts'
import { Patience } from './patience.ts'
import { parseDay, parseInstant } from '@meterline/shared/units/instant.ts'
import { printFault } from '@meterline/shared/command-line/output.ts'

/** Configurations are looked up by this name: METERLINE_AGGREGATOR__…, --… */
export const configArea = 'aggregator'

/** Says how the program is to end. */
export type End = (code: ExitCode) => void

/** The options nearly every command has. */
export interface CommonOptions {
  readonly json?: boolean
  readonly tenant?: string
}

/** Gives a command the option that names the configuration file. */
export function withConfig(command: Command): Command {
  return command.option('-c, --config <file>', 'the configuration file; see "config reference"')
}

/** Gives a command the option for programs that read its output. */
export function withJson(command: Command): Command {
  return command.option('--json', 'print one JSON value instead of text, faults to standard error')
}

/** Gives a command the option that names the tenant. */
export function withTenant(command: Command): Command {
  return command.option('-t, --tenant <id>', 'the tenant; may be left out when there is only one')
}

/** The configuration of a command, or null after its mistakes were printed. */
export function configOf(command: Command, json: boolean, end: End): AggregatorConfig | null {
  const options = command.optsWithGlobals<{ config?: string }>()
  const loaded = loadConfig({
    schema: aggregatorConfigSchema,
    area: configArea,
    fileName: options.config,
    environment: process.env,
    flags: configFlagValues(options, aggregatorConfigSchema, configArea),
  })
  if (loaded.ok) return loaded.value
  const count = loaded.mistakes.length === 1 ? 'a mistake' : `${loaded.mistakes.length} mistakes`
  const text = `The configuration has ${count}:\n${formatMistakes(loaded.mistakes)}`
  const details = { mistakes: JSON.stringify(loaded.mistakes) }
  refuse(json, fault('config_invalid', text, details), exitCodes.configuration, end)
  return null
}

/** What the running aggregator answers, or null after the fault was printed. Progress, and patience, go to standard error. */
export async function askAggregator(
  command: Command,
  name: string,
  input: object,
  json: boolean,
  end: End,
): Promise<unknown> {
  const config = configOf(command, json, end)
  if (config === null) return null
  const { callControl } = await import('@meterline/shared/wire/control.ts')
  const tell = (message: string): void => void (json || process.stderr.write(`${message}\n`))
  const patience = new Patience(systemClock(), (text) => {
    tell(`${name}: ${text}`)
  })
  const answer = await callControl({
    socketFile: aggregatorFiles(config).controlSocket,
    command: name,
    input,
    onProgress: (message) => {
      patience.heard()
      tell(message)
    },
  })
  patience.end()
  if (answer.ok) return answer.value
  const unreachable = answer.fault.code === 'control_unreachable' || answer.fault.code === 'control_failed'
  refuse(json, answer.fault, unreachable ? exitCodes.notRunning : exitCodes.refused, end)
  return null
}

/** Prints a fault and ends with a code. */
export function refuse(json: boolean, problem: Fault, code: ExitCode, end: End): void {
  printFault('meterline-aggregator', json, problem)
  end(code)
}

/** Parses an option that is a count. */
export function wholeNumber(text: string): number {
  if (!/^[0-9]{1,15}$/.test(text)) throw new InvalidArgumentError('Write a whole number.')
  return Number(text)
}

/** Parses an option that is a day or an instant in UTC; epoch milliseconds. */
export function instantMs(text: string): number {
  const parsed = text.length <= 10 ? parseDay(text) : parseInstant(text)
  if (parsed.ok) return parsed.value
  throw new InvalidArgumentError('Write a day in UTC such as 2026-11-26, or 2026-11-26T12:00:00Z.')
}

/** The tenant a command names, as its input has it. */
export function tenantOf(options: CommonOptions): { readonly tenant?: string } {
  return options.tenant === undefined ? {} : { tenant: options.tenant }
}
