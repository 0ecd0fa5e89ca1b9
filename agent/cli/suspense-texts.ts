import { formatInstant } from '@meterline/shared/units/instant.ts'
import { counted } from '@meterline/shared/command-line/counted.ts'
import { oneLine, table } from '@meterline/shared/command-line/output.ts'
import type { ShownEntry } from '../control/suspense-commands.ts'
import type { ReplayReport } from '../flow/replay-all.ts'
import type { ClosedEntry, DiscardedRow, SuspenseCounts, SuspenseEntry } from '../flow/suspense-port.ts'

/** Entries of the suspense for people. */
export function suspenseText(entries: readonly SuspenseEntry[]): string {
  if (entries.length === 0) return 'Nothing is in suspense.'
  return table(
    ['number', 'last seen', 'times', 'device', 'code', 'event id', 'message'],
    entries.map(({ number, lastMs, times, device, code, eventId, message }) => [
      String(number),
      formatInstant(lastMs),
      String(times),
      oneLine(device),
      code,
      eventId === null ? '-' : oneLine(eventId),
      oneLine(message),
    ]),
  )
}

/** How much there is for each reason, then for each device. */
export function countsText({ byCode, byDevice }: SuspenseCounts): string {
  if (byCode.length === 0) return 'Nothing is in suspense.'
  const reasons = byCode.map(({ code, rows, times }) => [code, String(rows), String(times)])
  const devices = byDevice.map(({ device, code, rows, times }) => [oneLine(device), code, String(rows), String(times)])
  return [
    table(['code', 'entries', 'times'], reasons),
    '',
    table(['device', 'code', 'entries', 'times'], devices),
  ].join('\n')
}

/** What left the suspense, as a table. */
export function closedText(entries: readonly ClosedEntry[]): string {
  if (entries.length === 0) return 'Nothing was replayed or discarded yet.'
  return table(
    ['number', 'closed', 'device', 'code', 'event id', 'what became of it'],
    entries.map((entry) => [
      String(entry.number),
      formatInstant(entry.closedMs),
      oneLine(entry.device),
      entry.code,
      entry.eventId === null ? '-' : oneLine(entry.eventId),
      outcomeText(entry),
    ]),
  )
}

/** One entry with everything there is to know about it. */
export function shownText(entry: ShownEntry): string {
  const { number, code, message, device, eventId, firstMs, times, payloadBytes } = entry
  const head: (readonly [string, string])[] = [
    ['number', String(number)],
    ['reason', `${code}: ${oneLine(message)}`],
    ['device', oneLine(device)],
    ['event id', eventId === null ? 'none' : oneLine(eventId)],
    ['first came', formatInstant(firstMs)],
    ['came', `${counted(times, 'time')}, ${counted(payloadBytes, 'byte')}`],
  ]
  if (entry.state === 'closed') {
    return fields([...head, ['closed', `${formatInstant(entry.closedMs)}, ${outcomeText(entry)}`]])
  }
  const { kind, rule, topic, idempotencyKey, positions, keptBytes, lastMs, obstacle } = entry
  const origin: (readonly [string, string])[] = [
    ['last came', formatInstant(lastMs)],
    ['kind', rule === null ? kind : `${kind}, read by the rule ${oneLine(rule)}`],
    ...(topic === null ? [] : [['topic', oneLine(topic)] as const]),
    ...(idempotencyKey === null ? [] : [['request key', oneLine(idempotencyKey)] as const]),
    ...(positions === null ? [] : [['positions', positions.join(', ')] as const]),
    ['what to do', obstacle ?? `repair the device or the rules, then "suspense replay ${number}"`],
  ]
  const kept = keptBytes === payloadBytes ? 'delivered' : `delivered, the first ${keptBytes} of ${payloadBytes} bytes`
  return `${fields([...head, ...origin])}\n${kept}:\n${payloadText(entry.payload, entry.payloadEncoding)}`
}

/** What a replay came to. */
export function replayText(report: ReplayReport): string {
  const { dryRun, entries, replayed, stay, unknown, events, duplicates, suspended, stayByCode, rows } = report
  if (entries === 0) return 'There is nothing to read again.'
  const would = dryRun ? ' would be' : ''
  const lines = [
    `${counted(entries, 'entry', 'entries')} read again${dryRun ? ' (dry run, nothing was changed)' : ''}.`,
    `${replayed}${would} replayed: ${counted(events, 'event')}, ${duplicates} already there, ${counted(suspended, 'part')} in suspense on ${suspended === 1 ? 'its' : 'their'} own.`,
  ]
  if (stay > 0) {
    const reasons = stayByCode.map(({ code, entries: count }) => `${code} ${count}`).join(', ')
    lines.push(`${stay} ${stay === 1 ? 'stays' : 'stay'} in suspense: ${reasons}.`)
  }
  if (unknown > 0) lines.push(`${unknown} ${unknown === 1 ? 'is' : 'are'} not in suspense (any more).`)
  const details = rows.map(({ number, outcome, code, message }) => [
    String(number),
    outcome,
    code ?? '-',
    oneLine(message),
  ])
  lines.push('', table(['number', 'outcome', 'code', 'message'], details))
  if (rows.length < entries) lines.push(`and ${entries - rows.length} more`)
  return lines.join('\n')
}

/** What became of entries somebody gave up. */
export function discardedText(rows: readonly DiscardedRow[]): string {
  const lines = rows.map(({ number, outcome }) =>
    outcome === 'discarded' ? `${number}: discarded` : `${number}: there is no such entry in suspense`,
  )
  return lines.join('\n')
}

function outcomeText({ outcome, events, duplicates, reason, closedBy }: ClosedEntry): string {
  if (outcome === 'replayed') return `replayed: ${counted(events, 'event')}, ${duplicates} already there`
  return `discarded by ${oneLine(closedBy ?? '')}: ${oneLine(reason ?? '')}`
}

/** Text as it is but for what could move a terminal's cursor; other bytes in hexadecimal, sixteen a line. */
function payloadText(payload: string, encoding: 'utf8' | 'base64'): string {
  if (encoding === 'utf8') return payload.split('\n').map(oneLine).join('\n')
  const bytes = Buffer.from(payload, 'base64')
  const lines: string[] = []
  for (let at = 0; at < bytes.length; at += 16) {
    const part = bytes.subarray(at, at + 16)
    const hex = [...part].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
    lines.push(
      `${at.toString(16).padStart(4, '0')}  ${hex.padEnd(47)}  ${part.toString('latin1').replaceAll(/[^ -~]/g, '.')}`,
    )
  }
  return lines.join('\n')
}

function fields(lines: readonly (readonly [string, string])[]): string {
  const width = Math.max(...lines.map(([name]) => name.length))
  return lines.map(([name, text]) => `${name.padEnd(width)}  ${text}`).join('\n')
}
