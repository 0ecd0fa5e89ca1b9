import fc from 'fast-check'
import { expect, test } from 'vitest'
import { closestOf, editDistance } from './closest.ts'

test.each([
  ['', '', 0],
  ['payer', 'payer', 0],
  ['payer', '', 5],
  ['payer', 'payr', 1],
  ['payer', 'paayer', 1],
  ['payer', 'player', 1],
  ['payer', 'pauer', 1],
  ['payer', 'pyaer', 1],
  ['kitten', 'sitting', 3],
  ['ca', 'abc', 3],
])('from %j to %j it takes %i edits', (from, to, edits) => {
  expect(editDistance(from, to)).toBe(edits)
  expect(editDistance(to, from)).toBe(edits)
})

test('the distance is no more than the longer word and no less than the difference in length', () => {
  const word = fc.string({ maxLength: 12 })
  fc.assert(
    fc.property(word, word, (from, to) => {
      const distance = editDistance(from, to)
      expect(distance).toBeGreaterThanOrEqual(Math.abs(from.length - to.length))
      expect(distance).toBeLessThanOrEqual(Math.max(from.length, to.length))
      expect(distance === 0).toBe(from === to)
    }),
  )
})

const keys = ['payer', 'parent', 'kind', 'id', 'lingerMs', 'maxUnits', 'model', 'Model']

test.each([
  ['payr', 'payer'],
  ['PAYER', 'payer'],
  ['partent', 'parent'],
  ['lingerms', 'lingerMs'],
  ['linger_ms', 'lingerMs'],
  ['ide', 'id'],
  ['Modle', 'Model'],
  ['modle', 'model'],
  ['quantity', undefined],
  ['x', undefined],
  ['', undefined],
  ['p'.repeat(1_000), undefined],
])('%j most likely means %j', (word, meant) => {
  expect(closestOf(word, keys)).toBe(meant)
})

test('without candidates nothing is near', () => {
  expect(closestOf('payer', [])).toBeUndefined()
})
