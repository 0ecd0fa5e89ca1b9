import type { Decimal } from '@meterline/shared/units/decimal.ts'
import {
  has,
  isAboveZero,
  isBelow,
  mostItems,
  optionalCount,
  optionalNumber,
  optionalNumbers,
  partsFor,
  requiredNumber,
  scaledTo,
  sum,
  textOf,
  writtenValue,
  zero,
  type CaseFields,
} from './case-fields.ts'
import { commonTerms, money, optionalMoney } from './case-terms.ts'
import { rateNames } from './map-tiers.ts'
import { singleCharge, usageOf, type MappedCase } from './mapped-case.ts'

const freeEventNames = ['freeEvents', 'freeUnitsPerEvents', 'freeTransactions']
const freeAmountNames = ['freeAmount', 'freeUnitsPerTotalAggregation', 'freeTotal']
const leastNames = ['minPerEvent', 'minimumEach', 'perTransactionMinAmount', 'minEach', 'minPerTransaction']
const mostNames = ['maxPerEvent', 'maximumEach', 'perTransactionMaxAmount', 'maxEach', 'maxPerTransaction']
const fixedNames = ['fixedPerEvent', 'fixedAmount', 'fixed', 'fixedFee', 'perEvent', 'perTransaction']

/** As many as a price takes. */
const mostFreeEvents = 1_000

/**
 * A percentage of amounts, and a fee for each. A case gives the amounts one by one, or their sum with the running totals
 * of the first ones. A free amount or a count of free events of zero is none, as the source writes it.
 */
export function mapPercentage(fields: CaseFields, currencyParts: bigint): MappedCase {
  const rate = requiredNumber(fields, rateNames, 'the rate in percent, such as "2.9"')
  const freeEvents = optionalCount(fields, freeEventNames, mostFreeEvents) ?? 0
  const freeAmount = optionalNumber(fields, freeAmountNames)
  const { amounts, shares } = eventAmounts(fields)
  const parts = partsFor(amounts) * BigInt(shares)
  const price = {
    model: 'percentage',
    // Base units of one currency unit; amounts are money, so a smaller currency unit makes more of them.
    per: parts.toString(),
    rate: textOf(rate),
    ...optionalMoney('fixed', fields, fixedNames, currencyParts),
    ...(freeEvents > 0 ? { freeEvents } : {}),
    ...(isAboveZero(freeAmount) ? { freeAmount: money(freeAmount, currencyParts) } : {}),
    ...optionalMoney('minimumEach', fields, leastNames, currencyParts),
    ...optionalMoney('maximumEach', fields, mostNames, currencyParts),
    ...commonTerms(fields, currencyParts),
  }
  const usage = amounts.map((amount) => (scaledTo(amount, parts) * currencyParts) / BigInt(shares))
  return singleCharge({ price, before: [], usage: usageOf(usage) }, sumOfAmounts(fields, amounts))
}

interface EventAmounts {
  readonly amounts: readonly Decimal[]
  /** Each amount is to be divided by this. */
  readonly shares: number
}

function eventAmounts(fields: CaseFields): EventAmounts {
  const listNames = ['eventAmounts', 'amounts', 'transactions', 'eventValues', 'eventAggregation']
  // Some sources count events and some list them under the same name.
  const areListed = Array.isArray(writtenValue(fields, 'events'))
  const listed = optionalNumbers(fields, areListed ? [...listNames, 'events'] : listNames)
  if (listed !== null) return { amounts: listed, shares: 1 }
  const total = requiredNumber(fields, totalNames, 'the sum of the amounts')
  // Without any amount the source charges no fixed fees either: nothing was sold.
  if (total.coefficient === 0n) return { amounts: [], shares: 1 }
  const running = optionalNumbers(fields, ['runningTotals', 'runningTotal']) ?? []
  const count = countOf(fields, running.length)
  if (running.length === 0) return { amounts: Array.from({ length: count }, () => total), shares: count }
  return { amounts: fromRunningTotals(fields, running, total, count), shares: 1 }
}

const totalNames = ['amount', 'total', 'units', 'quantity', 'aggregation', 'value', 'usage']

function sumOfAmounts(fields: CaseFields, amounts: readonly Decimal[]): Decimal {
  return has(fields, totalNames) ? (optionalNumber(fields, totalNames) ?? zero) : sum(amounts)
}

function countOf(fields: CaseFields, atLeast: number): number {
  const count = optionalNumber(fields, ['events', 'count', 'eventCount', 'transactionCount', 'numberOfEvents'])
  const events = count === null ? Math.max(1, atLeast) : Number(textOf(count))
  if (Number.isSafeInteger(events) && events >= 1 && events <= mostItems) return events
  fields.problems.push(`${fields.place}.events is ${events}; write how many events there are, from 1 to ${mostItems}`)
  return 1
}

/** The first amounts as differences of their running totals; the event after them brings the rest, further ones nothing. */
function fromRunningTotals(
  fields: CaseFields,
  running: readonly Decimal[],
  total: Decimal,
  count: number,
): readonly Decimal[] {
  const parts = partsFor([total, ...running])
  const scale = parts.toString().length - 1
  const amounts: Decimal[] = []
  let before = zero
  for (const [index, reached] of running.slice(0, count).entries()) {
    if (isBelow(reached, before) || isBelow(total, reached)) {
      fields.problems.push(
        `${fields.place}.runningTotals.${index} is ${textOf(reached)}; write totals that grow up to the amount`,
      )
    }
    amounts.push({ coefficient: scaledTo(reached, parts) - scaledTo(before, parts), scale })
    before = reached
  }
  const rest = { coefficient: scaledTo(total, parts) - scaledTo(before, parts), scale }
  for (let index = amounts.length; index < count; index++) amounts.push(index === running.length ? rest : zero)
  const last = amounts.at(-1)
  if (running.length < count || last === undefined) return amounts
  return [...amounts.slice(0, -1), { coefficient: last.coefficient + rest.coefficient, scale }]
}
