import type { CaseObject } from './read-cases.ts'

/** The rules that a catalogue writes as prices; each has its own way from a case to a price. */
export type PriceKind =
  | 'per-unit'
  | 'multiplier'
  | 'fee'
  | 'graduated'
  | 'volume'
  | 'stair-step'
  | 'graduated-percentage'
  | 'graduated-blocks'
  | 'volume-blocks'
  | 'package'
  | 'data-unit'
  | 'percentage'
  | 'rated-steps'
  | 'tokens'
  | 'time-of-use'
  | 'matrix'
  | 'allowance'

/** What a case is about: a price, or one of the things bills are made of that are none. */
export type CaseKind =
  { readonly isPrice: true; readonly kind: PriceKind } | { readonly isPrice: false; readonly what: string }

/**
 * What bills hold beside prices, by the words in a model's name. They come first: a prorated volume price is about
 * proration.
 */
const otherThings: readonly (readonly [words: RegExp, what: string])[] = [
  [/usage_discount|^(?!.*(wallet|credit|balance|prepaid)).*rollover/, 'allowance'],
  [/(included|allowance|data|unit).*pool|(pool|shared).*(included|allowance|data|unit)/, 'allowance'],
  [/commit|true_up|shortfall|^min(imum)?_in_advance/, 'commitment'],
  [/^((charge|plan|monthly|annual)_)?(spending_min(imum)?|min(imum)?_(spend(ing)?|charge|invoice))$/, 'commitment'],
  [/prorat|plan_(change|switch)|upgrade|downgrade|bill_cycle|alignment/, 'proration'],
  [/(quantity|seats?|unit)_change|(^|_)(paus|cancel|terminat)/, 'proration'],
  [/credit_note|refund/, 'credit note'],
  [/allocation|revenue|recognition|obligation/, 'allocation'],
  [/audit|settlement|reconcil/, 'audit'],
  [/currency|exchange|(^|_)fx|^conversion/, 'conversion'],
  [/(^|_)(tax|vat)/, 'tax'],
  [/coupon|promo|(?<!volume_|tier_)discount/, 'discount'],
  [/wallet|prepaid|balance|credit|top_up/, 'balance'],
  [/progressive_(bill|invoic)|invoice|dunning|payment|document/, 'document'],
]

/** Prices by the words in a model's name, the narrower ones first. What follows, such as `_max`, is read from the input. */
const priceKinds: readonly (readonly [words: RegExp, kind: PriceKind])[] = [
  [/matrix|filter|dimension/, 'matrix'],
  [/overage|included|allowance/, 'allowance'],
  [/graduated.*(percent|pct)|(percent|pct).*(graduated|tier)/, 'graduated-percentage'],
  [/percent|pct/, 'percentage'],
  [/(volume|top_tier).*block|block.*(volume|top_tier)/, 'volume-blocks'],
  [/(graduated|all_tiers|tiered).*block|block.*(graduated|all_tiers|tier)/, 'graduated-blocks'],
  [/multipl|dynamic|markup|cost_plus/, 'multiplier'],
  [/threshold|token|llm|context|cache|prompt/, 'tokens'],
  [/rated_step|^step|voice|(^|_)call|telephony|connect|duration/, 'rated-steps'],
  [/stair|capacity|flat_tier|tiered_flat/, 'stair-step'],
  [/time_of|(^|_)tou|peak/, 'time-of-use'],
  [/volume|top_tier|all_units/, 'volume'],
  [/graduated|tier|slab|progressive/, 'graduated'],
  [/packag|bundle|block|(^|_)pack/, 'package'],
  [/unit|standard|linear|usage|meter|simple/, 'per-unit'],
  [/flat|fixed|fee|recurring|one_time|seat|subscription/, 'fee'],
]

/** The same by the names of what goes in: a volume price whose quantity is prorated is about proration as well. */
const otherInputs: readonly (readonly [words: RegExp, what: string])[] = [
  [/prorat|^full_?units|^period_?ratio/i, 'proration'],
  [/discount|coupon|promo/i, 'discount'],
  [/^(tax|vat)/i, 'tax'],
]

/** What a case is about beside its price, by what goes in; null where that is nothing else. */
export function otherThingIn(input: CaseObject, kind: PriceKind): string | null {
  const saying = Object.entries(input).filter(
    ([, value]) => ![null, false, '', '0', 'false'].some((no) => no === value),
  )
  const names = saying.map(([name]) => name)
  // Tiers of money spent are percentages off, whatever they are called.
  const isTiered = kind === 'volume' || kind === 'graduated'
  if (isTiered && names.some((name) => /^(spend|spent|subtotal)$/i.test(name))) return 'discount'
  // Whole fees of a part of a period are about proration, whatever they are called.
  if (kind === 'fee' && names.some((name) => /days|date/i.test(name))) return 'proration'
  return otherInputs.find(([words]) => names.some((name) => words.test(name)))?.[1] ?? null
}

/** What a case is about, by the name its source gives the model. */
export function caseKind(model: string): CaseKind {
  const name = model
    .replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, '_')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .replaceAll('stairstep', 'stair_step')
  if (/data_(unit|credit)/.test(name)) return { isPrice: true, kind: 'data-unit' }
  const other = otherThings.find(([words]) => words.test(name))
  if (other !== undefined) return { isPrice: false, what: other[1] }
  const price = priceKinds.find(([words]) => words.test(name))
  return price === undefined ? { isPrice: false, what: 'unknown model' } : { isPrice: true, kind: price[1] }
}
