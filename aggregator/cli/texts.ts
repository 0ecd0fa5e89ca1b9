import { formatMicros } from '@meterline/shared/units/money.ts'
import { formatInstant } from '@meterline/shared/units/instant.ts'
import type { StatusJson } from '../control/serve-commands.ts'
import type {
  AgentReportSummary,
  ApplyOutcome,
  BooksReport,
  Disposition,
  DispositionLeg,
  EvidenceItem,
  TenantStatus,
} from '../flow/commands.ts'
import type { DocumentSummary } from '../flow/document-summary.ts'
import { counted } from '@meterline/shared/command-line/counted.ts'
import { oneLine, table } from '@meterline/shared/command-line/output.ts'

/** As many digits of a batch's hash as an agent's "recover --received" takes; two batches never agree in them by chance. */
const shownHashDigits = 8

/** What an apply did, for people. */
export function applyText(outcome: ApplyOutcome, dryRun: boolean): string {
  const { tenant, version, applied, diff } = outcome
  if (diff.length === 0) return `${tenant}: nothing to change, version ${version ?? 'none'} is in force.`
  const changes = diff.map(oneLine).join('\n')
  if (applied) return `${changes}\n${tenant}: applied, version ${version ?? ''} is in force.`
  return `${changes}\n${tenant}: nothing was applied${dryRun ? ' (dry run)' : ''}.`
}

/** Documents as a table. */
export function documentsText(documents: readonly DocumentSummary[]): string {
  if (documents.length === 0) return 'There are no documents.'
  return table(
    ['number', 'seller', 'buyer', 'period', 'total', 'currency'],
    documents.map(({ number, seller, buyer, period, total, currency }) => [
      number,
      seller,
      buyer,
      period,
      total,
      currency,
    ]),
  )
}

/** The whole aggregator for people. */
export function statusText(status: StatusJson): string {
  const head = `meterline-aggregator ${status.version}, pid ${status.pid}, key ${status.publicKey}`
  if (status.tenants.length === 0) return `${head}\nThere is no tenant yet; apply a tenant file.`
  return [head, ...status.tenants.map(tenantText)].join('\n\n')
}

/** One tenant for people. */
export function tenantText(status: TenantStatus): string {
  if (status.state === 'failed') return `tenant ${status.tenant}\n  FAILED: ${oneLine(status.reason ?? '')}`
  const lines: (readonly [string, string])[] = [
    ['catalogue', `version ${status.catalogueVersion}`],
    ['log', counted(status.logSize, 'entry', 'entries')],
    ...status.restores.map(
      ({ generation, size, by, reason, atMs }) =>
        [
          '',
          `generation ${generation}: restored to ${counted(size, 'entry', 'entries')} at ${formatInstant(atMs)} by ${oneLine(by)}: ${oneLine(reason)}`,
        ] as const,
    ),
    [
      'received',
      `${counted(status.batches, 'batch', 'batches')}, ${counted(status.units, 'event')}, ${counted(status.records, 'record')}`,
    ],
    ['duplicates', `${status.duplicates} counted, ${status.conflicts} with other content`],
    [
      'suspense',
      `${counted(status.suspended, 'event')}, ${status.released} released, ${status.discarded} discarded so far`,
    ],
    ...(status.voided === 0 ? [] : [['voided', counted(status.voided, 'event')] as const]),
    ...status.suspendedByCode.map(({ code, units }) => ['', `${code}: ${counted(units, 'event')}`] as const),
    ['unrated', counted(status.unratedBatches, 'batch', 'batches')],
    ['documents', `${status.documents}`],
    ['closed', status.closedPeriods.length === 0 ? 'no period yet' : status.closedPeriods.join(', ')],
    ...(status.closingPeriods.length === 0
      ? []
      : [['NOT CLOSED', `${status.closingPeriods.join(', ')}: not every bill is out, ask for it again`] as const]),
    ['evidence', counted(status.evidence, 'piece')],
  ]
  const agents = status.agents.map(
    ({ agent, epoch, receivedSeq, chainHash, connected, quarantined, logDispute, report }) =>
      `  agent ${agent}  epoch ${epoch}, ${counted(receivedSeq, 'batch', 'batches')} (${receivedSeq}:${chainHash.slice(0, shownHashDigits)}), ${connected ? 'connected' : 'not connected'}` +
      (quarantined === null ? '' : `, QUARANTINED: ${oneLine(quarantined)}`) +
      (logDispute === null ? '' : `\n    HOLDS ANOTHER LOG: ${oneLine(logDispute)}`) +
      (report === null ? '' : `\n    ${reportText(report)}`),
  )
  const width = Math.max(...lines.map(([name]) => name.length))
  return [
    `tenant ${status.tenant}`,
    ...lines.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`),
    ...agents,
  ].join('\n')
}

function reportText(report: AgentReportSummary): string {
  const { receivedMs, suspendedRows, refusedDeliveries, connectedDevices, outboxBatches, clockSync } = report
  const edge = `${counted(connectedDevices, 'device')}, ${suspendedRows} in suspense, ${counted(refusedDeliveries, 'delivery', 'deliveries')} refused`
  return `at ${formatInstant(receivedMs)}: ${edge}, ${counted(outboxBatches, 'batch', 'batches')} waiting, clock ${clockSync}`
}

/** Evidence as a table. */
export function evidenceText(items: readonly EvidenceItem[]): string {
  if (items.length === 0) return 'There is no evidence of anything refused.'
  return table(
    ['number', 'first seen', 'last seen', 'times', 'agent', 'from', 'code', 'message'],
    items.map(({ id, firstSeenMs, lastSeenMs, seen, agent, address, code, message }) => [
      String(id),
      formatInstant(firstSeenMs),
      formatInstant(lastSeenMs),
      String(seen),
      oneLine(agent),
      oneLine(address),
      code,
      oneLine(message),
    ]),
  )
}

/** What became of one event, on one line, and its legs below. */
export function dispositionText(source: string, id: string, disposition: Disposition): string {
  const name = `${oneLine(source)} ${oneLine(id)}`
  switch (disposition.kind) {
    case 'charged': {
      const { amountMicros, logIndex, unit, legs } = disposition
      const head = `${name}: charged ${formatMicros(BigInt(amountMicros))} (batch ${logIndex}, unit ${unit})`
      return [head, ...legs.map(legText)].join('\n')
    }
    case 'suspended':
      return `${name}: in suspense, ${disposition.code}: ${oneLine(disposition.message)}`
    case 'control':
      return `${name}: only compared, by the correlation ${disposition.rule} (batch ${disposition.logIndex}, unit ${disposition.unit})`
    case 'discarded': {
      const { reason, by, discardedMs } = disposition
      return `${name}: discarded by ${oneLine(by)} at ${formatInstant(discardedMs)}: ${oneLine(reason)}`
    }
    case 'voided': {
      const { reason, by, voidedMs } = disposition
      return `${name}: charged, and voided by ${oneLine(by)} at ${formatInstant(voidedMs)}: ${oneLine(reason)}`
    }
    case 'pending':
      return `${name}: stored in batch ${disposition.logIndex}, not rated yet`
    case 'unknown':
      return `${name}: unknown, no such event was received`
  }
}

/** A leg by the names that people know; one whose price is not in force any more by its key. */
function legText({ leg, meter, price, amountMicros }: DispositionLeg): string {
  const amount = formatMicros(BigInt(amountMicros))
  if (meter === null || price === null) return `  ${leg}  ${amount}`
  return `  ${leg.slice(0, leg.lastIndexOf(':'))}  ${oneLine(meter)} at price ${oneLine(price)}  ${amount}`
}

/** What a verification looked at and found. */
export function booksText({ tenant, checked, problems }: BooksReport): string {
  const counts = Object.entries(checked).map(([what, count]) => `${count} ${what}`)
  const head = `${tenant}: checked ${counts.length === 0 ? 'nothing, the books are empty' : counts.join(', ')}`
  if (problems.length === 0) return `${head}\n${tenant}: no problems.`
  return [head, ...problems.map((problem) => `${tenant}: ${oneLine(problem)}`)].join('\n')
}
