import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { pairRecords } from './pair-records.ts'
import type { ComparedRecord } from './pair-records.ts'

const records = fc.array(
  fc.record({
    side: fc.constantFrom('charge' as const, 'control' as const),
    timeMs: fc.nat(60),
    quantity: fc.bigInt({ min: 0n, max: 3n }),
    source: fc.constantFrom('a', 'b'),
    eventId: fc.option(fc.constantFrom('x', 'y')),
    batchIndex: fc.nat(9),
    unit: fc.nat(9),
  }),
  { maxLength: 24 },
)
const windows = fc.nat(12)

/** All distances of pairs, by looking again and again for the two nearest that are left. */
function nearestFirst(all: readonly ComparedRecord[], windowMs: number): readonly number[] {
  const left = new Set(all)
  const distances: number[] = []
  for (;;) {
    let nearest: { readonly apartMs: number; readonly pair: readonly ComparedRecord[] } | null = null
    for (const charge of left) {
      for (const control of left) {
        if (charge.side !== 'charge' || control.side !== 'control') continue
        const apartMs = Math.abs(charge.timeMs - control.timeMs)
        if (apartMs <= windowMs && (nearest === null || apartMs < nearest.apartMs)) {
          nearest = { apartMs, pair: [charge, control] }
        }
      }
    }
    if (nearest === null) return distances
    distances.push(nearest.apartMs)
    for (const record of nearest.pair) left.delete(record)
  }
}

test('every record is in exactly one pairing, on its own side, and pairs lie within the window', () => {
  fc.assert(
    fc.property(records, windows, (given, windowMs) => {
      const pairings = pairRecords(given, windowMs)
      const seen = pairings.flatMap(({ charge, control }) => [charge, control]).filter((record) => record !== null)
      expect(new Set(seen)).toEqual(new Set(given))
      expect(seen).toHaveLength(given.length)
      for (const { charge, control } of pairings) {
        expect(charge?.side ?? 'charge').toBe('charge')
        expect(control?.side ?? 'control').toBe('control')
        if (charge !== null && control !== null) {
          expect(Math.abs(charge.timeMs - control.timeMs)).toBeLessThanOrEqual(windowMs)
        }
      }
    }),
    { numRuns: 500 },
  )
})

test('the order in which records arrive changes nothing', () => {
  const shuffled = records.chain((given) =>
    fc.record({ given: fc.constant(given), other: fc.shuffledSubarray(given, { minLength: given.length }) }),
  )
  const told = (given: readonly ComparedRecord[], windowMs: number): readonly string[] =>
    pairRecords(given, windowMs).map(({ charge, control }) =>
      [charge, control]
        .map((record) =>
          record === null ? '-' : `${record.timeMs} ${record.quantity} ${record.source} ${record.eventId ?? ''}`,
        )
        .join(' / '),
    )
  fc.assert(
    fc.property(shuffled, windows, ({ given, other }, windowMs) => {
      expect(told(other, windowMs)).toEqual(told(given, windowMs))
    }),
    { numRuns: 500 },
  )
})

test('the first pair is the nearest there is, and nothing within the window is left that could be paired', () => {
  fc.assert(
    fc.property(records, windows, (given, windowMs) => {
      const pairings = pairRecords(given, windowMs)
      const distances = pairings
        .flatMap(({ charge, control }) =>
          charge === null || control === null ? [] : [Math.abs(charge.timeMs - control.timeMs)],
        )
        .toSorted((left, right) => left - right)
      expect(distances[0]).toBe(nearestFirst(given, windowMs)[0])
      const alone = (side: 'charge' | 'control'): readonly number[] =>
        pairings
          .filter(({ charge, control }) => charge === null || control === null)
          .flatMap((pairing) => pairing[side]?.timeMs ?? [])
      for (const charge of alone('charge')) {
        for (const control of alone('control')) expect(Math.abs(charge - control)).toBeGreaterThan(windowMs)
      }
    }),
    { numRuns: 500 },
  )
})
