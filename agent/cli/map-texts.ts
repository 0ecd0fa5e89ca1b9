import { counted } from '@meterline/shared/command-line/counted.ts'
import { oneLine, table } from '@meterline/shared/command-line/output.ts'
import { formatInstant } from '@meterline/shared/units/instant.ts'
import type { ExplainedField, ExplainedRecord } from '../domain/mapping/explain-payload.ts'
import type { Standing, TrialSummary } from './map-trial.ts'

/** One record with what came of it and why. */
export function recordText(
  name: string,
  { position, outcome, fields }: ExplainedRecord,
  standing: Standing | null,
): string {
  const place = `${name}, record ${position + 1}`
  switch (outcome.kind) {
    case 'leftOut':
      return `${place}: left out, because of ${oneLine(outcome.by)}${detail(whyRows(fields))}`
    case 'rejected':
      return `${place}: REJECTED (${outcome.code}): ${oneLine(outcome.message)}${detail(whyRows(fields))}`
    case 'event': {
      const { id, source, subject, timeMs, facts, labels, measured } = outcome.event
      const rows = [
        ['id', id ?? '(none)'],
        ['source', source],
        ['subject', subject],
        ['time', formatInstant(timeMs)],
        ...facts.map(([fact, value]) => [fact, String(value)]),
        ...measured.map(({ meter, quantity }) => [`meter ${meter}`, String(quantity)]),
        ...labels.map(([label, value]) => [label.startsWith('@') ? label : `dimension ${label}`, value]),
      ]
      const shown = rows.map(([field = '', value = '']) => [field, oneLine(value), why(field, fields)])
      return `${place}: ${headings[standing ?? 'new']}${detail(shown)}`
    }
  }
}

const headings: Readonly<Record<Standing, string>> = {
  new: 'an event',
  repeat: 'a repeat of an event above, counted once',
  conflict: 'CONFLICT: another event above has this id',
}

const publisher = 'who published it (--device, else the rule)'

/** Where a field of an event came from; several sources of a composite id stand in one line. */
function why(field: string, fields: readonly ExplainedField[]): string {
  const explained = field.replace(/^@/, '')
  const sources = fields.filter((one) => one.field === explained)
  if (sources.length > 0) return sources.map(sourceText).join(', ')
  return field === 'time' ? 'the time of arrival' : field === 'id' ? 'the rule has none' : publisher
}

function whyRows(fields: readonly ExplainedField[]): readonly (readonly string[])[] {
  return fields.map((field) => [field.field, sourceText(field)])
}

function sourceText({ from, found, steps }: ExplainedField): string {
  const value = from.startsWith('=') ? from : `${from} is ${found ?? 'not there'}`
  return steps === '' ? value : `${value} (${steps})`
}

function detail(rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return ''
  const [first = [], ...rest] = rows.map((row) => row.map(oneLine))
  return `\n${table(first, rest).replaceAll(/^/gm, '    ')}`
}

/** A rule says what is read; whether that is an amount or where a counter stands, only the tenant file says. */
const sumHeading = "sum of quantities (readings of counters are not usage; the tenant's meters decide):"

/** The end of a trial. */
export function summaryText(summary: TrialSummary): string {
  const { payloads, events, repeats, conflicts, leftOut, rejected, totals, subjects, earliestMs, latestMs } = summary
  const counts = [
    `${counted(payloads, 'payload')}: ${counted(events, 'event')}`,
    counted(repeats, 'repeat'),
    counted(conflicts, 'conflict'),
    `${leftOut} left out`,
    `${rejected} rejected`,
  ]
  const lines = [counts.join(', ')]
  const sums = Object.entries(totals)
  if (sums.length > 0) lines.push(`  ${sumHeading}`)
  for (const [meter, total] of sums) lines.push(`    ${oneLine(meter)}: ${total}`)
  if (earliestMs !== null && latestMs !== null) {
    lines.push(`  ${counted(subjects, 'subject')}, from ${formatInstant(earliestMs)} to ${formatInstant(latestMs)}`)
  }
  for (const [code, count] of Object.entries(summary.rejectedByCode)) lines.push(`  rejected ${code}: ${count}`)
  for (const warning of summary.warnings) lines.push(`  Note: ${oneLine(warning)}.`)
  return lines.join('\n')
}
