import { canonicalJson } from '@meterline/shared/integrity/canonical-json.ts'
import type { Period } from '@meterline/shared/units/period.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import { commitmentSpan } from '../contract/commitment-span.ts'
import { contractJson, type ContractDefinition } from '../contract/contract-definition.ts'
import { discountSpan } from '../contract/discount-amount.ts'
import { discountJson } from '../contract/discount-definition.ts'
import { periodKeyParts, periodOfKey, type BillingCycle } from '../periods/billing-cycle.ts'
import type { ChargedRelation } from '../rating-of-record/rated-partitions.ts'

/**
 * In which of some periods (by their keys) another version of a catalogue changes what contracts promise or take off: what
 * is promised for a term and prorated is another amount in all of its periods once the contract ends earlier or later. By
 * contract, then in the order of the periods.
 */
export function touchedByContracts(
  before: Catalogue,
  after: Catalogue,
  periodKeys: readonly string[],
): readonly ChargedRelation[] {
  return changedContracts(before, after).flatMap(({ earlier, later, parties }) =>
    periodKeys.flatMap((key): readonly ChargedRelation[] => {
      const period = periodOfKey(after.cycles, key)
      const { account, seller, currency } = parties
      const buyer = period.ok ? after.tree.accountAt(account, period.value.startMs) : undefined
      if (!period.ok || buyer === undefined || buyer.cycle.id !== periodKeyParts(key).cycle) return []
      if (heldIn(earlier, period.value, buyer.cycle) === heldIn(later, period.value, buyer.cycle)) return []
      const sells = seller ?? buyer.seller?.id
      return sells === undefined
        ? []
        : [{ period: key, seller: sells, buyer: account, currency: currency ?? after.file.currency }]
    }),
  )
}

/** A contract before and after a change; null where it is not there. */
interface ChangedContract {
  readonly earlier: ContractDefinition | null
  readonly later: ContractDefinition | null
  readonly parties: Pick<ContractDefinition, 'account' | 'seller' | 'currency'>
}

function changedContracts(before: Catalogue, after: Catalogue): readonly ChangedContract[] {
  const earlier = new Map(before.file.contracts.map((contract) => [contract.id, contract]))
  const kept = new Set(after.file.contracts.map(({ id }) => id))
  const changed = after.file.contracts.flatMap((later): readonly ChangedContract[] => {
    const known = earlier.get(later.id) ?? null
    const isSame = known !== null && canonicalJson(contractJson(known)) === canonicalJson(contractJson(later))
    return isSame ? [] : [{ earlier: known, later, parties: later }]
  })
  const gone = before.file.contracts.filter(({ id }) => !kept.has(id))
  return [...changed, ...gone.map((known) => ({ earlier: known, later: null, parties: known }))]
}

/** What a contract says of a period, as a text that tells two of them apart. */
function heldIn(contract: ContractDefinition | null, period: Period, cycle: BillingCycle): string {
  if (contract === null) return ''
  const committed = [...contract.commitments, ...contract.minimums].flatMap((rule) => {
    const span = commitmentSpan(rule, contract, period, cycle)
    return span === null ? [] : [`${rule.id} ${span.amountMicros} ${span.earlier.length} ${span.isLast}`]
  })
  const discounts = contract.discounts.flatMap((discount) => {
    const span = discountSpan(discount, contract, period)
    if (span === null) return []
    const terms = canonicalJson(discountJson({ ...discount, fromMs: null, toMs: null }))
    return [discount.prorate === 'none' ? terms : `${terms} ${span.fromMs} ${span.toMs}`]
  })
  return [...committed, ...discounts].join('\n')
}
