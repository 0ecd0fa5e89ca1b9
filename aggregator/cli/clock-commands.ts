import type { Command } from 'commander'
import { printResult } from '@meterline/shared/command-line/output.ts'
import type { AdvanceReport, ClockAnswer } from '../flow/advance-clock.ts'
import { advanceText, clockText } from './clock-texts.ts'
import { askAggregator, instantMs, tenantOf, withConfig, withJson, withTenant } from './context.ts'
import type { CommonOptions, End } from './context.ts'

/** Adds the commands about the clock of a test tenant. */
export function addClock(program: Command, end: End): void {
  const clock = program
    .command('clock')
    .description('The clock of a test tenant, one whose file says "test: true". It stands still until it is moved.')
  withTenant(withJson(withConfig(clock.command('show'))))
    .description('Show where the clock of a test tenant stands, and when something falls due next.')
    .action(async (options: CommonOptions, command: Command) => {
      const json = options.json === true
      const answer = await askAggregator(command, 'clock-show', tenantOf(options), json, end)
      if (answer !== null) printResult(json, answer, clockText(answer as ClockAnswer))
    })
  withTenant(withJson(withConfig(clock.command('advance'))))
    .description(
      'Move the clock of a test tenant on. What falls due on the way happens in its order: periods of every cycle are ' +
        'closed when they are over and again when a grace ends, whoever has reached his amount is billed.',
    )
    .requiredOption(
      '--to <instant>',
      'a day (UTC) or an instant, such as 2026-12-01 or 2026-12-01T12:00:00Z',
      instantMs,
    )
    .requiredOption('--by <name>', 'who moves it, in at most 200 bytes')
    .action(async (options: CommonOptions & { to: number; by: string }, command: Command) => {
      const json = options.json === true
      const input = { ...tenantOf(options), toMs: options.to, by: options.by }
      const answer = await askAggregator(command, 'clock-advance', input, json, end)
      if (answer !== null) printResult(json, answer, advanceText(answer as AdvanceReport))
    })
}
