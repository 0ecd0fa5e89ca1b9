import { oneLine, table } from '@meterline/shared/command-line/output.ts'
import { formatDuration } from '@meterline/shared/units/duration.ts'
import { formatInstant } from '@meterline/shared/units/instant.ts'
import type {
  ComparedJson,
  CorrelationItem,
  CorrelationsAnswer,
  Gap,
  GapKind,
  GapsAnswer,
} from '../flow/completeness-answers.ts'

/** Everything that is missing, as a table with the counts above it. */
export function gapsText({ atMs, counts, gaps, more, unobserved }: GapsAnswer): string {
  const at = formatInstant(atMs)
  const notFollowed = unobserved.map(({ what, events }) => `Not followed for want of room: ${events} events (${what}).`)
  if (gaps.length === 0 && more === 0) return [`No gaps at ${at}.`, ...notFollowed].join('\n')
  const summary = (Object.entries(counts) as [GapKind, number][]).map(([kind, count]) => `${count} ${kind}`)
  const rows = gaps.map((gap) => [gap.kind, oneLine(subjectOf(gap)), oneLine(detailOf(gap))])
  return [
    `Gaps at ${at}: ${summary.join(', ')}`,
    table(['kind', 'who', 'what'], rows),
    ...(more === 0 ? [] : [`and ${more} more; name kinds with --kind, or raise --limit.`]),
    ...notFollowed,
  ].join('\n')
}

function subjectOf(gap: Gap): string {
  switch (gap.kind) {
    case 'silent':
    case 'short-day':
      return `${gap.watched} (${gap.expectation})`
    case 'sequence':
      return gap.source === gap.subject ? gap.source : `${gap.source} ${gap.subject}`
    case 'control-without-charge':
    case 'charge-without-control':
    case 'difference':
      return `${gap.subject} (${gap.rule})`
    default:
      return gap.agent
  }
}

function detailOf(gap: Gap): string {
  switch (gap.kind) {
    case 'silent': {
      const { lastSeenMs, everyMs, agent, agentConnected } = gap
      const expected = `expected every ${formatDuration(everyMs)}`
      if (lastSeenMs === null) return `never seen, ${expected}`
      const way = `by agent ${agent ?? ''}, ${agentConnected === true ? 'connected' : 'NOT connected'}`
      return `last seen ${formatInstant(lastSeenMs)} ${way}; ${expected}`
    }
    case 'short-day': {
      const { day, expected, received, byAgent } = gap
      const agents = byAgent.map(({ agent, events }) => `${agent} ${events}`).join(', ')
      return `${day}: ${received} of ${expected} expected${agents === '' ? '' : ` (${agents})`}`
    }
    case 'sequence': {
      const { range, missing, head, headMs, agent, reset } = gap
      const numbers = range === null ? `${missing} numbers` : rangeText(range)
      const run = reset === '' ? '' : ` of run ${reset}`
      const which = range === null ? 'missing, too many holes to name them' : `missing (${missing})`
      return `${numbers}${run} ${which}; at ${head} since ${formatInstant(headMs)} by agent ${agent}`
    }
    case 'agent-silent':
      return gap.lastReportMs === null
        ? 'not connected, never reported'
        : `not connected, last report ${formatInstant(gap.lastReportMs)}`
    case 'agent-suspense': {
      const largest = gap.largest.map(({ code, device, rows }) => `${code} of ${device} ${rows}`).join(', ')
      return `${gap.rows} entries in its suspense: ${largest}`
    }
    case 'agent-refusals':
      return `refused deliveries, ${gap.deliveries} since it started, reported ${formatInstant(gap.lastMs)}`
    case 'agent-clock':
      return `its clock is not synchronised, reported ${formatInstant(gap.reportedMs)}`
    case 'agent-backlog':
      return `${gap.batches} batches wait to be sent, the oldest since ${formatInstant(gap.oldestMs)}`
    case 'control-without-charge':
    case 'charge-without-control':
    case 'difference':
      return pairText(gap)
  }
}

function rangeText({ first, last }: { readonly first: number; readonly last: number }): string {
  return first === last ? `number ${first}` : `numbers ${first} to ${last}`
}

/** What the two sides of each correlation come to, and the pairs asked for. */
export function correlationsText({ rules, items, more }: CorrelationsAnswer): string {
  if (rules.length === 0) return 'The tenant file has no correlations.'
  const summary = table(
    ['correlation', 'meter', 'matched', 'differ', 'no charge', 'no control', 'waiting', 'charged', 'controlled'],
    rules.map(({ rule, meter, counts, charged, controlled }) => [
      rule,
      meter,
      String(counts.matched),
      String(counts.differs),
      String(counts['control-without-charge']),
      String(counts['charge-without-control']),
      String(counts.waiting),
      charged,
      controlled,
    ]),
  )
  if (items.length === 0) return summary
  const rows = items.map((item) => [item.rule, oneLine(item.subject), item.state, pairText(item)])
  const rest = more === 0 ? [] : [`and ${more} more; raise --limit.`]
  return [summary, '', table(['correlation', 'subject', 'state', 'reports'], rows), ...rest].join('\n')
}

function pairText({ charge, control, difference }: CorrelationItem): string {
  const sides = [
    charge === null ? 'no charge' : `charged ${reportText(charge)}`,
    control === null ? 'no control record' : `control ${reportText(control)}`,
  ]
  return `${sides.join(', ')}${difference === null || difference === '0' ? '' : `, difference ${difference}`}`
}

function reportText({ timeMs, source, eventId, quantity }: ComparedJson): string {
  return oneLine(`${quantity} at ${formatInstant(timeMs)} by ${source}${eventId === null ? '' : ` ${eventId}`}`)
}
