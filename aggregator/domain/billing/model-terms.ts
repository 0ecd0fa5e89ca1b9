import { assertThat } from '@meterline/shared/base/errors.ts'
import type { GraduatedPercentagePrice } from '@meterline/shared/rating/graduated-percentage.ts'
import type { PriceModel } from '@meterline/shared/rating/model.ts'
import type { PackagePrice } from '@meterline/shared/rating/package.ts'
import type { PercentagePrice } from '@meterline/shared/rating/percentage.ts'
import type { StairStepPrice } from '@meterline/shared/rating/stair-step.ts'
import type { SteppedPrice } from '@meterline/shared/rating/stepped.ts'
import type { RoundingDirection, TieredTerms, TierTerms } from '@meterline/shared/rating/terms.ts'
import { perUnits, writtenCount, writtenMoney } from './written-amounts.ts'

const roundingWords: Readonly<Record<RoundingDirection, string>> = {
  'half-away': 'to the nearest, halves up',
  'half-even': 'to the nearest, halves to the even digit',
  up: 'up',
  down: 'down',
}

/**
 * What a price model says, in words for people: `3.00 EUR per 1,000,000 token`, or tier by tier `0.02 EUR per 1,000 byte
 * up to 5,000, then 0.01`, with its limits and its rounding behind it: `at least 5.00 EUR, rounded up to 2 digits`.
 */
export function modelTerms(model: PriceModel, currency: string, unit: string): string {
  return [amountTerms(model, currency, unit), ...commonTerms(model, currency)].join(', ')
}

/**
 * The same without limits and rounding, for each tier of the model by itself, as `tierShares` divides a total: `free`,
 * `0.0107 EUR per 1,000 byte`, `12.00 EUR per token and 2.00 EUR once`. A model without tiers is one.
 */
export function tierTerms(model: PriceModel, currency: string, unit: string): readonly string[] {
  switch (model.model) {
    case 'graduated':
    case 'volume':
      return model.tiers.map((tier) => tierWords(model, tier, currency, unit))
    case 'stair-step':
      return model.tiers.map(({ flat }) => `${writtenMoney(flat)} ${currency} in all`)
    case 'graduated-percentage':
      return model.tiers.map(({ rate, flat }) => plus(percent(rate), onceOf(flat, currency)))
    case 'per-unit':
    case 'package':
    case 'percentage':
    case 'stepped':
      return [amountTerms(model, currency, unit)]
    default:
      assertThat(false, `a price of an unknown model: ${String(model satisfies never)}`)
  }
}

function amountTerms(model: PriceModel, currency: string, unit: string): string {
  switch (model.model) {
    case 'per-unit':
      return `${writtenMoney(model.amount)} ${perUnits(model.per, currency, unit)}`
    case 'graduated':
      return tieredTerms(model, currency, unit)
    case 'volume':
      return `all units by the tier their total lies in: ${tieredTerms(model, currency, unit)}`
    case 'stair-step':
      return stairStepTerms(model, currency, unit)
    case 'package':
      return packageTerms(model, currency, unit)
    case 'percentage':
      return percentageTerms(model, currency, unit)
    case 'graduated-percentage':
      return graduatedPercentageTerms(model, currency, unit)
    case 'stepped':
      return steppedTerms(model, currency, unit)
    default:
      assertThat(false, `a price of an unknown model: ${String(model satisfies never)}`)
  }
}

/** The tiers in order; what the amounts are for is said with the first of them that is not free. */
function tieredTerms(
  { per, tiers, flatAtZero, ...price }: TieredTerms & PriceModel,
  currency: string,
  unit: string,
): string {
  const firstPriced = tiers.findIndex(({ amount, block }) => amount !== '0' && block === undefined)
  const once = price.model === 'volume' ? '' : ' once'
  const words = tiers.map(({ upTo, amount, flat, block }, index) => {
    const base = index === firstPriced ? ` ${perUnits(per, currency, unit)}` : ''
    const blocks = block === undefined ? base : ` ${startedBlocks(block, currency, unit)}`
    const each = amount === '0' ? 'free' : writtenMoney(amount) + blocks
    const fee = flat === undefined ? '' : ` and ${writtenMoney(flat)}${once}`
    return `${reachWords(index, upTo, each)}${fee}`
  })
  return `${words.join(', ')}${flatAtZero === false ? zeroWords : ''}`
}

const zeroWords = ', nothing without usage'

function tierWords({ per, model }: TieredTerms & PriceModel, tier: TierTerms, currency: string, unit: string): string {
  const { amount, flat, block } = tier
  const base = block === undefined ? perUnits(per, currency, unit) : startedBlocks(block, currency, unit)
  const [all, once] = model === 'volume' ? ['all units at ', 'flat'] : ['', 'once']
  const each = amount === '0' ? 'free' : `${all}${writtenMoney(amount)} ${base}`
  if (flat === undefined) return each
  const fee = `${writtenMoney(flat)} ${currency} ${once}`
  return amount === '0' ? fee : `${each} and ${fee}`
}

function startedBlocks(block: bigint, currency: string, unit: string): string {
  return `${currency} per started ${writtenCount(block)} ${unit}`
}

function stairStepTerms({ tiers, flatAtZero }: StairStepPrice, currency: string, unit: string): string {
  const words = tiers.map(({ upTo, flat }, index) => {
    const amount = writtenMoney(flat) + (index === 0 ? ` ${currency} in all` : '')
    return reachWords(index, upTo, amount, index === 0 ? ` ${unit}` : '')
  })
  return `${words.join(', ')}${flatAtZero === false ? zeroWords : ''}`
}

function packageTerms(price: PackagePrice, currency: string, unit: string): string {
  const { size, amount, free, each, least } = price
  const event = each === 'event' ? ' of each event' : ''
  return [
    `${writtenMoney(amount)} ${currency} per started ${writtenCount(size)} ${unit}${event}`,
    ...(free === undefined ? [] : [`the first ${writtenCount(free)} free`]),
    ...(least === undefined ? [] : [`at least ${writtenCount(least)} started per event`]),
  ].join(', ')
}

function percentageTerms(price: PercentagePrice, currency: string, unit: string): string {
  const { per, rate, fixed, freeEvents, freeAmount, minimumEach, maximumEach } = price
  const money = (amount: string): string => `${writtenMoney(amount)} ${currency}`
  const freeCount = freeEvents === undefined ? '' : firstEvents(freeEvents)
  const freeMoney = freeAmount === undefined ? '' : `${freeCount === '' ? 'the first ' : ' up to '}${money(freeAmount)}`
  return [
    plus(
      `${percent(rate)} of the amount${moneyUnit(per, currency, unit)}`,
      fixed === undefined ? '' : `${money(fixed)} per event`,
    ),
    ...(freeCount + freeMoney === '' ? [] : [`${freeCount}${freeMoney} free`]),
    ...(minimumEach === undefined ? [] : [`at least ${money(minimumEach)} per event`]),
    ...(maximumEach === undefined ? [] : [`at most ${money(maximumEach)} per event`]),
  ].join(', ')
}

function firstEvents(count: number): string {
  return count === 1 ? 'the first event' : `the first ${writtenCount(BigInt(count))} events`
}

function graduatedPercentageTerms(price: GraduatedPercentagePrice, currency: string, unit: string): string {
  const words = price.tiers.map(({ upTo, rate, flat }, index) => {
    const share = percent(rate) + (index === 0 ? ` of the amount${moneyUnit(price.per, currency, unit)}` : '')
    return reachWords(index, upTo, share) + (flat === undefined ? '' : ` and ${writtenMoney(flat)} once`)
  })
  return `${words.join(', ')}${price.flatAtZero === false ? zeroWords : ''}`
}

function steppedTerms({ connect, steps, incrementDigits }: SteppedPrice, currency: string, unit: string): string {
  const words = steps.map(({ from, amount, per, increment }, index) => {
    const begin = index === 0 ? '' : `from ${writtenCount(from)} on `
    return `${begin}${writtenMoney(amount)} ${perUnits(per, currency, unit)} by started ${writtenCount(increment)}`
  })
  return [
    ...(connect === undefined ? [] : [`${writtenMoney(connect)} ${currency} per event`]),
    ...words,
    ...(incrementDigits === undefined ? [] : [`each increment rounded to ${incrementDigits} digits`]),
  ].join(', ')
}

/** One of the limits of a model, which it has: `at least 5.00 EUR`. */
export function limitTerms(model: PriceModel, kind: 'minimum' | 'maximum', currency: string): string {
  const amount = model[kind] ?? '0'
  return `${kind === 'minimum' ? 'at least' : 'at most'} ${writtenMoney(amount)} ${currency}`
}

function commonTerms(model: PriceModel, currency: string): readonly string[] {
  const { minimum, maximum, rounding } = model
  return [
    ...(minimum === undefined ? [] : [limitTerms(model, 'minimum', currency)]),
    ...(maximum === undefined ? [] : [limitTerms(model, 'maximum', currency)]),
    ...(rounding === undefined ? [] : [`rounded to ${rounding.digits} digits ${roundingWords[rounding.rule]}`]),
  ]
}

/** How far a tier reaches: `… up to 5,000`, and `then …` for the last of several. */
function reachWords(index: number, upTo: bigint | null, words: string, unit = ''): string {
  if (upTo === null) return index > 0 ? `then ${words}` : words
  return `${words} up to ${writtenCount(upTo)}${unit}`
}

/** What a meter that counts money in parts of the unit counts: ` (1.00 EUR is 100 cent)`. */
function moneyUnit(per: bigint, currency: string, unit: string): string {
  return ` (1.00 ${currency} is ${writtenCount(per)} ${unit})`
}

function percent(rate: string): string {
  return `${rate} %`
}

function onceOf(flat: string | undefined, currency: string): string {
  return flat === undefined ? '' : `${writtenMoney(flat)} ${currency} once`
}

function plus(words: string, more: string): string {
  return more === '' ? words : `${words} and ${more}`
}
