import { parseDay, parseInstant } from '@meterline/shared/units/instant.ts'
import type { Decimal } from '@meterline/shared/units/decimal.ts'
import { has, optionalNumber, optionalNumbers, writtenValue, type CaseFields } from './case-fields.ts'
import { exactOf, type Exact } from './exact.ts'

/** What a bill comes to, in one of the ways its source may mean the case. */
export interface BillFigures {
  /** By the names sources use, in lower case without `_`; money in currency units. */
  readonly numbers: ReadonlyMap<string, Exact>
  /** Lists of amounts by the same kind of names. */
  readonly lists: ReadonlyMap<string, readonly Exact[]>
}

/**
 * How many parts a micro is divided into, so that amounts keep the digits that sources state before rounding. Rules of
 * bills are the same in whatever unit money is counted.
 */
export const finestParts = 10n ** 15n

/** Money of the billing engine, counted in parts of a micro, as currency units. */
export function unitsOf(parts: bigint): Exact {
  return { numerator: parts, denominator: 1_000_000n * finestParts }
}

/** Currency units in parts of a micro. */
export function partsOf({ coefficient, scale }: Decimal): bigint {
  return (coefficient * 1_000_000n * finestParts) / 10n ** BigInt(scale)
}

/** An amount under one of its names, which may end in `Amount` and in `Cents`; in currency units. */
export function optionalMoney(fields: CaseFields, names: readonly string[]): Decimal | null {
  for (const [name, isCents] of spellings(names)) {
    const number = has(fields, [name]) ? optionalNumber(fields, [name]) : null
    if (number !== null) return isCents ? inUnits(number) : number
  }
  return null
}

/** A list of amounts under one of its names, or a single one as a list of one; null where none is there. */
export function optionalMoneyList(fields: CaseFields, names: readonly string[]): readonly Decimal[] | null {
  for (const [name, isCents] of spellings(names)) {
    const numbers = has(fields, [name]) ? optionalNumbers(fields, [name]) : null
    if (numbers !== null) return isCents ? numbers.map(inUnits) : numbers
  }
  return null
}

/** The sum of all amounts that are there under any of the names. */
export function summedMoney(fields: CaseFields, names: readonly string[]): Exact | null {
  const found = names.flatMap((name) => optionalMoneyList(fields, [name]) ?? [])
  if (found.length === 0) return null
  const parts = found.reduce((sum, number) => sum + partsOf(number), 0n)
  return unitsOf(parts)
}

/** An instant or a day under one of its names, in epoch milliseconds; null where none is there or it is none. */
export function optionalTime(fields: CaseFields, names: readonly string[]): number | null {
  for (const name of names) {
    const value = writtenValue(fields, name)
    const timeMs = typeof value === 'string' ? timeOf(value) : null
    if (timeMs !== null) return timeMs
  }
  return null
}

/** The times of a list of two under one of the names; null where there is no such list. */
export function optionalTimes(fields: CaseFields, names: readonly string[]): readonly [number, number] | null {
  for (const name of names) {
    const value = writtenValue(fields, name)
    if (!Array.isArray(value)) continue
    const [first, second] = (value as readonly unknown[]).map((each) =>
      typeof each === 'string' ? timeOf(each) : null,
    )
    if (first !== null && first !== undefined && second !== null && second !== undefined) return [first, second]
  }
  return null
}

/** The figures with each amount under all the names it goes by. */
export function named(amounts: readonly (readonly [names: readonly string[], amount: Exact])[]): Map<string, Exact> {
  return new Map(amounts.flatMap(([names, amount]) => names.map((name) => [name, amount] as const)))
}

/** A decimal as an exact number, or zero. */
export function exactOrZero(number: Decimal | null): Exact {
  return number === null ? { numerator: 0n, denominator: 1n } : exactOf(number)
}

function timeOf(text: string): number | null {
  const parsed = text.length <= 10 ? parseDay(text) : parseInstant(text)
  return parsed.ok ? parsed.value : null
}

function spellings(names: readonly string[]): readonly (readonly [name: string, isCents: boolean])[] {
  return names.flatMap((name) => [
    [name, false] as const,
    [`${name}Amount`, false] as const,
    [`${name}Cents`, true] as const,
    [`${name}AmountCents`, true] as const,
  ])
}

function inUnits({ coefficient, scale }: Decimal): Decimal {
  return { coefficient, scale: scale + 2 }
}
