import { assertThat } from '../base/errors.ts'
import { compileGraduated, type CompiledGraduated, type GraduatedPrice } from './graduated.ts'
import { compilePerUnit, type CompiledPerUnit, type PerUnitPrice } from './per-unit.ts'

export type { GraduatedPrice, GraduatedTier } from './graduated.ts'
export type { PerUnitPrice } from './per-unit.ts'

/** How a quantity becomes an amount of money. Only what changes the amount is in it, so its hash identifies the price. */
export type Price = PerUnitPrice | GraduatedPrice

/** A price made ready for charging: integers only. */
export type CompiledPrice = CompiledPerUnit | CompiledGraduated

/** The models a price may name, in the order they are explained to people. */
export const priceModels = ['per-unit', 'graduated'] as const

/** A price as plain JSON data that `parsePrice` reads back: base units as texts of digits, which hold more than 2^53. */
export type PriceJson =
  | { readonly model: 'per-unit'; readonly amount: string; readonly per: string }
  | { readonly model: 'graduated'; readonly per: string; readonly tiers: readonly TierJson[] }

/** A tier as plain JSON data; `flat` is left out when there is none. */
export type TierJson =
  | { readonly upTo: string | null; readonly amount: string }
  | { readonly upTo: string | null; readonly amount: string; readonly flat: string }

/** The one JSON form of a price: its canonical text (RFC 8785) is what price ids are hashes of. */
export function priceJson(price: Price): PriceJson {
  switch (price.model) {
    case 'per-unit':
      return { model: price.model, amount: price.amount, per: price.per.toString() }
    case 'graduated':
      return {
        model: price.model,
        per: price.per.toString(),
        tiers: price.tiers.map(({ upTo, amount, flat }) => ({
          upTo: upTo === null ? null : upTo.toString(),
          amount,
          ...(flat === undefined ? {} : { flat }),
        })),
      }
    default:
      assertThat(false, `a price of an unknown model: ${String(price satisfies never)}`)
  }
}

/** Turns a parsed price into integers, once for all its charges. */
export function compilePrice(price: Price): CompiledPrice {
  return price.model === 'per-unit' ? compilePerUnit(price) : compileGraduated(price)
}
