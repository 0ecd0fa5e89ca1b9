import type { Decimal } from '@meterline/shared/units/decimal.ts'
import {
  has,
  isAboveZero,
  optionalCount,
  partsFor,
  requiredNumber,
  requiredObjects,
  scaledTo,
  sum,
  zero,
  type CaseFields,
} from './case-fields.ts'
import { baseUnits, commonTerms, money, mostRoundingDigits, optionalMoney, saysRounding } from './case-terms.ts'
import { readDurations } from './duration-text.ts'
import { singleCharge, usageOf, type MappedCase } from './mapped-case.ts'

const connectNames = ['connectFee', 'connect', 'setupFee', 'connectionFee']
const stepNames = ['steps', 'rates', 'rateSlots', 'slots', 'tiers']
const fromNames = ['from', 'fromSec', 'groupIntervalStart', 'start', 'startSec', 'after']
const amountNames = ['rate', 'amount', 'price', 'value', 'unitPrice', 'unit', 'cost']
const perNames = ['perSec', 'per', 'rateUnit', 'unitSec', 'perUnits']
const incrementNames = ['incrementSec', 'increment', 'rateIncrement', 'granularity']
const durationNames = ['durationSec', 'duration', 'durations', 'seconds', 'usage', 'quantity', 'calls', 'events']
const digitNames = ['incrementDigits', 'incrementDecimals', 'incrementRoundingDigits', 'incrementRounding']

const one: Decimal = { coefficient: 1n, scale: 0 }

/**
 * Calls that are paid by started increments of time. One without duration was not answered and costs nothing, not even its
 * connection. Where a case does not say how the price of an increment is rounded, all ways its source has are given: CGRateS
 * rounds it to its system's decimals (5 as installed, 6 in its own tests) and the total up to 4 digits.
 */
export function mapSteps(fields: CaseFields, source: string, currencyParts: bigint): readonly MappedCase[] {
  // A case with a single step may write it among its own fields.
  const isSingle = !has(fields, stepNames) && has(fields, ['rate'])
  const example = 'steps such as {"from": 0, "rate": "0.2", "perSec": 60}'
  const steps = (isSingle ? [fields] : requiredObjects(fields, stepNames, example)).map((step) => ({
    from: durationOf(step, fromNames) ?? zero,
    amount: requiredNumber(step, amountNames, 'the price'),
    per: durationOf(step, perNames) ?? one,
    increment: durationOf(step, incrementNames) ?? one,
  }))
  const durations = readDurations(fields, durationNames)
  const answered = durations.filter(isAboveZero)
  const parts = partsFor([...durations, ...steps.flatMap(({ from, per, increment }) => [from, per, increment])])
  const price = {
    model: 'stepped',
    ...optionalMoney('connect', fields, connectNames, currencyParts),
    steps: steps
      .toSorted((left, right) => Number(scaledTo(left.from, parts) - scaledTo(right.from, parts)))
      .map(({ from, amount, per, increment }) => ({
        from: baseUnits(from, parts),
        amount: money(amount, currencyParts),
        per: baseUnits(isAboveZero(per) ? per : one, parts),
        increment: baseUnits(isAboveZero(increment) ? increment : one, parts),
      })),
    ...commonTerms(fields, currencyParts),
  }
  return waysToRound(fields, source).map(({ terms, convention }) => ({
    ...singleCharge(
      {
        price: { ...price, ...terms },
        before: [],
        usage: usageOf(answered.map((duration) => scaledTo(duration, parts))),
      },
      sum(durations),
    ),
    convention,
  }))
}

interface WayToRound {
  readonly terms: Readonly<Record<string, unknown>>
  readonly convention: string
}

function waysToRound(fields: CaseFields, source: string): readonly WayToRound[] {
  const incrementDigits = optionalCount(fields, digitNames, mostRoundingDigits)
  if (incrementDigits !== null) return [{ terms: { incrementDigits }, convention: '' }]
  if (!/cgrates/i.test(source)) return [{ terms: {}, convention: '' }]
  const total = saysRounding(fields) || has(fields, digitNames) ? {} : { rounding: { digits: 4, rule: 'up' } }
  return [5, 6].map((digits) => ({
    terms: { incrementDigits: digits, ...total },
    convention: `increments rounded to ${digits} digits`,
  }))
}

function durationOf(fields: CaseFields, names: readonly string[]): Decimal | null {
  return has(fields, names) ? (readDurations(fields, names)[0] ?? null) : null
}
