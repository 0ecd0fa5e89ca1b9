import type { Clock } from '@meterline/shared/base/clock.ts'
import { failed, fault, ok, type Fault, type Result } from '@meterline/shared/base/errors.ts'
import { formatMicros } from '@meterline/shared/units/money.ts'
import { movesOf, partiesOf } from '../domain/receivables/decision-content.ts'
import { settledMicros, type Settlement } from '../domain/receivables/moves.ts'
import { nothingElse } from '../store/money-decision-writes.ts'
import type { TenantStore } from '../store/tenant-store.ts'
import { decideOnce, decisionAt, type MoneyDecision } from './money-decisions.ts'
import type { TenantService } from './tenant-service.ts'

/** A payment that did not come to stay: the bank took it back, or it was recorded by mistake. */
export interface ReversalOrder {
  /** Log index of its decision. */
  readonly payment: number
  readonly reason: string
  readonly by: string
}

export type ReversalFault = Fault<'payment_unknown' | 'payment_used'>

/**
 * Takes a payment back, once: what it settled is open again, and the rest leaves the credit of the buyer. Documents that were
 * taken back since have given their part to the credit.
 */
export async function reversePayment(
  service: TenantService,
  clock: Clock,
  { payment, reason, by }: ReversalOrder,
): Promise<Result<MoneyDecision>> {
  const { store } = service
  const asked = {
    name: 'payment-reversal' as const,
    // No key of the caller's own: a payment goes back once, whoever asks.
    key: null,
    derivedKey: (): string => `payment-reversal:${payment}`,
    request: { payment, reason },
    by,
  }
  return await decideOnce(service, clock, asked, () => {
    const row = store.decisions.at(payment)
    if (row?.name !== 'payment') {
      return failed(fault('payment_unknown', `Decision ${payment} is no payment; "receivable decisions" shows them.`))
    }
    const paid = decisionAt(store, payment)
    const parties = partiesOf(paid)
    const { cashMicros, settlements: given } = movesOf(paid)
    const settlements = reopened(store, given)
    const creditMicros = -cashMicros - settledMicros(settlements)
    const credit = store.receivables.creditOf(parties)
    if (credit + creditMicros < 0n) {
      const text =
        `${formatMicros(-creditMicros)} ${parties.currency} of the payment became credit, and ${formatMicros(credit)} of that is ` +
        'left: the rest was used or paid back. Write a debit note over the difference, or reverse what used it first.'
      return failed(fault('payment_used', text))
    }
    return ok({
      parties,
      moves: { settlements, creditMicros, cashMicros: -cashMicros },
      cashAtMs: null,
      content: { name: 'payment-reversal' as const, payment, reason },
      issued: null,
      writes: nothingElse,
    })
  })
}

/** What a payment settled, taken back from documents that stand and as far as they are settled. */
function reopened(store: TenantStore, given: readonly Settlement[]): readonly Settlement[] {
  return given.flatMap(({ document, micros }) => {
    const claim = store.receivables.find(document)
    if (claim === undefined || claim.voidedBy !== null) return []
    const taken = claim.settledMicros < micros ? claim.settledMicros : micros
    return taken === 0n ? [] : [{ document, micros: -taken }]
  })
}
