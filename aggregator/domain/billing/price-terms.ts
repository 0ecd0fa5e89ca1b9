import { assertThat } from '@meterline/shared/base/errors.ts'
import type { GraduatedTier, Price } from '@meterline/shared/rating/price.ts'

/**
 * What a price says, in words for people: `3.00 EUR per 1,000,000 token`, or tier by tier
 * `0.02 EUR per 1,000 byte up to 5,000, then 0.01`.
 */
export function priceTerms(price: Price, currency: string, unit: string): string {
  const base = baseOf(price, currency, unit)
  switch (price.model) {
    case 'per-unit':
      return `${money(price.amount)} ${base}`
    case 'graduated':
      return graduatedTerms(price.tiers, base)
    default:
      assertThat(false, `a price of an unknown model: ${String(price satisfies never)}`)
  }
}

/**
 * The same, for each tier of the price by itself: `free`, `0.0107 EUR per 1,000 byte`, `12.00 EUR per token and 2.00 EUR
 * once`. A per-unit price is one tier.
 */
export function tierTerms(price: Price, currency: string, unit: string): readonly string[] {
  const base = baseOf(price, currency, unit)
  if (price.model === 'per-unit') return [`${money(price.amount)} ${base}`]
  return price.tiers.map(({ amount, flat }) => {
    const each = amount === '0' ? 'free' : `${money(amount)} ${base}`
    const fee = flat === undefined ? '' : `${money(flat)} ${currency} once`
    if (fee === '') return each
    return amount === '0' ? fee : `${each} and ${fee}`
  })
}

/** Commas between the thousands of the whole part of a decimal text: `1234567.5` is `1,234,567.5`. */
export function withThousands(decimal: string): string {
  const [whole = '', fraction] = decimal.split('.')
  const grouped = whole.replaceAll(/\B(?=([0-9]{3})+$)/g, ',')
  return fraction === undefined ? grouped : `${grouped}.${fraction}`
}

function baseOf({ per }: Price, currency: string, unit: string): string {
  return per === 1n ? `${currency} per ${unit}` : `${currency} per ${withThousands(per.toString())} ${unit}`
}

/** The tiers in order; what the amounts are for is said with the first of them that is not free. */
function graduatedTerms(tiers: readonly GraduatedTier[], base: string): string {
  const firstPriced = tiers.findIndex(({ amount }) => amount !== '0')
  return tiers
    .map(({ upTo, amount, flat }, index) => {
      const price = amount === '0' ? 'free' : money(amount) + (index === firstPriced ? ` ${base}` : '')
      const reach = upTo === null ? '' : ` up to ${withThousands(upTo.toString())}`
      const fee = flat === undefined ? '' : ` and ${money(flat)} once`
      return `${index > 0 && upTo === null ? 'then ' : ''}${price}${reach}${fee}`
    })
    .join(', ')
}

/** At least two digits after the point, as money is written. */
function money(amount: string): string {
  const [whole = '0', fraction = ''] = amount.split('.')
  return withThousands(`${whole}.${fraction.padEnd(2, '0')}`)
}
