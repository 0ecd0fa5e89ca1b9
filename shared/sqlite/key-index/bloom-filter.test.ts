import fc from 'fast-check'
import { expect, test } from 'vitest'
import { seededRandom } from '../../base/random.ts'
import { addToBlock, blockMightHold, blockWords } from './bloom-filter.ts'

const word = fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff })

test('what was added might be there', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(word, word), { maxLength: 60 }), (keys) => {
      const block = new Int32Array(blockWords * 2)
      for (const [word1, word2] of keys) addToBlock(block, blockWords, word1, word2)
      expect(block.subarray(0, blockWords).every((bits) => bits === 0)).toBe(true)
      for (const [word1, word2] of keys) expect(blockMightHold(block, blockWords, word1, word2)).toBe(true)
    }),
  )
})

test('at 16 bits a key fewer than one absent key in 300 passes', () => {
  const random = seededRandom('filter')
  const blocks = 1024
  const filter = new Int32Array(blocks * blockWords)
  const draw = (): Int32Array => new Int32Array(new Uint8Array(random.bytes(12)).buffer)
  const startOf = (key: Int32Array): number => ((key[0] ?? 0) & (blocks - 1)) * blockWords
  for (let count = 0; count < blocks * 16; count++) {
    const key = draw()
    addToBlock(filter, startOf(key), key[1] ?? 0, key[2] ?? 0)
  }
  let passed = 0
  const probes = 30_000
  for (let count = 0; count < probes; count++) {
    const key = draw()
    if (blockMightHold(filter, startOf(key), key[1] ?? 0, key[2] ?? 0)) passed++
  }
  expect(passed).toBeLessThan(probes / 300)
  expect(passed).toBeGreaterThan(0)
})
