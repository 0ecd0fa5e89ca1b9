import type { Relation } from '../ledger/templates.ts'

/** Who bills whom in which currency: what documents, billed lines and late marks are found by. */
export type RelationParts = Pick<Relation, 'seller' | 'buyer' | 'currency'>

/** A relation as one text; sorts by seller, buyer and currency, since no identifier holds a space. */
export function relationKey({ seller, buyer, currency }: RelationParts): string {
  return `${seller} ${buyer} ${currency}`
}
