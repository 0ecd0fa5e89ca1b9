import type { JsonValue } from '@meterline/shared/integrity/canonical-json.ts'
import { accountJson } from '../accounts/account-definition.ts'
import { expectationJson } from '../completeness/expectation.ts'
import { billingProfileJson } from '../contract/billing-profile.ts'
import { contractJson } from '../contract/contract-definition.ts'
import { pausesInOrder } from '../contract/pauses.ts'
import { exchangeRateJson } from '../contract/exchange-rate.ts'
import { correlationJson } from '../correlation/correlation-rule.ts'
import { meterJson } from '../metering/meter-definition.ts'
import { cycleJson } from '../periods/cycle-definition.ts'
import { byText } from './by-text.ts'
import { matrixTableJson, sortedTable } from './matrix-table.ts'
import { offeringJson, versionsOf } from './offering-definition.ts'
import { priceDefinitionJson, termsOverTime, type PriceDefinition } from './price-definition.ts'
import { migrationsInOrder, subscriptionJson } from './subscription-definition.ts'
import { changesInOrder } from './subscription-quantities.ts'
import { taxCodeJson } from './tax-code.ts'
import type { TenantFile } from './tenant-file.ts'
import { zoneTableJson } from './zone-table.ts'

/**
 * The same file with its lists in the order of their ids and its subjects sorted, so that the order things were written in
 * changes neither the hash nor any later decision. The prices of an offering keep theirs: invoices list them so.
 */
export function sortedFile(file: TenantFile): TenantFile {
  return {
    ...file,
    meters: byId(file.meters),
    prices: byId(file.prices).map(withSortedChanges),
    offerings: byId(file.offerings).map((offering) => ({ ...offering, versions: versionsOf(offering).slice(1) })),
    accounts: byId(file.accounts),
    partners: byId(file.partners),
    subscriptions: byId(file.subscriptions).map((subscription) => ({
      ...subscription,
      subjects: subscription.subjects?.toSorted(byText) ?? null,
      changes: changesInOrder(subscription.changes),
      migrations: migrationsInOrder(subscription.migrations),
      pauses: pausesInOrder(subscription.pauses),
    })),
    agents: byId(file.agents),
    expectations: byId(file.expectations).map((expectation) => ({
      ...expectation,
      subjects: expectation.subjects?.toSorted(byText) ?? null,
      sources: expectation.sources?.toSorted(byText) ?? null,
    })),
    correlations: byId(file.correlations),
    taxCodes: byId(file.taxCodes),
    matrices: byId(file.matrices).map(sortedTable),
    zones: byId(file.zones),
    cycles: byId(file.cycles),
    billingProfiles: byId(file.billingProfiles),
    contracts: byId(file.contracts),
    exchangeRates: byId(file.exchangeRates),
  }
}

/** A tenant file as plain JSON data in the form people write, which `tenantFileSchema` reads back. */
export function tenantFileJson(file: TenantFile): JsonValue {
  return {
    tenant: file.tenant,
    currency: file.currency,
    operator: { ...file.operator },
    ...(file.test ? { test: true } : {}),
    meters: file.meters.map(meterJson),
    prices: file.prices.map(priceDefinitionJson),
    offerings: file.offerings.map(offeringJson),
    accounts: file.accounts.map(accountJson),
    partners: file.partners.map((partner) => ({ ...partner })),
    subscriptions: file.subscriptions.map(subscriptionJson),
    agents: file.agents.map((agent) => ({ ...agent })),
    // Left out when there are none, so that files without them keep the hash they have always had.
    ...(file.expectations.length === 0 ? {} : { expectations: file.expectations.map(expectationJson) }),
    ...(file.correlations.length === 0 ? {} : { correlations: file.correlations.map(correlationJson) }),
    ...(file.taxCodes.length === 0 ? {} : { taxCodes: file.taxCodes.map(taxCodeJson) }),
    ...(file.matrices.length === 0 ? {} : { matrices: file.matrices.map(matrixTableJson) }),
    ...(file.zones.length === 0 ? {} : { zones: file.zones.map(zoneTableJson) }),
    ...(file.cycles.length === 0 ? {} : { cycles: file.cycles.map(cycleJson) }),
    ...(file.billingProfiles.length === 0 ? {} : { billingProfiles: file.billingProfiles.map(billingProfileJson) }),
    ...(file.contracts.length === 0 ? {} : { contracts: file.contracts.map(contractJson) }),
    ...(file.exchangeRates.length === 0 ? {} : { exchangeRates: file.exchangeRates.map(exchangeRateJson) }),
  }
}

function withSortedChanges(definition: PriceDefinition): PriceDefinition {
  if (definition.changes.length < 2) return definition
  return definition.meter === null
    ? { ...definition, changes: termsOverTime(definition).slice(1) }
    : { ...definition, changes: termsOverTime(definition).slice(1) }
}

function byId<Element extends { readonly id: string }>(elements: readonly Element[]): readonly Element[] {
  return elements.toSorted((left, right) => byText(left.id, right.id))
}
