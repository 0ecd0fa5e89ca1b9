import type { Decimal } from '@meterline/shared/units/decimal.ts'
import {
  isAboveZero,
  isBelow,
  namesOf,
  optionalNumber,
  optionalObject,
  optionalObjects,
  partsFor,
  requiredNumber,
  scaledTo,
  textOf,
  withInnerFields,
  zero,
  type CaseFields,
} from './case-fields.ts'
import { baseUnits, money } from './case-terms.ts'
import { usageAt, type CaseCharge, type MappedCase, type WrittenPrice } from './mapped-case.ts'
import { classesInside, priceNameOf, thresholdNameOf, tierNameOf, tokenNameOf } from './token-names.ts'

/** The fact that thresholds look at, as a catalogue would name it. */
const sizeFact = 'total-input-tokens'
const thresholdNames = ['above', 'start', 'threshold', 'over', 'greaterThan', 'from']
const tierPriceNames = ['perM', 'price', 'pricePerM', 'perMillion', 'amount', 'rate', 'unit']

/** What one class of tokens costs: `per` tokens cost `base`, and more where the request is above a threshold. */
interface TokenPrice {
  readonly per: bigint
  readonly base: Decimal
  readonly above: readonly { readonly above: Decimal; readonly amount: Decimal }[]
}

/**
 * Requests of language models. Each class of tokens has a price; a class without one is part of the class around it, as
 * cached tokens are input tokens. All of a request takes the price of the last threshold that its input tokens are above.
 */
export function mapTokens(fields: CaseFields, currencyParts: bigint): MappedCase {
  const all = withInnerFields(fields, ['usage', 'tokens', 'prices', 'price', 'modelPrice'])
  const tokens = readTokens(all)
  const prices = readPrices(all, tokens)
  const size = optionalNumber(all, ['thresholdTokens', 'contextTokens', 'promptTokens']) ?? tokens.get('input') ?? zero
  const thresholds = [...prices.values()].flatMap(({ above }) => above.map((each) => each.above))
  const parts = partsFor([size, ...tokens.values(), ...thresholds])
  const facts = [[sizeFact, scaledTo(size, parts)]] as const
  const own = ownTokens(fields, tokens, new Set(prices.keys()), parts)
  const charges = [...prices].map(([name, price]): CaseCharge => ({
    name,
    price: writtenPrice(price, currencyParts, parts),
    before: [],
    usage: [usageAt(own.get(name) ?? 0n, 0, facts)],
  }))
  if (charges.length === 0) fields.problems.push(`${fields.place} has no price; write one such as "basePerM": "3.0"`)
  return {
    charges: [...charges, ...perRequest(all, currencyParts)],
    units: null,
    previouslyBilled: null,
    convention: '',
  }
}

function readTokens(fields: CaseFields): ReadonlyMap<string, Decimal> {
  const tokens = new Map<string, Decimal>()
  for (const name of namesOf(fields)) {
    const tokenClass = tokenNameOf(name)
    if (tokenClass === null || optionalObject(fields, [name]) !== null) continue
    tokens.set(tokenClass, optionalNumber(fields, [name]) ?? zero)
  }
  return tokens
}

function readPrices(fields: CaseFields, tokens: ReadonlyMap<string, Decimal>): ReadonlyMap<string, TokenPrice> {
  const names = namesOf(fields)
  const named = names.flatMap((name) => {
    const found = priceNameOf(name)
    return found === null ? [] : [{ name, ...found }]
  })
  // A price without any class in its name is for the tokens the case has.
  const onlyOutput = tokens.has('output') && !tokens.has('input')
  const unnamed = onlyOutput && !named.some(({ tokenClass }) => tokenClass === 'output') ? 'output' : 'input'
  const tierNames = new Map(names.map((name) => [tierNameOf(name), name] as const))
  const prices = new Map<string, TokenPrice>()
  for (const { name, tokenClass, per } of named) {
    const own = tokenClass === '' ? unnamed : tokenClass
    const inner = optionalObject(fields, [name])
    const base =
      inner === null
        ? (optionalNumber(fields, [name]) ?? zero)
        : requiredNumber(inner, ['base', 'price', 'amount'], 'the price below the first threshold')
    const ownTiers = inner === null ? tierNames.get(own) : undefined
    const commonTiers = ownTiers ?? (inner === null ? tierNames.get('') : 'tiers')
    const tiers = commonTiers === undefined ? null : optionalObjects(inner ?? fields, [commonTiers])
    const isOwn = inner !== null || ownTiers !== undefined || own === unnamed
    const above = [...readThresholds(tiers ?? [], own, isOwn), ...namedThresholds(fields, own)]
    prices.set(own, { per, base, above: above.toSorted((left, right) => (isBelow(left.above, right.above) ? -1 : 1)) })
  }
  return prices
}

/**
 * The thresholds of a class. A list that all classes share names the class in the price, as `outputPerM`; a price without
 * a class in it is for the class whose list it is.
 */
function readThresholds(tiers: readonly CaseFields[], tokenClass: string, isOwn: boolean): TokenPrice['above'] {
  return tiers.flatMap((tier) => {
    const named = namesOf(tier).filter((name) => priceNameOf(name)?.tokenClass === tokenClass)
    if (named.length === 0 && !isOwn) return []
    return [
      {
        above: requiredNumber(tier, thresholdNames, 'above how many input tokens the price holds'),
        amount: requiredNumber(tier, [...named, ...tierPriceNames], 'the price'),
      },
    ]
  })
}

/** The thresholds of a class that have a field each, such as `input_cost_per_token_above_200k_tokens`. */
function namedThresholds(fields: CaseFields, tokenClass: string): TokenPrice['above'] {
  return namesOf(fields).flatMap((name) => {
    const threshold = thresholdNameOf(name)
    if (threshold?.tokenClass !== tokenClass) return []
    const above = { coefficient: threshold.above, scale: 0 }
    return [{ above, amount: requiredNumber(fields, [name], 'the price') }]
  })
}

/** Tokens of each priced class that belong to no priced class inside it. */
function ownTokens(
  fields: CaseFields,
  tokens: ReadonlyMap<string, Decimal>,
  priced: ReadonlySet<string>,
  parts: bigint,
): ReadonlyMap<string, bigint> {
  const own = new Map<string, bigint>()
  const ownOf = (name: string): bigint => {
    const known = own.get(name)
    if (known !== undefined) return known
    const inside = classesInside(name).filter((inner) => priced.has(inner))
    const taken = inside.reduce((sum, inner) => sum + ownOf(inner), 0n)
    const stated = tokens.get(name)
    const rest = stated === undefined ? 0n : scaledTo(stated, parts) - taken
    if (rest < 0n) {
      fields.problems.push(
        `${fields.place}.${name}Tokens is ${stated === undefined ? 0 : textOf(stated)}, fewer than the classes in it have: ${inside.join(', ')}`,
      )
    }
    own.set(name, rest < 0n ? 0n : rest)
    return rest < 0n ? 0n : rest
  }
  for (const name of priced) ownOf(name)
  return own
}

function writtenPrice({ per, base, above }: TokenPrice, currencyParts: bigint, parts: bigint): WrittenPrice {
  const plain = { amount: money(base, currencyParts), per: (per * parts).toString() }
  if (above.length === 0) return { model: 'per-unit', ...plain }
  return {
    model: 'request-threshold',
    fact: sizeFact,
    ...plain,
    above: above.map((tier) => ({ above: baseUnits(tier.above, parts), amount: money(tier.amount, currencyParts) })),
  }
}

/** A price for requests or for searches, whatever tokens they take; a case is one request. */
function perRequest(fields: CaseFields, currencyParts: bigint): readonly CaseCharge[] {
  const counted = [
    { name: 'requests', names: ['requestsKcount', 'perThousandRequests'], count: { coefficient: 1n, scale: 0 } },
    {
      name: 'searches',
      names: ['webSearchesKcount', 'perThousandSearches'],
      count: optionalNumber(fields, ['webSearches', 'searches']) ?? zero,
    },
  ]
  return counted.flatMap(({ name, names, count }) => {
    const amount = optionalNumber(fields, names)
    if (!isAboveZero(amount)) return []
    const price = { model: 'per-unit', amount: money(amount, currencyParts), per: '1000' }
    return [{ name, price, before: [], usage: [usageAt(scaledTo(count, 1n), 0)] }]
  })
}
