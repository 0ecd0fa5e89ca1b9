import { formatDecimal, parseDecimal } from '@meterline/shared/units/decimal.ts'
import type { CaseFields } from './case-fields.ts'
import type { PriceKind } from './case-kind.ts'
import { coinRounding, saysRounding } from './case-terms.ts'
import type { Exact } from './exact.ts'
import type { MappedCase, WrittenPrice } from './mapped-case.ts'
import { rateMapped } from './rate-mapped.ts'
import type { CaseValue, RatingCase } from './read-cases.ts'

/**
 * In how many parts of the currency unit a case is rated: 1, or more where its source states more digits than a micro has,
 * as a price of record is rounded to a micro.
 */
export function currencyPartsOf(read: RatingCase, fields: CaseFields, kind: PriceKind): bigint {
  if (saysRounding(fields) || kind === 'multiplier' || kind === 'rated-steps') return 1n
  const digits = Math.max(0, ...Object.values(read.expected).map(digitsOf))
  return 10n ** BigInt(Math.max(0, digits - microDigits))
}

const microDigits = 6

function digitsOf(value: CaseValue): number {
  if (Array.isArray(value)) return Math.max(0, ...(value as readonly CaseValue[]).map(digitsOf))
  const parsed = typeof value === 'string' ? parseDecimal(value) : null
  return parsed?.ok === true ? parsed.value.scale : 0
}

/** The total as it is before rounding, where the source states it: rated without rounding in far smaller currency parts. */
export function exactTotal(read: RatingCase, mapped: MappedCase, currencyParts: bigint): Exact | null {
  if (!Object.keys(read.expected).some((name) => /exact|precise|unrounded/i.test(name))) return null
  const charges = mapped.charges.map((charge) => {
    const terms = Object.entries(charge.price).filter(([name]) => !roundingFields.includes(name))
    return { ...charge, price: finer({ ...Object.fromEntries(terms), model: charge.price.model }) as WrittenPrice }
  })
  const rated = rateMapped({ ...mapped, charges }, finestParts * currencyParts)
  return rated.ok ? (rated.value.numbers.get('total') ?? null) : null
}

const roundingFields = ['rounding', 'incrementDigits']
const finestParts = 1_000_000_000n
/** Whatever grows with the parts that the total is counted in. */
const moneyFields = ['amount', 'connect', 'flat', 'fixed', 'minimum', 'maximum', 'rate', 'minimumEach', 'maximumEach']

/** The same price with its total in billionths of what it was. */
function finer(value: unknown): unknown {
  if (Array.isArray(value)) return (value as readonly unknown[]).map(finer)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]: [string, unknown]) => {
      if (!moneyFields.includes(name) || typeof inner !== 'string') return [name, finer(inner)]
      const parsed = parseDecimal(inner)
      if (!parsed.ok) return [name, inner]
      const { coefficient, scale } = parsed.value
      return [name, formatDecimal({ coefficient: coefficient * finestParts, scale })]
    }),
  )
}

/** OpenMeter rounds amounts to the currency's smallest coin, so its prices do. */
export function withSourceRounding(mapped: MappedCase, read: RatingCase, fields: CaseFields): MappedCase {
  if (!/openmeter/i.test(read.source) || saysRounding(fields)) return mapped
  const terms = coinRounding(fields, currencyOf(read))
  return { ...mapped, charges: mapped.charges.map((charge) => ({ ...charge, price: { ...charge.price, ...terms } })) }
}

/** The currency a case names, or dollars. */
export function currencyOf({ input, expected }: RatingCase): string {
  const currency = input['currency'] ?? expected['currency']
  return typeof currency === 'string' && /^[A-Z]{3}$/.test(currency) ? currency : 'USD'
}
