import { isOddity } from '../../faults/fault-counts.ts'
import { faultModes } from '../../faults/fault-mode.ts'
import { formatInstant } from '@meterline/shared/units/instant.ts'
import { duration, fraction, minutesPerYear, whole } from './progress-line.ts'
import { replayCommand } from './seed-turns.ts'
import type { FailedWorld, WorldSums, WorldTally } from './world-tally.ts'

/** What follows the first few is mostly their echo. */
const shownViolations = 5

/** What is printed of a world that failed: what happened last, what was violated, and the command that shows it again. */
export function failureReport({ order, violations, trouble, trace }: FailedWorld): string {
  return [
    ...trace,
    `${order.seed} (${order.faults}) failed:`,
    ...violations
      .slice(0, shownViolations)
      .map(
        ({ invariant, atMs, step, message }) => `  ${invariant} at ${formatInstant(atMs)}, step ${step}: ${message}`,
      ),
    ...(violations.length > shownViolations ? [`  and ${violations.length - shownViolations} more`] : []),
    ...(trouble === null ? [] : [`  ${trouble}`]),
    `  replay: ${replayCommand(order)}`,
  ].join('\n')
}

/** What is printed at the end of a run: by mode, by kind of fault, the totals, and how to see each failure again. */
export function finalReport(tally: WorldTally, run: { readonly tookMs: number; readonly jobs: number }): string {
  const { total, slowest, failed } = tally
  const seconds = Math.max(run.tookMs, 1) / 1000
  const repeats = total.repeated === 0 ? '' : `, ${total.repeated} of them twice`
  return [
    modeTable(tally),
    '',
    kindTable(tally),
    '',
    `${whole(total.seeds)} worlds in ${duration(run.tookMs)} on ${run.jobs} threads${repeats}: ` +
      `${whole(total.steps)} steps (${whole(total.steps / seconds)} a second), ` +
      `${fraction(total.agentMinutes / minutesPerYear)} agent-years simulated`,
    ...(slowest === null
      ? []
      : [`slowest: ${slowest.order.seed} (${slowest.order.faults}), ${(slowest.tookMs / 1000).toFixed(1)} s`]),
    ...failed.map(({ order }) => `failed: ${replayCommand(order)}`),
    ...(total.failures > failed.length ? [`and ${total.failures - failed.length} more that failed`] : []),
    total.failures === 0 ? 'no invariant was violated' : `${whole(total.failures)} worlds FAILED`,
  ].join('\n')
}

function modeTable({ byMode, total }: WorldTally): string {
  const row = (name: string, sums: WorldSums): readonly string[] => [
    name,
    whole(sums.seeds),
    whole(sums.failures),
    whole(sums.faults),
    sums.fewestFaults === null ? '' : whole(sums.fewestFaults),
    whole(sums.oddities),
    whole(sums.steps),
    fraction(sums.agentMinutes / minutesPerYear),
  ]
  const modes = faultModes.flatMap((mode) => {
    const sums = byMode.get(mode)
    return sums === undefined ? [] : [row(mode, sums)]
  })
  const headings = ['mode', 'worlds', 'failed', 'faults', 'fewest', 'oddities', 'steps', 'agent-years']
  return table([headings, ...modes, row('all', total)])
}

function kindTable({ byKind }: WorldTally): string {
  const kinds = [...byKind].toSorted(([, a], [, b]) => b - a)
  const rows = (isWanted: (kind: string) => boolean): readonly (readonly string[])[] =>
    kinds.filter(([kind]) => isWanted(kind)).map(([kind, times]) => [kind, whole(times)])
  return table([
    ['fault', 'times'],
    ...rows((kind) => !isOddity(kind)),
    ['oddity', 'times'],
    ...rows((kind) => isOddity(kind)),
  ])
}

/** Text left, figures right. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart((widths[column] ?? 0) + 2),
        )
        .join('')
        .trimEnd(),
    )
    .join('\n')
}
