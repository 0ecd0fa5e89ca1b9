import { assertThat } from '@meterline/shared/base/errors.ts'
import { receivedWallMs } from '@meterline/shared/model/usage-record.ts'
import type { DecisionRow, UnitPlace } from '../store/suspense-table.ts'
import type { TenantStore } from '../store/tenant-store.ts'
import { openStoredBatch } from './rate-usage.ts'

/** Everything there is to know of a unit that is or was in suspense; quantities as decimal text. */
export interface ShownUnit extends UnitPlace {
  readonly state: 'suspended' | 'released' | 'discarded' | 'voided'
  /** Why it is in suspense now; null when something was decided about it. */
  readonly code: string | null
  readonly message: string | null
  readonly decision: Omit<DecisionRow, 'logIndex' | 'unit' | 'kind'> | null
  readonly agent: string
  readonly epoch: number
  readonly seq: number
  /** When its batch was received here, epoch milliseconds. */
  readonly receivedMs: number
  /** Its content; null when the body of its batch was deleted after its retention. */
  readonly content: ShownContent | null
}

/** What an event says. */
export interface ShownContent {
  readonly eventId: string | null
  readonly source: string
  readonly subject: string
  readonly timeMs: number
  /** When the agent took it, on the agent's wall clock. */
  readonly takenMs: number
  readonly labels: Readonly<Record<string, string>>
  readonly facts: Readonly<Record<string, string>>
  readonly records: readonly { readonly meter: string; readonly quantity: string }[]
}

/** A unit that is or was in suspense; null when it never was. */
export function showSuspended(store: TenantStore, place: UnitPlace): ShownUnit | null {
  const open = store.suspense.row(place)
  const decision = open === undefined ? store.suspense.decision(place) : undefined
  if (open === undefined && decision === undefined) return null
  const batch = store.batches.find(place.logIndex)
  assertThat(batch !== undefined, 'a suspended unit belongs to a batch')
  const { agent, epoch, seq, receivedMs, body } = batch
  const { logIndex, unit } = place
  return {
    logIndex,
    unit,
    state: decision === undefined ? 'suspended' : stateAfter(store, decision),
    code: open?.code ?? null,
    message: open?.message ?? null,
    decision: decision === undefined ? null : shownDecision(decision),
    agent,
    epoch,
    seq,
    receivedMs,
    content: body === null ? null : contentOf(store, place, body),
  }
}

/** A unit that was released may have been taken back since. */
function stateAfter(store: TenantStore, decision: DecisionRow): ShownUnit['state'] {
  if (decision.kind === 'discard') return 'discarded'
  return store.voids.find(decision) === undefined ? 'released' : 'voided'
}

function shownDecision({ decidedIndex, decidedMs, decidedBy, reason }: DecisionRow): ShownUnit['decision'] {
  return { decidedIndex, decidedMs, decidedBy, reason }
}

function contentOf(store: TenantStore, { logIndex, unit: index }: UnitPlace, body: Uint8Array): ShownContent {
  const { decoded } = openStoredBatch(store, logIndex, body)
  const unit = decoded.units[index]
  const anchor = unit === undefined ? undefined : decoded.tables.anchors[unit.anchor]
  assertThat(unit !== undefined && anchor !== undefined, 'a suspended unit is one of its batch')
  const { eventId, source, subject, timeMs, labels, facts, records } = unit
  return {
    eventId,
    source,
    subject,
    timeMs,
    takenMs: receivedWallMs(unit, anchor),
    labels: Object.fromEntries(labels),
    facts: Object.fromEntries(facts.map(([key, value]) => [key, value.toString()])),
    records: records.map(({ meter, quantity }) => ({ meter, quantity: quantity.toString() })),
  }
}
