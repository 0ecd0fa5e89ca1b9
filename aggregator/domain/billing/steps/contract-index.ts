import type { Period } from '@meterline/shared/units/period.ts'
import type { Catalogue } from '../../catalogue/catalogue.ts'
import type { ContractDefinition } from '../../contract/contract-definition.ts'
import type { Relation } from '../../ledger/templates.ts'
import type { BillSoFar } from '../due-line.ts'

const indexes = new WeakMap<Catalogue, ReadonlyMap<string, readonly ContractDefinition[]>>()
const none: readonly ContractDefinition[] = []

/** The contracts that are about a relation's bills, in the order of their ids, whenever they are in force. */
export function contractsOf(
  catalogue: Catalogue,
  { seller, buyer, kind, currency }: Relation,
): readonly ContractDefinition[] {
  if (catalogue.file.contracts.length === 0) return none
  const known = indexes.get(catalogue) ?? contractsByRelation(catalogue)
  indexes.set(catalogue, known)
  return known.get(contractKey(buyer, kind === 'cost' ? seller : null, currency)) ?? none
}

/** Those that a bill is about: none once the buyer buys from somebody else, with whom he has contracts of their own. */
export function contractsOfBill({ catalogue, relation, period }: BillSoFar): readonly ContractDefinition[] {
  const found = contractsOf(catalogue, relation)
  return found.length > 0 && isSellerIn(catalogue, relation, period) ? found : none
}

/** Whether a relation's seller is whom its buyer buys from in a period; accounts move only as periods begin. */
export function isSellerIn({ tree }: Catalogue, { seller, buyer, kind }: Relation, { startMs }: Period): boolean {
  if (kind === 'cost') return true
  const account = tree.accountAt(buyer, startMs)
  return account === undefined || account.seller?.id === seller
}

function contractsByRelation({ file }: Catalogue): ReadonlyMap<string, readonly ContractDefinition[]> {
  return Map.groupBy(file.contracts, ({ account, seller, currency }) =>
    contractKey(account, seller, currency ?? file.currency),
  )
}

function contractKey(account: string, seller: string | null, currency: string): string {
  return `${account} ${seller ?? ''} ${currency}`
}
