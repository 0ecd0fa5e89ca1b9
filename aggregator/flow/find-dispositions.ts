import { assertThat } from '@meterline/shared/base/errors.ts'
import { eventKey } from '@meterline/shared/integrity/event-key.ts'
import { decodeChargeBlock } from '@meterline/shared/model/charge.ts'
import type { DecisionRow } from '../store/suspense-table.ts'
import type { TenantStore } from '../store/tenant-store.ts'
import type { VoidRow } from '../store/void-table.ts'
import { unitAt } from './admission.ts'
import type { Disposition, DispositionLeg } from './commands.ts'
import { PriceNames } from './price-names.ts'
import type { TenantService } from './tenant-service.ts'

/** What one unit was charged on one leg. */
interface LegCharge {
  readonly leg: string
  amountMicros: bigint
}

/** The charges of one batch, by unit. */
type BatchCharges = ReadonlyMap<number, readonly LegCharge[]>

/** Finds what became of events, by their identity. The content that came first under an identity is the one that counts. */
export function findDispositions(
  { store, tenant, inForce }: Pick<TenantService, 'store' | 'tenant' | 'inForce'>,
  events: readonly { readonly source: string; readonly id: string }[],
): readonly Disposition[] {
  const cursor = store.ratingCursor()
  const charges = new Map<number, BatchCharges>()
  const names = new PriceNames(store, inForce)
  return events.map(({ source, id }): Disposition => {
    const known = store.keys.lookup(eventKey(tenant, source, id), 0)
    if (known === null) return { kind: 'unknown' }
    const { logIndex, unit } = store.voids.standing(unitAt(known))
    if (logIndex > cursor) return { kind: 'pending', logIndex, unit }
    const suspended = store.suspense.find(logIndex, unit)
    if (suspended !== undefined) return { kind: 'suspended', logIndex, unit, ...suspended }
    const decision = store.suspense.decision({ logIndex, unit })
    if (decision?.kind === 'discard') return discarded(decision)
    const voided = store.voids.find({ logIndex, unit })
    if (voided !== undefined) return voidedDisposition(voided)
    const rule = store.correlation.controlRule(logIndex, unit)
    if (rule !== undefined) return { kind: 'control', logIndex, unit, rule }
    const ofBatch = charges.get(logIndex) ?? chargesOf(store, logIndex)
    charges.set(logIndex, ofBatch)
    return charged(logIndex, unit, ofBatch.get(unit) ?? [], names)
  })
}

function discarded({ logIndex, unit, reason, decidedBy: by, decidedMs: discardedMs }: DecisionRow): Disposition {
  return { kind: 'discarded', logIndex, unit, reason: reason ?? '', by, discardedMs }
}

function voidedDisposition({ logIndex, unit, reason, voidedBy: by, voidedMs }: VoidRow): Disposition {
  return { kind: 'voided', logIndex, unit, reason, by, voidedMs }
}

function charged(logIndex: number, unit: number, legs: readonly LegCharge[], names: PriceNames): Disposition {
  assertThat(
    legs.length > 0,
    `unit ${unit} of batch ${logIndex} was rated, so it is charged, for control or in suspense (I8)`,
  )
  const sellers = new Set(legs.map(({ leg }) => partiesOf(leg).seller))
  // The end customer is the one buyer who sells this usage on to nobody.
  const retail = legs.filter(({ leg }) => !sellers.has(partiesOf(leg).buyer))
  const amount = retail.reduce((sum, { amountMicros }) => sum + amountMicros, 0n)
  return {
    kind: 'charged',
    logIndex,
    unit,
    amountMicros: amount.toString(),
    legs: legs.map((leg) => namedLeg(leg, names)),
  }
}

/** A leg with the names of its price; one that no catalogue of late has stays without. */
function namedLeg({ leg, amountMicros }: LegCharge, names: PriceNames): DispositionLeg {
  const [, subscription = '', priceId = ''] = leg.split(':')
  const price = names.find(subscription, priceId)
  return { leg, price: price?.name ?? null, meter: price?.meter ?? null, amountMicros: amountMicros.toString() }
}

function chargesOf(store: TenantStore, logIndex: number): BatchCharges {
  const charges = new Map<number, LegCharge[]>()
  for (const bytes of store.segments.blocksOf(logIndex)) {
    const block = decodeChargeBlock(bytes)
    assertThat(block.ok, `a charge block of batch ${logIndex} in our own file can be read`)
    const { legKey } = block.value
    for (const { unit, amountMicros } of block.value.charges) {
      const ofUnit = charges.get(unit)
      const same = ofUnit?.find(({ leg }) => leg === legKey)
      if (same !== undefined) same.amountMicros += amountMicros
      else if (ofUnit !== undefined) ofUnit.push({ leg: legKey, amountMicros })
      else charges.set(unit, [{ leg: legKey, amountMicros }])
    }
  }
  return charges
}

/** Seller and buyer of a leg key, `seller>buyer:subscription:priceId`. No id holds `>` or `:`. */
function partiesOf(legKey: string): { readonly seller: string; readonly buyer: string } {
  const [parties = ''] = legKey.split(':', 1)
  const [seller = '', buyer = ''] = parties.split('>')
  return { seller, buyer }
}
