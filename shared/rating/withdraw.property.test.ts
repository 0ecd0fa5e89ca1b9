import fc from 'fast-check'
import { expect, test } from 'vitest'
import { accumulate, emptyAccumulator } from './accumulate.ts'
import { advance, openingMicros, positionMicros } from './dispatch.ts'
import { compileModel, type CompiledModel } from './model.ts'
import { startPosition, type EventOfRecord, type Position } from './position.ts'
import type { PercentagePrice } from './percentage.ts'
import { drawPrice } from './testing/draw-prices.ts'
import { withdraw } from './withdraw.ts'

interface UsedOnce {
  readonly quantity: bigint
  readonly event: EventOfRecord
}

const usage = fc.uniqueArray(
  fc.record({
    quantity: fc.bigInt(0n, 60n),
    event: fc.record({
      timeMs: fc.nat(5),
      source: fc.constantFrom('a', 'b'),
      eventId: fc.nat(30).map((number) => `e-${number}`),
    }),
  }),
  { minLength: 1, maxLength: 10, selector: ({ event }) => `${event.timeMs} ${event.source} ${event.eventId}` },
)
const percentages: fc.Arbitrary<PercentagePrice> = fc
  .record({
    freeEvents: fc.nat(4),
    freeAmount: fc.constantFrom('0', '0.4', '1', '2.5'),
    fixed: fc.constantFrom('0', '0.3'),
    maximumEach: fc.constantFrom(undefined, '0.35'),
  })
  .map(({ maximumEach, ...terms }) => ({
    model: 'percentage',
    per: 10n,
    rate: '2.9',
    ...terms,
    ...(maximumEach === undefined ? {} : { maximumEach }),
  }))
const prices = fc.oneof(drawPrice, percentages)

function positionOf(model: CompiledModel, records: readonly UsedOnce[]): Position {
  return records.reduce((before, { quantity, event }) => advance(model, before, quantity, event), startPosition)
}

test('a record that is withdrawn leaves the segment where the others put it, and replaying it is the identity', () => {
  fc.assert(
    fc.property(prices, usage, fc.nat(), (price, records, chosen) => {
      const model = compileModel(price)
      const record = records[chosen % records.length]
      if (record === undefined) throw new Error('there is at least one record')
      const others = records.filter((other) => other !== record)
      const all = positionOf(model, records)
      const left = withdraw(model, all, record.quantity, record.event)
      const expected = positionOf(model, others)
      if (left === null) {
        // Only where events that the position does not keep wait for a free place.
        expect(all.earliest.length > 0 && all.earliest.length < all.events).toBe(true)
      } else expect(left).toEqual(expected)
      expect(advance(model, expected, record.quantity, record.event)).toEqual(all)
    }),
    { numRuns: 3000 },
  )
})

test('voiding records one after the other and replaying them in any order charges what was charged before', () => {
  fc.assert(
    fc.property(prices, usage, fc.nat(), (price, records, seed) => {
      const model = compileModel(price)
      const charged = records.reduce(
        (before, { quantity, event }) => accumulate(model, before, quantity, event),
        emptyAccumulator,
      )
      let position: Position = charged
      let open = [...records]
      const taken: UsedOnce[] = []
      for (let at = seed; open.length > 0; at += 7) {
        const record = open[at % open.length]
        if (record === undefined) throw new Error('a place of the list')
        open = open.filter((other) => other !== record)
        position = withdraw(model, position, record.quantity, record.event) ?? positionOf(model, open)
        taken.push(record)
      }
      expect(position).toEqual(startPosition)
      const again = positionOf(model, taken)
      expect(positionMicros(model, again) - openingMicros(model)).toBe(charged.amountMicros)
    }),
    { numRuns: 1500 },
  )
})
