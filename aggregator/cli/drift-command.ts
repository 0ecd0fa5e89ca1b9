import type { Command } from 'commander'
import { oneLine, printResult, table } from '@meterline/shared/command-line/output.ts'
import type { DriftItem } from '../flow/list-drift.ts'
import { formatMicros } from '@meterline/shared/units/money.ts'
import { askAggregator, tenantOf, wholeNumber, withConfig, withJson, withTenant } from './context.ts'
import type { CommonOptions, End } from './context.ts'

interface DriftOptions {
  readonly period?: string
  readonly limit: number
}

/** Adds the command about usage that the edge pre-rated with another version of the catalogue. */
export function addDrift(program: Command, end: End): void {
  withTenant(withJson(withConfig(program.command('drift'))))
    .description('List what agents pre-rated with an older snapshot, against the version it was charged by.')
    .option('--period <period>', 'only usage of this month, such as 2026-11')
    .option('--limit <count>', 'list at most this many', wholeNumber, 1_000)
    .action(async (options: CommonOptions & DriftOptions, command: Command) => {
      const json = options.json === true
      const { period, limit } = options
      const answer = await askAggregator(command, 'drift', { ...tenantOf(options), period, limit }, json, end)
      if (answer !== null) printResult(json, answer, driftText(answer as readonly DriftItem[]))
    })
}

const columns = ['period', 'agent', 'seller', 'meter', 'snapshot', 'records', 'too low', 'too high', 'drift'] as const
/** Enough of a hash to tell the snapshots of a tenant apart. */
const shownHashCharacters = 12

function amount(micros: string): string {
  return formatMicros(BigInt(micros))
}

/** Drift as a table; amounts in currency units. */
export function driftText(items: readonly DriftItem[]): string {
  if (items.length === 0) return 'No drift: everything was pre-rated as the version of record has it.'
  const rows = items.map((item) => {
    const { period, agent, seller, meter, snapshot, records, shortMicros, excessMicros, driftMicros, currency } = item
    const names = [period, oneLine(agent), seller, meter, snapshot.slice(0, shownHashCharacters), String(records)]
    return [...names, amount(shortMicros), amount(excessMicros), `${amount(driftMicros)} ${currency}`]
  })
  return table(columns, rows)
}
