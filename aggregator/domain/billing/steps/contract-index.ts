import type { Catalogue } from '../../catalogue/catalogue.ts'
import type { ContractDefinition } from '../../contract/contract-definition.ts'
import type { Relation } from '../../ledger/templates.ts'

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

function contractsByRelation({ file }: Catalogue): ReadonlyMap<string, readonly ContractDefinition[]> {
  return Map.groupBy(file.contracts, ({ account, seller, currency }) =>
    contractKey(account, seller, currency ?? file.currency),
  )
}

function contractKey(account: string, seller: string | null, currency: string): string {
  return `${account} ${seller ?? ''} ${currency}`
}
