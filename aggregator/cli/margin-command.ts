import { Option } from 'commander'
import type { Command } from 'commander'
import { printResult, table } from '@meterline/shared/command-line/output.ts'
import { formatMicros } from '@meterline/shared/units/money.ts'
import { marginGroups } from '../domain/margin/margin-rows.ts'
import type { MarginAnswer, MarginItem } from '../flow/margin-report.ts'
import { askAggregator, tenantOf, withConfig, withJson, withTenant } from './context.ts'
import type { CommonOptions, End } from './context.ts'

/** Adds the command that shows what is left of what was sold. */
export function addMargin(program: Command, end: End): void {
  withTenant(withJson(withConfig(program.command('margin'))))
    .description("Revenue, wholesale revenue, cost and margin of everybody who keeps books, in the tenant's currency.")
    .requiredOption('--period <period>', 'a month such as 2026-11, or the period of one cycle such as 2026-11~mid')
    .addOption(new Option('--by <group>', 'what it is divided by').choices(marginGroups).default('leg'))
    .action(async (options: CommonOptions & { period: string; by: string }, command: Command) => {
      const json = options.json === true
      const input = { ...tenantOf(options), period: options.period, by: options.by }
      const answer = await askAggregator(command, 'margin', input, json, end)
      if (answer !== null) printResult(json, answer, marginText(answer as MarginAnswer))
    })
}

/** Margins as a table, the totals below. */
export function marginText({ period, currency, by, rows, totals }: MarginAnswer): string {
  if (rows.length === 0) return `Nothing was charged in ${period}.`
  const cells = (row: MarginItem): readonly string[] => [
    row.entity,
    row.group === '' ? 'all' : row.group,
    formatMicros(BigInt(row.revenueMicros)),
    formatMicros(BigInt(row.wholesaleMicros)),
    formatMicros(BigInt(row.costMicros)),
    formatMicros(BigInt(row.marginMicros)),
  ]
  const head = ['books of', by, 'revenue', 'wholesale', 'cost', 'margin']
  return `${period} in ${currency}\n${table(head, [...rows, ...totals].map(cells))}`
}
