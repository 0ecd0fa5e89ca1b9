import { largestScale } from '@meterline/shared/units/decimal.ts'
import { minorDigitsOf } from '@meterline/shared/units/money.ts'
import { divideRounded } from '@meterline/shared/units/money.ts'
import { proportionalShares } from '../../domain/contract/proportional-shares.ts'
import { named, optionalMoney, type BillFigures } from './bill-fields.ts'
import {
  optionalNumber,
  optionalNumbers,
  optionalObjects,
  optionalText,
  plainName,
  type CaseFields,
} from './case-fields.ts'
import { dividedBy, exactOf, minus, nothing, plus, type Exact } from './exact.ts'

/** Over this all decimals of a case are whole numbers. */
const finest = 10n ** BigInt(largestScale)

/** A share of a whole, as a case states it. */
interface StatedPart {
  readonly name: string
  readonly weight: Exact
  /** Over how many months it is delivered; null: at once. */
  readonly months: Exact | null
}

/**
 * A price divided over what it is for, in proportion to what each costs alone (IFRS 15, 74): by largest remainder, so that
 * the parts add up to it in the currency's smallest coin. With months, what each month of a part comes to; of what is
 * delivered at once and not paid yet, what is owed for it on the first day and taken off in each month.
 */
export function mapAllocation(fields: CaseFields, currency: string): readonly BillFigures[] {
  const price = optionalMoney(fields, ['transactionPrice', 'price', 'total', 'bundlePrice', 'amount', 'contractPrice'])
  const parts = statedParts(fields)
  if (price === null || parts.length === 0) return []
  const coins = 10n ** BigInt(minorDigitsOf(currency) ?? 2)
  const whole = exactOf(price)
  const weights = parts.map(({ weight }) => (weight.numerator * finest) / weight.denominator)
  if (weights.every((weight) => weight === 0n)) return []
  const shares = proportionalShares(
    divideRounded(whole.numerator * coins, whole.denominator, 'half-away'),
    weights,
  ).map((share): Exact => ({ numerator: share, denominator: coins }))
  const numbers = new Map<string, Exact>()
  let atOnce = nothing
  let longest: Exact | null = null
  parts.forEach(({ name, months }, index) => {
    const share = shares[index] ?? nothing
    numbers.set(plainName(name), share)
    if (months === null) atOnce = plus(atOnce, share)
    else {
      numbers.set(`${plainName(name)}permonth`, dividedBy(share, months))
      longest = months
    }
  })
  const paid = optionalMoney(fields, ['paidUpfront', 'upfront', 'downPayment'])
  const asset = minus(atOnce, paid === null ? nothing : exactOf(paid))
  for (const [name, amount] of named([[['contractassetday1', 'contractasset'], asset]])) numbers.set(name, amount)
  if (longest !== null) numbers.set('contractassetreleasepermonth', dividedBy(asset, longest))
  numbers.set('total', whole)
  return [
    {
      numbers,
      lists: new Map([
        ['shares', shares],
        ['allocations', shares],
        ['lines', shares],
      ]),
    },
  ]
}

function statedParts(fields: CaseFields): readonly StatedPart[] {
  const objects =
    optionalObjects(fields, ['performanceObligations', 'obligations', 'parts', 'items', 'components', 'products']) ?? []
  return objects.flatMap((part, index) => {
    const weight = optionalMoney(part, ['ssp', 'standalonePrice', 'standaloneSellingPrice', 'weight', 'price'])
    if (weight === null) return []
    const months = optionalNumber(part, ['months', 'overMonths', 'term', 'termMonths', 'duration'])
    const isLasting = months !== null && months.coefficient > 0n
    return [
      {
        name: optionalText(part, ['name', 'id', 'product']) ?? String(index),
        weight: exactOf(weight),
        months: isLasting ? exactOf(months) : null,
      },
    ]
  })
}

/** The sum of charges of a settlement file, which count in parts of a currency unit. */
export function mapSettlement(fields: CaseFields): readonly BillFigures[] {
  const charges = optionalNumbers(fields, ['callEventCharges', 'charges', 'amounts', 'records', 'lines'])
  if (charges === null) return []
  const digits = optionalNumber(fields, ['tapDecimalPlaces', 'decimalPlaces', 'decimals'])
  const places = digits === null || digits.scale > 0 || digits.coefficient > 6n ? 0n : digits.coefficient
  const sum = charges
    .map(exactOf)
    .reduce((all, { numerator, denominator }) => all + (numerator * finest) / denominator, 0n)
  const total = { numerator: sum, denominator: finest * 10n ** places }
  return [
    { numbers: named([[['sumcharges', 'total', 'sum', 'totalcharge', 'computedtotal'], total]]), lists: new Map() },
  ]
}
