import { describe, expect, test } from 'vitest'
import { faultModes } from '../../faults/fault-mode.ts'
import type { TurnsOrder } from './seed-turns.ts'
import { replayCommand, turnOf } from './seed-turns.ts'

const order: TurnsOrder = {
  firstSeed: 'abcd',
  seeds: 1000,
  modes: faultModes,
  hours: null,
  publishesPerDevice: null,
  without: [],
  twicePercent: 5,
}
const turns = (changes: Partial<TurnsOrder> = {}, count = 1000) =>
  Array.from({ length: count }, (_, index) => turnOf({ ...order, ...changes }, index))

describe('turns', () => {
  test('every mode has its share, and all but the calm one come within the first ten', () => {
    const shares = Map.groupBy(turns(), (turn) => turn.order.faults)
    expect(Object.fromEntries([...shares].map(([mode, each]) => [mode, each.length]))).toEqual({
      stream: 280,
      disk: 260,
      misbehaving: 200,
      damage: 120,
      actors: 120,
      none: 20,
    })
    const first = new Set(turns({}, 10).map((turn) => turn.order.faults))
    expect(faultModes.filter((mode) => !first.has(mode))).toEqual(['none'])
  })

  test('only the modes that were asked for', () => {
    const modes = new Set(turns({ modes: ['damage', 'stream'] }).map((turn) => turn.order.faults))
    expect([...modes].toSorted()).toEqual(['damage', 'stream'])
  })

  test.each([
    [0, 0],
    [5, 50],
    [37, 370],
    [100, 1000],
  ])('%i percent of a thousand run twice', (twicePercent, expected) => {
    expect(turns({ twicePercent }).filter(({ twice }) => twice)).toHaveLength(expected)
  })

  test('one of fifty is long, unless the time was given', () => {
    expect(turns({}, 100).filter((turn) => turn.order.hours > 24)).toHaveLength(2)
    expect(new Set(turns({ hours: 3, publishesPerDevice: 2 }, 80).map((turn) => turn.order.hours))).toEqual(
      new Set([3]),
    )
  })

  test('a seed alone is what was given, so that it can be replayed', () => {
    expect(turnOf({ ...order, seeds: 1 }, 0).order.seed).toBe('abcd')
    expect(turnOf(order, 7).order.seed).toBe('abcd-7')
  })
})

test('the replay of a turn is the same turn', () => {
  const { order: world } = turnOf({ ...order, without: ['clocks', 'input'] }, 49)
  expect(replayCommand(world)).toBe(
    `npm run world -- --seeds 1 --seed abcd-49 --modes ${world.faults} --hours 960 --publishes 10 --without clocks,input --trace`,
  )
})
