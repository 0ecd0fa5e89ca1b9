import type { JsonValue } from '@meterline/shared/integrity/canonical-json.ts'
import { formatInstant } from '@meterline/shared/units/instant.ts'
import { billingProfileJson } from '../contract/billing-profile.ts'
import { commitmentJson, minimumJson } from '../contract/committed-amount.ts'
import type { ContractDefinition } from '../contract/contract-definition.ts'
import { discountJson } from '../contract/discount-definition.ts'
import type { ExchangeRate } from '../contract/exchange-rate.ts'
import type { TaxRate } from './tax-code.ts'
import type { TenantFile } from './tenant-file.ts'

/** A rule of a contract; the terms are those of the tenant file. */
export interface DescribedRule {
  readonly kind: 'commitment' | 'minimum' | 'discount'
  readonly terms: JsonValue
}

/** What a buyer and his seller have agreed on. */
export interface DescribedContract {
  readonly id: string
  readonly account: string
  readonly seller: string | null
  readonly currency: string
  readonly from: string
  /** Exclusive; null: no end. */
  readonly to: string | null
  readonly termPeriods: number | null
  /** Whether it is in force at the instant that is asked for. */
  readonly inForce: boolean
  /** In the order in which they apply. */
  readonly rules: readonly DescribedRule[]
}

/** The rate of a pair of currencies, or of a tax code in a region, at an instant. */
export interface DescribedRate {
  /** `USD to EUR`, or a region. */
  readonly name: string
  readonly rate: string
  readonly since: string
  /** When the next one begins; null: none is written. */
  readonly next: string | null
}

/** What a tenant file says of contracts, and of how its accounts are billed. */
export interface ContractsDescription {
  readonly contracts: readonly DescribedContract[]
  readonly billingProfiles: readonly { readonly id: string; readonly terms: JsonValue }[]
  readonly cycles: readonly { readonly id: string; readonly day: number; readonly zone: string }[]
  readonly exchangeRates: readonly DescribedRate[]
}

type ContractLists = Pick<TenantFile, 'contracts' | 'billingProfiles' | 'cycles' | 'exchangeRates' | 'currency'>

/** Describes contracts and billing at an instant (epoch milliseconds). */
export function describeContracts(file: ContractLists, atMs: number): ContractsDescription {
  return {
    contracts: file.contracts.map((contract) => describedContract(contract, file.currency, atMs)),
    billingProfiles: file.billingProfiles.map((profile) => ({ id: profile.id, terms: billingProfileJson(profile) })),
    cycles: file.cycles,
    exchangeRates: ratesAt(file.exchangeRates, ({ from, to }: ExchangeRate) => `${from} to ${to}`, atMs).map(
      ([name, current, nextMs]) => describedRate(name, current.rate, current.fromMs, nextMs),
    ),
  }
}

/** The rates of a tax code at an instant, by region. */
export function describeTaxRates(rates: readonly TaxRate[], atMs: number): readonly DescribedRate[] {
  return ratesAt(rates, ({ region }) => region, atMs).map(([name, current, nextMs]) =>
    describedRate(name, current.percent, current.fromMs, nextMs),
  )
}

function describedContract(contract: ContractDefinition, currency: string, atMs: number): DescribedContract {
  const { id, account, seller, fromMs, toMs, termPeriods, commitments, minimums, discounts } = contract
  return {
    id,
    account,
    seller,
    currency: contract.currency ?? currency,
    from: formatInstant(fromMs),
    to: toMs === null ? null : formatInstant(toMs),
    termPeriods,
    inForce: fromMs <= atMs && (toMs === null || atMs < toMs),
    rules: [
      ...commitments.map((rule) => ({ kind: 'commitment' as const, terms: commitmentJson(rule) })),
      ...minimums.map((rule) => ({ kind: 'minimum' as const, terms: minimumJson(rule) })),
      ...discounts.map((rule) => ({ kind: 'discount' as const, terms: discountJson(rule) })),
    ],
  }
}

function describedRate(name: string, rate: string, fromMs: number, nextMs: number | null): DescribedRate {
  return { name, rate, since: formatInstant(fromMs), next: nextMs === null ? null : formatInstant(nextMs) }
}

/** Of each name the rate in force at an instant and when the next one begins, names in the order of the file. */
function ratesAt<Rate extends { readonly fromMs: number }>(
  rates: readonly Rate[],
  nameOf: (rate: Rate) => string,
  atMs: number,
): readonly (readonly [name: string, current: Rate, nextMs: number | null])[] {
  const current = new Map<string, Rate>()
  const nextMs = new Map<string, number>()
  for (const rate of rates) {
    const name = nameOf(rate)
    if (rate.fromMs > atMs) {
      nextMs.set(name, Math.min(rate.fromMs, nextMs.get(name) ?? Infinity))
    } else if (rate.fromMs >= (current.get(name)?.fromMs ?? -Infinity)) {
      current.set(name, rate)
    }
  }
  return [...current].map(([name, rate]) => [name, rate, nextMs.get(name) ?? null])
}
