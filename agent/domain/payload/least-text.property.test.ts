import fc from 'fast-check'
import { expect, test } from 'vitest'
import { countMembers } from './json-text.ts'
import { hasRoomForMember, leastTextOf } from './least-text.ts'

const digits = fc.stringMatching(/^(0|[1-9][0-9]{0,17})$/)
const fraction = fc.stringMatching(/^(\.[0-9]{1,15})?$/)
const exponent = fc.stringMatching(/^([eE][+-]?[0-9]{1,2})?$/)
const numberText = fc
  .tuple(fc.constantFrom('', '-'), digits, fraction, exponent)
  .map(([sign, whole, part, power]) => `${sign}${whole}${part}${power}`)

test('no way to write a number is shorter than its least text', () => {
  fc.assert(
    fc.property(numberText, (text) => {
      expect(leastTextOf(JSON.parse(text)).characters).toBeLessThanOrEqual(text.length)
    }),
    { numRuns: 20_000 },
  )
})

test.each([
  ['0', 1],
  ['9', 1],
  ['10', 2],
  ['99', 2],
  ['-115', 4],
  ['1e3', 3],
  ['1000', 3],
  ['1234567', 7],
  ['1741569952', 10],
  ['4883583458', 10],
  ['9007199254740991', 16],
  ['9.2', 3],
  ['868.2999877929688', 17],
  ['true', 4],
  ['false', 5],
  ['null', 4],
  ['"text"', 6],
])('%s takes %i characters', (text, characters) => {
  expect(leastTextOf(JSON.parse(text)).characters).toBe(characters)
})

test('members are counted, and too deep a value takes no end of characters', () => {
  const value: unknown = JSON.parse('{"a":[{"bc":1},{"d":{"e":null}}],"f":{}}')
  expect(leastTextOf(value)).toMatchObject({ members: countMembers(value), shortestName: 1 })
  expect(leastTextOf(JSON.parse(`${'['.repeat(17)}${']'.repeat(17)}`)).characters).toBe(Number.POSITIVE_INFINITY)
})

/** A JSON text without whitespace, written by hand so that an object may have a name twice. */
const { value: jsonText } = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    numberText,
    fc.string().map((text) => JSON.stringify(text)),
    fc.constantFrom('true', 'false', 'null'),
    fc.array(tie('value'), { maxLength: 4 }).map((elements) => `[${elements.join(',')}]`),
    fc
      .array(fc.tuple(fc.constantFrom('', 'a', 'b', 'usage', '__proto__'), tie('value')), { maxLength: 5 })
      .map((members) => `{${members.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}`),
  ),
}))

test('a text in which a member is there twice always has room for it', () => {
  fc.assert(
    fc.property(jsonText, (text) => {
      const value: unknown = JSON.parse(text)
      const least = leastTextOf(value)
      expect(least.characters).toBeLessThanOrEqual(text.length)
      // Outside of texts every colon follows a name, and none of those here has a colon in it.
      const stated = text.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""').split(':').length - 1
      if (stated > countMembers(value) && least.characters !== Number.POSITIVE_INFINITY)
        expect(hasRoomForMember(text.length, least)).toBe(true)
    }),
    { numRuns: 5_000 },
  )
})
