import { canonicalJson } from '@meterline/shared/integrity/canonical-json.ts'
import { formatInstant } from '@meterline/shared/units/instant.ts'
import { feeId, priceId } from './content-id.ts'
import type { Draft, Placed } from './draft.ts'
import { termsJson, termsOverTime, type PriceDefinition, type StatedPrice } from './price-definition.ts'
import type { FeeTerms } from './fee.ts'
import { problem, type Problem } from './problem.ts'
import { priceReferences, resolvedPrice, type PriceReferences } from './resolve-price.ts'
import { dayAfter, soldVersions } from './sold-versions.ts'
import type { TenantFile } from './tenant-file.ts'

/**
 * Terms that somebody has bought and that are in force by `nowMs` stay as they are: other terms are a dated change beside
 * them, which may begin in the past (usage that is rated already keeps its charge). What nobody bought yet is free.
 */
export function checkTermsKept(before: TenantFile, draft: Draft, nowMs: number): readonly Problem[] {
  const sold = new Set(
    [...soldVersions(before, nowMs).values()].flatMap((versions) =>
      [...versions.values()].flatMap(({ prices }) => prices),
    ),
  )
  const earlier = { references: priceReferences(before), currency: before.currency }
  const later = {
    references: priceReferences({
      matrices: draft.matrices.map(({ value }) => value),
      zones: draft.zones.map(({ value }) => value),
    }),
    currency: draft.currency ?? before.currency,
  }
  const definitions = new Map(draft.prices.map((price) => [price.value.id, price]))
  return before.prices.flatMap((known) => {
    const price = sold.has(known.id) ? definitions.get(known.id) : undefined
    return price === undefined ? [] : checkPriceKept(known, earlier, price, later, nowMs)
  })
}

/** What terms mean in a file. */
interface Surroundings {
  readonly references: PriceReferences
  /** The tenant's. */
  readonly currency: string
}

function checkPriceKept(
  known: PriceDefinition,
  earlier: Surroundings,
  { value, index }: Placed<PriceDefinition>,
  later: Surroundings,
  nowMs: number,
): readonly Problem[] {
  const path = ['prices', index]
  for (const key of ['meter', 'currency'] as const) {
    if (known[key] === value[key]) continue
    const message = `was ${known[key] ?? 'not there'} before and cannot change to ${value[key] ?? 'nothing'}: somebody has bought ${known.id}`
    return [problem([...path, key], message, 'add a price in its place, and a version of the offering that lists it')]
  }
  const inForce = termsByDate(known, earlier).filter(({ fromMs }) => fromMs <= nowMs)
  const stated = new Map(termsByDate(value, later).map((dated) => [dated.fromMs, dated]))
  return inForce.flatMap((dated) => {
    const now = stated.get(dated.fromMs)
    const since = dated.fromMs === -Infinity ? '' : ` since ${formatInstant(dated.fromMs)}`
    if (now === undefined) {
      const message = `leave out the change from ${formatInstant(dated.fromMs)} of ${known.id}, which is in force`
      return [{ ...problem([...path, 'changes'], message, 'put it back'), part: 'key' as const }]
    }
    // What cannot be resolved is reported as what it names and is not there.
    if (now.id === null || dated.id === null || now.id === dated.id) return []
    const change = value.changes.findIndex(({ fromMs }) => fromMs === dated.fromMs)
    const at = change < 0 ? path : [...path, 'changes', change]
    const key = firstDifference(dated.terms, now.terms)
    const message = `changes terms of ${known.id} that are in force${since}`
    const suggestion = `put back what was there and write the new terms under changes:, such as changes: [{ from: ${dayAfter(nowMs)}, model: ${now.terms.model}, … }]`
    return [problem(key === null ? at : [...at, key], message, suggestion)]
  })
}

interface ResolvedTerms {
  readonly fromMs: number
  readonly terms: StatedPrice | FeeTerms
  /** Content hash; null when the file lacks something the terms name. */
  readonly id: string | null
}

function termsByDate(
  definition: PriceDefinition,
  { references, currency: tenantCurrency }: Surroundings,
): readonly ResolvedTerms[] {
  const currency = definition.currency ?? tenantCurrency
  if (definition.meter === null) {
    return termsOverTime(definition).map((dated) => ({ ...dated, id: feeId(currency, dated.terms) }))
  }
  const { meter } = definition
  return termsOverTime(definition).map((dated) => {
    const price = resolvedPrice(dated.terms, meter, references)
    return { ...dated, id: price === null ? null : priceId(meter, currency, price) }
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
