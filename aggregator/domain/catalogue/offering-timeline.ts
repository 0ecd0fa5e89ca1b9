import { assertThat } from '@meterline/shared/base/errors.ts'
import { compilePrice } from '@meterline/shared/rating/price.ts'
import { allowanceJson, type AllowanceDefinition } from '../contract/allowance-definition.ts'
import type { CatalogueFee, CataloguePrice } from './catalogue.ts'
import { contentId, feeId, priceId } from './content-id.ts'
import { versionsOf, type OfferingDefinition, type OfferingVersion } from './offering-definition.ts'
import { termsOverTime, type PriceDefinition } from './price-definition.ts'
import { resolvedPrice, type PriceReferences } from './resolve-price.ts'
import type { OfferingTerms, TermsSpan } from './subscription-timeline.ts'

/** What an entry of the prices comes to from an instant on: terms for usage, or a fee. */
interface DatedPrice {
  readonly fromMs: number
  readonly price: CataloguePrice | null
  readonly fee: CatalogueFee | null
}

/** An entry of the prices over time; the first holds for all time before as well. */
export type PriceTimeline = readonly DatedPrice[]

/** A version of an offering and what it comes to over all time, as its prices change. */
export interface VersionTimeline {
  readonly version: OfferingVersion
  /** Contiguous, from -Infinity to Infinity. */
  readonly spans: readonly TermsSpan[]
}

/** The timelines of a file's prices, each compiled once, by what the file calls them. */
export function priceTimelines(
  definitions: readonly PriceDefinition[],
  tenantCurrency: string,
  references: PriceReferences,
): ReadonlyMap<string, PriceTimeline> {
  return new Map(
    definitions.map((definition) => [
      definition.id,
      priceTimeline(definition, definition.currency ?? tenantCurrency, references),
    ]),
  )
}

function priceTimeline(definition: PriceDefinition, currency: string, references: PriceReferences): PriceTimeline {
  const { id: name, tax: taxCode } = definition
  if (definition.meter === null) {
    return termsOverTime(definition).map(({ fromMs, terms }) => {
      const fee = { id: feeId(currency, terms), name, currency, terms, taxCode }
      return { fromMs, price: null, fee }
    })
  }
  const { meter } = definition
  return termsOverTime(definition).map(({ fromMs, terms: stated }) => {
    const terms = resolvedPrice(stated, meter, references)
    assertThat(terms !== null, `everything the price ${name} of a checked tenant file names is declared in it`)
    const id = priceId(meter, currency, terms)
    return { fromMs, price: { id, name, meter, currency, terms, compiled: compilePrice(terms), taxCode }, fee: null }
  })
}

/** The timelines of all versions of an offering, shared by whoever buys them; in the order of their dates. */
export function versionTimelines(
  offering: OfferingDefinition,
  prices: ReadonlyMap<string, PriceTimeline>,
): readonly VersionTimeline[] {
  return versionsOf(offering).map((version) => {
    const entries = version.prices.map((id) => {
      const timeline = prices.get(id)
      assertThat(timeline !== undefined, `the price ${id} of a checked tenant file is declared in it`)
      return timeline
    })
    const starts = [...new Set(entries.flatMap((timeline) => timeline.map(({ fromMs }) => fromMs)))]
    starts.sort((left, right) => left - right)
    const spans = starts.map((fromMs, index) => ({
      fromMs,
      toMs: starts[index + 1] ?? Infinity,
      terms: termsOf(
        offering.id,
        version.allowances,
        entries.map((timeline) => entryAt(timeline, fromMs)),
      ),
    }))
    return { version, spans }
  })
}

function entryAt(timeline: PriceTimeline, timeMs: number): DatedPrice {
  const found = timeline.findLast(({ fromMs }) => fromMs <= timeMs)
  assertThat(found !== undefined, 'the first terms of a price hold for all time before')
  return found
}

function termsOf(
  offering: string,
  allowances: readonly AllowanceDefinition[],
  entries: readonly DatedPrice[],
): OfferingTerms {
  const prices = entries.flatMap(({ price }) => (price === null ? [] : [price]))
  const fees = entries.flatMap(({ fee }) => (fee === null ? [] : [fee]))
  const taxed = ({ id, taxCode }: CataloguePrice | CatalogueFee): { id: string; tax?: string } =>
    taxCode === null ? { id } : { id, tax: taxCode }
  return {
    id: contentId({
      offering,
      prices: prices.map(taxed),
      fees: fees.map(taxed),
      // Left out when there are none, so that versions without them keep the hash they have always had.
      ...(allowances.length === 0 ? {} : { allowances: allowances.map(allowanceJson) }),
    }),
    prices: new Map(prices.map((price) => [price.meter, price])),
    pricesById: new Map(prices.map((price) => [price.id, price])),
    fees,
    allowances,
  }
}
