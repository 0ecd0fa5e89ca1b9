import {
  AssertionFailure,
  assertThat,
  failed,
  fault,
  ok,
  type Fault,
  type Result,
} from '@meterline/shared/base/errors.ts'
import { canonicalJson } from '@meterline/shared/integrity/canonical-json.ts'
import { sha256, toHex } from '@meterline/shared/integrity/hash.ts'
import { buildAccountTree, type AccountTree, type Party } from '../accounts/account-tree.ts'
import { plainProfile } from '../contract/billing-profile.ts'
import { effectivePauses } from '../contract/pauses.ts'
import type { TimeSpan } from '../contract/time-span.ts'
import { compileMeter } from '../metering/meter-rule.ts'
import type { BillingCycle } from '../periods/billing-cycle.ts'
import { compiledCycle } from '../periods/cycle-definition.ts'
import { checkDraft } from './check-draft.ts'
import type { Catalogue, CatalogueSubscription } from './catalogue.ts'
import { utf8 } from './content-id.ts'
import { draftOf } from './draft.ts'
import { buildLegIndex } from './leg-index.ts'
import type { OfferingDefinition } from './offering-definition.ts'
import { priceTimelines, versionTimelines, type VersionTimeline } from './offering-timeline.ts'
import { suggestionFor } from './problem.ts'
import { priceReferences } from './resolve-price.ts'
import { versionSpans, type SubscriptionDefinition } from './subscription-definition.ts'
import type { SubscriptionPlace } from './subscription-leg.ts'
import { quantitySpans } from './subscription-quantities.ts'
import { subscriptionOver, type BoughtVersion } from './subscription-timeline.ts'
import { sortedFile, tenantFileJson } from './tenant-file-json.ts'
import { taxTable } from './tax-table.ts'
import { tenantFileSchema, type TenantFile } from './tenant-file.ts'

export type CatalogueFault = Fault<'catalogue_invalid'>

/**
 * Turns a tenant file into an immutable catalogue: checked, addressed by content, prices in integers, legs ready to look
 * up. A file that `parseTenantFile` accepted compiles; for any other the fault names the first thing wrong.
 */
export function compileCatalogue(file: TenantFile): Result<Catalogue, CatalogueFault> {
  const [first] = checkDraft(draftOf(file), null, Infinity)
  if (first !== undefined) {
    const suggestion = suggestionFor(first)
    const text = `${first.path.join('.')} ${first.message}${suggestion === undefined ? '' : `; ${suggestion}`}`
    return failed(fault('catalogue_invalid', `the tenant file cannot be used: ${text}`))
  }
  const sorted = sortedFile(file)
  return ok(compile(sorted, utf8(canonicalJson(tenantFileJson(sorted)))))
}

/**
 * Reads back a catalogue from the bytes of an earlier one (`catalogue.bytes`, as the log keeps them). What was accepted
 * when it was applied is not judged again: rules that came later must not keep an old log from being read.
 */
export function catalogueFromBytes(bytes: Uint8Array): Result<Catalogue, CatalogueFault> {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return failed(fault('catalogue_invalid', 'the catalogue is no JSON text: its bytes are damaged'))
  }
  const parsed = tenantFileSchema.safeParse(value)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const place = issue?.path.map(String).join('.') ?? ''
    return failed(fault('catalogue_invalid', `the catalogue cannot be read at ${place}: ${issue?.message ?? ''}`))
  }
  try {
    return ok(compile(parsed.data, bytes))
  } catch (error) {
    // Damage can leave a file that can be read and names what is not in it any more.
    if (!(error instanceof AssertionFailure)) throw error
    return failed(fault('catalogue_invalid', `the catalogue does not fit together: ${error.message}`))
  }
}

function compile(file: TenantFile, bytes: Uint8Array): Catalogue {
  const references = priceReferences(file)
  const cycles = new Map(file.cycles.map((cycle) => [cycle.id, compiledCycle(cycle, references.zones)]))
  const profiles = new Map(file.billingProfiles.map((profile) => [profile.id, profile]))
  const plain = plainProfile(file.operator.id)
  const tree = buildAccountTree(file.operator, file.accounts, cyclesOfAccounts(file, cycles))
  const partners = new Map(file.partners.map((partner) => [partner.id, partner]))
  const prices = priceTimelines(file.prices, file.currency, references)
  const offerings = new Map(
    file.offerings.map((offering) => {
      const { id, name } = offering
      return [id, { party: { id, name }, timelines: versionTimelines(offering, prices) }] as const
    }),
  )
  const definitions = new Map(file.offerings.map((offering) => [offering.id, offering]))
  const declared = { tree, partners, offerings, definitions, pauses: effectivePauses(file.subscriptions) }
  const subscriptions = file.subscriptions.map((definition) => compiledSubscription(definition, declared))
  return {
    hash: toHex(sha256(bytes)),
    bytes,
    file,
    tree,
    partners,
    meters: new Map(file.meters.map((meter) => [meter.id, meter])),
    meterRules: new Map(file.meters.map((meter) => [meter.id, compileMeter(meter)])),
    subscriptions: new Map(subscriptions.map((subscription) => [subscription.id, subscription])),
    index: buildLegIndex(subscriptions),
    cycles,
    profile: (id) => profiles.get(id) ?? { ...plain, id },
    taxes: taxTable(file.taxCodes),
  }
}

/** The cycles of accounts whose profile names one. */
function cyclesOfAccounts(
  { billingProfiles }: TenantFile,
  cycles: ReadonlyMap<string, BillingCycle>,
): ReadonlyMap<string, BillingCycle> {
  const named = billingProfiles.filter(({ cycle }) => cycle !== null)
  return new Map(named.map(({ id, cycle }) => [id, existing(cycles.get(cycle ?? ''))]))
}

/** What subscriptions refer to. */
interface Declared {
  readonly tree: AccountTree
  readonly partners: ReadonlyMap<string, Party>
  readonly offerings: ReadonlyMap<string, CompiledOffering>
  readonly definitions: ReadonlyMap<string, OfferingDefinition>
  /** Of the subscriptions that are ever paused. */
  readonly pauses: ReadonlyMap<string, readonly TimeSpan[]>
}

interface CompiledOffering {
  readonly party: Party
  readonly timelines: readonly VersionTimeline[]
}

function compiledSubscription(definition: SubscriptionDefinition, declared: Declared): CatalogueSubscription {
  const { tree, partners, offerings } = declared
  const { id, subjects, fromMs } = definition
  const places = tree.placesOf(definition.account).map(({ account: placed, ...span }): PlaceSpan => {
    const sells = placed.seller ?? existing(partners.get(definition.seller ?? ''))
    return { ...span, place: { account: placed, seller: sells } }
  })
  const { account, seller } = existing(places.findLast((place) => place.fromMs <= fromMs)).place
  const offering = existing(offerings.get(definition.offering))
  const kind = account.kind === 'operator' ? 'cost' : account.kind === 'reseller' ? 'wholesale' : 'retail'
  const toMs = definition.toMs ?? Infinity
  const quantities = quantitySpans(definition.quantities, definition.changes)
  const held = { offering: offering.party, subjects, quantities, pauses: declared.pauses.get(id) ?? never } as const
  const parts = { id, kind, account, seller, fromMs, toMs, only: definition.only, ...held } as const
  return subscriptionOver(parts, inPlaces(boughtVersions(definition, declared), places))
}

/** A place of a subscription's account from one instant to another. */
interface PlaceSpan {
  readonly fromMs: number
  readonly toMs: number
  readonly place: SubscriptionPlace
}

/** What is bought, cut where the account moves. */
function inPlaces(
  pieces: readonly Omit<BoughtVersion, 'place'>[],
  places: readonly PlaceSpan[],
): readonly BoughtVersion[] {
  const [only, ...others] = places
  if (only !== undefined && others.length === 0) return pieces.map((piece) => ({ ...piece, place: only.place }))
  return pieces.flatMap((piece) =>
    places
      .filter(({ fromMs, toMs }) => fromMs < piece.toMs && toMs > piece.fromMs)
      .map(({ fromMs, toMs, place }) => {
        return { ...piece, fromMs: Math.max(fromMs, piece.fromMs), toMs: Math.min(toMs, piece.toMs), place }
      }),
  )
}

// Most subscriptions are never paused, and there may be a million of them.
const never: readonly TimeSpan[] = []

/** The versions of offerings that a subscription has over its time. */
function boughtVersions(
  definition: SubscriptionDefinition,
  { offerings, definitions }: Declared,
): readonly Omit<BoughtVersion, 'place'>[] {
  return versionSpans(definition, definitions).map(({ fromMs, toMs, offering, version }) => {
    const { party, timelines } = existing(offerings.get(offering.id))
    const { spans: timeline } = existing(timelines.find((each) => each.version.fromMs === version.fromMs))
    return { fromMs, toMs, offering: party, timeline }
  })
}

function existing<Value>(value: Value | undefined): Value {
  assertThat(value !== undefined, 'everything a checked tenant file refers to is declared in it')
  return value
}
