import type { Clock } from '@meterline/shared/base/clock.ts'
import { failed, fault, ok } from '@meterline/shared/base/errors.ts'
import type { Result } from '@meterline/shared/base/errors.ts'
import { dayMs } from '@meterline/shared/units/civil.ts'
import type { CorrelationDefinition } from '../domain/correlation/correlation-rule.ts'
import { pairingState, pairingTimeMs, type PairingState } from '../domain/correlation/judge-pairing.ts'
import { pairRecords, type ComparedRecord, type Pairing } from '../domain/correlation/pair-records.ts'
import type {
  ComparedJson,
  CorrelationItem,
  CorrelationsAnswer,
  CorrelationsRequest,
  CorrelationSummary,
} from './completeness-answers.ts'
import { keptDays } from './observe-usage.ts'
import type { TenantService } from './tenant-service.ts'

/** A stretch of time: from, and until before. */
export interface Stretch {
  readonly fromMs: number
  readonly toMs: number
}

/** Subjects paired between two pauses for everything else. */
const subjectsPerTurn = 100
const unmatchedStates: readonly PairingState[] = [
  'differs',
  'control-without-charge',
  'charge-without-control',
  'waiting',
]

/** Pairs what the two sides of each correlation reported, sums it up, and lists what does not match. */
export async function listCorrelations(
  service: TenantService,
  clock: Clock,
  request: CorrelationsRequest,
): Promise<Result<CorrelationsAnswer>> {
  const nowMs = clock.wallMs()
  const rules = service.inForce?.catalogue.file.correlations ?? []
  const chosen = request.rule === undefined ? rules : rules.filter(({ id }) => id === request.rule)
  if (request.rule !== undefined && chosen.length === 0) {
    const known = rules.length === 0 ? 'there are none' : `there are ${rules.map(({ id }) => id).join(', ')}`
    return failed(fault('correlation_unknown', `There is no correlation ${request.rule} in the tenant file; ${known}.`))
  }
  const stretch = { fromMs: request.fromMs ?? nowMs - keptDays * dayMs, toMs: request.toMs ?? Infinity }
  const states = new Set(request.states ?? unmatchedStates)
  const summaries: CorrelationSummary[] = []
  const items: CorrelationItem[] = []
  let more = 0
  for (const rule of chosen) {
    const summary = new SummedCorrelation(rule)
    const paired = await eachPairing(service, rule, stretch, (subject, pairing) => {
      const state = pairingState(rule, pairing, nowMs)
      summary.add(state, pairing)
      if (!states.has(state)) return
      if (items.length < request.limit) items.push(correlationItem(rule, subject, state, pairing))
      else more += 1
    })
    if (!paired.ok) return paired
    summaries.push(summary.total())
  }
  const toMs = Math.min(stretch.toMs, nowMs)
  return ok({ atMs: nowMs, fromMs: stretch.fromMs, toMs, rules: summaries, items, more })
}

/** Calls `found` for each pairing of a rule that happened in a stretch of time, subject by subject. */
export async function eachPairing(
  service: TenantService,
  rule: CorrelationDefinition,
  { fromMs, toMs }: Stretch,
  found: (subject: string, pairing: Pairing) => void,
): Promise<Result<null>> {
  const { correlation } = service.store
  // Beyond the ends, so that a pair across one is found.
  const marginMs = 2 * rule.windowMs
  const firstMs = fromMs - marginMs
  const endMs = Math.min(toMs + marginMs, Number.MAX_SAFE_INTEGER)
  for (const [index, subject] of correlation.subjects(rule.id, firstMs, endMs).entries()) {
    if (index > 0 && index % subjectsPerTurn === 0) {
      const paused = await service.pause()
      if (!paused.ok) return paused
    }
    const records = correlation.records(rule.id, subject, firstMs, endMs)
    for (const pairing of pairRecords(records, rule.windowMs)) {
      const timeMs = pairingTimeMs(pairing)
      if (timeMs >= fromMs && timeMs < toMs) found(subject, pairing)
    }
  }
  return ok(null)
}

/** A pairing as answers show it. */
export function correlationItem(
  { id, meter }: CorrelationDefinition,
  subject: string,
  state: PairingState,
  { charge, control }: Pairing,
): CorrelationItem {
  const difference = charge === null || control === null ? null : (charge.quantity - control.quantity).toString()
  return { rule: id, meter, subject, state, charge: shown(charge), control: shown(control), difference }
}

function shown(record: ComparedRecord | null): ComparedJson | null {
  if (record === null) return null
  const { timeMs, source, eventId, quantity, batchIndex, unit } = record
  return { timeMs, source, eventId, quantity: quantity.toString(), logIndex: batchIndex, unit }
}

/** What a rule has come to so far. */
class SummedCorrelation {
  readonly #rule: CorrelationDefinition
  readonly #counts: Record<PairingState, number> = {
    matched: 0,
    differs: 0,
    'control-without-charge': 0,
    'charge-without-control': 0,
    waiting: 0,
  }
  #charged = 0n
  #controlled = 0n

  constructor(rule: CorrelationDefinition) {
    this.#rule = rule
  }

  add(state: PairingState, { charge, control }: Pairing): void {
    this.#counts[state] += 1
    this.#charged += charge?.quantity ?? 0n
    this.#controlled += control?.quantity ?? 0n
  }

  total(): CorrelationSummary {
    const { id, meter } = this.#rule
    const sums = { charged: this.#charged.toString(), controlled: this.#controlled.toString() }
    return { rule: id, meter, counts: { ...this.#counts }, ...sums }
  }
}
