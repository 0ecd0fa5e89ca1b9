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
import { compileMeter } from '../metering/meter-rule.ts'
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
import { subscriptionOver, type BoughtVersion } from './subscription-timeline.ts'
import { sortedFile, tenantFileJson } from './tenant-file-json.ts'
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
  const tree = buildAccountTree(file.operator, file.accounts)
  const partners = new Map(file.partners.map((partner) => [partner.id, partner]))
  const prices = priceTimelines(file.prices, file.currency, priceReferences(file))
  const offerings = new Map(
    file.offerings.map((offering) => {
      const { id, name } = offering
      return [id, { definition: offering, party: { id, name }, timelines: versionTimelines(offering, prices) }] as const
    }),
  )
  const declared = { tree, partners, offerings }
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
  }
}

/** What subscriptions refer to. */
interface Declared {
  readonly tree: AccountTree
  readonly partners: ReadonlyMap<string, Party>
  readonly offerings: ReadonlyMap<string, CompiledOffering>
}

interface CompiledOffering {
  readonly definition: OfferingDefinition
  readonly party: Party
  readonly timelines: readonly VersionTimeline[]
}

function compiledSubscription(
  definition: SubscriptionDefinition,
  { tree, partners, offerings }: Declared,
): CatalogueSubscription {
  const { id, subjects, quantities, fromMs } = definition
  const account = existing(tree.accounts.get(definition.account))
  const seller = account.seller ?? existing(partners.get(definition.seller ?? ''))
  const offering = existing(offerings.get(definition.offering))
  const kind = account.kind === 'operator' ? 'cost' : account.kind === 'reseller' ? 'wholesale' : 'retail'
  const toMs = definition.toMs ?? Infinity
  const parts = { id, kind, account, seller, offering: offering.party, fromMs, toMs, subjects, quantities } as const
  return subscriptionOver(parts, boughtVersions(definition, offering))
}

/** The versions of its offering that a subscription has over its time. */
function boughtVersions(
  definition: SubscriptionDefinition,
  { definition: offering, timelines }: CompiledOffering,
): readonly BoughtVersion[] {
  return versionSpans(definition, offering).map(({ fromMs, toMs, version }) => {
    const { spans: timeline } = existing(timelines.find((each) => each.version.fromMs === version.fromMs))
    return { fromMs, toMs, timeline }
  })
}

function existing<Value>(value: Value | undefined): Value {
  assertThat(value !== undefined, 'everything a checked tenant file refers to is declared in it')
  return value
}
