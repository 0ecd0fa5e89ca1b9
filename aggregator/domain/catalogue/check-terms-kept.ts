import { canonicalJson } from '@meterline/shared/integrity/canonical-json.ts'
import type { MatrixPrice } from '@meterline/shared/rating/matrix.ts'
import { formatInstant } from '@meterline/shared/units/instant.ts'
import { feeId, priceId } from './content-id.ts'
import { shownJson } from './json-words.ts'
import type { Draft, Placed } from './draft.ts'
import { namesMatrix, termsJson, termsOverTime, type PriceDefinition, type StatedPrice } from './price-definition.ts'
import type { FeeTerms } from './fee.ts'
import { problem, type Problem } from './problem.ts'
import { priceReferences, resolvedPrice, type PriceReferences } from './resolve-price.ts'
import { dayAfter, soldVersions } from './sold-versions.ts'
import { tableDifference } from './table-kept.ts'
import type { TenantFile } from './tenant-file.ts'

/**
 * Terms that somebody has bought and that are in force by `nowMs` stay as they are: other terms are a dated change beside
 * them, which may begin in the past (usage that is rated already keeps its charge). What nobody bought yet is free, and a
 * matrix may be given rows for usage that had none, which only sells what could not be charged before.
 */
export function checkTermsKept(before: TenantFile, draft: Draft, nowMs: number): readonly Problem[] {
  const sold = new Set(
    [...soldVersions(before, nowMs).values()].flatMap((versions) =>
      [...versions.values()].flatMap(({ prices }) => prices),
    ),
  )
  const earlier = priceReferences(before)
  const later = priceReferences({
    matrices: draft.matrices.map(({ value }) => value),
    zones: draft.zones.map(({ value }) => value),
  })
  const definitions = new Map(draft.prices.map((price) => [price.value.id, price]))
  const kept = before.prices.flatMap((known) => {
    const price = sold.has(known.id) ? definitions.get(known.id) : undefined
    return price === undefined ? [] : [{ known, price }]
  })
  return [
    ...checkCurrencyKept(before, draft, kept),
    ...kept.flatMap(({ known, price }) => {
      return checkPriceKept({ known, ...price }, { earlier, later, currency: before.currency }, nowMs)
    }),
  ]
}

interface SoldPrice {
  readonly known: PriceDefinition
  readonly price: Placed<PriceDefinition>
}

/** Said once, as it is one mistake: every price that states no currency of its own is in the tenant's. */
function checkCurrencyKept(before: TenantFile, draft: Draft, prices: readonly SoldPrice[]): readonly Problem[] {
  if (draft.currency === null || draft.currency === before.currency) return []
  const bought = prices.find(({ known, price }) => known.currency === null && price.value.currency === null)
  if (bought === undefined) return []
  const message = `was ${before.currency} before and cannot change to ${draft.currency}: somebody has bought ${bought.known.id}, which is in it`
  const suggestion = `put ${before.currency} back, and write currency: ${draft.currency} at new prices`
  return [problem(['currency'], message, suggestion)]
}

/** What the terms of both files name. */
interface Surroundings {
  readonly earlier: PriceReferences
  readonly later: PriceReferences
  /** The tenant's. */
  readonly currency: string
}

function checkPriceKept(
  { known, value, index }: Placed<PriceDefinition> & { readonly known: PriceDefinition },
  { earlier, later, currency }: Surroundings,
  nowMs: number,
): readonly Problem[] {
  const path = ['prices', index]
  for (const key of ['meter', 'currency'] as const) {
    if (known[key] === value[key]) continue
    const message = `was ${known[key] ?? 'not there'} before and cannot change to ${value[key] ?? 'nothing'}: somebody has bought ${known.id}`
    return [problem([...path, key], message, 'add a price in its place, and a version of the offering that lists it')]
  }
  const inForce = termsByDate(known, earlier, currency).filter(({ fromMs }) => fromMs <= nowMs)
  const stated = new Map(termsByDate(value, later, currency).map((dated) => [dated.fromMs, dated]))
  return inForce.flatMap((dated) => {
    const now = stated.get(dated.fromMs)
    const since = dated.fromMs === -Infinity ? '' : ` since ${formatInstant(dated.fromMs)}`
    if (now === undefined) {
      const message = `leave out the change from ${formatInstant(dated.fromMs)} of ${known.id}, which is in force`
      return [{ ...problem([...path, 'changes'], message, 'put it back'), part: 'key' as const }]
    }
    // What cannot be resolved is reported as what it names and is not there.
    if (now.id === null || dated.id === null || now.id === dated.id) return []
    const difference = differenceOf(dated, now)
    if (difference === null) return []
    const change = value.changes.findIndex(({ fromMs }) => fromMs === dated.fromMs)
    const at = change < 0 ? path : [...path, 'changes', change]
    const { key, was } = difference
    const message = `changes terms of ${known.id} that are in force${since}${was}`
    return [problem(key === null ? at : [...at, key], message, datedChange(now.terms, nowMs))]
  })
}

/** Which key says something else, if one does, and what was there; null when everything that had a price keeps it. */
function differenceOf(
  before: ResolvedTerms,
  after: ResolvedTerms,
): { readonly key: string | null; readonly was: string } | null {
  if (before.table !== null && after.table !== null) {
    const difference = tableDifference(before.table, after.table)
    return difference === null ? null : { key: null, was: `: ${difference}` }
  }
  const key = firstDifference(before.terms, after.terms)
  const told = key ?? leftOut(before.terms, after.terms)
  if (told === null) return { key, was: '' }
  const value = termsJson(before.terms)[told]
  return { key, was: value === undefined ? ` (${told} was left out)` : ` (${told} was ${shownJson(value)})` }
}

function datedChange(terms: StatedPrice | FeeTerms, nowMs: number): string {
  const from = `from: ${dayAfter(nowMs)}, model: ${terms.model}`
  if ('matrix' in terms) {
    return `put back what was there, and write a matrix beside it that a change names, such as changes: [{ ${from}, matrix: … }]`
  }
  return `put back what was there and write the new terms under changes:, such as changes: [{ ${from}, … }]`
}

interface ResolvedTerms {
  readonly fromMs: number
  readonly terms: StatedPrice | FeeTerms
  /** Content hash; null when the file lacks something the terms name. */
  readonly id: string | null
  /** The meter's column of the matrix that the terms name; null when they name none. */
  readonly table: MatrixPrice | null
}

function termsByDate(
  definition: PriceDefinition,
  references: PriceReferences,
  tenantCurrency: string,
): readonly ResolvedTerms[] {
  const currency = definition.currency ?? tenantCurrency
  if (definition.meter === null) {
    return termsOverTime(definition).map((dated) => ({ ...dated, id: feeId(currency, dated.terms), table: null }))
  }
  const { meter } = definition
  return termsOverTime(definition).map((dated) => {
    const price = resolvedPrice(dated.terms, meter, references)
    const table = namesMatrix(dated.terms) && price?.model === 'matrix' ? price : null
    return { ...dated, id: price === null ? null : priceId(meter, currency, price), table }
  })
}

/** The first key whose value is another, as far as the text of the price shows it: a matrix may differ by itself. */
function firstDifference(known: StatedPrice | FeeTerms, now: StatedPrice | FeeTerms): string | null {
  const [before, after] = [termsJson(known), termsJson(now)]
  const differing = Object.keys(after).find((key) => {
    const value = before[key]
    return value === undefined || canonicalJson(value) !== canonicalJson(after[key] ?? null)
  })
  return differing ?? null
}

/** The first key that is not there any more. */
function leftOut(known: StatedPrice | FeeTerms, now: StatedPrice | FeeTerms): string | null {
  const after = termsJson(now)
  return Object.keys(termsJson(known)).find((key) => after[key] === undefined) ?? null
}
