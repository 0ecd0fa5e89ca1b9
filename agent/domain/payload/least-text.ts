import { deepestNesting, type JsonObject } from './json-text.ts'

/** What a parsed JSON value tells about the text it came from. One object, filled anew for each value: read it at once. */
export interface LeastText {
  /** The fewest characters a JSON text of this value can have; infinite when it nests deeper than `deepestNesting`. */
  characters: number
  /** How many members all its objects have. */
  members: number
  /** The length of the shortest name among them. */
  shortestName: number
}

const found: LeastText = { characters: 0, members: 0, shortestName: 0 }

/** A small number, because those are what compiled code is quick with. */
const longerThanAny = 0x3fff_ffff

/** Measures a value that `JSON.parse` returned. */
export function leastTextOf(value: unknown): LeastText {
  found.members = 0
  found.shortestName = longerThanAny
  found.characters = leastLength(value, 1)
  return found
}

/**
 * Whether a text of this length may say more than the value that was measured, so that a member of it may have been there
 * twice: the second one takes its name, two quotes, a colon, a value and a comma. In a text without whitespace there is
 * hardly ever so much room, and then nobody has to count its members.
 */
export function hasRoomForMember(textLength: number, least: LeastText): boolean {
  return textLength - least.characters >= least.shortestName + 5
}

function leastLength(value: unknown, depth: number): number {
  // One after the other: asking for the name of a type and comparing that costs more.
  if (typeof value === 'string') return value.length + 2
  if (typeof value === 'number') return leastDigits(value)
  if (value === null || value === true) return 4
  return value === false ? 5 : leastOfObject(value as object, depth)
}

function leastOfObject(value: object, depth: number): number {
  if (depth > deepestNesting) return Number.POSITIVE_INFINITY
  // Each element and each member but the last has a comma behind it, which leaves one of the brackets.
  let length = 1
  if (Array.isArray(value)) {
    const elements = value as readonly unknown[]
    for (let at = 0; at < elements.length; at++) length += leastLength(elements[at], depth + 1) + 1
    return length
  }
  const object = value as JsonObject
  let members = 0
  let shortest = found.shortestName
  for (const name in object) {
    members += 1
    if (name.length < shortest) shortest = name.length
    const member = object[name]
    length += name.length + 4
    // Most members are texts or small numbers, and are spared a call.
    if (typeof member === 'string') length += member.length + 2
    else length += leastLength(member, depth + 1)
  }
  found.members += members
  if (shortest < found.shortestName) found.shortestName = shortest
  return length
}

/** The fewest characters a number can be written with, or fewer. */
function leastDigits(value: number): number {
  if (value < 0) return 1 + leastDigits(-value)
  if (!Number.isSafeInteger(value)) return leastOfFraction(value)
  const digits = wholeDigits(value)
  if (value < 1000 || !isMultiple(value, 1000)) return digits
  // Three zeros at its end or more may hide behind an exponent, which takes two characters at least.
  let significant = digits - 3
  for (let rest = value / 1000; isMultiple(rest, 10); rest /= 10) significant -= 1
  return significant + 2
}

/** Of 32 bits, the digits come from the count of bits (1233 / 4096 is log10 2): no branch that is hard to foresee. */
function wholeDigits(value: number): number {
  if (value > 0x7fff_ffff) return value < 1e10 ? 10 : 1 + wholeDigits(Math.floor(value / 10))
  const fewest = ((32 - Math.clz32(value | 1)) * 1233) >> 12
  return value < (powersOfTen[fewest] ?? 0) ? fewest : fewest + 1
}

// Zero has a digit too.
const powersOfTen = [0, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9]

/** For whole numbers up to 2^53; the remainder of numbers beyond 32 bits would be a call out of compiled code. */
function isMultiple(value: number, of: number): boolean {
  return Math.floor(value / of) * of === value
}

/** From 1 to here a number and its twelve decimals are exact together. */
const largestExamined = 4096

/** Numbers from measurements have few decimals, or all there are: a look at three and at twelve comes close for both. */
function leastOfFraction(value: number): number {
  // 0.5, 1e9
  if (!(value >= 1 && value < largestExamined)) return 3
  const decimals = hasDecimals(value, 1e3) ? 1 : hasDecimals(value, 1e12) ? 4 : 13
  return wholeDigits(value) + 1 + decimals
}

/** Whether a number can be written with so many decimals (as a power of ten): both roundings here are those of its reader. */
function hasDecimals(value: number, power: number): boolean {
  return Math.round(value * power) / power === value
}
