import { minorDigitsOf } from '@meterline/shared/units/currency.ts'
import { formatInstant } from '@meterline/shared/units/instant.ts'
import type { ExchangeRate } from '../contract/exchange-rate.ts'
import type { Draft } from './draft.ts'
import { problem, type Problem } from './problem.ts'
import type { TenantFile } from './tenant-file.ts'

/** Rates are between two currencies, above zero, and one for each pair and instant. */
export function checkExchangeRates(draft: Draft): readonly Problem[] {
  const problems: Problem[] = []
  const stated = new Map<string, string>()
  for (const { value, index } of draft.exchangeRates) {
    const path = ['exchangeRates', index] as const
    for (const key of ['from', 'to'] as const) {
      if (minorDigitsOf(value[key]) !== undefined) continue
      problems.push(problem([...path, key], `is ${value[key]}, no ISO 4217 currency code such as EUR`))
    }
    if (value.from === value.to) problems.push(problem([...path, 'to'], 'is the same currency as from'))
    if (value.rate === '0') problems.push(problem([...path, 'rate'], 'is zero: nothing would be worth anything'))
    const place = placeOf(value)
    const other = stated.get(place)
    if (other !== undefined)
      problems.push(problem([...path, 'at'], `is stated by ${other} for the same pair`, 'keep one'))
    else stated.set(place, value.id)
  }
  return problems
}

/** Rates that are in force by `nowMs` (epoch milliseconds) stay: what was converted by them must come out the same again. */
export function checkExchangeRatesKept(before: TenantFile, draft: Draft, nowMs: number): readonly Problem[] {
  const problems: Problem[] = []
  const earlier = new Map(before.exchangeRates.map((rate) => [placeOf(rate), rate]))
  const now = new Map(draft.exchangeRates.map(({ value }) => [placeOf(value), value]))
  const declared = new Set(draft.declared.exchangeRates.map(({ value }) => value))
  for (const [place, rate] of earlier) {
    const { id, fromMs } = rate
    if (fromMs > nowMs || now.has(place)) continue
    // One that is there and cannot be read is reported as that.
    if (declared.has(id) && !draft.exchangeRates.some(({ value }) => value.id === id)) continue
    const message = `leave out ${id}, which is in force since ${formatInstant(fromMs)}`
    problems.push({
      ...problem(['exchangeRates'], message, 'put it back and add another one from a later date'),
      part: 'key',
    })
  }
  for (const { value, index } of draft.exchangeRates) {
    if (value.fromMs > nowMs) continue
    const known = earlier.get(placeOf(value))
    if (known?.rate === value.rate) continue
    const message =
      known === undefined
        ? `is ${formatInstant(value.fromMs)}, which is over: it would change what was converted since`
        : `was ${known.rate} and is in force since ${formatInstant(known.fromMs)}`
    const key = known === undefined ? 'at' : 'rate'
    problems.push(problem(['exchangeRates', index, key], message, 'add a rate from a later date'))
  }
  return problems
}

function placeOf({ from, to, fromMs }: ExchangeRate): string {
  return `${from} ${to} ${fromMs}`
}
