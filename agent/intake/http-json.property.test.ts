import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checkJson } from './http-json.ts'

const anyDepth = 100_000

function check(text: string, mostDepth = anyDepth): string {
  const bytes = Buffer.from(`[${text}]`)
  // What stands around the part that is looked at must make no difference.
  return checkJson(bytes, 1, bytes.length - 1, mostDepth)
}

function parses(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

test('says what JSON.parse says', () => {
  const spaces = fc.constantFrom('', ' ', '\n\t\r')
  const valid = fc.tuple(fc.json(), spaces).map(([text, space]) => space + text + space)
  const tokens = fc.array(
    fc.constantFrom(
      ...'[]{},:"\\0123456789-+.eEtrufalsn \n'.split(''),
      'true',
      'null',
      '\\u00e9',
      '\\ud83',
      '"a"',
      '\u0001',
      'é',
    ),
    { maxLength: 12 },
  )
  const numbers = fc.stringMatching(/^-?[0-9]{0,3}(\.[0-9]{0,2})?([eE][+-]?[0-9]{0,2})?$/)
  const strings = fc.array(fc.constantFrom('a', '\\', '"', 'u', '00e9', '/', 'n', '\n', '\u007f', '\u2028'), {
    maxLength: 8,
  })
  const texts = fc.oneof(
    valid,
    tokens.map((parts) => parts.join('')),
    numbers,
    strings.map((parts) => `"${parts.join('')}"`),
    fc.tuple(fc.json(), fc.nat(), fc.nat()).map(([text, from, count]) => {
      const start = from % text.length
      return text.slice(0, start) + text.slice(start + (count % 4))
    }),
  )
  fc.assert(
    fc.property(texts, (text) => {
      expect(check(text)).toBe(parses(text) ? 'valid' : 'invalid')
    }),
    { numRuns: 20_000 },
  )
})

test('counts how deep objects and arrays are inside each other', () => {
  expect(check('[[1]]', 2)).toBe('valid')
  expect(check('[[1]]', 1)).toBe('too_deep')
  expect(check('{"a":[{}]}', 3)).toBe('valid')
  expect(check('{"a":[{}]}', 2)).toBe('too_deep')
  expect(check('1', 0)).toBe('valid')
  expect(check('['.repeat(500_000), 15)).toBe('too_deep')
})
