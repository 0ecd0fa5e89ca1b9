import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { advance, openingMicros, positionMicros } from '@meterline/shared/rating/dispatch.ts'
import { compileModel, type CompiledModel, type PriceModel } from '@meterline/shared/rating/model.ts'
import { startPosition, type Position } from '@meterline/shared/rating/position.ts'
import { dayMs } from '@meterline/shared/units/civil.ts'
import { billDays, limitEffect, billTiers, type SegmentDay } from './bill-parts.ts'

const tiers = [
  { upTo: 50n, amount: '0.3', flat: '1' },
  { upTo: 400n, amount: '0.2' },
  { upTo: null, amount: '0.1', flat: '2' },
]

/** A price of every model, with limits and odd roundings among them. */
const prices: readonly PriceModel[] = [
  { model: 'per-unit', amount: '0.0333', per: 7n },
  { model: 'per-unit', amount: '1', per: 3n, minimum: '20', maximum: '60', rounding: { digits: 2, rule: 'half-even' } },
  { model: 'graduated', per: 3n, tiers },
  {
    model: 'graduated',
    per: 1n,
    tiers: tiers.map((tier) => ({ ...tier, block: 20n })),
    flatAtZero: false,
    maximum: '75',
  },
  { model: 'volume', per: 3n, tiers },
  { model: 'volume', per: 1n, tiers, minimum: '30', rounding: { digits: 0, rule: 'down' } },
  {
    model: 'stair-step',
    tiers: [
      { upTo: 100n, flat: '5' },
      { upTo: null, flat: '9' },
    ],
  },
  { model: 'package', size: 30n, amount: '1.1', free: 40n, each: 'period' },
  { model: 'package', size: 30n, amount: '1.1', free: 10n, each: 'event', least: 1n, maximum: '12' },
  { model: 'percentage', per: 10n, rate: '2.9', fixed: '0.3', freeEvents: 3, freeAmount: '9.5', minimumEach: '0.4' },
  { model: 'percentage', per: 10n, rate: '1.5', freeAmount: '30', minimum: '1' },
  {
    model: 'graduated-percentage',
    per: 10n,
    tiers: [
      { upTo: 200n, rate: '3', flat: '1' },
      { upTo: null, rate: '1' },
    ],
  },
  {
    model: 'stepped',
    connect: '0.05',
    steps: [
      { from: 0n, amount: '0.6', per: 60n, increment: 60n },
      { from: 60n, amount: '0.3', per: 60n, increment: 20n },
    ],
  },
]

interface Event {
  readonly day: number
  readonly timeMs: number
  readonly source: string
  readonly eventId: string
  readonly quantity: bigint
}

const events: fc.Arbitrary<readonly Event[]> = fc
  .array(
    fc.record({
      day: fc.integer({ min: 20_770, max: 20_774 }),
      ofDayMs: fc.integer({ min: 0, max: 3 }),
      quantity: fc.bigInt(0n, 120n),
    }),
    { maxLength: 14 },
  )
  .map((drawn) =>
    drawn.map(({ day, ofDayMs, quantity }, index) => ({
      day,
      timeMs: day * dayMs + ofDayMs,
      source: 'gateway',
      eventId: `e${index}`,
      quantity,
    })),
  )

function positionOf(model: CompiledModel, all: readonly Event[]): Position {
  return all.reduce((position, event) => advance(model, position, event.quantity, event), startPosition)
}

function daysOf(model: CompiledModel, all: readonly Event[]): readonly SegmentDay[] {
  return [...new Set(all.map(({ day }) => day))]
    .toSorted((left, right) => left - right)
    .map((day) => {
      const {
        quantity,
        events: count,
        exact,
      } = positionOf(
        model,
        all.filter((event) => event.day === day),
      )
      return { day, quantity, events: count, exact }
    })
}

function sum(amounts: readonly bigint[]): bigint {
  return amounts.reduce((so, amount) => so + amount, 0n)
}

describe.each(prices.map((terms) => [JSON.stringify(terms, shownUnits), terms] as const))('%s', (_name, terms) => {
  const model = compileModel(terms)

  test('a day costs what the total rises by with its usage, in whatever order the usage came', () => {
    fc.assert(
      fc.property(events, (all) => {
        const arrived = all.toReversed()
        const days = daysOf(model, arrived)
        const billed = billDays(model, positionOf(model, arrived), days)
        let before = openingMicros(model)
        for (const [index, { day }] of days.entries()) {
          const after = positionMicros(
            model,
            positionOf(
              model,
              all.filter((event) => event.day <= day),
            ),
          )
          expect(billed[index]?.amountMicros).toBe(after - before)
          before = after
        }
        expect(billed).toHaveLength(days.length)
      }),
    )
  })

  test('days with the opening, and tiers with the limit, are the whole line', () => {
    fc.assert(
      fc.property(events, (all) => {
        const position = positionOf(model, all)
        const total = positionMicros(model, position)
        const billed = billDays(model, position, daysOf(model, all))
        expect(sum(billed.map(({ amountMicros }) => amountMicros)) + openingMicros(model)).toBe(total)
        const shares = billTiers(terms, model, 'EUR', 'unit', position)
        const limit = limitEffect(model, position)
        expect(sum(shares.map(({ amountMicros }) => amountMicros)) + (limit?.amountMicros ?? 0n)).toBe(total)
        expect(sum(shares.map(({ quantity }) => quantity))).toBe(position.quantity)
      }),
    )
  })
})

test('a minimum adds and a maximum takes off; where neither does anything there is no limit', () => {
  const model = compileModel({ model: 'per-unit', amount: '1', per: 1n, minimum: '20', maximum: '60' })
  const at = (quantity: bigint): Position => ({ ...startPosition, quantity })
  expect(limitEffect(model, at(0n))).toEqual({ kind: 'minimum', amountMicros: 20_000_000n })
  expect(limitEffect(model, at(15n))).toEqual({ kind: 'minimum', amountMicros: 5_000_000n })
  expect(limitEffect(model, at(20n))).toBeNull()
  expect(limitEffect(model, at(60n))).toBeNull()
  expect(limitEffect(model, at(61n))).toEqual({ kind: 'maximum', amountMicros: -1_000_000n })
})

test('a day of a volume price that falls into a cheaper tier gives money back', () => {
  const model = compileModel({
    model: 'volume',
    per: 1n,
    tiers: [
      { upTo: 10n, amount: '3' },
      { upTo: null, amount: '1' },
    ],
  })
  const days = [
    { day: 20_770, quantity: 10n, events: 1, exact: 0n },
    { day: 20_771, quantity: 2n, events: 1, exact: 0n },
  ]
  const position = { ...startPosition, quantity: 12n, events: 2 }
  expect(billDays(model, position, days).map(({ amountMicros }) => amountMicros)).toEqual([30_000_000n, -18_000_000n])
})

/** JSON has no bigint. */
function shownUnits(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value
}
