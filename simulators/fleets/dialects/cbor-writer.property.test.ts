import { Decoder } from 'cbor-x'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeCbor, type CborValue } from './cbor-writer.ts'

const decoder = new Decoder({ useRecords: false, mapsAsObjects: true, int64AsType: 'bigint' } as object)
// The library renames this one, which is its own protection.
const name = fc.string().filter((text) => text !== '__proto__')
const { value } = fc.letrec<{ value: CborValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    fc.string({ unit: 'grapheme', maxLength: 300 }),
    fc.boolean(),
    fc.dictionary(name, tie('value'), { maxKeys: 30 }),
  ),
}))

test('a library reads back what was written', () => {
  fc.assert(
    fc.property(value, (written) => {
      expect(normal(decoder.decode(encodeCbor(written)))).toEqual(normal(written))
    }),
  )
})

test.each([
  [23n, '17'],
  [24n, '1818'],
  [255n, '18ff'],
  [256n, '190100'],
  [65_536n, '1a00010000'],
  [4_294_967_296n, '1b0000000100000000'],
])('%s is written in the shortest form (RFC 8949, appendix A)', (number, bytes) => {
  expect(encodeCbor(number).toString('hex')).toBe(bytes)
})

/** The library gives small integers as numbers and large ones as bigints. */
function normal(given: unknown): unknown {
  if (typeof given === 'number') return BigInt(given)
  if (typeof given !== 'object' || given === null) return given
  return Object.fromEntries(Object.entries(given).map(([name, member]: [string, unknown]) => [name, normal(member)]))
}
