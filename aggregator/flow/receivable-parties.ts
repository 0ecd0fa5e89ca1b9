import { failed, fault, ok, type Fault, type Result } from '@meterline/shared/base/errors.ts'
import { minorDigitsOf } from '@meterline/shared/units/currency.ts'
import { parseDecimal } from '@meterline/shared/units/decimal.ts'
import type { ClaimParties } from '../domain/receivables/claim.ts'
import type { TenantService } from './tenant-service.ts'

/** Parties as people name them. */
export interface NamedParties {
  readonly buyer: string
  /** Null: who sells to him. */
  readonly seller: string | null
  /** Null: the tenant's. */
  readonly currency: string | null
}

export type PartiesFault = Fault<'buyer_unknown' | 'buyer_is_cost' | 'currency_unknown' | 'catalogue_missing'>
export type AmountFault = Fault<'amount_invalid'>

/** Who is meant: a buyer of the tenant file in force, or one that documents name, with his seller. */
export function partiesNamed(
  { inForce, store, tenant }: TenantService,
  { buyer, seller, currency }: NamedParties,
): Result<ClaimParties, PartiesFault> {
  if (inForce === null) return failed(fault('catalogue_missing', `Tenant ${tenant} has no catalogue yet.`))
  const { tree, file } = inForce.catalogue
  const account = tree.accounts.get(buyer)
  const selling = seller ?? account?.seller?.id
  const owed = currency ?? file.currency
  if (selling === undefined) {
    const text =
      account === undefined
        ? `There is no account ${buyer} in the tenant file; "catalogue export" writes it.`
        : `${buyer} is the operator, who owes partners: their invoices are not kept here.`
    return failed(fault(account === undefined ? 'buyer_unknown' : 'buyer_is_cost', text))
  }
  if (minorDigitsOf(owed) === undefined) {
    return failed(fault('currency_unknown', `${owed} is no currency: write an ISO 4217 code such as EUR.`))
  }
  const parties = { seller: selling, buyer, currency: owed }
  const isSeller = account?.seller?.id === selling || store.receivables.ofParties(parties).length > 0
  if (isSeller) return ok(parties)
  return failed(fault('buyer_unknown', `${selling} never sold to ${buyer} in ${owed}.`))
}

/**
 * The most that one payment, refund or note may be about: a million million currency units, and an entry of the ledger
 * holds it. What is typed by mistake, such as an account number, would otherwise be written as millions of entries.
 */
const largestAmountMicros = 10n ** 18n

/** An amount that somebody wrote in units of a currency as micros: above zero, in whole minor units, of a size that occurs. */
export function amountMicros(text: string, currency: string): Result<bigint, AmountFault> {
  const digits = minorDigitsOf(currency) ?? 2
  const parsed = parseDecimal(text)
  const unit = digits === 0 ? '12' : `12.${'50'.padEnd(digits, '0').slice(0, digits)}`
  const invalid = failed(
    fault(
      'amount_invalid',
      `${text} is no amount of ${currency}: write it above zero, up to ${largestAmountMicros / 1_000_000n}, with at most ${digits} digits after the point, such as ${unit}.`,
    ),
  )
  if (!parsed.ok || parsed.value.coefficient <= 0n || parsed.value.scale > digits) return invalid
  const micros = parsed.value.coefficient * 10n ** BigInt(6 - parsed.value.scale)
  return micros > largestAmountMicros ? invalid : ok(micros)
}
