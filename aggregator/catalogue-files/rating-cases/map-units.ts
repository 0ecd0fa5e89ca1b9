import {
  has,
  isAboveZero,
  mostItems,
  optionalCount,
  optionalNumber,
  optionalNumbers,
  partsFor,
  requiredAboveZero,
  requiredNumber,
  scaledTo,
  sum,
  textOf,
  zero,
  type CaseFields,
} from './case-fields.ts'
import { baseUnits, coinRounding, commonTerms, money, optionalMoney, readQuantities } from './case-terms.ts'
import { billedNames, readConversion } from './map-tiers.ts'
import { singleCharge, usageOf, type MappedCase, type WrittenPrice } from './mapped-case.ts'

const unitNames = ['unit', 'unitPrice', 'unitAmount', 'perUnit', 'perUnitAmount', 'price', 'amount', 'rate', 'unitCost']
const perNames = ['per', 'unitSize', 'perUnits']

/** So much for every unit, or for every `per` units; a started one is paid whole where the case converts with a ceiling. */
export function mapPerUnit(fields: CaseFields, currencyParts: bigint): MappedCase {
  const { before, quantities } = readQuantities(fields)
  const amount = money(requiredNumber(fields, unitNames, 'the price of a unit'), currencyParts)
  const conversion = readConversion(fields)
  const per = optionalNumber(fields, perNames) ?? conversion.factor
  const parts = partsFor([before, per, ...quantities])
  const common = commonTerms(fields, currencyParts)
  const price: WrittenPrice = conversion.isCeiling
    ? { model: 'package', size: baseUnits(per, parts), amount, ...common }
    : { model: 'per-unit', amount, per: baseUnits(per, parts), ...common }
  return singleCharge(
    {
      price,
      before: isAboveZero(before) ? usageOf([scaledTo(before, parts)]) : [],
      usage: usageOf(quantities.map((quantity) => scaledTo(quantity, parts))),
    },
    sum(quantities),
    optionalNumber(fields, billedNames),
  )
}

/**
 * What the meter counts is money, taken times a factor. The source rounds such an amount to the currency's smallest coin,
 * so the price does unless the case says another rounding.
 */
export function mapMultiplier(fields: CaseFields, currency: string): MappedCase {
  if (has(fields, ['preciseTotalAmountCents'])) return mapPricedEvents(fields)
  const { before, quantities } = readQuantities(fields, ['amount', 'cost', 'amounts'])
  const previous = optionalNumber(fields, ['previousAmount']) ?? before
  const multiplier = requiredNumber(fields, ['multiplier', 'factor', 'markup'], 'the factor, such as "1.2"')
  const parts = partsFor([previous, ...quantities])
  const price = {
    model: 'per-unit',
    amount: textOf(multiplier),
    per: parts.toString(),
    ...commonTerms(fields, 1n),
    ...coinRounding(fields, currency),
  }
  return singleCharge(
    {
      price,
      before: isAboveZero(previous) ? usageOf([scaledTo(previous, parts)]) : [],
      usage: usageOf(quantities.map((quantity) => scaledTo(quantity, parts))),
    },
    sum(quantities),
    optionalNumber(fields, billedNames),
  )
}

/** Events that bring their price along: their sum in cents is the amount, and without units nothing is due. */
function mapPricedEvents(fields: CaseFields): MappedCase {
  const cents = requiredNumber(fields, ['preciseTotalAmountCents'], 'the sum of the events in cents')
  const units = optionalNumber(fields, ['quantity', 'units', 'aggregation'])
  const parts = partsFor([cents])
  const isNothing = units !== null && units.coefficient === 0n
  return singleCharge(
    {
      price: { model: 'per-unit', amount: '0.01', per: parts.toString(), ...commonTerms(fields, 1n) },
      before: [],
      usage: isNothing ? [] : usageOf([scaledTo(cents, parts)]),
    },
    units,
  )
}

const feeNames = ['amount', 'price', 'flat', 'fee', 'unitPrice', 'unit', 'unitAmount']

/** A whole fee times a count, such as seats; once where the case names no count. */
export function mapFee(fields: CaseFields, currencyParts: bigint): MappedCase {
  const count = optionalNumber(fields, ['quantity', 'seats', 'count', 'units', 'subjects', 'sims'])
  const parts = partsFor([count ?? zero])
  const amount = money(requiredNumber(fields, feeNames, 'the fee'), currencyParts)
  return singleCharge(
    {
      price: { model: 'per-unit', amount, per: parts.toString(), ...commonTerms(fields, currencyParts) },
      before: [],
      usage: usageOf([count === null ? parts : scaledTo(count, parts)]),
    },
    count,
  )
}

const includedNames = ['included', 'includedUnits', 'freeUnits', 'allowance', 'includedQuantity']
const overageNames = ['overagePrice', 'overageRate', 'overage', 'overageUnitPrice', 'perUnitOverage', ...unitNames]
const baseNames = ['baseFee', 'base', 'flat', 'flatFee', 'fixedFee', 'rate']

/** Whether a case has units that are paid for by a whole fee, and a price for those beyond. */
export function hasAllowance(fields: CaseFields): boolean {
  return has(fields, includedNames)
}

/** A whole fee for so many units, due in any case, and a price for each unit beyond them. */
export function mapAllowance(fields: CaseFields, currencyParts: bigint): MappedCase {
  const { before, quantities } = readQuantities(fields)
  const included = requiredNumber(fields, includedNames, 'how many units are included')
  const overage = money(requiredNumber(fields, overageNames, 'the price of a unit beyond them'), currencyParts)
  const parts = partsFor([before, included, ...quantities])
  const base = optionalMoney('flat', fields, baseNames, currencyParts)
  const beyond = { upTo: null, amount: overage }
  const price = {
    model: 'graduated',
    per: parts.toString(),
    tiers: isAboveZero(included)
      ? [{ upTo: baseUnits(included, parts), amount: '0', ...base }, beyond]
      : [{ ...beyond, ...base }],
    ...commonTerms(fields, currencyParts),
  }
  return singleCharge(
    {
      price,
      before: isAboveZero(before) ? usageOf([scaledTo(before, parts)]) : [],
      usage: usageOf(quantities.map((quantity) => scaledTo(quantity, parts))),
    },
    sum(quantities),
    optionalNumber(fields, billedNames),
  )
}

const sizeNames = ['packageSize', 'quantityPerPackage', 'size', 'perPackageSize', 'blockSize', 'per']
const packageNames = ['packagePrice', 'amount', 'price', 'perPackageAmount', 'unitPrice', 'blockPrice', 'rate']
const freeNames = ['freeUnits', 'free', 'includedUnits', 'included']

/** Started packages of the period, after the free units. */
export function mapPackage(fields: CaseFields, currencyParts: bigint): MappedCase {
  const { before, quantities } = readQuantities(fields)
  const size = requiredAboveZero(fields, sizeNames, 'how many units a package has')
  const free = optionalNumber(fields, freeNames) ?? zero
  const parts = partsFor([before, size, free, ...quantities])
  const used = sum(quantities)
  const paid = { coefficient: scaledTo(used, parts) - scaledTo(free, parts), scale: String(parts).length - 1 }
  return singleCharge(
    {
      price: {
        model: 'package',
        size: baseUnits(size, parts),
        amount: money(requiredNumber(fields, packageNames, 'the price of a package'), currencyParts),
        ...(isAboveZero(free) ? { free: baseUnits(free, parts) } : {}),
        ...commonTerms(fields, currencyParts),
      },
      before: isAboveZero(before) ? usageOf([scaledTo(before, parts)]) : [],
      usage: usageOf(quantities.map((quantity) => scaledTo(quantity, parts))),
    },
    // The source divides by the units that are paid for.
    isAboveZero(paid) ? paid : zero,
    optionalNumber(fields, billedNames),
  )
}

/** How often the packets of a case were sent, and how many copies of each were bought: each one is paid by itself. */
function timesSent(fields: CaseFields, packets: number, sizeNames: readonly string[]): number {
  const most = Math.floor(mostItems / Math.max(1, packets))
  // Where the size has a field of its own, a number of packets is their count.
  const hasOwnSize = has(fields, sizeNames.slice(0, sizeNames.indexOf('packets')))
  const countNames = ['packetCount', 'packetsCount', 'times', ...(hasOwnSize ? ['packets', 'uplinks', 'messages'] : [])]
  const count = optionalCount(fields, countNames, most) ?? 1
  return count * (optionalCount(fields, ['copies', 'maxCopies'], Math.floor(most / Math.max(1, count))) ?? 1)
}

/** Started units of every packet by itself; a packet costs at least one, even an empty one, unless the case says otherwise. */
export function mapDataUnits(fields: CaseFields, currencyParts: bigint): MappedCase {
  const size = requiredAboveZero(fields, ['unitBytes', 'bytesPerUnit', 'unitSize', 'size'], 'how many bytes a unit has')
  const names = ['payloadBytes', 'payloads', 'packetBytes', 'bytes', 'quantity', 'packets', 'events']
  const packets = optionalNumbers(fields, names) ?? [requiredNumber(fields, names, 'the size of the packet in bytes')]
  const least = optionalNumber(fields, ['minUnits', 'minimumUnits', 'least']) ?? { coefficient: 1n, scale: 0 }
  const parts = partsFor([size, ...packets])
  const amount = requiredNumber(fields, ['unitPrice', 'price', 'amount', 'unit'], 'the price of a unit')
  const usage = Array.from({ length: timesSent(fields, packets.length, names) }, () => packets).flat()
  return singleCharge(
    {
      price: {
        model: 'package',
        each: 'event',
        size: baseUnits(size, parts),
        amount: money(amount, currencyParts),
        ...(isAboveZero(least) ? { least: textOf(least) } : {}),
        ...commonTerms(fields, currencyParts),
      },
      before: [],
      usage: usageOf(usage.map((bytes) => scaledTo(bytes, parts))),
    },
    sum(packets),
  )
}
