import { counted } from '@meterline/shared/command-line/counted.ts'
import { oneLine, table } from '@meterline/shared/command-line/output.ts'
import { formatInstant } from '@meterline/shared/units/instant.ts'
import type { SubscriptionAnswer, SubscriptionItem, SubscriptionOutcome } from '../flow/subscription-answers.ts'

const stateWords = { 'to-come': 'to come', active: 'active', paused: 'paused', ended: 'ended' } as const

/** Subscriptions as a table. */
export function subscriptionsText(items: readonly SubscriptionItem[]): string {
  if (items.length === 0) return 'There are no such subscriptions.'
  return table(
    ['subscription', 'account', 'offering', 'state', 'from', 'to', 'next change'],
    items.map(({ id, account, offering, state, fromMs, toMs, nextMs }) => [
      id,
      account,
      offering,
      stateWords[state],
      dateText(fromMs),
      dateText(toMs),
      dateText(nextMs),
    ]),
  )
}

/** Everything of one subscription. */
export function subscriptionText(answer: SubscriptionAnswer): string {
  const { id, account, offering, state, atMs, quantities, subjects, pauses, events } = answer
  const counts = Object.entries(quantities).map(([name, count]) => `${count} ${name}`)
  const lines: (readonly [string, string])[] = [
    ['subscription', id],
    ['account', account],
    ['at', `${dateText(atMs)}: ${stateWords[state]}, ${offering}`],
    ...(subjects === null ? [] : [['subjects', String(subjects)] as const]),
    ...(counts.length === 0 ? [] : [['quantities', counts.join(', ')] as const]),
    ...pauses.map(({ fromMs, toMs }) => ['paused', `${dateText(fromMs)} to ${dateText(toMs)}`] as const),
  ]
  const width = Math.max(...lines.map(([name]) => name.length))
  const head = lines.map(([name, text]) => `${name.padEnd(width)}  ${text}`)
  const rows = events.map((event) => [
    dateText(event.atMs),
    event.kind,
    oneLine(event.text),
    event.isToCome ? 'to come' : '',
  ])
  return [...head, '', table(['at', 'what', 'to', ''], rows)].join('\n')
}

/** What a command came to. */
export function subscriptionOutcomeText(outcome: SubscriptionOutcome, dryRun: boolean): string {
  const { subscription, version, applied, diff, corrections } = outcome
  if (diff.length === 0) return `${subscription} is so already; nothing was changed.`
  const done = applied ? `This is version ${version} of the catalogue.` : 'Dry run, nothing was changed.'
  const later = corrections.length === 0 ? [] : [`${counted(corrections.length, 'billed relation')} will be corrected.`]
  return [...diff, ...(dryRun || applied ? [done] : []), ...later].join('\n')
}

/** Days as such, other instants with their time; `-` for none. */
function dateText(timeMs: number | null): string {
  if (timeMs === null) return '-'
  const text = formatInstant(timeMs)
  return text.endsWith('T00:00:00.000Z') ? text.slice(0, 10) : text
}
