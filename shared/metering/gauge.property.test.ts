import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { gaugeChange, gaugeIncrement, gaugeScale, type GaugeNeighbours, type GaugeState } from './gauge.ts'
import type { Reading } from './state.ts'

const longestGapMs = 7
const reading = fc.record({ timeMs: fc.integer({ min: 0, max: 40 }), value: fc.bigInt(0n, 20n) })
const readings = fc.array(reading, { maxLength: 14 })
const scale = { numerator: 2n, denominator: 3n }

function neighboursOf(known: readonly Reading[], timeMs: number): GaugeNeighbours {
  const at = (wanted: number | undefined): Reading | null =>
    known
      .filter((own) => own.timeMs === wanted)
      .toSorted((left, right) => (left.value < right.value ? -1 : 1))
      .at(-1) ?? null
  const times = known.map((own) => own.timeMs).toSorted((left, right) => left - right)
  return {
    before: at(times.findLast((time) => time < timeMs)),
    sameTime: at(timeMs)?.value ?? null,
    afterMs: times.find((time) => time > timeMs) ?? null,
  }
}

/** Takes readings in as they arrive; every state on the way. */
function statesOf(arriving: readonly Reading[]): readonly (GaugeState & { readonly increment: bigint })[] {
  let state: GaugeState = { integral: 0n, charged: 0n }
  return arriving.map((own, place) => {
    const change = gaugeChange(own, neighboursOf(arriving.slice(0, place), own.timeMs), longestGapMs)
    const step = gaugeIncrement(state, change, scale)
    state = step.state
    return { ...state, increment: step.increment }
  })
}

/** The integral by its definition, millisecond by millisecond: what was read last, unless it is too old. */
function integralOf(all: readonly Reading[]): bigint {
  const latest = Math.max(...all.map((own) => own.timeMs), 0)
  let integral = 0n
  for (let time = 0; time < latest; time++) {
    const { before } = neighboursOf(all, time + 1)
    if (before !== null && time - before.timeMs < longestGapMs) integral += before.value
  }
  return integral
}

describe('a gauge', () => {
  test('integrates its readings, whatever the order they arrive in and however often', () => {
    fc.assert(
      fc.property(readings, fc.array(fc.nat(20), { maxLength: 5 }), (arriving, repeats) => {
        const repeated = [...arriving, ...repeats.flatMap((place) => arriving.slice(place, place + 1))]
        expect(statesOf(repeated).at(-1)?.integral ?? 0n).toBe(integralOf(arriving))
      }),
      { numRuns: 300 },
    )
  })

  test('charges the most whole units the integral has reached, and in the order of time exactly its own', () => {
    fc.assert(
      fc.property(readings, (arriving) => {
        const wholeUnits = (integral: bigint): bigint => (integral * 2n) / 3n
        const states = statesOf(arriving)
        const reached = states.map(({ integral }) => wholeUnits(integral))
        const charged = states.reduce((sum, { increment }) => sum + increment, 0n)
        expect(states.every(({ increment }) => increment >= 0n)).toBe(true)
        expect(charged).toBe(reached.reduce((most, units) => (units > most ? units : most), 0n))
        const inOrder = statesOf(arriving.toSorted((left, right) => left.timeMs - right.timeMs))
        expect(inOrder.at(-1)?.charged ?? 0n).toBe(wholeUnits(integralOf(arriving)))
      }),
      { numRuns: 300 },
    )
  })

  test('charges nothing for a late reading that lowers it, and later usage absorbs the difference', () => {
    const late = statesOf([
      { timeMs: 0, value: 30n },
      { timeMs: 6, value: 30n },
      { timeMs: 1, value: 0n },
      { timeMs: 10, value: 0n },
    ])
    expect(late.map(({ integral, increment }) => [integral, increment])).toEqual([
      [0n, 0n],
      [180n, 120n],
      [30n, 0n],
      [150n, 0n],
    ])
  })
})

test.each<readonly [reading: string, unit: string, hourOfOne: string | null]>([
  ['W', 'Wh', '1'],
  ['kW', 'kWh', '1'],
  ['W', 'mWh', '1000'],
  ['mW', 'kWh', '1/1000000'],
  ['kW', 'kJ', '3600'],
  ['vcpu', 's', '3600'],
  ['vcpu', 'vcpu-s', '3600'],
  ['GiB', 'GiB-h', '1'],
  ['seat', 'd', '1/24'],
  ['W', 's', null],
  ['W', 'W-s', '3600'],
  ['vcpu', 'core-s', null],
  ['vcpu', 'kWh', null],
  ['vcpu', 'piece', null],
])('an hour at one %s in %s', (name, unit, expected) => {
  const found = gaugeScale(name, unit)
  if (expected === null || found === null) return expect(found === null ? null : 'a scale').toBe(expected)
  const [numerator = '0', denominator = '1'] = expected.split('/')
  expect(3_600_000n * found.numerator * BigInt(denominator)).toBe(found.denominator * BigInt(numerator))
})
