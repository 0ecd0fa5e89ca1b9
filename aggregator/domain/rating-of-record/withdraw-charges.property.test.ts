import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeChargeBlock } from '@meterline/shared/model/charge.ts'
import { accumulate, emptyAccumulator, type Accumulator } from '@meterline/shared/rating/accumulate.ts'
import { advance, openingMicros, positionMicros } from '@meterline/shared/rating/dispatch.ts'
import { compileModel, type CompiledModel } from '@meterline/shared/rating/model.ts'
import { startPosition, type Position } from '@meterline/shared/rating/position.ts'
import { drawPrice } from '@meterline/shared/rating/testing/draw-prices.ts'
import { largestSegmentMicros } from '@meterline/shared/rating/segment.ts'
import { withdrawCharges, type TakenCharge } from './withdraw-charges.ts'

const day = { day: 20_000, isRecordCounted: true }

const records = fc
  .uniqueArray(
    fc.record({ timeMs: fc.nat(5), source: fc.constantFrom('a', 'b'), id: fc.nat(30), quantity: fc.bigInt(0n, 60n) }),
    { minLength: 1, maxLength: 12, selector: ({ timeMs, source, id }) => `${timeMs} ${source} ${id}` },
  )
  .map((drawn) =>
    drawn.map(({ timeMs, source, id, quantity }, unit): TakenCharge => {
      return { unit, record: 0, quantity, event: { timeMs, source, eventId: `e-${id}` }, day }
    }),
  )

function accumulated(model: CompiledModel, charges: readonly TakenCharge[]): Accumulator {
  return charges.reduce((before, { quantity, event }) => accumulate(model, before, quantity, event), emptyAccumulator)
}

function positioned(model: CompiledModel, charges: readonly TakenCharge[]): Position {
  return charges.reduce((before, { quantity, event }) => advance(model, before, quantity, event), startPosition)
}

/** Takes some charges back; `rest` are those that stay. */
function withdrawn(
  model: CompiledModel,
  before: Accumulator,
  taken: readonly TakenCharge[],
  rest: readonly TakenCharge[],
): ReturnType<typeof withdrawCharges> {
  const remake = (): Position => positioned(model, rest)
  return withdrawCharges({ segmentKey: 's', legKey: 'l', batchIndex: 7, model, before, taken, remake })
}

const isOneOf = (picked: readonly boolean[], unit: number): boolean => picked[unit] === true

test('what is taken back leaves the segment as if it had never come, and its charges add up to that', () => {
  fc.assert(
    fc.property(drawPrice, records, fc.array(fc.boolean(), { minLength: 12 }), (price, charges, picked) => {
      const model = compileModel(price)
      const taken = charges.filter(({ unit }) => isOneOf(picked, unit))
      fc.pre(taken.length > 0)
      const rest = charges.filter(({ unit }) => !isOneOf(picked, unit))
      const before = accumulated(model, charges)
      const found = withdrawn(model, before, taken, rest)
      if (typeof found === 'string') throw new Error(found)
      expect(found.after).toEqual(accumulated(model, rest))
      const block = decodeChargeBlock(found.block.bytes)
      if (!block.ok) throw new Error(block.fault.message)
      expect(block.value.charges.map(({ quantity }) => quantity)).toEqual(taken.map(({ quantity }) => -quantity))
      expect(before.amountMicros + found.block.amountMicros).toBe(found.after.amountMicros)
      expect(found.days.get(day.day)).toEqual({
        quantity: rest.reduce((sum, { quantity }) => sum + quantity, 0n) - before.quantity,
        events: -taken.length,
        exact: found.after.exact - before.exact,
      })
    }),
    { numRuns: 2000 },
  )
})

test('usage and voids in any order end where the usage that stays ends', () => {
  fc.assert(
    fc.property(drawPrice, records, fc.array(fc.nat(11), { maxLength: 24 }), (price, charges, steps) => {
      const model = compileModel(price)
      const used = new Set<number>()
      const voided = new Set<number>()
      let segment: Accumulator = emptyAccumulator
      for (const step of [...steps, ...charges.keys()]) {
        const charge = charges[step % charges.length]
        if (charge === undefined || voided.has(charge.unit)) continue
        if (!used.has(charge.unit)) {
          used.add(charge.unit)
          segment = accumulate(model, segment, charge.quantity, charge.event)
        } else if (charge.unit % 2 === 0) {
          voided.add(charge.unit)
          const rest = charges.filter(({ unit }) => used.has(unit) && !voided.has(unit))
          const found = withdrawn(model, segment, [charge], rest)
          if (typeof found === 'string') throw new Error(found)
          segment = found.after
        }
      }
      const rest = charges.filter(({ unit }) => !voided.has(unit))
      expect(segment).toEqual(accumulated(model, rest))
      expect(segment.amountMicros).toBe(positionMicros(model, positioned(model, rest)) - openingMicros(model))
    }),
    { numRuns: 2000 },
  )
})

test('what cannot be known or posted is refused', () => {
  const free = compileModel({ model: 'percentage', per: 1n, rate: '2', freeEvents: 1 })
  const [one, two] = [1n, 2n].map((quantity, unit): TakenCharge => {
    return { unit, record: 0, quantity, event: { timeMs: unit, source: 'a', eventId: `e-${unit}` }, day: null }
  })
  if (one === undefined || two === undefined) throw new Error('there are two')
  const open = { segmentKey: 's', legKey: 'l', batchIndex: 7, model: free, before: accumulated(free, [one, two]) }
  expect(withdrawCharges({ ...open, taken: [one], remake: () => null })).toBe('batch_body_deleted')
  const dear = compileModel({
    model: 'volume',
    per: 1n,
    tiers: [
      { upTo: 1n, amount: '200000000000' },
      { upTo: null, amount: '0.01' },
    ],
  })
  const before = accumulated(dear, [one, two])
  const found = withdrawCharges({ ...open, model: dear, before, taken: [two], remake: () => null })
  expect(found).toBe('amount_too_large')
  expect(positionMicros(dear, positioned(dear, [one]))).toBeGreaterThan(largestSegmentMicros)
})
