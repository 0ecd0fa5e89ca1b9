import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { counterIncrement, rangeIncrement, type CounterRange, type FirstReading } from './counter.ts'
import { compareReadings, type Reading } from './state.ts'

const firsts = fc.constantFrom<FirstReading>('baseline', 'fromZero')
const reading = fc.record({ timeMs: fc.integer({ min: 0, max: 12 }), value: fc.bigInt(0n, 15n) })
const readings = fc.array(reading, { maxLength: 14 })

/** Takes readings in as they arrive, finding neighbours the slow way. */
function increments(arriving: readonly Reading[], first: FirstReading): readonly bigint[] {
  let known: readonly Reading[] = []
  return arriving.map((own) => {
    const earlier = known.filter((other) => compareReadings(other, own) < 0)
    const later = known.filter((other) => compareReadings(other, own) > 0)
    if (earlier.length + later.length < known.length) return 0n
    known = [...earlier, own, ...later]
    return counterIncrement(earlier.at(-1)?.value ?? null, own.value, later[0]?.value ?? null, first)
  })
}

/** Usage by its definition: all readings at once, sorted. */
function usageOf(all: readonly Reading[], first: FirstReading): bigint {
  const sorted = all.toSorted(compareReadings)
  let usage = first === 'fromZero' ? (sorted[0]?.value ?? 0n) : 0n
  for (const [place, { value }] of sorted.entries()) {
    const before = sorted[place - 1]?.value
    if (before !== undefined) usage += value >= before ? value - before : value
  }
  return usage
}

const sum = (values: readonly bigint[]): bigint => values.reduce((total, value) => total + value, 0n)

describe('a counter', () => {
  test('comes to the usage of its sorted readings, whatever the order they arrive in and however often', () => {
    fc.assert(
      fc.property(readings, fc.array(fc.nat(30), { maxLength: 8 }), firsts, (arriving, repeats, first) => {
        const repeated = [...arriving, ...repeats.flatMap((place) => arriving.slice(place, place + 1))]
        expect(sum(increments(repeated, first))).toBe(usageOf(arriving, first))
      }),
      { numRuns: 500 },
    )
  })

  test('never adds less than nothing', () => {
    fc.assert(
      fc.property(readings, firsts, (arriving, first) => {
        expect(increments(arriving, first).every((increment) => increment >= 0n)).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  test.each<readonly [what: string, values: readonly bigint[], first: FirstReading, usage: bigint]>([
    ['nothing yet', [], 'baseline', 0n],
    ['a first reading is a baseline', [500n], 'baseline', 0n],
    ['or usage', [500n], 'fromZero', 500n],
    ['it grows', [500n, 700n, 950n], 'baseline', 450n],
    ['a smaller reading is a reset to zero', [500n, 700n, 30n, 80n], 'baseline', 280n],
    ['standing still', [500n, 500n], 'baseline', 0n],
  ])('%s', (_what, values, first, usage) => {
    const inOrder = values.map((value, timeMs) => ({ timeMs, value }))
    expect(sum(increments(inOrder, first))).toBe(usage)
    expect(sum(increments(inOrder.toReversed(), first))).toBe(usage)
  })
})

describe('a counter with a reset id', () => {
  test('comes to the span of its readings, in any order', () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt(0n, 100n), { minLength: 1, maxLength: 10 }), firsts, (values, first) => {
        let range: CounterRange | null = null
        let usage = 0n
        for (const value of [...values, ...values.slice(0, 3)]) {
          const step: ReturnType<typeof rangeIncrement> = rangeIncrement(range, value, first)
          expect(step.increment >= 0n).toBe(true)
          usage += step.increment
          range = step.range
        }
        const sorted = values.toSorted((left, right) => (left < right ? -1 : 1))
        const lowest = first === 'fromZero' ? 0n : (sorted[0] ?? 0n)
        expect(usage).toBe((sorted.at(-1) ?? 0n) - lowest)
      }),
    )
  })
})
