import { assertThat, failed, fault, ok, type Fault, type Result } from '@meterline/shared/base/errors.ts'
import { canonicalJson } from '@meterline/shared/integrity/canonical-json.ts'
import { sha256, toHex } from '@meterline/shared/integrity/hash.ts'
import { compilePrice, priceJson, type Price } from '@meterline/shared/rating/price.ts'
import { buildAccountTree, type Account, type AccountTree, type Party } from '../accounts/account-tree.ts'
import { compileMeter } from '../metering/meter-rule.ts'
import { checkDraft } from './check-draft.ts'
import type { Catalogue, CataloguePrice, CatalogueSubscription, Leg } from './catalogue.ts'
import { draftOf } from './draft.ts'
import { buildLegIndex } from './leg-index.ts'
import { suggestionFor } from './problem.ts'
import { sortedFile, tenantFileJson } from './tenant-file-json.ts'
import {
  tenantFileSchema,
  type OfferingDefinition,
  type PriceDefinition,
  type SubscriptionDefinition,
  type TenantFile,
} from './tenant-file.ts'

export type CatalogueFault = Fault<'catalogue_invalid'>

/**
 * Turns a tenant file into an immutable catalogue: checked, addressed by content, prices in integers, legs ready to look
 * up. A file that `parseTenantFile` accepted compiles; for any other the fault names the first thing wrong.
 */
export function compileCatalogue(file: TenantFile): Result<Catalogue, CatalogueFault> {
  const [first] = checkDraft(draftOf(file), null)
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
  return ok(compile(parsed.data, bytes))
}

/** Content hash of a price: what it measures, the currency and the terms, but not what a file calls it. */
export function priceId(meter: string, currency: string, terms: Price): string {
  return toHex(sha256(utf8(canonicalJson({ meter, currency, price: priceJson(terms) }))))
}

function compile(file: TenantFile, bytes: Uint8Array): Catalogue {
  const tree = buildAccountTree(file.operator, file.accounts)
  const partners = new Map(file.partners.map((partner) => [partner.id, partner]))
  const prices = new Map(file.prices.map((definition) => [definition.id, compiledPrice(file, definition)]))
  const offerings = new Map(file.offerings.map((offering) => [offering.id, offering]))
  const declared = { tree, partners, prices, offerings }
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

function compiledPrice(file: TenantFile, { id, meter, currency, price }: PriceDefinition): CataloguePrice {
  const actual = currency ?? file.currency
  return {
    id: priceId(meter, actual, price),
    name: id,
    meter,
    currency: actual,
    terms: price,
    compiled: compilePrice(price),
  }
}

/** What subscriptions refer to. */
interface Declared {
  readonly tree: AccountTree
  readonly partners: ReadonlyMap<string, Party>
  readonly prices: ReadonlyMap<string, CataloguePrice>
  readonly offerings: ReadonlyMap<string, OfferingDefinition>
}

function compiledSubscription(
  definition: SubscriptionDefinition,
  { tree, partners, prices, offerings }: Declared,
): CatalogueSubscription {
  const account = existing(tree.accounts.get(definition.account))
  const seller = account.seller ?? existing(partners.get(definition.seller ?? ''))
  const offering = existing(offerings.get(definition.offering))
  const kind = account.kind === 'operator' ? 'cost' : account.kind === 'reseller' ? 'wholesale' : 'retail'
  const ownPrices = new Map(offering.prices.map((id) => existing(prices.get(id))).map((price) => [price.meter, price]))
  const legs = [...ownPrices.values()].map((price) => legOf(definition.id, account, seller, price))
  return {
    id: definition.id,
    kind,
    account,
    seller,
    offering,
    fromMs: definition.fromMs,
    toMs: definition.toMs ?? Infinity,
    subjects: definition.subjects,
    legs: new Map(legs.map((leg) => [leg.meter, leg])),
    prices: ownPrices,
  }
}

function legOf(subscription: string, account: Account, seller: Party, price: CataloguePrice): Leg {
  const buyer = account.payer
  return {
    legKey: `${seller.id}>${buyer.id}:${subscription}:${price.id}`,
    seller: seller.id,
    buyer: buyer.id,
    kind: account.kind === 'operator' ? 'cost' : 'sale',
    subscription,
    account: account.id,
    meter: price.meter,
    priceId: price.id,
    price: price.compiled,
    currency: price.currency,
    partition: account.partition ?? `partner:${seller.id}`,
    buyerKeepsBooks: buyer.kind === 'operator' || buyer.kind === 'reseller',
  }
}

function existing<Value>(value: Value | undefined): Value {
  assertThat(value !== undefined, 'everything a checked tenant file refers to is declared in it')
  return value
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
