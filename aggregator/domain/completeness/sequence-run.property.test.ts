import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { withSequence } from './sequence-run.ts'
import type { NumberRange, SequenceRun, SequenceSighting } from './sequence-run.ts'

/** What a person would write down: the numbers between the first and the last that are not there. */
function missingOf(numbers: readonly number[]): readonly NumberRange[] {
  const there = new Set(numbers)
  const ranges: [number, number][] = []
  for (let number = Math.min(...numbers); number <= Math.max(...numbers); number++) {
    if (there.has(number)) continue
    const last = ranges.at(-1)
    if (last?.[1] === number - 1) last[1] = number
    else ranges.push([number, number])
  }
  return ranges
}

/** Numbers that grow with time, some of them more than once, and an order in which they arrive. */
const arrivals = fc
  .record({
    first: fc.nat(5_000),
    steps: fc.array(fc.record({ step: fc.integer({ min: 1, max: 40 }), pauseMs: fc.nat(3_000) }), { maxLength: 60 }),
  })
  .map(({ first, steps }) => {
    const sent: SequenceSighting[] = [{ number: first, timeMs: 1_000, agent: 'gw-1' }]
    for (const { step, pauseMs } of steps) {
      const last = sent.at(-1) ?? { number: first, timeMs: 0 }
      sent.push({ number: last.number + step, timeMs: last.timeMs + pauseMs, agent: 'gw-1' })
    }
    return sent
  })
  .chain((sent) =>
    fc.record({
      sent: fc.constant(sent),
      arrived: fc
        .tuple(fc.shuffledSubarray(sent, { minLength: sent.length }), fc.shuffledSubarray(sent))
        .map(([all, again]) => [...all, ...again]),
    }),
  )

test('whatever the order of arrival and however often, the holes are those of the numbers sent', () => {
  fc.assert(
    fc.property(arrivals, ({ sent, arrived }) => {
      let runs: readonly SequenceRun[] = []
      for (const sighting of arrived) runs = withSequence(runs, sighting)
      expect(runs).toHaveLength(1)
      expect(runs[0]?.missing).toEqual(missingOf(sent.map(({ number }) => number)))
      expect(runs[0]).toMatchObject({ low: sent[0]?.number, head: sent.at(-1)?.number, givenUp: 0 })
    }),
    { numRuns: 500 },
  )
})
