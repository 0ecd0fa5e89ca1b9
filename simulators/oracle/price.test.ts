import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { PlannedModel, PlannedPercentage } from './planned-price.ts'
import { openingMicros, SegmentUsage, totalMicros } from './segment-usage.ts'
import type { ChargedRecord } from './segment-usage.ts'

const record = (quantity: number, timeMs = quantity): ChargedRecord => {
  return { timeMs, source: 's', id: `e-${quantity}-${timeMs}`, quantity: BigInt(quantity) }
}

function totalOf(model: PlannedModel, quantities: readonly number[]): bigint {
  const usage = new SegmentUsage(model)
  for (const [place, quantity] of quantities.entries()) usage.add(record(quantity, place))
  return usage.totalMicros
}

const tiers = [
  { upTo: 10n, amount: '1' },
  { upTo: 20n, amount: '0.5', flat: '2' },
  { upTo: null, amount: '0.1' },
]

describe('models that go by the quantity of a period', () => {
  test.each<readonly [string, PlannedModel, bigint, bigint]>([
    ['volume in its first tier', { model: 'volume', per: 1n, tiers }, 10n, 10_000_000n],
    ['volume in its second, with its flat amount', { model: 'volume', per: 1n, tiers }, 11n, 7_500_000n],
    ['volume in its last', { model: 'volume', per: 1n, tiers }, 21n, 2_100_000n],
    ['graduated over all three', { model: 'graduated', per: 1n, tiers }, 21n, 17_100_000n],
    [
      'a started block of a tier',
      {
        model: 'graduated',
        per: 1n,
        tiers: [
          { upTo: 7n, amount: '3', block: 5n },
          { upTo: null, amount: '1', block: 4n },
        ],
      },
      12n,
      8_000_000n,
    ],
    [
      'volume in blocks',
      { model: 'volume', per: 1n, tiers: [{ upTo: null, amount: '3', block: 5n }] },
      11n,
      9_000_000n,
    ],
    [
      'stairs',
      {
        model: 'stair-step',
        tiers: [
          { upTo: 5n, flat: '1' },
          { upTo: null, flat: '9' },
        ],
      },
      6n,
      9_000_000n,
    ],
    ['packages', { model: 'package', size: 10n, amount: '2', each: 'period' }, 21n, 6_000_000n],
    [
      'packages after free units',
      { model: 'package', size: 10n, amount: '2', each: 'period', free: 11n },
      21n,
      2_000_000n,
    ],
    [
      'a falling share',
      {
        model: 'graduated-percentage',
        per: 100n,
        tiers: [
          { upTo: 1000n, rate: '10', flat: '0.5' },
          { upTo: null, rate: '1' },
        ],
      },
      3000n,
      1_700_000n,
    ],
    ['a minimum', { model: 'per-unit', amount: '0.1', per: 1n, minimum: '5' }, 3n, 5_000_000n],
    ['a maximum', { model: 'per-unit', amount: '1', per: 1n, maximum: '2.5' }, 3n, 2_500_000n],
    [
      'a maximum before rounding',
      { model: 'per-unit', amount: '1', per: 1n, maximum: '2.5', rounding: { digits: 0, rule: 'half-away' } },
      3n,
      3_000_000n,
    ],
    [
      'half to even',
      { model: 'per-unit', amount: '0.5', per: 1n, rounding: { digits: 0, rule: 'half-even' } },
      5n,
      2_000_000n,
    ],
    ['up', { model: 'per-unit', amount: '0.01', per: 1n, rounding: { digits: 1, rule: 'up' } }, 1n, 100_000n],
    ['down', { model: 'per-unit', amount: '0.19', per: 1n, rounding: { digits: 1, rule: 'down' } }, 1n, 100_000n],
  ])('%s', (_what, model, quantity, micros) => {
    expect(totalMicros(model, quantity)).toBe(micros)
  })

  test.each<readonly [string, PlannedModel, bigint]>([
    [
      'the first flat amount',
      { model: 'volume', per: 1n, tiers: [{ upTo: null, amount: '1', flat: '4' }] },
      4_000_000n,
    ],
    [
      'nothing where the price says so',
      { model: 'volume', per: 1n, tiers: [{ upTo: null, amount: '1', flat: '4' }], flatAtZero: false },
      0n,
    ],
    ['the first stair', { model: 'stair-step', tiers: [{ upTo: null, flat: '1' }] }, 1_000_000n],
    ['a minimum', { model: 'stepped', steps: [], minimum: '0.3' }, 300_000n],
  ])('without usage is due: %s', (_what, model, micros) => {
    expect(openingMicros(model)).toBe(micros)
  })
})

describe('models that go by whole records', () => {
  const calls: PlannedModel = {
    model: 'stepped',
    connect: '0.4',
    steps: [
      { from: 0n, amount: '0.2', per: 60n, increment: 60n },
      { from: 60n, amount: '0.1', per: 60n, increment: 1n },
    ],
    incrementDigits: 4,
  }

  test.each<readonly [string, PlannedModel, readonly number[], bigint]>([
    // 0.1 / 60 is 0.0017 to four digits.
    ['a call over two steps', calls, [65], 608_500n],
    ['a call within the first', calls, [1], 600_000n],
    ['a call of nothing', calls, [0], 400_000n],
    [
      'packages of each event',
      { model: 'package', size: 10n, amount: '1', each: 'event', least: 1n },
      [0, 1, 11],
      4_000_000n,
    ],
    ['a share and a fee', { model: 'percentage', per: 100n, rate: '2.9', fixed: '0.3' }, [1000, 0], 890_000n],
    [
      'at least and at most for each',
      { model: 'percentage', per: 1n, rate: '10', minimumEach: '1', maximumEach: '2' },
      [1, 15, 100],
      4_500_000n,
    ],
  ])('%s', (_what, model, quantities, micros) => {
    expect(totalOf(model, quantities)).toBe(micros)
  })

  test.each<readonly [string, Partial<PlannedPercentage>, readonly number[], bigint]>([
    ['the first two', { freeEvents: 2 }, [5, 5, 5], 1_500_000n],
    [
      'until their amounts come to seven, what is above it is charged',
      { freeEvents: 3, freeAmount: '7' },
      [5, 5, 5],
      2_800_000n,
    ],
    ['those before the one that reaches the amount exactly', { freeEvents: 3, freeAmount: '5' }, [5, 0, 5], 3_500_000n],
  ])('free are %s', (_what, free, quantities, micros) => {
    expect(totalOf({ model: 'percentage', per: 1n, rate: '10', fixed: '1', ...free }, quantities)).toBe(micros)
  })

  test('an early event takes a free place whenever it arrives', () => {
    const usage = new SegmentUsage({ model: 'percentage', per: 1n, rate: '100', freeEvents: 1 })
    expect(usage.add(record(7, 20))).toBe(0n)
    expect(usage.add(record(5, 10))).toBe(7_000_000n)
    expect(usage.add(record(3, 30))).toBe(3_000_000n)
  })

  test('no order changes a total', () => {
    const price: PlannedModel = {
      model: 'percentage',
      per: 3n,
      rate: '1.7',
      fixed: '0.01',
      freeEvents: 3,
      freeAmount: '9',
    }
    const entries = fc.array(fc.tuple(fc.nat(50), fc.nat(5)), { maxLength: 12 })
    fc.assert(
      fc.property(entries, fc.infiniteStream(fc.nat()), (drawn, keys) => {
        const records = drawn.map(([quantity, timeMs]) => record(quantity, timeMs))
        const inOrder = new SegmentUsage(price)
        for (const each of records) inOrder.add(each)
        const shuffled = records.map((each) => [keys.next().value, each] as const).toSorted(([a], [b]) => a - b)
        const other = new SegmentUsage(price)
        for (const [, each] of shuffled) other.add(each)
        expect(other.totalMicros).toBe(inOrder.totalMicros)
      }),
    )
  })
})
