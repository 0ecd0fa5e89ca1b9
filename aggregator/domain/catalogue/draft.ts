import type { AccountDefinition } from '../accounts/account-definition.ts'
import type { Party } from '../accounts/account-tree.ts'
import type { ExpectationDefinition } from '../completeness/expectation.ts'
import type { CorrelationDefinition } from '../correlation/correlation-rule.ts'
import type { BillingProfile } from '../contract/billing-profile.ts'
import type { ContractDefinition } from '../contract/contract-definition.ts'
import type { ExchangeRate } from '../contract/exchange-rate.ts'
import type { MeterDefinition } from '../metering/meter-definition.ts'
import type { CycleDefinition } from '../periods/cycle-definition.ts'
import type { MatrixTable } from './matrix-table.ts'
import type { OfferingDefinition } from './offering-definition.ts'
import type { PriceDefinition } from './price-definition.ts'
import type { SubscriptionDefinition } from './subscription-definition.ts'
import type { TaxCode } from './tax-code.ts'
import type { AgentDefinition, ListKey, TenantFile } from './tenant-file.ts'
import type { ZoneTable } from './zone-table.ts'

/** An element of a list that is well-formed by itself, and where it stands in the list as written. */
export interface Placed<Value> {
  readonly value: Value
  readonly index: number
}

/**
 * A tenant file of which each part was read by itself. Parts that are not well-formed are missing, but the ids they
 * declare are known, so that checking what refers to what reports no mistake twice.
 */
export interface Draft {
  readonly tenant: TenantFile['tenant'] | null
  readonly currency: string | null
  readonly operator: Party | null
  readonly test: boolean | null
  readonly meters: readonly Placed<MeterDefinition>[]
  readonly prices: readonly Placed<PriceDefinition>[]
  readonly offerings: readonly Placed<OfferingDefinition>[]
  readonly accounts: readonly Placed<AccountDefinition>[]
  readonly partners: readonly Placed<Party>[]
  readonly subscriptions: readonly Placed<SubscriptionDefinition>[]
  readonly agents: readonly Placed<AgentDefinition>[]
  readonly expectations: readonly Placed<ExpectationDefinition>[]
  readonly correlations: readonly Placed<CorrelationDefinition>[]
  readonly taxCodes: readonly Placed<TaxCode>[]
  readonly matrices: readonly Placed<MatrixTable>[]
  readonly zones: readonly Placed<ZoneTable>[]
  readonly cycles: readonly Placed<CycleDefinition>[]
  readonly billingProfiles: readonly Placed<BillingProfile>[]
  readonly contracts: readonly Placed<ContractDefinition>[]
  readonly exchangeRates: readonly Placed<ExchangeRate>[]
  /** Every id a list declares, well-formed or not, in the order written; with its own place for each. */
  readonly declared: Readonly<Record<ListKey, readonly Placed<string>[]>>
}

/** A complete file as a draft, for checking it again. */
export function draftOf(file: TenantFile): Draft {
  return {
    tenant: file.tenant,
    currency: file.currency,
    operator: file.operator,
    test: file.test,
    meters: placed(file.meters),
    prices: placed(file.prices),
    offerings: placed(file.offerings),
    accounts: placed(file.accounts),
    partners: placed(file.partners),
    subscriptions: placed(file.subscriptions),
    agents: placed(file.agents),
    expectations: placed(file.expectations),
    correlations: placed(file.correlations),
    taxCodes: placed(file.taxCodes),
    matrices: placed(file.matrices),
    zones: placed(file.zones),
    cycles: placed(file.cycles),
    billingProfiles: placed(file.billingProfiles),
    contracts: placed(file.contracts),
    exchangeRates: placed(file.exchangeRates),
    declared: {
      meters: idsOf(file.meters),
      prices: idsOf(file.prices),
      offerings: idsOf(file.offerings),
      accounts: idsOf(file.accounts),
      partners: idsOf(file.partners),
      subscriptions: idsOf(file.subscriptions),
      agents: idsOf(file.agents),
      expectations: idsOf(file.expectations),
      correlations: idsOf(file.correlations),
      taxCodes: idsOf(file.taxCodes),
      matrices: idsOf(file.matrices),
      zones: idsOf(file.zones),
      cycles: idsOf(file.cycles),
      billingProfiles: idsOf(file.billingProfiles),
      contracts: idsOf(file.contracts),
      exchangeRates: idsOf(file.exchangeRates),
    },
  }
}

/** The file a draft makes up once nothing is wrong with it; null while something is missing. */
export function fileOf(draft: Draft): TenantFile | null {
  const { tenant, currency, operator, test } = draft
  if (tenant === null || currency === null || operator === null || test === null) return null
  return {
    tenant,
    currency,
    operator,
    test,
    meters: valuesOf(draft.meters),
    prices: valuesOf(draft.prices),
    offerings: valuesOf(draft.offerings),
    accounts: valuesOf(draft.accounts),
    partners: valuesOf(draft.partners),
    subscriptions: valuesOf(draft.subscriptions),
    agents: valuesOf(draft.agents),
    expectations: valuesOf(draft.expectations),
    correlations: valuesOf(draft.correlations),
    taxCodes: valuesOf(draft.taxCodes),
    matrices: valuesOf(draft.matrices),
    zones: valuesOf(draft.zones),
    cycles: valuesOf(draft.cycles),
    billingProfiles: valuesOf(draft.billingProfiles),
    contracts: valuesOf(draft.contracts),
    exchangeRates: valuesOf(draft.exchangeRates),
  }
}

function placed<Value>(values: readonly Value[]): readonly Placed<Value>[] {
  return values.map((value, index) => ({ value, index }))
}

function idsOf(values: readonly { readonly id: string }[]): readonly Placed<string>[] {
  return values.map(({ id }, index) => ({ value: id, index }))
}

function valuesOf<Value>(parts: readonly Placed<Value>[]): readonly Value[] {
  return parts.map(({ value }) => value)
}
