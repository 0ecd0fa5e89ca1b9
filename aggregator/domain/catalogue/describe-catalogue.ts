import type { JsonValue } from '@meterline/shared/integrity/canonical-json.ts'
import { formatInstant } from '@meterline/shared/units/instant.ts'
import { allowanceJson } from '../contract/allowance-definition.ts'
import type { Catalogue, CatalogueFee, CataloguePrice } from './catalogue.ts'
import { contentId } from './content-id.ts'
import { describeContracts, describeTaxRates } from './describe-contracts.ts'
import type { ContractsDescription, DescribedRate } from './describe-contracts.ts'
import { matrixTableJson } from './matrix-table.ts'
import { versionAt, versionName, versionsOf } from './offering-definition.ts'
import { priceTimelines, versionTimelines } from './offering-timeline.ts'
import { termsJson, termsOverTime, type PriceDefinition } from './price-definition.ts'
import { priceReferences } from './resolve-price.ts'
import { taxCodeJson } from './tax-code.ts'
import { zoneTableJson } from './zone-table.ts'

/** A version of an offering as it stands at an instant. */
export interface DescribedVersion {
  /** The date it is sold from, or `first`. */
  readonly version: string
  /** Whether somebody who subscribes at that instant gets it. */
  readonly sold: boolean
  /** Content hash of what it comes to at that instant, hexadecimal. */
  readonly hash: string
  /** What the tenant file calls its prices, in the order of invoices. */
  readonly prices: readonly string[]
  /** What it includes, as the tenant file says it. */
  readonly allowances: readonly JsonValue[]
  /** How many subscriptions have it at that instant. */
  readonly subscriptions: number
}

/** A price or fee as it stands at an instant. */
export interface DescribedPrice {
  readonly name: string
  /** Null: a fee. */
  readonly meter: string | null
  readonly currency: string
  readonly tax: string | null
  /** Content hash of these terms, hexadecimal. */
  readonly hash: string
  readonly terms: JsonValue
  /** Since when these terms hold; null: since ever. */
  readonly since: string | null
  /** When the next terms begin; null: none are written. */
  readonly next: string | null
}

/** What a catalogue says at an instant, in plain JSON; lists by id. */
export interface CatalogueDescription extends ContractsDescription {
  readonly tenant: string
  readonly hash: string
  readonly counts: Readonly<Record<string, number>>
  readonly offerings: readonly {
    readonly id: string
    readonly name: string
    readonly versions: readonly DescribedVersion[]
  }[]
  readonly prices: readonly DescribedPrice[]
  readonly matrices: readonly {
    readonly id: string
    readonly hash: string
    readonly dimensions: readonly string[]
    readonly meters: readonly string[]
    readonly rows: number
  }[]
  readonly taxCodes: readonly {
    readonly id: string
    readonly name: string
    readonly hash: string
    readonly rates: readonly DescribedRate[]
  }[]
  readonly zones: readonly { readonly id: string; readonly hash: string; readonly offsets: number }[]
}

/** Describes what a catalogue says at an instant (epoch milliseconds): terms in force, versions sold, who has which. */
export function describeCatalogue(catalogue: Catalogue, atMs: number): CatalogueDescription {
  const { file } = catalogue
  const timelines = priceTimelines(file.prices, file.currency, priceReferences(file))
  const subscribers = subscribersOfTerms(catalogue, atMs)
  const prices = file.prices.map((definition) => {
    const found = timelines.get(definition.id)?.findLast(({ fromMs }) => fromMs <= atMs)
    return describedPrice(definition, found?.price ?? found?.fee ?? null, atMs)
  })
  return {
    tenant: file.tenant,
    hash: catalogue.hash,
    counts: countsOf(catalogue),
    offerings: file.offerings.map((offering) => {
      const sold = versionAt(versionsOf(offering), atMs)
      const versions = versionTimelines(offering, timelines).map(({ version, spans }): DescribedVersion => {
        const hash = spans.find(({ fromMs, toMs }) => fromMs <= atMs && atMs < toMs)?.terms.id ?? ''
        return {
          version: versionName(version),
          sold: version.fromMs === sold?.fromMs,
          hash,
          prices: version.prices,
          allowances: version.allowances.map(allowanceJson),
          subscriptions: subscribers.get(hash) ?? 0,
        }
      })
      return { id: offering.id, name: offering.name, versions }
    }),
    prices: prices.filter((price) => price !== null),
    matrices: file.matrices.map((matrix) => ({
      id: matrix.id,
      hash: contentId(matrixTableJson(matrix)),
      dimensions: matrix.dimensions,
      meters: [...new Set(matrix.rows.flatMap(({ amounts }) => [...amounts.keys()]))].toSorted(),
      rows: matrix.rows.length,
    })),
    taxCodes: file.taxCodes.map((taxCode) => ({
      id: taxCode.id,
      name: taxCode.name,
      hash: contentId(taxCodeJson(taxCode)),
      rates: describeTaxRates(taxCode.rates, atMs),
    })),
    ...describeContracts(file, atMs),
    zones: file.zones.map((zone) => ({
      id: zone.id,
      hash: contentId(zoneTableJson(zone)),
      offsets: zone.offsets.length,
    })),
  }
}

/** How many subscriptions buy what, by content hash. Two versions that come to the same count the same subscriptions. */
function subscribersOfTerms(catalogue: Catalogue, atMs: number): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const subscription of catalogue.subscriptions.values()) {
    const current = subscription.versionAt(atMs)
    if (current === null) continue
    counts.set(current.offeringVersion, (counts.get(current.offeringVersion) ?? 0) + 1)
  }
  return counts
}

function describedPrice(
  definition: PriceDefinition,
  found: CataloguePrice | CatalogueFee | null,
  atMs: number,
): DescribedPrice | null {
  if (found === null) return null
  const dated = definition.meter === null ? termsOverTime(definition) : termsOverTime(definition)
  const current = dated.findLast(({ fromMs }) => fromMs <= atMs)
  const next = dated.find(({ fromMs }) => fromMs > atMs)
  if (current === undefined) return null
  return {
    name: definition.id,
    meter: definition.meter,
    currency: found.currency,
    tax: definition.tax,
    hash: found.id,
    terms: termsJson(current.terms),
    since: current.fromMs === -Infinity ? null : formatInstant(current.fromMs),
    next: next === undefined ? null : formatInstant(next.fromMs),
  }
}

function countsOf({ file, index }: Catalogue): Readonly<Record<string, number>> {
  return {
    meters: file.meters.length,
    prices: file.prices.length,
    offerings: file.offerings.length,
    accounts: file.accounts.length,
    partners: file.partners.length,
    subscriptions: file.subscriptions.length,
    subjects: index.subjects.size,
    agents: file.agents.length,
  }
}
