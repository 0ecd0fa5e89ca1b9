import fc from 'fast-check'
import { expect, test } from 'vitest'
import { entryWords, prefixOf } from './entry.ts'
import { Memtable } from './memtable.ts'

// Few distinct first words, all over the range, so that keys collide in their slots and wrap round the table's end.
const firstWord = fc.oneof(
  fc.constantFrom(0, -1, 0x7fff_ffff, -0x8000_0000, 0x0100_0000),
  fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff }),
)
const key = fc.tuple(firstWord, fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 }))
const steps = fc.array(
  fc.oneof(
    { weight: 9, arbitrary: fc.record({ kind: fc.constant('insert' as const), key }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('takeBack' as const), share: fc.integer({ min: 0, max: 4 }) }),
    },
  ),
  { maxLength: 300 },
)

test('a memtable holds what a list of the same entries holds, also after taking back the newest', () => {
  fc.assert(
    fc.property(steps, fc.integer({ min: 0, max: 4 }), (sequence, prefixBits) => {
      const memtable = new Memtable(300)
      const model: { key: readonly [number, number, number]; position: number }[] = []
      const find = ([word0, word1, word2]: readonly [number, number, number]): number =>
        memtable.find(word0, word1, word2, 7)
      sequence.forEach((step, index) => {
        if (step.kind === 'takeBack') {
          const count = Math.floor((model.length * step.share) / 4)
          memtable.removeNewest(count)
          const gone = model.splice(model.length - count)
          for (const entry of gone) expect(find(entry.key)).toBe(-1)
        } else if (find(step.key) < 0) {
          memtable.insert(Int32Array.of(...step.key, 7, 1, 2, 3, index), 0)
          model.push({ key: step.key, position: index })
        }
      })
      expect(memtable.count).toBe(model.length)
      model.forEach((entry, index) => {
        expect(find(entry.key)).toBe(index)
        expect(memtable.entries[index * entryWords + 7]).toBe(entry.position)
      })
      const visited = Array.from({ length: 2 ** prefixBits }, (_, prefix) => {
        const entries: number[] = []
        memtable.visitPrefix(prefix, prefixBits, (entry) => entries.push(entry))
        for (const entry of entries) expect(prefixOf(model[entry]?.key[0] ?? 0, prefixBits)).toBe(prefix)
        return entries
      })
      expect(visited.flat().toSorted((left, right) => left - right)).toEqual(model.map((_, index) => index))
      memtable.clear()
      expect(memtable.count).toBe(0)
      for (const entry of model) expect(find(entry.key)).toBe(-1)
    }),
  )
})

test('a full memtable refuses the next key', () => {
  const memtable = new Memtable(2)
  memtable.insert(Int32Array.of(1, 0, 0, 0, 0, 0, 0, 0), 0)
  memtable.insert(Int32Array.of(2, 0, 0, 0, 0, 0, 0, 0), 0)
  expect(() => memtable.insert(Int32Array.of(3, 0, 0, 0, 0, 0, 0, 0), 0)).toThrow('more than 2 keys')
})
