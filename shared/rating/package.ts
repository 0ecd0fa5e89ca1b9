import { commonEvenDenominator, exactMicros, numeratorOver } from './exact-rate.ts'
import { compileLimits, limitAmounts, type LimitedModel } from './limits.ts'
import type { CommonTerms } from './terms.ts'

/** Units are sold in packages; a started one is paid whole. */
export interface PackagePrice extends CommonTerms {
  readonly model: 'package'
  /** Base units of one package. */
  readonly size: bigint
  /** Decimal text in currency units for one package. */
  readonly amount: string
  /** Base units that are free before the first package: in the period, or in each event. */
  readonly free?: bigint
  /** `period`: packages are counted over the period (splittable). `event`: in every event by itself (event-atomic). */
  readonly each: 'period' | 'event'
  /** Packages an event costs at least, even an empty one. Only with `each: event`. */
  readonly least?: bigint
}

export interface CompiledPackage extends LimitedModel {
  readonly model: 'package'
  readonly each: 'period' | 'event'
  readonly size: bigint
  /** Of one package, a numerator. */
  readonly amount: bigint
  readonly free: bigint
  readonly least: bigint
}

/** Turns a price into integers once, so that charging needs no decimals. */
export function compilePackage(price: PackagePrice): CompiledPackage {
  const amount = exactMicros(price.amount)
  const denominator = commonEvenDenominator([amount, ...limitAmounts(price)])
  return {
    model: 'package',
    each: price.each,
    size: price.size,
    amount: numeratorOver(amount, denominator),
    free: price.free ?? 0n,
    least: price.each === 'event' ? (price.least ?? 0n) : 0n,
    denominator,
    limits: compileLimits(price, denominator),
  }
}

/** What a quantity costs, that of the period or of one whole event as the price says; a numerator, before limits. */
export function packageExact(price: CompiledPackage, quantity: bigint): bigint {
  const charged = quantity > price.free ? quantity - price.free : 0n
  const started = startedPackages(price, charged)
  return (started < price.least ? price.least : started) * price.amount
}

/**
 * The most one more record of this quantity can cost, a numerator. Over the period it costs most where a package ends and
 * no free units are left; an event costs the same wherever it comes.
 */
export function packageMostRise(price: CompiledPackage, quantity: bigint): bigint {
  return price.each === 'event' ? packageExact(price, quantity) : startedPackages(price, quantity) * price.amount
}

function startedPackages({ size }: CompiledPackage, quantity: bigint): bigint {
  return (quantity + size - 1n) / size
}
