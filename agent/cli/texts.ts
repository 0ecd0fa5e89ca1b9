import { formatInstant } from '@meterline/shared/units/instant.ts'
import type { StatusJson } from '../control/serve-commands.ts'
import { oneLine } from '@meterline/shared/command-line/output.ts'

/** The status of an agent for people. */
export function statusText(status: StatusJson): string {
  const { uplink, outbox, open, chain, snapshot, counters, suspense, files, intake } = status
  const lines: (readonly [string, string])[] = [
    [
      'agent',
      `${status.agent} of ${status.tenant}, epoch ${status.epoch}, version ${status.version}, pid ${status.pid}`,
    ],
    ['key', status.publicKey],
    ['mqtt', status.mqtt.map(({ host, port, tls }) => `${host}:${port}${tls ? ' (TLS)' : ''}`).join(', ')],
    ...httpLines(status),
    ...status.bridges.map(bridgeLine),
    ['connections', `${status.mqttDoor.connections} devices, ${closedText(status.mqttDoor.closed)}`],
    [
      'uplink',
      uplink.fault === null ? uplink.state : `${uplink.state}: ${oneLine(uplink.fault.message)} (${uplink.fault.code})`,
    ],
    ['sent', `${uplink.sentBatches} batches, ${uplink.receipts} receipts, ${uplink.inFlight} under way`],
    ['last receipt', uplink.lastReceiptMs === null ? 'none yet' : formatInstant(uplink.lastReceiptMs)],
    ['chain', `sealed ${chain.sealedSeq}, settled ${chain.settledSeq}, log index ${chain.lastLogIndex ?? 'none yet'}`],
    ['open batch', `${open.units} events, ${open.records} records, ${open.bytes} bytes`],
    ['outbox', `${outbox.batches} batches, ${outbox.bytes} of ${outbox.limitBytes} bytes`],
    ['oldest unsent', outbox.oldestSealedMs === null ? 'none' : formatInstant(outbox.oldestSealedMs)],
    [
      'snapshot',
      snapshot === null ? 'none yet: usage is journalled unbound' : `version ${snapshot.version}, ${snapshot.hash}`,
    ],
    ['taken in', `${counters.deliveries} deliveries, ${counters.events} events, ${counters.records} records`],
    ['of those', `${counters.unbound} unbound, ${counters.withoutId} without an id`],
    ['not stored', `${counters.duplicates} duplicates, ${intake.refusedDeliveries} deliveries refused since the start`],
    ['suspense', `${suspense.rows} of ${suspense.limitRows} entries, ${counters.suspended} deliveries to it`],
    ['', `${suspense.closed.replayed} replayed and ${suspense.closed.discarded} discarded so far`],
    ...suspense.byCode.map(({ code, rows, times }) => ['', `${code}: ${rows} entries, ${times} times`] as const),
    ['files', `journal ${files.journalBytes} bytes, its log ${files.logBytes} bytes`],
  ]
  if (intake.lastFault !== null) lines.push(['refusing', `${intake.lastFault.message} (${intake.lastFault.code})`])
  if (status.failure !== null) lines.push(['FAILED', `${status.failure.message} (${status.failure.code})`])
  const width = Math.max(...lines.map(([name]) => name.length))
  return lines.map(([name, text]) => `${name.padEnd(width)}  ${text}`).join('\n')
}

function httpLines({ http, httpDoor }: StatusJson): (readonly [string, string])[] {
  if (httpDoor === null) return []
  const answers = Object.entries(httpDoor.answers).map(([answer, times]) => `${answer}: ${times}`)
  return [
    ['http', http.map(({ host, port, tls }) => `${host}:${port}${tls ? ' (TLS)' : ''}`).join(', ')],
    ['requests', `${httpDoor.connections} connections, answered ${answers.join(', ') || 'none yet'}`],
  ]
}

function bridgeLine(bridge: StatusJson['bridges'][number]): readonly [string, string] {
  const { name, url, state, fault, received, acknowledged, unsettled } = bridge
  const why = fault === null ? '' : `: ${oneLine(fault.message)} (${fault.code})`
  return [`bridge ${name}`, `${url} ${state}${why}; ${received} in, ${acknowledged} acknowledged, ${unsettled} open`]
}

function closedText(closed: StatusJson['mqttDoor']['closed']): string {
  const parts = Object.entries(closed).map(([reason, times]) => `${reason} ${times}`)
  return parts.length === 0 ? 'none closed yet' : `closed: ${parts.join(', ')}`
}
