import { failed, fault, ok, type Fault, type Result } from '@meterline/shared/base/errors.ts'

/** Plain JSON data whose numbers are the texts they were written as, so that no digit is lost. */
export type CaseValue = string | boolean | null | CaseObject | readonly CaseValue[]
export type CaseObject = { readonly [key: string]: CaseValue }

/** A published pricing example: what goes in and what has to come out, as its source says. */
export interface RatingCase {
  readonly id: string
  /** How the source calls the rule, such as `graduated`. */
  readonly model: string
  readonly input: CaseObject
  readonly expected: CaseObject
  readonly source: string
}

/** A case that cannot be read at all, and what to write. */
export interface UnreadableCase {
  readonly id: string
  readonly problem: string
}

const mostCases = 100_000

/**
 * Reads a file of cases: a JSON object with a list `cases`, or the list alone. What is wrong with a single case is said in
 * its place, so that the others are rated.
 */
export function readCases(text: string): Result<readonly (RatingCase | UnreadableCase)[], Fault<'cases_invalid'>> {
  const parsed = parseExactly(text)
  if (!parsed.ok) return parsed
  const list = isObject(parsed.value) ? parsed.value['cases'] : parsed.value
  if (!Array.isArray(list)) {
    return refused('has no list of cases; write {"cases": [{"id": …, "model": …, "input": {…}, "expected": {…}}]}')
  }
  if (list.length > mostCases) return refused(`has ${list.length} cases, at most ${mostCases} are read; divide it`)
  return ok((list as readonly CaseValue[]).map(readCase))
}

function readCase(value: CaseValue, index: number): RatingCase | UnreadableCase {
  const place = `cases.${index}`
  if (!isObject(value)) return { id: place, problem: 'is no object; write {"id", "model", "input", "expected"}' }
  const { id: name, model, input, expected, source } = value
  const id = typeof name === 'string' && name !== '' ? name : place
  if (typeof model !== 'string' || model === '') {
    return { id, problem: 'model is missing; write how the price is called, such as "graduated"' }
  }
  if (!isObject(input)) return { id, problem: 'input is missing; write an object with the price and the usage' }
  if (!isObject(expected)) return { id, problem: 'expected is missing; write an object such as {"total": "12.50"}' }
  return { id, model, input, expected, source: typeof source === 'string' ? source : '' }
}

/** Whether a value has named fields. */
export function isObject(value: CaseValue | undefined): value is CaseObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What the engine tells a reviver beyond what the types of this language version say: the text a value was written as. */
type ExactReviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown

function parseExactly(text: string): Result<CaseValue, Fault<'cases_invalid'>> {
  const keepNumberText: ExactReviver = (_, value, { source }) =>
    typeof value === 'number' ? plainNumber(source ?? String(value)) : value
  try {
    return ok(
      JSON.parse(text.replace(/^\uFEFF/, ''), keepNumberText as (key: string, value: unknown) => unknown) as CaseValue,
    )
  } catch (error) {
    // The parser calls itself for what is inside a list or an object.
    if (error instanceof RangeError) return refused('is nested too deeply to be read; a case has a few levels')
    const reason = error instanceof Error ? error.message : String(error)
    // The parser shows what it found, which may be bytes that move a terminal's cursor.
    return refused(`is no JSON: ${reason.replaceAll(/\p{C}+/gu, ' ')}`)
  }
}

/** A JSON number without exponent, as far as that stays short: `1.5e-7` is `0.00000015`. */
export function plainNumber(text: string): string {
  const match = /^(-?)(\d+)(?:\.(\d+))?[eE]([+-]?\d{1,3})$/.exec(text)
  if (match === null) return text
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match
  const point = whole.length + Number(exponent)
  const digits = whole + fraction
  if (Math.abs(Number(exponent)) > 60) return text
  const padded = '0'.repeat(Math.max(0, 1 - point)) + digits.padEnd(point, '0')
  const place = Math.max(point, 1)
  const before = padded.slice(0, place).replace(/^0+(?=\d)/, '')
  const after = padded.slice(place)
  return `${sign}${before}${after === '' ? '' : `.${after}`}`
}

function refused(message: string): { readonly ok: false; readonly fault: Fault<'cases_invalid'> } {
  return failed(fault('cases_invalid', `The file ${message}.`))
}
