import type { Decimal } from '@meterline/shared/units/decimal.ts'
import {
  has,
  isAboveZero,
  optionalNumber,
  optionalObject,
  optionalText,
  partsFor,
  plainName,
  requiredAboveZero,
  requiredNumber,
  requiredObjects,
  saysNo,
  scaledTo,
  sum,
  textOf,
  zero,
  type CaseFields,
} from './case-fields.ts'
import { baseUnits, commonTerms, money, optionalMoney, readQuantities } from './case-terms.ts'
import { singleCharge, usageOf, type MappedCase, type WrittenPrice } from './mapped-case.ts'

type TieredModel = 'graduated' | 'volume' | 'stair-step' | 'graduated-percentage'

const tierListNames = [
  'tiers',
  'ranges',
  'graduatedRanges',
  'volumeRanges',
  'graduatedPercentageRanges',
  'bands',
  'slabs',
  'steps',
]
const endNames = ['upTo', 'upToAmount', 'to', 'toValue', 'until', 'end', 'lastUnit', 'limit', 'max']
const startNames = ['from', 'fromValue', 'firstUnit', 'start', 'startingUnit']
const unitNames = ['unit', 'unitPrice', 'unitAmount', 'unitAmountDecimal', 'perUnit', 'perUnitAmount', 'unitCost']
const flatNames = ['flat', 'flatAmount', 'flatFee', 'flatPrice', 'flatAmountDecimal', 'fixed']
const packageNames = ['packageSize', 'blockSize', 'quantityPerPackage']
const plainNames = ['amount', 'price', 'rate', 'cost']
export const rateNames = ['ratePct', 'ratePercent', 'percentage', 'percent', 'pct', 'rate']

/** A tier as a case writes it; `upTo` is null where it has no end. */
interface CaseTier {
  readonly upTo: Decimal | null
  /** Whether `upTo` itself is the first that lies in the next tier: tiers may be told by where they begin. */
  readonly isBelow: boolean
  readonly fields: CaseFields
}

/**
 * Prices with tiers. Ends are inclusive, and the last tier is open even where a case ends it: usage beyond it costs what
 * it says. Quantities with decimals make base units as small as the smallest of them.
 */
export function mapTiers(named: TieredModel, fields: CaseFields, currencyParts: bigint): MappedCase {
  const model = modelOfMode(named, fields)
  const { before, quantities } = readQuantities(fields, ['amount'])
  const tiers = readTiers(fields)
  const conversion = readConversion(fields)
  const packages = tiers.map(({ fields: tier }) => optionalNumber(tier, packageNames) ?? zero)
  const ends = tiers.flatMap(({ upTo }) => (upTo === null ? [] : [upTo]))
  const parts = partsFor([before, ...quantities, ...ends, ...packages]) * partsFor([conversion.factor])
  // What a percentage is taken of is money and shrinks with the currency unit.
  const perUnit = model === 'graduated-percentage' ? parts * currencyParts : scaledTo(conversion.factor, parts)
  const quantityParts = model === 'graduated-percentage' ? parts * currencyParts : parts
  const block = conversion.isCeiling ? { block: perUnit.toString() } : {}
  // Units that are added up are the same on both sides of an end; where all take one price it matters who has it.
  const isWhole = model === 'volume' || model === 'stair-step'
  const written = tiers.map(({ upTo, isBelow, fields: tier }) => ({
    upTo: upTo === null ? null : (scaledTo(upTo, perUnit) - (isBelow && isWhole ? 1n : 0n)).toString(),
    ...tierTerms(model, tier, currencyParts, perUnit, block),
  }))
  const per = model === 'graduated-percentage' ? parts : perUnit
  const price: WrittenPrice = {
    model,
    ...(model === 'stair-step' ? {} : { per: per.toString() }),
    tiers: written,
    ...(saysNo(fields, ['flatAtZero', 'flatFeeAtZero']) ? { flatAtZero: false } : {}),
    ...commonTerms(fields, currencyParts),
  }
  return singleCharge(
    {
      price,
      before: isAboveZero(before) ? usageOf([scaledTo(before, quantityParts)]) : [],
      usage: usageOf(quantities.map((quantity) => scaledTo(quantity, quantityParts))),
    },
    sum(quantities),
    optionalNumber(fields, billedNames),
  )
}

/** Some sources call both ways tiered, and say which one by a mode. */
function modelOfMode(named: TieredModel, fields: CaseFields): TieredModel {
  if (named !== 'graduated' && named !== 'volume') return named
  const mode = plainName(optionalText(fields, ['mode', 'tierMode', 'tiersMode', 'billingMode', 'tierPolicy']) ?? '')
  if (['volume', 'toptier', 'allunits'].includes(mode)) return 'volume'
  return ['graduated', 'slab', 'alltiers', 'progressive'].includes(mode) ? 'graduated' : named
}

export const billedNames = ['previouslyBilled', 'previousBilledAmount', 'previouslyBilledAmount', 'alreadyBilled']

function tierTerms(
  model: TieredModel,
  tier: CaseFields,
  currencyParts: bigint,
  perUnit: bigint,
  block: { readonly block?: string },
): Readonly<Record<string, unknown>> {
  switch (model) {
    case 'stair-step':
      return {
        flat: money(requiredNumber(tier, [...flatNames, ...plainNames, ...unitNames], 'its price'), currencyParts),
      }
    case 'graduated-percentage':
      return {
        rate: textOf(requiredNumber(tier, rateNames, 'its rate in percent, such as "1.5"')),
        ...optionalMoney('flat', tier, flatNames, currencyParts),
      }
    default: {
      const flat = optionalMoney('flat', tier, flatNames, currencyParts)
      const unit = optionalNumber(tier, [...unitNames, ...plainNames])
      if (unit === null && flat.flat === undefined) {
        tier.problems.push(`${tier.place}.unit is missing; write the price of a unit, or a flat fee`)
      }
      const amount = unit === null ? '0' : money(unit, currencyParts)
      return { amount, ...flat, ...(amount === '0' ? {} : (ownBlock(tier, perUnit) ?? block)) }
    }
  }
}

/** A tier may sell its units in packages of its own; its price is then for a package. */
function ownBlock(tier: CaseFields, perUnit: bigint): { readonly block: string } | null {
  const size = optionalNumber(tier, packageNames)
  return isAboveZero(size) ? { block: baseUnits(size, perUnit) } : null
}

function readTiers(fields: CaseFields): readonly CaseTier[] {
  const tiers = requiredObjects(fields, tierListNames, 'a list of tiers such as {"upTo": 10, "unit": "0.5"}').map(
    (tier): CaseTier => ({ upTo: openOrNumber(tier, endNames), isBelow: false, fields: tier }),
  )
  if (tiers.length > 1 && tiers.every(({ upTo, fields: tier }) => upTo === null && has(tier, startNames))) {
    return tiersByStart(tiers)
  }
  const sorted = tiers.toSorted((left, right) => compareEnds(left.upTo, right.upTo))
  return sorted.map((tier, index) => (index === sorted.length - 1 ? { ...tier, upTo: null } : tier))
}

/** Tiers that only say where they begin: each ends where the next one begins, or a unit before where they count from 1. */
function tiersByStart(tiers: readonly CaseTier[]): readonly CaseTier[] {
  const started = tiers
    .map(({ fields: tier }) => ({ tier, start: requiredNumber(tier, startNames, 'where it begins') }))
    .toSorted((left, right) => compareEnds(left.start, right.start))
  const countsFromOne = started[0]?.start.coefficient === 1n && started[0].start.scale === 0
  return started.map(({ tier }, index) => {
    const next = started[index + 1]?.start
    if (next === undefined) return { upTo: null, isBelow: false, fields: tier }
    const { coefficient, scale } = next
    const upTo = countsFromOne ? { coefficient: coefficient - 10n ** BigInt(scale), scale } : next
    return { upTo, isBelow: !countsFromOne, fields: tier }
  })
}

function compareEnds(left: Decimal | null, right: Decimal | null): number {
  if (left === null || right === null) return left === right ? 0 : left === null ? 1 : -1
  const parts = partsFor([left, right])
  return Number(scaledTo(left, parts) - scaledTo(right, parts))
}

const openWords = ['inf', 'infinity', 'unlimited', 'null', 'none', 'max', 'open']

/** The number of a field, or null where it is left out or says that there is no end: `-1`, `inf`, `∞`. */
export function openOrNumber(fields: CaseFields, names: readonly string[]): Decimal | null {
  const text = optionalText(fields, names)?.trim()
  if (text === '-1' || text === '∞' || (text !== undefined && openWords.includes(plainName(text)))) return null
  return optionalNumber(fields, names)
}

/** Some meters count smaller units than the price is for: 1,400 calls at a price for a thousand, perhaps a started one. */
interface Conversion {
  /** Units of the case that are one unit of the price. */
  readonly factor: Decimal
  readonly isCeiling: boolean
}

/** How a case turns what is used into units of the price; one to one where it says nothing. */
export function readConversion(fields: CaseFields): Conversion {
  const inner = optionalObject(fields, ['unitConfig', 'conversion', 'transformQuantity']) ?? fields
  const names = ['conversionFactor', 'divideBy', 'factor']
  if (!has(inner, names)) return { factor: { coefficient: 1n, scale: 0 }, isCeiling: false }
  const factor = requiredNumber(inner, names, 'by how much the quantity is divided')
  const operation = plainName(optionalText(inner, ['operation', 'op']) ?? 'divide')
  const rounding = plainName(optionalText(inner, ['rounding', 'roundingMode', 'conversionRounding', 'round']) ?? 'none')
  if (operation !== 'divide' || !isAboveZero(factor)) {
    inner.problems.push(
      `${inner.place}.operation is ${operation}; only a division by a number above zero can be mapped`,
    )
  }
  if (!['none', 'ceiling', 'ceil', 'up'].includes(rounding)) {
    inner.problems.push(`${inner.place}.rounding is ${rounding}; only none and ceiling can be mapped`)
  }
  return { factor: isAboveZero(factor) ? factor : { coefficient: 1n, scale: 0 }, isCeiling: rounding !== 'none' }
}

const blockSizeNames = ['blockSize', 'size', 'block']
const blockPriceNames = ['blockPrice', 'price', 'amount', 'unit', 'unitPrice']
const blockCountNames = ['max', 'maxBlocks', 'blocks']

/**
 * Tiers of started blocks. `max` is how many blocks a tier has, not where it ends; below zero or left out it has no end.
 * What lies beyond the last tier costs nothing where tiers are added up, and what the last one says where all of it takes
 * the price of the top one.
 */
export function mapBlocks(model: 'graduated' | 'volume', fields: CaseFields, currencyParts: bigint): MappedCase {
  const { before, quantities } = readQuantities(fields)
  const tiers = requiredObjects(fields, [...tierListNames, 'blocks'], 'tiers of blocks').map((tier) => ({
    size: requiredAboveZero(tier, blockSizeNames, 'how many units a block has'),
    amount: requiredNumber(tier, blockPriceNames, 'the price of a block'),
    count: openOrNumber(tier, blockCountNames),
  }))
  const parts = partsFor([before, ...quantities, ...tiers.map(({ size }) => size)])
  const written: Record<string, unknown>[] = []
  let end = 0n
  tiers.forEach(({ size, amount, count }, index) => {
    const block = scaledTo(size, parts)
    const isLast = index === tiers.length - 1
    const isOpen = count === null || (isLast && model === 'volume')
    if (count !== null) end += (block * count.coefficient) / 10n ** BigInt(count.scale)
    const price = money(amount, currencyParts)
    const blocks = price === '0' ? {} : { block: block.toString() }
    written.push({ upTo: isOpen ? null : end.toString(), amount: price, ...blocks })
    if (isLast && !isOpen) written.push({ upTo: null, amount: '0' })
  })
  return singleCharge(
    {
      price: { model, per: '1', tiers: written, ...commonTerms(fields, currencyParts) },
      before: isAboveZero(before) ? usageOf([scaledTo(before, parts)]) : [],
      usage: usageOf(quantities.map((quantity) => scaledTo(quantity, parts))),
    },
    sum(quantities),
    optionalNumber(fields, billedNames),
  )
}
