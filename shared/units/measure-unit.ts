import { failed, fault, ok, type Fault, type Result } from '../base/errors.ts'

/** What a measurement unit measures. Units convert into one another inside one dimension only. */
export type MeasureDimension = 'data' | 'time' | 'energy' | 'power'

/**
 * A unit that quantities may be stated in. One of it is `numerator` / `denominator` of the canonical unit of its
 * dimension (byte, ms, mWh, mW), exactly.
 */
export interface MeasureUnit {
  readonly name: string
  readonly dimension: MeasureDimension
  readonly numerator: bigint
  readonly denominator: bigint
}

/** An exact decimal value that is not negative: digits × 10^−scale. */
export interface MeasuredValue {
  readonly digits: bigint
  readonly scale: number
}

/** Why a value cannot be stated in another unit. */
export type ConversionCode = 'unit_mismatch' | 'unit_inexact'

const canonicalUnits: Readonly<Record<MeasureDimension, string>> = {
  data: 'byte',
  time: 'ms',
  energy: 'mWh',
  power: 'mW',
}

// Decimal prefixes (kB, kbit) are powers of 1000 and binary ones (KiB) powers of 1024, as IEC 80000-13 has them. A day is
// 24 hours of 60 minutes of 60 seconds: the units of time are durations, not calendar dates. A joule is a watt-second.
const units: readonly MeasureUnit[] = [
  unit('B', 'data', 1n),
  unit('byte', 'data', 1n),
  unit('kB', 'data', 1000n),
  unit('MB', 'data', 1000n ** 2n),
  unit('GB', 'data', 1000n ** 3n),
  unit('TB', 'data', 1000n ** 4n),
  unit('KiB', 'data', 1024n),
  unit('MiB', 'data', 1024n ** 2n),
  unit('GiB', 'data', 1024n ** 3n),
  unit('TiB', 'data', 1024n ** 4n),
  unit('bit', 'data', 1n, 8n),
  unit('kbit', 'data', 125n),
  unit('Mbit', 'data', 125n * 1000n),
  unit('Gbit', 'data', 125n * 1000n ** 2n),
  unit('ns', 'time', 1n, 1000n ** 2n),
  unit('us', 'time', 1n, 1000n),
  unit('ms', 'time', 1n),
  unit('s', 'time', 1000n),
  unit('min', 'time', 60n * 1000n),
  unit('h', 'time', 3600n * 1000n),
  unit('d', 'time', 24n * 3600n * 1000n),
  unit('mWh', 'energy', 1n),
  unit('Wh', 'energy', 1000n),
  unit('kWh', 'energy', 1000n ** 2n),
  unit('MWh', 'energy', 1000n ** 3n),
  unit('J', 'energy', 5n, 18n),
  unit('kJ', 'energy', 2500n, 9n),
  unit('mW', 'power', 1n),
  unit('W', 'power', 1000n),
  unit('kW', 'power', 1000n ** 2n),
]

const unitsByName: ReadonlyMap<string, MeasureUnit> = new Map(units.map((each) => [each.name, each]))

// Spellings that are often meant, each with what to say about it. The ambiguous ones are refused, not guessed: a bill
// that takes 1000 for 1024 is wrong by more than two per cent.
const hints: ReadonlyMap<string, string> = new Map([
  ['K', 'K does not say of what: kB is 1000 bytes, KiB is 1024'],
  ['k', 'k does not say of what: kB is 1000 bytes, KiB is 1024'],
  ['M', 'M does not say of what: MB is 1000² bytes, MiB is 1024²'],
  ['G', 'G does not say of what: GB is 1000³ bytes, GiB is 1024³'],
  ['T', 'T does not say of what: TB is 1000⁴ bytes, TiB is 1024⁴'],
  ['KB', 'KB is ambiguous: kB is 1000 bytes, KiB is 1024'],
  ['kb', 'kb is ambiguous: kbit is 1000 bits, kB is 1000 bytes, KiB is 1024'],
  ['Kb', 'Kb is ambiguous: kbit is 1000 bits, kB is 1000 bytes, KiB is 1024'],
  ['mb', 'mb is ambiguous: Mbit is 1000² bits, MB is 1000² bytes, MiB is 1024²'],
  ['Mb', 'Mb is ambiguous: Mbit is 1000² bits, MB is 1000² bytes, MiB is 1024²'],
  ['gb', 'gb is ambiguous: Gbit is 1000³ bits, GB is 1000³ bytes, GiB is 1024³'],
  ['Gb', 'Gb is ambiguous: Gbit is 1000³ bits, GB is 1000³ bytes, GiB is 1024³'],
  ['tb', 'tb is ambiguous: TB is 1000⁴ bytes, TiB is 1024⁴'],
  ['Tb', 'Tb is ambiguous: TB is 1000⁴ bytes, TiB is 1024⁴'],
  ['b', 'b is ambiguous: B is a byte, bit is a bit'],
  ['m', 'm is ambiguous: min is a minute, ms a millisecond'],
  ['µs', 'a microsecond is written us'],
  ['μs', 'a microsecond is written us'],
  ['Ws', 'a watt-second is a joule, written J'],
])

// Long names that programs write, with the unit meant. None of them is accepted: one unit has one spelling (and B two).
const longNames: ReadonlyMap<string, string> = new Map([
  ['bytes', 'byte'],
  ['bits', 'bit'],
  ['kilobyte', 'kB'],
  ['kilobytes', 'kB'],
  ['kibibyte', 'KiB'],
  ['kibibytes', 'KiB'],
  ['megabyte', 'MB'],
  ['megabytes', 'MB'],
  ['mebibyte', 'MiB'],
  ['mebibytes', 'MiB'],
  ['gigabyte', 'GB'],
  ['gigabytes', 'GB'],
  ['gibibyte', 'GiB'],
  ['gibibytes', 'GiB'],
  ['sec', 's'],
  ['secs', 's'],
  ['second', 's'],
  ['seconds', 's'],
  ['msec', 'ms'],
  ['millis', 'ms'],
  ['millisecond', 'ms'],
  ['milliseconds', 'ms'],
  ['minute', 'min'],
  ['minutes', 'min'],
  ['hr', 'h'],
  ['hour', 'h'],
  ['hours', 'h'],
  ['day', 'd'],
  ['days', 'd'],
  ['watt', 'W'],
  ['watts', 'W'],
  ['joule', 'J'],
  ['joules', 'J'],
])

// Mm is no unit of ours and MW would be a megawatt: only the spellings that differ in case alone are proposed.
const byLowerCase: ReadonlyMap<string, readonly string[]> = Map.groupBy(
  units.map((each) => each.name),
  (name) => name.toLowerCase(),
)

/** The unit of exactly this name, upper and lower case told apart: `MB`, `Mbit`, `mWh`, `MWh`; null when there is none. */
export function findMeasureUnit(name: string): MeasureUnit | null {
  return unitsByName.get(name) ?? null
}

/**
 * What to say to somebody who wrote `name`, which is no unit: the reading that was probably meant, or the units there
 * are. Never quotes more than 40 characters of the name.
 */
export function unitHint(name: string): string {
  const hint = hints.get(name)
  if (hint !== undefined) return hint
  const shown = JSON.stringify(name.length > 40 ? `${name.slice(0, 40)}…` : name)
  const long = longNames.get(name.toLowerCase())
  if (long !== undefined) return `${shown} is written ${long}`
  const near = byLowerCase.get(name.toLowerCase())
  if (near !== undefined) return `${shown} is no unit, upper and lower case count: use ${near.join(' or ')}`
  return `${shown} is no unit: use one of ${units.map((each) => each.name).join(', ')}`
}

/**
 * What is wrong with naming a unit of data so that a reader cannot tell 1000 from 1024, or bits from bytes: `KB`, `mb`;
 * null for any other name.
 */
export function confusedDataUnit(name: string): string | null {
  return /^[kKmMgGtT][bB]$/.test(name) && findMeasureUnit(name) === null ? unitHint(name) : null
}

/** The unit that quantities of a dimension are kept in: byte, ms, mWh or mW. */
export function canonicalUnit(dimension: MeasureDimension): string {
  return canonicalUnits[dimension]
}

/**
 * `value` of `from` as a whole number of `to`. Nothing is rounded: `unit_inexact` when the result is no whole number,
 * `unit_mismatch` when the units measure different things.
 */
export function convertExactly(
  value: MeasuredValue,
  from: MeasureUnit,
  to: MeasureUnit,
): Result<bigint, Fault<ConversionCode>> {
  if (from.dimension !== to.dimension) {
    return failed(
      fault(
        'unit_mismatch',
        `${from.name} measures ${from.dimension} and ${to.name} measures ${to.dimension}: neither converts to the other`,
      ),
    )
  }
  const numerator = value.digits * from.numerator * to.denominator
  const denominator = from.denominator * to.numerator * 10n ** BigInt(value.scale)
  if (numerator % denominator !== 0n) {
    return failed(
      fault(
        'unit_inexact',
        `${shownValue(value)} ${from.name} is no whole number of ${to.name}: send it in a unit that divides evenly`,
      ),
    )
  }
  return ok(numerator / denominator)
}

function shownValue(value: MeasuredValue): string {
  const digits = value.digits.toString().padStart(value.scale + 1, '0')
  const whole = digits.slice(0, digits.length - value.scale)
  const fraction = digits.slice(digits.length - value.scale)
  return fraction === '' ? whole : `${whole}.${fraction}`
}

function unit(name: string, dimension: MeasureDimension, numerator: bigint, denominator = 1n): MeasureUnit {
  return { name, dimension, numerator, denominator }
}
