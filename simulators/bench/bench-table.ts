import { reaches } from './measurement.ts'
import type { BenchRow, Finding, Goal } from './measurement.ts'

const headings = ['measurement', 'value', 'unit', 'beside', 'ratio', 'goal', '']

/** The printed table: a line per row, right-aligned figures, notes below. */
export function benchTable(findings: readonly Finding[]): string {
  const cells = findings.map((finding) => [
    finding.name,
    figure(finding.value),
    finding.unit,
    figure(finding.limit),
    finding.ratio === null ? '' : finding.ratio.toPrecision(3),
    finding.goal === undefined ? '' : goalText(finding.goal),
    verdict(finding),
  ])
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...cells.map((row) => row[column]?.length ?? 0)),
  )
  const rightAligned = new Set([1, 3, 4])
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) =>
        rightAligned.has(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd()
  const notes = findings.flatMap(({ name, note }) => (note === undefined ? [] : [`  ${name}: ${note}`]))
  return [line(headings), ...cells.map(line), ...(notes.length === 0 ? [] : ['', ...notes])].join('\n')
}

/** The rows as `.meterline/bench.json` has them. */
export function benchJson(findings: readonly Finding[]): string {
  const rows: BenchRow[] = findings.map(({ name, value, unit, limit, ratio }) => ({ name, value, unit, limit, ratio }))
  return `${JSON.stringify(rows, null, 2)}\n`
}

function verdict(finding: Finding): string {
  if (finding.value === null) return 'not measurable'
  const reached = reaches(finding)
  if (reached === null) return ''
  return reached ? 'met' : 'MISSED'
}

function goalText(goal: Goal): string {
  const sign = goal.sense === 'at least' ? '≥' : '≤'
  return `${sign} ${figure(goal.value)}${goal.of === 'ratio' ? ' of it' : ''}`
}

function figure(value: number | null): string {
  return value === null ? '' : value.toLocaleString('en', { maximumFractionDigits: value < 100 ? 2 : 0 })
}
