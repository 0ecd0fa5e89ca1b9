import { periodOfKey, type BillingCycle } from '../domain/periods/billing-cycle.ts'
import type { Catalogue } from '../domain/catalogue/catalogue.ts'
import type { ClosingCalendar } from '../domain/periods/due-closings.ts'
import type { TenantService } from './tenant-service.ts'

/** When the periods of a tenant are to be closed, by its catalogue and what its books say now. */
export function closingCalendar({ inForce, store }: TenantService): ClosingCalendar {
  const firstMs = store.catalogues.first()?.appliedMs ?? 0
  const closed = new Set(
    store.documents
      .periods()
      .filter(({ state }) => state === 'closed')
      .map(({ key }) => key),
  )
  const isClosed = (key: string): boolean => closed.has(key)
  if (inForce === null) return { cycles: [], gracesMs: [], firstMs, earlier: [], isClosed }
  const { catalogue } = inForce
  const begun = new Set([...store.segments.periodKeys(), ...store.documents.periods().map(({ key }) => key)])
  const earlier = [...begun]
    .filter((key) => !closed.has(key))
    .map((key) => periodOfKey(catalogue.cycles, key))
    .filter((period) => period.ok)
    .map(({ value }) => value)
    .filter(({ startMs }) => startMs < firstMs)
  const graces = new Set(catalogue.file.billingProfiles.map(({ graceMs }) => graceMs))
  return {
    cycles: cyclesInUse(catalogue),
    gracesMs: [...graces].filter((graceMs) => graceMs > 0),
    firstMs,
    earlier,
    isClosed,
  }
}

/** The cycles of everybody who gets documents. */
function cyclesInUse({ tree }: Catalogue): readonly BillingCycle[] {
  const payers = [...tree.accounts.values()].filter(({ id, payer }) => payer.id === id)
  return [...new Map(payers.map(({ cycle }) => [cycle.id, cycle])).values()]
}
