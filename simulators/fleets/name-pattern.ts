import { failed, fault, ok, type Fault, type Result } from '@meterline/shared/base/errors.ts'

/** Gives the name of a group's n-th device, n from 1. */
export type NamePattern = (n: number) => string

/** The number, divided into blocks of so many devices, padded to so many digits. */
const PLACEHOLDER = /^n(?:\/([1-9][0-9]{0,5}))?(?::([1-9]))?$/

/**
 * Reads a pattern for the names of many devices. `{n}` is the device's number from 1, `{n:4}` the same in four digits,
 * `{n/100}` the number of its block of a hundred devices, from 1, `{n/100:2}` that in two digits.
 */
export function parseNamePattern(text: string): Result<NamePattern, Fault<'pattern_invalid'>> {
  const parts: (string | { readonly block: number; readonly digits: number })[] = []
  let end = 0
  for (const match of text.matchAll(/\{([^{}]*)\}/g)) {
    const placeholder = PLACEHOLDER.exec(match[1] ?? '')
    if (placeholder === null) return wrong(`has ${match[0]}, which is no placeholder`)
    parts.push(text.slice(end, match.index))
    parts.push({ block: Number(placeholder[1] ?? 1), digits: Number(placeholder[2] ?? 1) })
    end = match.index + match[0].length
  }
  parts.push(text.slice(end))
  if (parts.some((part) => typeof part === 'string' && /[{}]/.test(part))) return wrong('has a brace without its other')
  return ok((n) =>
    parts
      .map((part) => (typeof part === 'string' ? part : String(Math.ceil(n / part.block)).padStart(part.digits, '0')))
      .join(''),
  )
}

function wrong(what: string): ReturnType<typeof parseNamePattern> {
  return failed(fault('pattern_invalid', `${what}: write {n}, {n:4} (padded) or {n/100} (blocks of a hundred)`))
}
