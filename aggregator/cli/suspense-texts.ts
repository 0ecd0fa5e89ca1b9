import { formatInstant } from '@meterline/shared/units/instant.ts'
import { counted } from '@meterline/shared/command-line/counted.ts'
import { oneLine, table } from '@meterline/shared/command-line/output.ts'
import type { SuspendedItem } from '../flow/commands.ts'
import type { DiscardedUnit } from '../flow/discard-suspense.ts'
import type { ReplayReport } from '../flow/replay-suspense.ts'
import type { ShownContent, ShownUnit } from '../flow/show-suspended.ts'

/** Units in suspense as a table. */
export function suspenseText(items: readonly SuspendedItem[]): string {
  if (items.length === 0) return 'Nothing is in suspense.'
  return table(
    ['place', 'time', 'source', 'event id', 'subject', 'code', 'message'],
    items.map(({ logIndex, unit, timeMs, source, eventId, subject, code, message }) => [
      `${logIndex}:${unit}`,
      formatInstant(timeMs),
      oneLine(source),
      eventId === null ? '-' : oneLine(eventId),
      oneLine(subject),
      code,
      oneLine(message),
    ]),
  )
}

/** Everything of one unit. */
export function shownText(shown: ShownUnit): string {
  const { logIndex, unit, agent, epoch, seq, receivedMs, content } = shown
  const lines: (readonly [string, string])[] = [
    ['place', `${logIndex}:${unit}`],
    ...stateLines(shown),
    ['batch', `${seq} of ${oneLine(agent)}, epoch ${epoch}, received ${formatInstant(receivedMs)}`],
    ...(content === null
      ? [['content', 'deleted with the body of its batch after its retention'] as const]
      : contentLines(content)),
  ]
  const width = Math.max(...lines.map(([name]) => name.length))
  return lines.map(([name, text]) => `${name.padEnd(width)}  ${text}`).join('\n')
}

/** What a replay came to. */
export function replayText(report: ReplayReport): string {
  const { dryRun, tried, released, stay, unknown, stayByCode, units } = report
  if (tried + unknown === 0) return 'There is nothing to rate again.'
  const lines = [
    `${counted(tried, 'unit')} rated again${dryRun ? ' (dry run, nothing was changed)' : ''}.`,
    `${released} ${dryRun ? 'would be' : released === 1 ? 'is' : 'are'} charged.`,
  ]
  if (stay > 0) {
    const reasons = stayByCode.map(({ code, units: count }) => `${code} ${count}`).join(', ')
    lines.push(`${stay} ${stay === 1 ? 'stays' : 'stay'} in suspense: ${reasons}.`)
  }
  if (unknown > 0) lines.push(`${unknown} ${unknown === 1 ? 'is' : 'are'} not in suspense (any more).`)
  const rows = units.map(({ logIndex, unit, outcome, code, message }) => [
    `${logIndex}:${unit}`,
    outcome,
    code ?? '-',
    oneLine(message),
  ])
  if (rows.length > 0) lines.push('', table(['place', 'outcome', 'code', 'message'], rows))
  if (units.length < tried) lines.push(`and ${tried - units.length} more`)
  return lines.join('\n')
}

/** What became of units somebody gave up. */
export function discardedText(units: readonly DiscardedUnit[]): string {
  const lines = units.map(({ logIndex, unit, outcome }) =>
    outcome === 'discarded' ? `${logIndex}:${unit}: discarded` : `${logIndex}:${unit}: is not in suspense`,
  )
  return lines.join('\n')
}

function stateLines({ state, code, message, decision }: ShownUnit): (readonly [string, string])[] {
  if (decision === null) return [['in suspense', `${code ?? ''}: ${oneLine(message ?? '')}`]]
  const { decidedIndex, decidedMs, decidedBy, reason } = decision
  const who = `${formatInstant(decidedMs)} by ${oneLine(decidedBy)}, log entry ${decidedIndex}`
  if (state === 'released') return [['released', who]]
  if (state === 'voided') return [['released', `${who}, and voided since`]]
  return [
    ['discarded', who],
    ['reason', oneLine(reason ?? '')],
  ]
}

function contentLines({
  eventId,
  source,
  subject,
  timeMs,
  takenMs,
  ...rest
}: ShownContent): (readonly [string, string])[] {
  const pairs = (of: Readonly<Record<string, string>>): string =>
    Object.entries(of)
      .map(([key, value]) => `${oneLine(key)}=${oneLine(value)}`)
      .join(', ') || 'none'
  return [
    ['event id', eventId === null ? 'none' : oneLine(eventId)],
    ['source', oneLine(source)],
    ['subject', oneLine(subject)],
    ['time', `${formatInstant(timeMs)}, taken in at ${formatInstant(takenMs)}`],
    ['labels', pairs(rest.labels)],
    ['facts', pairs(rest.facts)],
    ...rest.records.map(({ meter, quantity }) => ['usage', `${oneLine(meter)} ${quantity}`] as const),
  ]
}
