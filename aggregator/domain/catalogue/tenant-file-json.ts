import type { JsonValue } from '@meterline/shared/integrity/canonical-json.ts'
import { priceJson } from '@meterline/shared/rating/price.ts'
import { formatInstant } from '@meterline/shared/units/instant.ts'
import { expectationJson } from '../completeness/expectation.ts'
import { correlationJson } from '../correlation/correlation-rule.ts'
import { meterJson } from '../metering/meter-definition.ts'
import type { TenantFile } from './tenant-file.ts'

/**
 * The same file with its lists in the order of their ids and its subjects sorted, so that the order things were written in
 * changes neither the hash nor any later decision. The prices of an offering keep theirs: invoices list them so.
 */
export function sortedFile(file: TenantFile): TenantFile {
  return {
    ...file,
    meters: byId(file.meters),
    prices: byId(file.prices),
    offerings: byId(file.offerings),
    accounts: byId(file.accounts),
    partners: byId(file.partners),
    subscriptions: byId(file.subscriptions).map((subscription) => ({
      ...subscription,
      subjects: subscription.subjects?.toSorted(byText) ?? null,
    })),
    agents: byId(file.agents),
    expectations: byId(file.expectations).map((expectation) => ({
      ...expectation,
      subjects: expectation.subjects?.toSorted(byText) ?? null,
      sources: expectation.sources?.toSorted(byText) ?? null,
    })),
    correlations: byId(file.correlations),
  }
}

/** A tenant file as plain JSON data in the form people write, which `tenantFileSchema` reads back. */
export function tenantFileJson(file: TenantFile): JsonValue {
  return {
    tenant: file.tenant,
    currency: file.currency,
    operator: { ...file.operator },
    meters: file.meters.map(meterJson),
    prices: file.prices.map(({ id, meter, currency, price }) => ({
      id,
      meter,
      ...(currency === null ? {} : { currency }),
      ...priceJson(price),
    })),
    offerings: file.offerings.map((offering) => ({ ...offering })),
    accounts: file.accounts.map((account) => ({ ...account })),
    partners: file.partners.map((partner) => ({ ...partner })),
    subscriptions: file.subscriptions.map(({ fromMs, toMs, seller, subjects, ...own }) => ({
      ...own,
      ...(seller === null ? {} : { seller }),
      from: formatInstant(fromMs),
      ...(toMs === null ? {} : { to: formatInstant(toMs) }),
      ...(subjects === null ? {} : { subjects }),
    })),
    agents: file.agents.map((agent) => ({ ...agent })),
    // Left out when there are none, so that files without them keep the hash they have always had.
    ...(file.expectations.length === 0 ? {} : { expectations: file.expectations.map(expectationJson) }),
    ...(file.correlations.length === 0 ? {} : { correlations: file.correlations.map(correlationJson) }),
  }
}

/** Orders texts by UTF-16 code units, the same in every process and language setting. */
export function byText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0
}

function byId<Element extends { readonly id: string }>(elements: readonly Element[]): readonly Element[] {
  return elements.toSorted((left, right) => byText(left.id, right.id))
}
