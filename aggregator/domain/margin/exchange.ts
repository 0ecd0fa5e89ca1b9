import { assertThat, failed, fault, ok, type Fault, type Result } from '@meterline/shared/base/errors.ts'
import { parseDecimal } from '@meterline/shared/units/decimal.ts'
import { formatInstant } from '@meterline/shared/units/instant.ts'
import { divideRounded } from '@meterline/shared/units/money.ts'
import type { ExchangeRate } from '../contract/exchange-rate.ts'

/** What one unit of a currency was worth in another, as an exact fraction above zero. */
export interface Exchange {
  readonly numerator: bigint
  readonly denominator: bigint
}

/**
 * The rate from one currency to another in force at an instant (epoch milliseconds): the last one stated for the pair by
 * then, or else the reciprocal of the last one stated the other way. Between equal currencies it is one.
 */
export function exchangeAt(
  rates: readonly ExchangeRate[],
  from: string,
  to: string,
  atMs: number,
): Result<Exchange, Fault<'exchange_rate_missing'>> {
  if (from === to) return ok({ numerator: 1n, denominator: 1n })
  const stated = lastRate(rates, from, to, atMs)
  if (stated !== null) return ok(stated)
  const other = lastRate(rates, to, from, atMs)
  if (other !== null) return ok({ numerator: other.denominator, denominator: other.numerator })
  const text = `No exchange rate from ${from} to ${to} is in force at ${formatInstant(atMs)}: add one under exchangeRates.`
  return failed(fault('exchange_rate_missing', text))
}

/** An amount in another currency: exact, then rounded half away from zero to a micro. */
export function exchangeMicros(micros: bigint, { numerator, denominator }: Exchange): bigint {
  return divideRounded(micros * numerator, denominator, 'half-away')
}

function lastRate(rates: readonly ExchangeRate[], from: string, to: string, atMs: number): Exchange | null {
  let last: ExchangeRate | null = null
  for (const rate of rates) {
    const counts = rate.from === from && rate.to === to && rate.fromMs <= atMs
    if (counts && (last === null || rate.fromMs > last.fromMs)) last = rate
  }
  if (last === null) return null
  const parsed = parseDecimal(last.rate)
  assertThat(
    parsed.ok && parsed.value.coefficient > 0n,
    `the exchange rate ${last.id} of a checked tenant file is above zero`,
  )
  return { numerator: parsed.value.coefficient, denominator: 10n ** BigInt(parsed.value.scale) }
}
