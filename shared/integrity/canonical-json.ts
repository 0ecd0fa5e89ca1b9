import { assertThat } from '../base/errors.ts'

/** What has a canonical form here: JSON without fractions, so that no number formatting rule is ever needed. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue }

/**
 * The RFC 8785 (JCS) text of a value: no white space, keys sorted by UTF-16 code units, shortest escapes. Numbers must be
 * safe integers and texts well-formed; anything else is a bug of the caller.
 */
export function canonicalJson(value: JsonValue): string {
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'number') {
    assertThat(Number.isSafeInteger(value), `${value} is no safe integer and has no canonical form here`)
    return String(value)
  }
  if (typeof value === 'string') return canonicalText(value)
  if (isList(value)) return `[${value.map(canonicalJson).join(',')}]`
  // Object.keys().sort() compares UTF-16 code units, which is the order RFC 8785 asks for.
  const members = Object.keys(value)
    .sort()
    .map((key) => `${canonicalText(key)}:${canonicalJson(memberOf(value, key))}`)
  return `{${members.join(',')}}`
}

function canonicalText(text: string): string {
  assertThat(text.isWellFormed(), 'a text with a lone surrogate has no canonical form')
  // ECMAScript's JSON.stringify escapes strings exactly as RFC 8785 section 3.2.2.2 demands.
  return JSON.stringify(text)
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value)
}

function memberOf(value: { readonly [key: string]: JsonValue }, key: string): JsonValue {
  const member = value[key]
  assertThat(member !== undefined, `the member ${key} is undefined and has no canonical form`)
  return member
}
