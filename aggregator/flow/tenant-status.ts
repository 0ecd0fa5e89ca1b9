import { toHex } from '@meterline/shared/integrity/hash.ts'
import type { ReportRow } from '../store/completeness-table-reports.ts'
import type { AgentReportSummary, AgentStanding, TenantStatus } from './commands.ts'
import { emptyChain } from './decide-batch.ts'
import type { FailedTenant } from './tenant-registry.ts'
import type { TenantService } from './tenant-service.ts'

/** How a running tenant stands. */
export function tenantStatus(service: TenantService): TenantStatus {
  const { tenant, store, inForce } = service
  const totals = store.totals.all()
  const suspendedByCode = store.suspense.counts()
  const periods = store.documents.periods()
  const periodsIn = (state: 'closing' | 'closed'): readonly string[] =>
    periods.filter((period) => period.state === state).map((period) => period.key)
  return {
    tenant,
    state: 'open',
    reason: null,
    catalogueVersion: inForce?.version ?? -1,
    logSize: store.log.size,
    generation: store.generations.current,
    restores: service.checkpoints.restores,
    batches: totals.batches,
    units: totals.units,
    records: totals.records,
    duplicates: totals.duplicates,
    conflicts: totals.conflicts,
    suspended: suspendedByCode.reduce((sum, { units }) => sum + units, 0),
    suspendedByCode,
    released: totals.released,
    discarded: totals.discarded,
    voided: totals.voided,
    unratedBatches: store.batches.countAfter(store.ratingCursor()),
    evidence: store.evidence.count(),
    documents: store.documents.count(),
    closedPeriods: periodsIn('closed'),
    closingPeriods: periodsIn('closing'),
    agents: agentStandings(service),
  }
}

/** How a tenant stands whose file cannot be used: nothing is known but that. */
export function failedTenantStatus({ tenant, reason }: FailedTenant): TenantStatus {
  const none = { batches: 0, units: 0, records: 0, duplicates: 0, conflicts: 0, suspended: 0, unratedBatches: 0 }
  const nothing = { suspendedByCode: [], released: 0, discarded: 0, voided: 0 }
  return {
    tenant,
    state: 'failed',
    reason,
    catalogueVersion: -1,
    logSize: 0,
    generation: 0,
    restores: [],
    ...none,
    ...nothing,
    evidence: 0,
    documents: 0,
    closedPeriods: [],
    closingPeriods: [],
    agents: [],
  }
}

function reportSummary(row: ReportRow | undefined): AgentReportSummary | null {
  if (row === undefined) return null
  const { suspendedRows, refusedDeliveries, connectedDevices, clockSync, outbox } = row.report
  const outboxBatches = outbox.batches
  return { receivedMs: row.receivedMs, suspendedRows, refusedDeliveries, connectedDevices, outboxBatches, clockSync }
}

function agentStandings(service: TenantService): readonly AgentStanding[] {
  const connected = new Set(service.connectedAgents)
  const agents = [...(service.inForce?.agents ?? [])]
  return agents.map(([agent, { epoch }]) => {
    const { receivedSeq, chainHash: hash, quarantined } = service.store.batches.chain(agent, epoch) ?? emptyChain
    const report = reportSummary(service.reports.of(agent))
    const logDispute = service.checkpoints.disputeWith(agent)
    const chainHash = toHex(hash)
    return { agent, epoch, receivedSeq, chainHash, connected: connected.has(agent), quarantined, logDispute, report }
  })
}
