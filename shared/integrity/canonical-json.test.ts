import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalJson, type JsonValue } from './canonical-json.ts'

const { value: json } = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger(),
    fc.string({ unit: 'binary' }),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(fc.string({ unit: 'binary' }), tie('value'), { maxKeys: 6 }),
  ),
}))

describe('canonical JSON', () => {
  it('sorts keys by UTF-16 code units, as in the example of RFC 8785 section 3.2.3', () => {
    const value = {
      '\u20ac': 'Euro Sign',
      '\r': 'Carriage Return',
      '\ufb33': 'Hebrew Letter Dalet With Dagesh',
      '1': 'One',
      '\ud83d\ude00': 'Emoji: Grinning Face',
      '\u0080': 'Control',
      '\u00f6': 'Latin Small Letter O With Diaeresis',
    }
    const order = Array.from(canonicalJson(value).matchAll(/:"([^"]*)"/g), (match) => match[1])
    expect(order).toEqual([
      'Carriage Return',
      'One',
      'Control',
      'Latin Small Letter O With Diaeresis',
      'Euro Sign',
      'Emoji: Grinning Face',
      'Hebrew Letter Dalet With Dagesh',
    ])
  })

  it('escapes texts as in section 3.2.2.2', () => {
    const text = '\u20ac$\u000F\u000aA\'\u0042\u0022\u005c\\"/'
    expect(canonicalJson(text)).toBe(`"\u20ac$\\u000f\\nA'B\\"\\\\\\\\\\"/"`)
  })

  it('has no white space, and literals and integers in their one form', () => {
    expect(canonicalJson({ b: [1, -0, -7, true, null], a: {} })).toBe('{"a":{},"b":[1,0,-7,true,null]}')
  })

  it('reads back as the value it was made of', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(withoutMinusZero(value))
      }),
    )
  })

  it('does not depend on the order in which members were set', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), json), (members) => {
        const turned = Object.fromEntries(Object.entries(members).reverse())
        expect(canonicalJson(turned)).toBe(canonicalJson(members))
      }),
    )
  })

  it.each([
    { what: 'a fraction', value: 0.5 },
    { what: 'an unsafe integer', value: 2 ** 53 },
    { what: 'infinity', value: Number.POSITIVE_INFINITY },
    { what: 'a lone surrogate', value: '\udc00' },
    { what: 'a lone surrogate in a key', value: { '\ud800': 1 } },
  ])('has no form for $what', ({ value }) => {
    expect(() => canonicalJson(value)).toThrow(/no canonical form/)
  })
})

function withoutMinusZero(value: JsonValue): unknown {
  return JSON.parse(JSON.stringify(value))
}
