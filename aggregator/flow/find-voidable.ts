import { eventKey } from '@meterline/shared/integrity/event-key.ts'
import { decodeChargeBlock, type ChargeBlock } from '@meterline/shared/model/charge.ts'
import type { RatingUnit } from '@meterline/shared/model/usage-record.ts'
import { assertThat } from '@meterline/shared/base/errors.ts'
import type { MeterRule } from '../domain/metering/meter-rule.ts'
import type { WithdrawalFaultCode } from '../domain/rating-of-record/withdraw-charges.ts'
import type { UnitPlace } from '../store/suspense-table.ts'
import type { TenantStore } from '../store/tenant-store.ts'
import { unitAt } from './admission.ts'

/** What is to be taken back: an event by its identity, or a unit by its place. */
export type VoidTarget = { readonly source: string; readonly id: string } | UnitPlace

/** Why something is not taken back. */
export type VoidFaultCode =
  | WithdrawalFaultCode
  | 'event_unknown'
  | 'event_pending'
  | 'event_suspended'
  | 'event_discarded'
  | 'control_record'
  | 'not_charged'
  | 'meter_has_state'

/** Why a unit stays as it is, in words. */
export interface VoidFault {
  readonly code: VoidFaultCode
  readonly message: string
}

/** The place of what came first under an event's identity, or the place itself; null: there is no such event or batch. */
export function placeOfTarget(store: TenantStore, tenant: string, target: VoidTarget): UnitPlace | null {
  if ('logIndex' in target) return store.batches.find(target.logIndex) === undefined ? null : target
  const known = store.keys.lookup(eventKey(tenant, target.source, target.id), 0)
  return known === null ? null : unitAt(known)
}

/** Why a unit that was not voided cannot be, as far as its standing says that; null: it was charged. */
export function standingFault(store: TenantStore, place: UnitPlace): VoidFault | null {
  const { logIndex, unit } = place
  if (logIndex > store.ratingCursor())
    return { code: 'event_pending', message: 'it is not rated yet: ask again in a moment' }
  const suspended = store.suspense.find(logIndex, unit)
  if (suspended !== undefined)
    return { code: 'event_suspended', message: `it is in suspense (${suspended.code}): discard it there instead` }
  if (store.suspense.decision(place)?.kind === 'discard')
    return { code: 'event_discarded', message: 'it was discarded, and never charged' }
  const rule = store.correlation.controlRule(logIndex, unit)
  if (rule !== undefined)
    return { code: 'control_record', message: `the correlation ${rule} only compares it: it was never charged` }
  return null
}

/** Why what a charged unit holds keeps it from being taken back; null: nothing does. */
export function contentFault(unit: RatingUnit, meterRules: ReadonlyMap<string, MeterRule>): VoidFault | null {
  for (const { meter } of unit.records) {
    const kind = meterRules.get(meter)?.metering.kind ?? 'sum'
    if (kind === 'sum') continue
    const message = `what other readings of ${meter} (${kind}) were charged depends on it: correct it by a credit note`
    return { code: 'meter_has_state', message }
  }
  return null
}

/** All charge blocks of a batch, decoded. */
export function chargesOfBatch(store: TenantStore, batchIndex: number): readonly ChargeBlock[] {
  return store.segments.blocksOf(batchIndex).map(decoded)
}

/** All charge blocks of a segment, decoded as they are asked for. */
export function* chargesOfSegment(store: TenantStore, segmentKey: string): IterableIterator<ChargeBlock> {
  for (const bytes of store.segments.blocksOfSegment(segmentKey)) yield decoded(bytes)
}

function decoded(bytes: Uint8Array): ChargeBlock {
  const block = decodeChargeBlock(bytes)
  assertThat(block.ok, 'a charge block of our own file can be read')
  return block.value
}
