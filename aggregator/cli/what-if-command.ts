import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { fault } from '@meterline/shared/base/errors.ts'
import { printResult } from '@meterline/shared/command-line/output.ts'
import type { Simulation } from '../flow/simulation-answers.ts'
import { askAggregator, refuse, tenantOf, withConfig, withJson, withTenant } from './context.ts'
import type { CommonOptions, End } from './context.ts'
import { exitCodes } from './exit-codes.ts'
import { simulationText } from './what-if-text.ts'

interface SimulationOptions extends CommonOptions {
  readonly account: string
  readonly period: string
  readonly with: string
}

/** Adds the command that tries a tenant file on usage that was charged. */
export function addSimulateBill(program: Command, end: End): void {
  withTenant(withJson(withConfig(program.command('simulate-bill'))))
    .description(
      'Show what a period would come to for an account by a tenant file that is not applied: its usage is rated again, ' +
        'and every line is held against what it is now and what documents say. Nothing is written.',
    )
    .requiredOption('--account <id>', 'who gets the bill')
    .requiredOption('--period <period>', 'the month, such as 2026-11, and ~ with the id of another cycle: 2026-11~mid')
    .requiredOption('--with <file>', 'the tenant file (YAML), such as the one in force with other prices')
    .addHelpText('after', simulationHelp)
    .action(async (options: SimulationOptions, command: Command) => {
      const json = options.json === true
      const { account, period, with: fileName } = options
      const text = readText(fileName)
      if (text === null) {
        return refuse(json, fault('file_unreadable', `${fileName} cannot be read.`), exitCodes.usage, end)
      }
      const input = { ...tenantOf(options), account, period, fileName, text }
      const answer = await askAggregator(command, 'simulate-bill', input, json, end)
      if (answer !== null) printResult(json, answer, simulationText(answer as Simulation))
    })
}

const simulationHelp = `
Begin with "catalogue export" and change prices in place: what was sold may differ in a file that is only tried, and the
answer says what an apply would refuse. Fees in advance stand in the period that they are for. Usage in suspense is on none
of the bills; what of it the file would charge is listed.
`

function readText(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}
