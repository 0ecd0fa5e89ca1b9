import type { Period } from '@meterline/shared/units/period.ts'
import { sells } from '../../accounts/account-tree.ts'
import type { Catalogue } from '../../catalogue/catalogue.ts'
import { versionsOf } from '../../catalogue/offering-definition.ts'
import { activeSpan } from '../../contract/commitment-span.ts'
import type { ContractDefinition } from '../../contract/contract-definition.ts'
import type { Relation } from '../../ledger/templates.ts'
import { periodAfter, periodKeyParts } from '../../periods/billing-cycle.ts'
import { contractsOf } from './contract-index.ts'

/**
 * The relations in which a contract may ask for something on the bill of a period whether or not anything was used: those
 * with a commitment or minimum that is in force in it, or in advance in the one after; of buyers in whose cycle it is a
 * period. Each once.
 */
export function contractRelations(catalogue: Catalogue, period: Period): readonly Relation[] {
  const found = new Map<string, Relation>()
  for (const contract of catalogue.file.contracts) {
    const buyer = catalogue.tree.accountAt(contract.account, period.startMs)
    if (buyer === undefined || buyer.cycle.id !== periodKeyParts(period.key).cycle) continue
    if (!asksFor(contract, period, periodAfter(buyer.cycle, period))) continue
    const seller = contract.seller ?? buyer.seller?.id
    if (seller === undefined) continue
    const currency = contract.currency ?? catalogue.file.currency
    found.set(`${seller} ${buyer.id} ${currency}`, {
      seller,
      buyer: buyer.id,
      kind: contract.seller === null ? 'sale' : 'cost',
      currency,
      buyerKeepsBooks: sells(buyer),
    })
  }
  return [...found.values()]
}

/**
 * Whether what is due for a period of a relation depends on what was used in earlier ones: where units are carried over, or
 * something is promised for a term. Usage that comes late then changes later periods as well.
 */
export function duePeriodsDepend(catalogue: Catalogue, relation: Relation): boolean {
  return (
    carriesOver(catalogue) ||
    contractsOf(catalogue, relation).some(({ commitments, minimums }) =>
      [...commitments, ...minimums].some(({ per }) => per === 'term'),
    )
  )
}

const carrying = new WeakMap<Catalogue, boolean>()

function carriesOver(catalogue: Catalogue): boolean {
  const known = carrying.get(catalogue)
  if (known !== undefined) return known
  const found = catalogue.file.offerings.some((offering) =>
    versionsOf(offering).some(({ allowances }) => allowances.some(({ rollover }) => rollover !== null)),
  )
  carrying.set(catalogue, found)
  return found
}

function asksFor(contract: ContractDefinition, period: Period, next: Period): boolean {
  const rules = [...contract.commitments, ...contract.minimums]
  if (rules.length === 0) return false
  if (activeSpan(contract, period) !== null) return true
  return activeSpan(contract, next) !== null && rules.some(({ inAdvance }) => inAdvance)
}
