import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bitsThatExplain, flipBit, logSum } from './log-checksum.ts'

const pageBytes = 4_096
const pages = fc.uint8Array({ minLength: pageBytes, maxLength: pageBytes }).map((bytes) => Buffer.from(bytes))
const words = fc.integer({ min: 0, max: pageBytes / 4 - 1 }).map((word) => word * 4)

describe('the bits whose flip explains a wrong sum', () => {
  test.each([false, true])('are the flipped one alone, when it is low in its word (big-endian: %s)', (bigEndian) => {
    fc.assert(
      fc.property(pages, words, fc.integer({ min: 0, max: 15 }), (page, wordAt, bit) => {
        const wanted = logSum(page, [0, 0], bigEndian)
        flipBit(page, { wordAt, bit }, bigEndian)
        const found = logSum(page, [0, 0], bigEndian)
        expect(bitsThatExplain(page, 0, found, wanted, bigEndian)).toEqual([{ wordAt, bit }])
      }),
    )
  })

  test('are several for the highest bit, which many words have alike', () => {
    const page = Buffer.alloc(pageBytes)
    flipBit(page, { wordAt: 400, bit: 31 }, false)
    expect(bitsThatExplain(page, 0, logSum(page, [0, 0], false), [0, 0], false)).toHaveLength(2)
  })

  test('are none for a page that is torn', () => {
    fc.assert(
      fc.property(pages, (page) => {
        const wanted = logSum(page, [0, 0], false)
        fc.pre(page.subarray(2_048).some((byte) => byte !== 0))
        const torn = Buffer.from(page)
        torn.fill(0, 2_048)
        expect(bitsThatExplain(torn, 0, logSum(torn, [0, 0], false), wanted, false)).toEqual([])
      }),
    )
  })
})
