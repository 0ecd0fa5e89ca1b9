import { formatInstant } from '@meterline/shared/units/instant.ts'
import type { StatusJson } from '../control/serve-commands.ts'
import { counted } from '@meterline/shared/command-line/counted.ts'
import { oneLine } from '@meterline/shared/command-line/output.ts'

/** The status of an agent for people. */
export function statusText(status: StatusJson): string {
  const { uplink, outbox, retained, log, open, chain, snapshot, subjects, counters, suspense, files, intake } = status
  const lines: (readonly [string, string])[] = [
    [
      'agent',
      `${status.agent} of ${status.tenant}, epoch ${status.epoch}, version ${status.version}, pid ${status.pid}`,
    ],
    ['key', status.publicKey],
    ['mqtt', status.mqtt.map(({ host, port, tls }) => `${host}:${port}${tls ? ' (TLS)' : ''}`).join(', ')],
    ...httpLines(status),
    ...status.bridges.map(bridgeLine),
    ['connections', `${counted(status.mqttDoor.connections, 'device')}, ${closedText(status.mqttDoor.closed)}`],
    [
      'uplink',
      uplink.fault === null ? uplink.state : `${uplink.state}: ${oneLine(uplink.fault.message)} (${uplink.fault.code})`,
    ],
    [
      'sent',
      `${counted(uplink.sentBatches, 'batch', 'batches')}, ${counted(uplink.receipts, 'receipt')}, ${uplink.inFlight} under way`,
    ],
    ['last receipt', uplink.lastReceiptMs === null ? 'none yet' : formatInstant(uplink.lastReceiptMs)],
    ['chain', `sealed ${chain.sealedSeq}, settled ${chain.settledSeq}, log index ${chain.lastLogIndex ?? 'none yet'}`],
    [
      'open batch',
      `${counted(open.units, 'event')}, ${counted(open.records, 'record')}, ${counted(open.bytes, 'byte')}`,
    ],
    ['outbox', `${counted(outbox.batches, 'batch', 'batches')}, ${outbox.bytes} of ${outbox.limitBytes} bytes`],
    [
      'kept besides',
      `${counted(retained.batches, 'settled batch', 'settled batches')}, ${retained.bytes} of ${retained.limitBytes} bytes`,
    ],
    ['oldest unsent', outbox.oldestSealedMs === null ? 'none' : formatInstant(outbox.oldestSealedMs)],
    ...logLines(log),
    [
      'snapshot',
      snapshot === null ? 'none yet: usage is journalled unbound' : `version ${snapshot.version}, ${snapshot.hash}`,
    ],
    ['subjects', `${subjects.bound} bound, ${subjects.unknown} unknown, ${subjects.wanted} to be asked about`],
    ['taken in', countedIntake(counters)],
    ['of those', `${counters.unbound} unbound, ${counters.withoutId} without an id`],
    [
      'not stored',
      `${counted(counters.duplicates, 'duplicate')}, ${counted(intake.refusedDeliveries, 'delivery', 'deliveries')} refused since the start`,
    ],
    [
      'suspense',
      `${suspense.rows} of ${suspense.limitRows} entries, ${counted(counters.suspended, 'delivery', 'deliveries')} to it`,
    ],
    ['', `${suspense.closed.replayed} replayed and ${suspense.closed.discarded} discarded so far`],
    ...suspense.byCode.map(
      ({ code, rows, times }) =>
        ['', `${code}: ${counted(rows, 'entry', 'entries')}, ${counted(times, 'time')}`] as const,
    ),
    ...status.recoveries.map(recoveryLine),
    ['files', `journal ${files.journalBytes} bytes, its log ${files.logBytes} bytes`],
  ]
  if (intake.lastFault !== null) lines.push(['refusing', `${intake.lastFault.message} (${intake.lastFault.code})`])
  if (status.failure !== null) lines.push(['FAILED', `${status.failure.message} (${status.failure.code})`])
  const width = Math.max(...lines.map(([name]) => name.length))
  return lines.map(([name, text]) => `${name.padEnd(width)}  ${text}`).join('\n')
}

function countedIntake({ deliveries, events, records }: StatusJson['counters']): string {
  return [counted(deliveries, 'delivery', 'deliveries'), counted(events, 'event'), counted(records, 'record')].join(
    ', ',
  )
}

function logLines({ generation, checkpoint, doubted, evidence }: StatusJson['log']): (readonly [string, string])[] {
  const verified = checkpoint === null ? 'no checkpoint yet' : `verified up to ${checkpoint.size} entries`
  const doubt = doubted ? '; DOUBTED: nothing is sent until a checkpoint continues it' : ''
  return [
    ['log', `generation ${generation}, ${verified}${doubt}`],
    ...evidence.map(
      ({ atMs, code, message }) => ['evidence', `${formatInstant(atMs)} ${oneLine(message)} (${code})`] as const,
    ),
  ]
}

function recoveryLine(recovery: StatusJson['recoveries'][number]): readonly [string, string] {
  const { recoveredMs, recoveredBy, movedTo, units, suspended, lostParts } = recovery
  const carried = `${counted(units, 'event')} and ${counted(suspended, 'suspended entry', 'suspended entries')} carried over`
  const lost = lostParts === 0 ? 'nothing lost' : `${counted(lostParts, 'part')} LOST`
  const kept = movedTo === null ? '' : `; the journal before is ${movedTo}`
  return ['recovered', `${formatInstant(recoveredMs)} by ${oneLine(recoveredBy)}: ${carried}, ${lost}${kept}`]
}

function httpLines({ http, httpDoor }: StatusJson): (readonly [string, string])[] {
  if (httpDoor === null) return []
  const answers = Object.entries(httpDoor.answers).map(([answer, times]) => `${answer}: ${times}`)
  return [
    ['http', http.map(({ host, port, tls }) => `${host}:${port}${tls ? ' (TLS)' : ''}`).join(', ')],
    ['requests', `${counted(httpDoor.connections, 'connection')}, answered ${answers.join(', ') || 'none yet'}`],
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
