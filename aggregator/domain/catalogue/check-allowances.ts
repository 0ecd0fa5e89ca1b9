import { compilePrice } from '@meterline/shared/rating/price.ts'
import { kindOfModel } from '@meterline/shared/rating/model.ts'
import type { AllowanceDefinition } from '../contract/allowance-definition.ts'
import { unknownName, namesOf } from './check-references.ts'
import type { Draft, Placed } from './draft.ts'
import { versionName, versionsOf, type OfferingDefinition, type OfferingVersion } from './offering-definition.ts'
import { termsOverTime, type UsagePriceDefinition } from './price-definition.ts'
import { problem, type Problem } from './problem.ts'
import { priceReferences, resolvedPrice, type PriceReferences } from './resolve-price.ts'
import { versionSpans, type SubscriptionDefinition } from './subscription-definition.ts'

/**
 * Every allowance includes usage of a meter that its version of the offering prices, by a price whose total follows from the
 * quantity; a price that adds up whole events cannot tell what some of the units cost. Ids are unique in a version, and who
 * has it states the quantities that are counted.
 */
export function checkAllowances(draft: Draft): readonly Problem[] {
  const withAny = draft.offerings.filter(({ value }) =>
    versionsOf(value).some(({ allowances }) => allowances.length > 0),
  )
  if (withAny.length === 0) return []
  const usage = draft.prices.flatMap(({ value }) => (value.meter === null ? [] : [value]))
  const sources: AllowanceSources = {
    meters: namesOf(draft.declared.meters),
    prices: new Map(usage.map((price) => [price.id, price])),
    references: priceReferences({
      matrices: draft.matrices.map(({ value }) => value),
      zones: draft.zones.map(({ value }) => value),
    }),
    known: namesOf(draft.declared.prices),
  }
  return [
    ...withAny.flatMap((offering) => checkOffering(offering, sources)),
    ...checkCounted(draft, new Map(draft.offerings.map(({ value }) => [value.id, value]))),
  ]
}

interface AllowanceSources {
  readonly meters: ReadonlySet<string>
  /** Those for usage that can be read. */
  readonly prices: ReadonlyMap<string, UsagePriceDefinition>
  /** All that are declared. */
  readonly known: ReadonlySet<string>
  readonly references: PriceReferences
}

function checkOffering({ value, index }: Placed<OfferingDefinition>, sources: AllowanceSources): readonly Problem[] {
  const first = { fromMs: null, prices: value.prices, allowances: value.allowances }
  return [
    ...checkVersion(first, ['offerings', index], sources),
    ...value.versions.flatMap((version, place) =>
      checkVersion(version, ['offerings', index, 'versions', place], sources),
    ),
  ]
}

type Path = readonly (string | number)[]

function checkVersion(version: OfferingVersion, path: Path, sources: AllowanceSources): readonly Problem[] {
  const seen = new Set<string>()
  return version.allowances.flatMap((allowance, place) => {
    const at = [...path, 'allowances', place]
    const twice = seen.has(allowance.id)
    seen.add(allowance.id)
    return [
      ...(twice
        ? [problem([...at, 'id'], `is ${allowance.id}, listed twice in this version`, 'choose another id')]
        : []),
      ...unknownName(allowance.meter, sources.meters, 'meter', [...at, 'meter']),
      ...(sources.meters.has(allowance.meter) ? checkPriced(allowance, version, at, sources) : []),
    ]
  })
}

function checkPriced(
  { meter }: AllowanceDefinition,
  { prices: ids }: OfferingVersion,
  path: Path,
  { prices, known, references }: AllowanceSources,
): readonly Problem[] {
  const price = ids.map((id) => prices.get(id)).find((each) => each?.meter === meter)
  if (price === undefined) {
    // A price that cannot be read may be the one that is meant.
    if (ids.some((id) => known.has(id) && !prices.has(id))) return []
    const message = `is ${meter}, which this version has no price for`
    return [problem([...path, 'meter'], message, 'add a price for it, or remove the allowance')]
  }
  const isWhole = termsOverTime(price).some(({ terms: stated }) => {
    const terms = resolvedPrice(stated, meter, references)
    return terms !== null && compilePrice(terms).models.some((model) => kindOfModel(model) === 'event-atomic')
  })
  if (!isWhole) return []
  const message = `is ${meter}, but its price ${price.id} adds up whole events, so that nobody can say what some of the units cost`
  return [problem([...path, 'meter'], message, 'price it by quantity, such as per-unit or graduated')]
}

/** Whoever has an allowance that counts something states how many of it he has. */
function checkCounted(draft: Draft, offerings: ReadonlyMap<string, OfferingDefinition>): readonly Problem[] {
  return draft.subscriptions.flatMap(({ value, index }) => {
    const missing = new Map<string, Problem>()
    for (const { fromMs, offering, version } of versionSpans(value, offerings)) {
      for (const { id, each } of version.allowances) {
        if (each === 'subscription' || states(value, each.quantity, fromMs)) continue
        const name = `${offering.id} (version ${versionName(version)})`
        const message = `states no quantity ${each.quantity}, which the allowance ${id} of ${name} counts`
        const suggestion = `add quantities: { ${each.quantity}: 1 } with how many it has`
        missing.set(each.quantity, problem(['subscriptions', index], message, suggestion))
      }
    }
    return [...missing.values()]
  })
}

function states({ quantities, changes }: SubscriptionDefinition, name: string, timeMs: number): boolean {
  return quantities.has(name) || changes.some(({ atMs, quantities: later }) => atMs <= timeMs && later.has(name))
}
