import { assertThat } from '@meterline/shared/base/errors.ts'
import { sha256, toHex } from '@meterline/shared/integrity/hash.ts'
import type { SnapshotSpan } from '@meterline/shared/model/snapshot-part.ts'
import { bindingsLimits, type PlanBinding } from '@meterline/shared/model/subject-bindings.ts'
import type { Catalogue, CataloguePrice, CatalogueSubscription } from './catalogue.ts'
import { contentId } from './content-id.ts'
import { versionName, versionsOf, type OfferingDefinition, type OfferingVersion } from './offering-definition.ts'
import { priceTimelines, versionTimelines } from './offering-timeline.ts'
import { priceReferences } from './resolve-price.ts'
import { versionSpans, type SubscriptionDefinition } from './subscription-definition.ts'

/** A plan: a version of an offering that somebody below the sellers has, over all time. */
export interface RetailPlan {
  readonly id: string
  readonly spans: readonly SnapshotSpan[]
  /** Of all spans, each once. */
  readonly prices: readonly CataloguePrice[]
}

/** How many subscriptions are hashed together. */
const hashedTogether = 1_024

interface PlannedOffering {
  readonly versions: readonly { readonly version: OfferingVersion; readonly plan: string }[]
}

/**
 * Which plan each retail subscription has when. A plan is named by its offering and the version of it, not by what that
 * comes to: prices that change by a date reach agents with the snapshot, and nobody's binding changes by it.
 */
export class PlanBook {
  readonly #catalogue: Catalogue
  readonly #offerings: ReadonlyMap<string, PlannedOffering>
  readonly #definitions: ReadonlyMap<string, OfferingDefinition>
  /** Few subscriptions are ever migrated; all others have one version. */
  readonly #migrated: ReadonlyMap<string, SubscriptionDefinition>
  /** Names the state of all bindings, hexadecimal. */
  readonly bindingsHash: string
  readonly #used = new Set<string>()

  constructor(catalogue: Catalogue) {
    this.#catalogue = catalogue
    const { offerings, subscriptions } = catalogue.file
    this.#offerings = new Map(
      offerings.map((offering) => {
        const versions = versionsOf(offering).map((version) => ({ version, plan: planId(offering.id, version) }))
        return [offering.id, { versions }]
      }),
    )
    this.#definitions = new Map(offerings.map((offering) => [offering.id, offering]))
    this.#migrated = new Map(
      subscriptions.flatMap((definition) => (definition.migrations.length === 0 ? [] : [[definition.id, definition]])),
    )
    this.bindingsHash = this.#hashBindings()
  }

  /** What a subject is bound to: the bindings of its retail subscriptions, the latest ones where there are very many. */
  bindingsOf(subject: string): readonly PlanBinding[] {
    const subscriptions = this.#catalogue.index.subjects.get(subject)?.subscriptions ?? []
    const bindings = subscriptions.flatMap((subscription) =>
      subscription.kind === 'retail' ? this.#bindingsOf(subscription) : [],
    )
    const most = bindingsLimits.bindingsOfSubject
    if (bindings.length <= most) return bindings
    return bindings.toSorted((left, right) => left.fromMs - right.fromMs).slice(-most)
  }

  /** The plans that somebody has, sorted by id. */
  plans(): readonly RetailPlan[] {
    const { file } = this.#catalogue
    const prices = priceTimelines(file.prices, file.currency, priceReferences(file))
    return file.offerings
      .flatMap((offering) => {
        const used = versionsOf(offering).some((version) => this.#used.has(planId(offering.id, version)))
        return used ? versionTimelines(offering, prices).map((timeline) => ({ offering, ...timeline })) : []
      })
      .map(({ offering, version, spans }) => {
        const all = new Map(spans.flatMap(({ terms }) => [...terms.pricesById]))
        return {
          id: planId(offering.id, version),
          spans: spans.map(({ fromMs, terms }, index) => ({
            fromMs: index === 0 ? null : fromMs,
            prices: [...terms.pricesById.keys()].toSorted(),
          })),
          prices: [...all.values()],
        }
      })
      .filter(({ id }) => this.#used.has(id))
      .toSorted((left, right) => (left.id < right.id ? -1 : 1))
  }

  #bindingsOf(subscription: CatalogueSubscription): readonly PlanBinding[] {
    const migrated = this.#migrated.get(subscription.id)
    if (migrated === undefined) {
      const { fromMs, toMs } = subscription
      const sold = this.#versionsOf(subscription.offering.id).findLast(
        ({ version }) => version.fromMs === null || version.fromMs <= fromMs,
      )
      return sold === undefined ? [] : [{ plan: sold.plan, fromMs, toMs: toMs === Infinity ? null : toMs }]
    }
    return versionSpans(migrated, this.#definitions).flatMap(({ fromMs, toMs, offering, version }) => {
      const had = this.#versionsOf(offering.id).find((each) => each.version.fromMs === version.fromMs)
      return had === undefined ? [] : [{ plan: had.plan, fromMs, toMs: toMs === Infinity ? null : toMs }]
    })
  }

  #versionsOf(id: string): PlannedOffering['versions'] {
    const offering = this.#offerings.get(id)
    assertThat(offering !== undefined, 'everything a checked tenant file refers to is declared in it')
    return offering.versions
  }

  /** One pass over all retail subscriptions, which may be a million: it also notes which plans they have. */
  #hashBindings(): string {
    const hashes: Uint8Array[] = []
    let lines: string[] = []
    for (const subscription of this.#catalogue.subscriptions.values()) {
      if (subscription.kind !== 'retail') continue
      const bindings = this.#bindingsOf(subscription)
      for (const { plan } of bindings) this.#used.add(plan)
      const spans = bindings.map(({ plan, fromMs, toMs }) => [plan, fromMs, toMs])
      lines.push(JSON.stringify([spans, subscription.subjects]))
      if (lines.length < hashedTogether) continue
      hashes.push(hashOf(lines))
      lines = []
    }
    return toHex(sha256(Buffer.concat([...hashes, hashOf(lines)])))
  }
}

function hashOf(lines: readonly string[]): Uint8Array {
  return sha256(Buffer.from(lines.join('\n'), 'utf8'))
}

/** Half a hash is enough to name a few thousand things, and agents keep it for each of their subjects. */
function planId(offering: string, version: OfferingVersion): string {
  return contentId({ offering, version: versionName(version) }).slice(0, 32)
}
