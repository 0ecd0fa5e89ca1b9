import type { Clock } from '@meterline/shared/base/clock.ts'
import { ok } from '@meterline/shared/base/errors.ts'
import type { Result } from '@meterline/shared/base/errors.ts'
import { dayMs } from '@meterline/shared/units/civil.ts'
import { agentGaps, type AgentReportView } from '../domain/completeness/agent-gaps.ts'
import { expectationGaps, sequenceGaps } from '../domain/completeness/find-gaps.ts'
import { pairingState } from '../domain/correlation/judge-pairing.ts'
import { mostStreams } from '../store/completeness-table-sequences.ts'
import type { ReportRow } from '../store/completeness-table-reports.ts'
import { gapKinds } from './completeness-answers.ts'
import type { CorrelationGap, Gap, GapKind, GapsAnswer, GapsRequest } from './completeness-answers.ts'
import { correlationItem, eachPairing } from './list-correlations.ts'
import type { TenantService } from './tenant-service.ts'

/**
 * Everything that is missing at an instant, computed from what was observed: a gap that closes is simply not found the
 * next time. Asking about an earlier instant judges what is known today as of then.
 */
export async function listGaps(
  service: TenantService,
  clock: Clock,
  request: GapsRequest,
): Promise<Result<GapsAnswer>> {
  const nowMs = request.atMs ?? clock.wallMs()
  const firstDay = Math.floor(nowMs / dayMs) - request.days
  const found = new GatheredGaps(request)
  gatherAgents(service, nowMs, found)
  for (const expectation of service.inForce?.watch.expectations ?? []) {
    if (!found.wants('silent') && !found.wants('short-day')) break
    const { completeness } = service.store
    const { id } = expectation.definition
    const view = { expectation, sightings: completeness.sightings(id), days: completeness.days(id, firstDay) }
    const connected = new Set(service.connectedAgents)
    found.addAll(expectationGaps(view, nowMs, firstDay, (agent) => connected.has(agent)))
    const paused = await service.pause()
    if (!paused.ok) return paused
  }
  if (found.wants('sequence')) gatherSequences(service, found)
  const compared = await gatherCorrelations(service, nowMs, firstDay, found)
  if (!compared.ok) return compared
  return ok(found.answer(nowMs, service.store.completeness.unobserved()))
}

function gatherAgents(service: TenantService, nowMs: number, found: GatheredGaps): void {
  const connected = new Set(service.connectedAgents)
  for (const agent of service.inForce?.agents.keys() ?? []) {
    const report = service.reports.of(agent)
    const view = report === undefined ? null : reportView(report)
    found.addAll(agentGaps({ agent, connected: connected.has(agent), report: view }, nowMs))
  }
}

function gatherSequences(service: TenantService, found: GatheredGaps): void {
  for (const { source, subject, reset, runs } of service.store.sequences.holed(mostStreams)) {
    for (const run of runs) found.addAll(sequenceGaps({ ...run, source, subject, reset }))
  }
}

async function gatherCorrelations(
  service: TenantService,
  nowMs: number,
  firstDay: number,
  found: GatheredGaps,
): Promise<Result<null>> {
  const kinds = ['control-without-charge', 'charge-without-control', 'difference'] as const
  if (!kinds.some((kind) => found.wants(kind))) return ok(null)
  for (const rule of service.inForce?.catalogue.file.correlations ?? []) {
    const stretch = { fromMs: firstDay * dayMs, toMs: nowMs }
    const paired = await eachPairing(service, rule, stretch, (subject, pairing) => {
      const state = pairingState(rule, pairing, nowMs)
      if (state === 'matched' || state === 'waiting') return
      const kind: CorrelationGap['kind'] = state === 'differs' ? 'difference' : state
      found.add({ kind, ...correlationItem(rule, subject, state, pairing) })
    })
    if (!paired.ok) return paired
  }
  return ok(null)
}

function reportView({ receivedMs, refusedMs, report }: ReportRow): AgentReportView {
  return {
    receivedMs,
    refusedMs,
    refusedDeliveries: report.refusedDeliveries,
    suspendedRows: report.suspendedRows,
    suspended: report.suspended,
    clockSync: report.clockSync,
    outboxBatches: report.outbox.batches,
    outboxOldestMs: report.outbox.oldestSealedMs,
  }
}

/** Gaps found so far: all are counted, those within the limit are kept. */
class GatheredGaps {
  readonly #kinds: ReadonlySet<GapKind>
  readonly #limit: number
  readonly #gaps: Gap[] = []
  readonly #counts = new Map<GapKind, number>()
  #more = 0

  constructor({ kinds, limit }: GapsRequest) {
    this.#kinds = new Set(kinds ?? gapKinds)
    this.#limit = limit
  }

  wants(kind: GapKind): boolean {
    return this.#kinds.has(kind)
  }

  add(gap: Gap): void {
    if (!this.wants(gap.kind)) return
    this.#counts.set(gap.kind, (this.#counts.get(gap.kind) ?? 0) + 1)
    if (this.#gaps.length < this.#limit) this.#gaps.push(gap)
    else this.#more += 1
  }

  addAll(gaps: readonly Gap[]): void {
    for (const gap of gaps) this.add(gap)
  }

  answer(atMs: number, unobserved: GapsAnswer['unobserved']): GapsAnswer {
    const place = (gap: Gap): number => gapKinds.indexOf(gap.kind)
    const counts = Object.fromEntries(
      [...this.#counts].toSorted(([a], [b]) => gapKinds.indexOf(a) - gapKinds.indexOf(b)),
    )
    const gaps = this.#gaps.toSorted((left, right) => place(left) - place(right))
    return { atMs, counts, gaps, more: this.#more, unobserved }
  }
}
