import { compareDecimal, formatDecimal, parseDecimal, type Decimal } from '@meterline/shared/units/decimal.ts'
import { isObject, type CaseObject, type CaseValue } from './read-cases.ts'

/**
 * Reads the fields of a case by all the names that sources give them (upper and lower case, `_` and `-` make no
 * difference), and collects what is wrong, so that a case names all its mistakes at once.
 */
export interface CaseFields {
  /** Where they stand, such as `input.tiers.0`. */
  readonly place: string
  /** Shared by all fields of a case. */
  readonly problems: string[]
  readonly values: ReadonlyMap<string, CaseValue>
  /** Shared by all fields of a case. */
  readonly names: CaseNames
}

/** The names that a case writes anywhere, and those that the way to a price asks for, both as they are compared. */
interface CaseNames {
  /** With each the name as it is written. */
  readonly written: Map<string, string>
  readonly asked: Set<string>
}

/** A file has more of anything than this only by mistake. */
export const mostItems = 100_000

export function caseFields(
  value: CaseObject,
  place: string,
  problems: string[],
  names: CaseNames = { written: new Map(), asked: new Set() },
): CaseFields {
  const values = new Map<string, CaseValue>()
  for (const [name, field] of Object.entries(value)) {
    // What is null says no more than what is left out.
    if (field === null || field === '') continue
    values.set(plainName(name), field)
    names.written.set(plainName(name), name)
  }
  return { place, problems, values, names }
}

/** The fields together with those of the objects that some sources put a part of them into. */
export function withInnerFields(fields: CaseFields, names: readonly string[]): CaseFields {
  const inner = names.flatMap((name) => [...(optionalObject(fields, [name])?.values ?? [])])
  return inner.length === 0 ? fields : { ...fields, values: new Map([...inner, ...fields.values]) }
}

/** What describes a case and cannot change what it comes to; tiers begin where the one before ends. */
const describingNames = ['currency', 'note', 'notes', 'comment', 'name', 'description', 'paymentterm', 'interval']
const tierStartNames = ['from', 'fromvalue', 'firstunit']

/** The names of a case that nothing asked for: it may mean something that its answer does not hold. */
export function namesNotRead({ names: { written, asked } }: CaseFields): readonly string[] {
  const known = [...describingNames, ...tierStartNames]
  return [...written].filter(([plain]) => !asked.has(plain) && !known.includes(plain)).map(([, name]) => name)
}

/** Whether one of the names is there. */
export function has(fields: CaseFields, names: readonly string[]): boolean {
  return names.some((name) => fields.values.has(plainName(name)))
}

/** A number that may be left out; a problem where it is none or below zero. */
export function optionalNumber(fields: CaseFields, names: readonly string[]): Decimal | null {
  const found = field(fields, names)
  return found === null ? null : numberOf(fields, found.name, found.value)
}

/** A number that has to be there. What is missing or wrong is a problem and comes out as zero. */
export function requiredNumber(fields: CaseFields, names: readonly string[], what: string): Decimal {
  const found = field(fields, names)
  if (found !== null) return numberOf(fields, found.name, found.value)
  return missing(fields, names, what, zero)
}

/** A list of numbers, or a single one as a list of one; null where it is left out. Objects give their amount. */
export function optionalNumbers(fields: CaseFields, names: readonly string[]): readonly Decimal[] | null {
  const found = field(fields, names)
  if (found === null) return null
  if (!Array.isArray(found.value)) return [numberOf(fields, found.name, found.value)]
  const list = found.value as readonly CaseValue[]
  if (list.length > mostItems) {
    fields.problems.push(`${fields.place}.${found.name} has ${list.length} entries, at most ${mostItems} are read`)
    return []
  }
  return list.map((value, index) => numberOf(fields, `${found.name}.${index}`, value))
}

/** A number above zero that has to be there; a problem where it is zero, and comes out as one. */
export function requiredAboveZero(fields: CaseFields, names: readonly string[], what: string): Decimal {
  const number = requiredNumber(fields, names, what)
  const found = field(fields, names)
  if (number.coefficient > 0n) return number
  if (found !== null && isZeroText(found.value)) {
    fields.problems.push(`${fields.place}.${found.name} is 0; write ${what}, above zero`)
  }
  return { coefficient: 1n, scale: 0 }
}

/** A whole count from 0 on; a problem where it is none or above `most`. */
export function optionalCount(fields: CaseFields, names: readonly string[], most: number): number | null {
  const number = optionalNumber(fields, names)
  if (number === null) return null
  const count = Number(textOf(number))
  if (Number.isSafeInteger(count) && count <= most) return count
  const name = field(fields, names)?.name ?? ''
  fields.problems.push(`${fields.place}.${name} is ${textOf(number)}; write a whole number from 0 to ${most}`)
  return 0
}

/** The objects of a list, which has to be there and not empty. */
export function requiredObjects(fields: CaseFields, names: readonly string[], what: string): readonly CaseFields[] {
  const objects = optionalObjects(fields, names)
  return objects === null || objects.length === 0 ? missing(fields, names, what, []) : objects
}

/** The objects of a list; null where it is left out. */
export function optionalObjects(fields: CaseFields, names: readonly string[]): readonly CaseFields[] | null {
  const found = field(fields, names)
  if (found === null) return null
  const list = Array.isArray(found.value) ? (found.value as readonly CaseValue[]) : [found.value]
  const place = `${fields.place}.${found.name}`
  if (list.length > mostItems) {
    fields.problems.push(`${place} has ${list.length} entries, at most ${mostItems} are read`)
    return []
  }
  return list.flatMap((value, index) => {
    if (isObject(value)) return [caseFields(value, `${place}.${index}`, fields.problems, fields.names)]
    fields.problems.push(`${place}.${index} is no object; write its fields in braces`)
    return []
  })
}

/** An object; null where it is left out or is something else. */
export function optionalObject(fields: CaseFields, names: readonly string[]): CaseFields | null {
  const found = field(fields, names)
  return found !== null && isObject(found.value)
    ? caseFields(found.value, `${fields.place}.${found.name}`, fields.problems, fields.names)
    : null
}

/** A text; null where it is left out. */
export function optionalText(fields: CaseFields, names: readonly string[]): string | null {
  const found = field(fields, names)
  return found !== null && typeof found.value === 'string' ? found.value : null
}

/** Whether a field says no. */
export function saysNo(fields: CaseFields, names: readonly string[]): boolean {
  const found = field(fields, names)
  return found !== null && (found.value === false || found.value === 'false')
}

/** What is written under a name, whatever it is. */
export function writtenValue(fields: CaseFields, name: string): CaseValue {
  return field(fields, [name])?.value ?? null
}

/** The names of all fields, as `caseFields` compares them. */
export function namesOf(fields: CaseFields): readonly string[] {
  return [...fields.values.keys()]
}

/** A name in lower case with nothing but letters and digits: `up_to`, `upTo` and `up-to` are the same. */
export function plainName(name: string): string {
  return name.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '')
}

export const zero: Decimal = { coefficient: 0n, scale: 0 }

/** Whether a number is above zero. */
export function isAboveZero(number: Decimal | null): number is Decimal {
  return number !== null && number.coefficient > 0n
}

/** A number as text, as prices are written. */
export function textOf(number: Decimal): string {
  return formatDecimal(number)
}

/** The sum of numbers. */
export function sum(numbers: readonly Decimal[]): Decimal {
  const scale = largestScaleOf(numbers)
  const coefficient = numbers.reduce((total, number) => total + scaledTo(number, 10n ** BigInt(scale)), 0n)
  return { coefficient, scale }
}

/** Number × parts, which has to be whole: `parts` is a multiple of what the number is written in. */
export function scaledTo({ coefficient, scale }: Decimal, parts: bigint): bigint {
  return (coefficient * parts) / 10n ** BigInt(scale)
}

/** How many parts a unit needs so that all numbers are whole ones: 1000 for 0.5 and 0.125. */
export function partsFor(numbers: readonly Decimal[]): bigint {
  return 10n ** BigInt(largestScaleOf(numbers))
}

function largestScaleOf(numbers: readonly Decimal[]): number {
  return numbers.reduce((largest, { scale }) => Math.max(largest, scale), 0)
}

/** Whether the left number is below the right one. */
export function isBelow(left: Decimal, right: Decimal): boolean {
  return compareDecimal(left, right) < 0
}

function numberOf(fields: CaseFields, name: string, value: CaseValue): Decimal {
  const { inner, isCents } = isObject(value) ? amountIn(value) : { inner: value, isCents: false }
  const parsed = typeof inner === 'string' ? parseDecimal(withoutDecoration(inner)) : null
  if (parsed?.ok === true && parsed.value.coefficient >= 0n) {
    return isCents ? { ...parsed.value, scale: parsed.value.scale + 2 } : parsed.value
  }
  const shown = JSON.stringify(value).slice(0, 60)
  const wrong = parsed?.ok === true ? 'is below zero' : 'is no number'
  fields.problems.push(`${fields.place}.${name} ${wrong}: ${shown}; write a number such as 12 or "0.0025"`)
  return zero
}

/** Numbers of tables come as `1_000`, `1,000`, `$5` or ` 5 `, and with zeros in front. */
function withoutDecoration(text: string): string {
  return text
    .trim()
    .replace(/^[+$€£]\s?/, '')
    .replaceAll(/(?<=\d)[_,](?=\d{3}(\D|$))/g, '')
    .replace(/^0+(?=\d)/, '')
    .replace(/^\./, '0.')
}

/** The amount of an object in a list; one that is named so is in hundredths. */
function amountIn(value: CaseObject): { readonly inner: CaseValue; readonly isCents: boolean } {
  const named = Object.entries(value).find(([name]) =>
    /^(amount|value|quantity|price|total)(cents)?$/.test(plainName(name)),
  )
  return { inner: named?.[1] ?? null, isCents: named !== undefined && plainName(named[0]).endsWith('cents') }
}

function isZeroText(value: CaseValue): boolean {
  const parsed = typeof value === 'string' ? parseDecimal(withoutDecoration(value)) : null
  return parsed?.ok === true && parsed.value.coefficient === 0n
}

function field(
  fields: CaseFields,
  names: readonly string[],
): { readonly name: string; readonly value: CaseValue } | null {
  for (const name of names) {
    const value = fields.values.get(plainName(name))
    if (value === undefined) continue
    fields.names.asked.add(plainName(name))
    return { name, value }
  }
  return null
}

function missing<Value>(fields: CaseFields, names: readonly string[], what: string, value: Value): Value {
  fields.problems.push(`${fields.place}.${names[0] ?? ''} is missing; write ${what}`)
  return value
}
