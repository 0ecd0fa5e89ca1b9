import { describe, expect, test } from 'vitest'
import { isCbor } from './cbor-parts.ts'
import { findCborSpans, readCbor } from './cbor-value.ts'

const bytesOf = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex')
const read = (hex: string) => readCbor(bytesOf(hex))
const codeOf = (hex: string) => {
  const result = read(hex)
  return result.ok ? null : result.fault.code
}

// RFC 8949, appendix A: every example whose value a payload can have (no tags, no other simple values).
const examples: readonly [string, unknown][] = [
  ['00', 0],
  ['01', 1],
  ['0a', 10],
  ['17', 23],
  ['18 18', 24],
  ['18 19', 25],
  ['18 64', 100],
  ['19 03e8', 1000],
  ['1a 000f4240', 1_000_000],
  ['1b 000000e8d4a51000', 1_000_000_000_000],
  ['1b ffffffffffffffff', 18_446_744_073_709_551_615n],
  ['3b ffffffffffffffff', -18_446_744_073_709_551_616n],
  ['20', -1],
  ['29', -10],
  ['38 63', -100],
  ['39 03e7', -1000],
  ['f9 0000', 0],
  ['f9 8000', -0],
  ['f9 3c00', 1],
  ['fb 3ff199999999999a', 1.1],
  ['f9 3e00', 1.5],
  ['f9 7bff', 65_504],
  ['fa 47c35000', 100_000],
  ['fa 7f7fffff', 3.402_823_466_385_288_6e38],
  ['fb 7e37e43c8800759c', 1e300],
  ['f9 0001', 5.960_464_477_539_063e-8],
  ['f9 0400', 0.000_061_035_156_25],
  ['f9 c400', -4],
  ['fb c010666666666666', -4.1],
  ['f9 7c00', Number.POSITIVE_INFINITY],
  ['f9 7e00', Number.NaN],
  ['f9 fc00', Number.NEGATIVE_INFINITY],
  ['fa 7f800000', Number.POSITIVE_INFINITY],
  ['fb 7ff8000000000000', Number.NaN],
  ['f4', false],
  ['f5', true],
  ['f6', null],
  ['f7', null],
  ['40', new Uint8Array()],
  ['44 01020304', Uint8Array.of(1, 2, 3, 4)],
  ['60', ''],
  ['61 61', 'a'],
  ['64 49455446', 'IETF'],
  ['62 225c', '"\\'],
  ['62 c3bc', '\u00fc'],
  ['63 e6b0b4', '\u6c34'],
  ['64 f0908591', '\ud800\udd51'],
  ['80', []],
  ['83 01 02 03', [1, 2, 3]],
  ['83 01 82 02 03 82 04 05', [1, [2, 3], [4, 5]]],
  ['98 19 0102030405060708090a0b0c0d0e0f101112131415161718181819', Array.from({ length: 25 }, (_, i) => i + 1)],
  ['a0', {}],
  ['a2 61 61 01 61 62 82 02 03', { a: 1, b: [2, 3] }],
  ['82 61 61 a1 61 62 61 63', ['a', { b: 'c' }]],
  ['a5 6161 6141 6162 6142 6163 6143 6164 6144 6165 6145', { a: 'A', b: 'B', c: 'C', d: 'D', e: 'E' }],
  ['5f 42 0102 43 030405 ff', Uint8Array.of(1, 2, 3, 4, 5)],
  ['7f 65 7374726561 64 6d696e67 ff', 'streaming'],
  ['9f ff', []],
  ['9f 01 82 02 03 9f 04 05 ff ff', [1, [2, 3], [4, 5]]],
  ['9f 01 82 02 03 82 04 05 ff', [1, [2, 3], [4, 5]]],
  ['83 01 82 02 03 9f 04 05 ff', [1, [2, 3], [4, 5]]],
  ['83 01 9f 02 03 ff 82 04 05', [1, [2, 3], [4, 5]]],
  ['bf 61 61 01 61 62 9f 02 03 ff ff', { a: 1, b: [2, 3] }],
  ['82 61 61 bf 61 62 61 63 ff', ['a', { b: 'c' }]],
  ['bf 63 46756e f5 63 416d74 21 ff', { Fun: true, Amt: -2 }],
]

test.each(examples)('the example %s of RFC 8949', (hex, value) => {
  expect(read(hex)).toMatchObject({ ok: true, value: { value, hasDuplicate: false } })
})

test('integers at the edge of what a number keeps exactly', () => {
  expect(read('1b 001fffffffffffff')).toMatchObject({ value: { value: 9_007_199_254_740_991 } })
  expect(read('1b 0020000000000000')).toMatchObject({ value: { value: 9_007_199_254_740_992n } })
  expect(read('1b 0020000000000001')).toMatchObject({ value: { value: 9_007_199_254_740_993n } })
  expect(read('3b 001ffffffffffffe')).toMatchObject({ value: { value: -9_007_199_254_740_991 } })
  expect(read('3b 001fffffffffffff')).toMatchObject({ value: { value: -9_007_199_254_740_992n } })
})

test('self-described CBOR is read like what it describes', () => {
  expect(read('d9d9f7 a1 61 61 01')).toMatchObject({ value: { value: { a: 1 } } })
  expect(codeOf('d9d9f7 d9d9f7 a0')).toBe('payload_not_cbor')
})

const refused: readonly [string, string][] = [
  ['nothing behind a head', 'a1'],
  ['a text that ends early', '64 4945'],
  ['a length that ends early', '19 03'],
  ['a float that ends early', 'fb 3ff1'],
  ['an array that claims four thousand million elements', '9a ffffffff 01'],
  ['a map that claims more members than there are bytes', 'bb 0000000100000000 61 61 01'],
  ['a byte string that claims 2^63 bytes', '5b 8000000000000000 00'],
  ['an indefinite array without its end', '9f 01'],
  ['an indefinite text without its end', '7f 61 61'],
  ['a chunk of another kind', '7f 41 61 ff'],
  ['an indefinite chunk inside an indefinite text', '7f 7f 61 61 ff ff'],
  ['a break on its own', 'ff'],
  ['a break inside a definite array', '82 01 ff'],
  ['a break in place of a value', 'bf 61 61 ff'],
  ['a break as a key of a definite map', 'a1 ff 01'],
  ['bytes behind the item', 'a0 00'],
  ['a key that is an integer', 'a1 01 02'],
  ['a key that is a byte string', 'a1 41 61 02'],
  ['a tag', 'a1 61 61 c1 1a 514b67b0'],
  ['a bignum', 'c2 49 010000000000000000'],
  ['the simple value 16', 'f0'],
  ['the simple value 255', 'f8 ff'],
  ['a reserved length', '1c'],
  ['an indefinite integer', '1f'],
  ['a text that is no UTF-8', '62 c328'],
  ['a long text that is no UTF-8', `78 20 ${'61'.repeat(31)}ff`],
  ['a surrogate in UTF-8', '63 eda080'],
]

test.each(refused)('%s is refused', (_name, hex) => {
  expect(codeOf(hex)).toBe('payload_not_cbor')
})

test('nesting is counted like that of JSON: sixteen levels, and scalars inside them', () => {
  expect(codeOf(`${'81'.repeat(16)}01`)).toBeNull()
  expect(codeOf(`${'81'.repeat(17)}01`)).toBe('payload_too_deep')
  expect(codeOf('a16161'.repeat(16) + '01')).toBeNull()
  expect(codeOf('a16161'.repeat(17) + '01')).toBe('payload_too_deep')
  expect(codeOf('9f'.repeat(60_000))).toBe('payload_too_deep')
})

describe('keys', () => {
  test('that are there twice are found, in the event they spoil', () => {
    const payload = bytesOf('82 a2 6161 01 6161 02 a1 6161 03')
    expect(readCbor(payload)).toMatchObject({ value: { hasDuplicate: true } })
    expect(findCborSpans(payload)).toEqual([
      { start: 1, end: 8, duplicate: 'a' },
      { start: 8, end: 12, duplicate: null },
    ])
  })

  test('that objects inherit become members of their own', () => {
    const result = read('a3 69 5f5f70726f746f5f5f a0 6b 636f6e7374727563746f72 01 60 02')
    const value = result.ok ? (result.value.value as object) : {}
    expect(Object.keys(value)).toEqual(['__proto__', 'constructor', ''])
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
    expect(read('a2 69 5f5f70726f746f5f5f a0 69 5f5f70726f746f5f5f a0')).toMatchObject({
      value: { hasDuplicate: true },
    })
  })

  test('that fall into the same place of the table of kept keys stay themselves', () => {
    const keys = Array.from({ length: 5_000 }, (_, index) => `k${index}`)
    for (let round = 0; round < 2; round++) {
      for (const key of keys) {
        const bytes = Buffer.concat([Buffer.from([0xa1, 0x60 + key.length]), Buffer.from(key), Buffer.from([1])])
        expect(readCbor(bytes)).toMatchObject({ value: { value: { [key]: 1 } } })
      }
    }
  })
})

test('the spans of an array are its elements, however long it says it is', () => {
  const spans = [
    { start: 1, end: 2, duplicate: null },
    { start: 2, end: 5, duplicate: null },
  ]
  expect(findCborSpans(bytesOf('82 01 19 03e8'))).toEqual(spans)
  expect(findCborSpans(bytesOf('9f 01 19 03e8 ff'))).toEqual(spans)
  expect(findCborSpans(bytesOf('d9d9f7 98 02 01 02')).map(({ start }) => start)).toEqual([5, 6])
  expect(findCborSpans(bytesOf('a1 61 61 01'))).toEqual([{ start: 0, end: 4, duplicate: null }])
})

test('no JSON text begins like CBOR', () => {
  for (const text of ['{}', '[]', '"x"', '-1', '0', 'true', 'null', ' {}', '\t[]', '\n1', '\r1', '\ufeff{}'])
    expect(isCbor(Buffer.from(text))).toBe(false)
  for (const hex of ['80', '9f', 'a0', 'bf', 'd9d9f7a0']) expect(isCbor(bytesOf(hex))).toBe(true)
})

test('texts are as long-lived as they are, not as their payload', () => {
  const long = `the quick brown fox jumps over the lazy dog, ${'again and '.repeat(20)}`
  const bytes = Buffer.concat([Buffer.from([0x81, 0x78, long.length]), Buffer.from(long)])
  expect(readCbor(bytes)).toMatchObject({ value: { value: [long], isPrintable: true } })
  expect(read('81 62 c3bc')).toMatchObject({ value: { isPrintable: false } })
  expect(read('81 62 6107')).toMatchObject({ value: { isPrintable: false } })
  expect(read('81 62 617f')).toMatchObject({ value: { isPrintable: false } })
})
