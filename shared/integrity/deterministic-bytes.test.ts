import { describe, expect, it } from 'vitest'
import { decodeDeterministic, encodeDeterministic, type Deterministic } from './deterministic-bytes.ts'

// The integers, texts, byte strings and arrays of RFC 8949 appendix A that are in the subset.
const vectors: readonly (readonly [value: Deterministic, hex: string])[] = [
  [0, '00'],
  [1, '01'],
  [10, '0a'],
  [23, '17'],
  [24, '1818'],
  [25, '1819'],
  [100, '1864'],
  [1000, '1903e8'],
  [1_000_000, '1a000f4240'],
  [1_000_000_000_000, '1b000000e8d4a51000'],
  [18_446_744_073_709_551_615n, '1bffffffffffffffff'],
  [-18_446_744_073_709_551_616n, '3bffffffffffffffff'],
  [-1, '20'],
  [-10, '29'],
  [-100, '3863'],
  [-1000, '3903e7'],
  [false, 'f4'],
  [true, 'f5'],
  [null, 'f6'],
  [new Uint8Array(0), '40'],
  [Uint8Array.of(1, 2, 3, 4), '4401020304'],
  ['', '60'],
  ['a', '6161'],
  ['IETF', '6449455446'],
  ['"\\', '62225c'],
  ['\u00fc', '62c3bc'],
  ['\u6c34', '63e6b0b4'],
  ['\u{10151}', '64f0908591'],
  [[], '80'],
  [[1, 2, 3], '83010203'],
  [[1, [2, 3], [4, 5]], '8301820203820405'],
  [Array.from({ length: 25 }, (_, index) => index + 1), '98190102030405060708090a0b0c0d0e0f101112131415161718181819'],
]

const edges: readonly (readonly [value: Deterministic, hex: string])[] = [
  [255, '18ff'],
  [256, '190100'],
  [65_535, '19ffff'],
  [65_536, '1a00010000'],
  [4_294_967_295, '1affffffff'],
  [4_294_967_296, '1b0000000100000000'],
  [Number.MAX_SAFE_INTEGER, '1b001fffffffffffff'],
  [9_007_199_254_740_992n, '1b0020000000000000'],
  [Number.MIN_SAFE_INTEGER, '3b001ffffffffffffe'],
  [-9_007_199_254_740_992n, '3b001fffffffffffff'],
  ['\ufeffmark', '67efbbbf6d61726b'],
]

describe('the deterministic encoding', () => {
  const cases = [...vectors, ...edges].map(([value, hex]) => ({ value, hex }))

  it.each(cases)('is $hex', ({ value, hex }) => {
    expect(Buffer.from(encodeDeterministic(value)).toString('hex')).toBe(hex)
  })

  it.each(cases)('is read back from $hex', ({ value, hex }) => {
    const decoded = decodeDeterministic(Buffer.from(hex, 'hex'))
    expect(decoded).toEqual({ ok: true, value })
  })

  it('takes a safe bigint and a number for the same integer', () => {
    expect(encodeDeterministic(1000n)).toEqual(encodeDeterministic(1000))
    expect(encodeDeterministic(-1000n)).toEqual(encodeDeterministic(-1000))
  })

  it.each([
    { what: 'a fraction', value: 1.5 },
    { what: 'no number', value: Number.NaN },
    { what: 'an unsafe integer', value: 2 ** 53 },
    { what: 'an integer of 65 bits', value: 2n ** 64n },
    { what: 'a negative integer of 65 bits', value: -(2n ** 64n) - 1n },
    { what: 'a lone surrogate', value: 'lone \ud800 surrogate' },
    { what: 'a lone surrogate in a long text', value: `${'long '.repeat(20)}\udc00` },
  ])('has no form for $what and says so instead of changing it', ({ value }) => {
    expect(() => encodeDeterministic(value)).toThrow(/integer|64 bits|surrogate/)
  })
})

describe('decoding refuses', () => {
  it.each([
    ['nothing', '', 'bytes_truncated'],
    ['an integer cut off', '1903', 'bytes_truncated'],
    ['a text cut off', '6449455', 'bytes_truncated'],
    ['an array cut off', '830102', 'bytes_truncated'],
    ['a length far over what is there', '5b001fffffffffffff', 'bytes_truncated'],
    ['a length of 64 bits', '5bffffffffffffffff', 'bytes_truncated'],
    ['an array of 2^53 - 1 items', '9b001fffffffffffff00', 'bytes_truncated'],
    ['a second value', '0101', 'bytes_trailing'],
    ['23 in two bytes', '1817', 'bytes_not_deterministic'],
    ['255 in three bytes', '1900ff', 'bytes_not_deterministic'],
    ['65535 in five bytes', '1a0000ffff', 'bytes_not_deterministic'],
    ['2^32 - 1 in nine bytes', '1b00000000ffffffff', 'bytes_not_deterministic'],
    ['a long length of a text', '780161', 'bytes_not_deterministic'],
    ['a long length of an array', '980100', 'bytes_not_deterministic'],
    ['text that is not UTF-8', '61ff', 'bytes_not_deterministic'],
    ['text in overlong UTF-8', '62c080', 'bytes_not_deterministic'],
    ['an encoded surrogate', '63eda080', 'bytes_not_deterministic'],
    ['a map', 'a0', 'bytes_unsupported'],
    ['a tag', 'c000', 'bytes_unsupported'],
    ['a half float', 'f93c00', 'bytes_unsupported'],
    ['a double', 'fb3ff0000000000000', 'bytes_unsupported'],
    ['undefined', 'f7', 'bytes_unsupported'],
    ['a simple value', 'e0', 'bytes_unsupported'],
    ['a break alone', 'ff', 'bytes_unsupported'],
    ['an indefinite array', '9f00ff', 'bytes_unsupported'],
    ['an indefinite text', '7f6161ff', 'bytes_unsupported'],
    ['a reserved argument', '1c', 'bytes_unsupported'],
    ['a map inside an array', '81a0', 'bytes_unsupported'],
    ['arrays too deep', `${'81'.repeat(17)}00`, 'bytes_too_deep'],
  ])('%s', (_what, hex, code) => {
    expect(decodeDeterministic(Buffer.from(hex, 'hex'))).toMatchObject({ ok: false, fault: { code } })
  })

  it('nothing at the depth it was told to allow', () => {
    expect(decodeDeterministic(Buffer.from('818100', 'hex'), { maxDepth: 2 })).toMatchObject({ ok: true })
    expect(decodeDeterministic(Buffer.from('818100', 'hex'), { maxDepth: 1 })).toMatchObject({ ok: false })
  })

  it('a million opening brackets without running out of stack', () => {
    const decoded = decodeDeterministic(new Uint8Array(1_000_000).fill(0x81), { maxDepth: 16 })
    expect(decoded).toMatchObject({ ok: false, fault: { code: 'bytes_too_deep' } })
  })
})
