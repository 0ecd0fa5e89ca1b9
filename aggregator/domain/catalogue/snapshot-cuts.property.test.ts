import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { contentId } from './content-id.ts'
import { cutAtContent, largestEntryBytes, partEntry, type PartEntry } from './snapshot-cuts.ts'

const entries: fc.Arbitrary<readonly PartEntry[]> = fc
  .array(fc.record({ number: fc.nat(), padding: fc.integer({ min: 0, max: 3 }) }), { maxLength: 300 })
  .map((list) =>
    list.map(({ number, padding }) => {
      const json = { number, padding: 'x'.repeat((padding * largestEntryBytes) / 5) }
      return partEntry(json, contentId(json))
    }),
  )

describe('a list that is cut at its content', () => {
  test('is all there, in order, and each piece fits into a part', () => {
    fc.assert(
      fc.property(entries, (list) => {
        const pieces = cutAtContent(list)
        expect(pieces.flat()).toEqual(list)
        for (const piece of pieces) {
          expect(piece.length).toBeGreaterThan(0)
          expect(piece.reduce((sum, { bytes }) => sum + bytes + 1, 0)).toBeLessThanOrEqual(largestEntryBytes + 1)
        }
      }),
      { numRuns: 50 },
    )
  })

  test('keeps all pieces but those around a change, when they are small', () => {
    const small = fc.uniqueArray(fc.nat(), { minLength: 2, maxLength: 1_000 })
    const entryOf = (number: number): PartEntry => partEntry({ number }, contentId(number))
    const namesOf = (numbers: readonly number[]): string[] =>
      cutAtContent(numbers.map(entryOf)).map((piece) => JSON.stringify(piece.map(({ json }) => json)))
    fc.assert(
      fc.property(small, fc.nat(), (numbers, place) => {
        const without = numbers.toSpliced(place % numbers.length, 1)
        const before = new Set(namesOf(numbers))
        const added = namesOf(without).filter((name) => !before.has(name))
        // At most the piece it was in, joined with the one behind it where it ended the piece.
        expect(added.length).toBeLessThanOrEqual(1)
      }),
      { numRuns: 100 },
    )
  })
})
