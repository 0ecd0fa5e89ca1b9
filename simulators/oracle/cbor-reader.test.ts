import { describe, expect, test } from 'vitest'
import { CborReader, readItem } from './cbor-reader.ts'

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'))

describe('the examples of RFC 8949, appendix A', () => {
  test.each([
    ['00', 0n],
    ['17', 23n],
    ['1818', 24n],
    ['1903e8', 1000n],
    ['1a000f4240', 1_000_000n],
    ['1bffffffffffffffff', 18_446_744_073_709_551_615n],
    ['20', -1n],
    ['3903e7', -1000n],
    ['f4', false],
    ['f5', true],
    ['f6', null],
    ['60', ''],
    ['6449455446', 'IETF'],
    ['62c3bc', 'ü'],
    ['80', []],
    ['8301820203820405', [1n, [2n, 3n], [4n, 5n]]],
  ])('%s', (hex, item) => {
    expect(readItem(bytesOf(hex))).toEqual(item)
  })

  test('byte strings', () => {
    expect(readItem(bytesOf('4401020304'))).toEqual(Uint8Array.of(1, 2, 3, 4))
  })
})

test.each([
  ['18', 'end inside'],
  ['4401', 'stated but not there'],
  ['0000', 'follow the item'],
  ['f90000', 'none that the formats use'],
  ['9fff', 'none that the formats use'],
  ['c000', 'none that the formats use'],
])('%s is no item of the formats', (hex, message) => {
  expect(() => readItem(bytesOf(hex))).toThrow(message)
})

test('items that stand one after the other are read one after the other', () => {
  const reader = new CborReader(bytesOf('01820203f6'))
  const items: unknown[] = []
  while (!reader.atEnd) items.push(reader.next())
  expect(items).toEqual([1n, [2n, 3n], null])
})
