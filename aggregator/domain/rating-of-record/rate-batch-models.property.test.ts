import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeChargeBlock } from '@meterline/shared/model/charge.ts'
import type { RatingUnit } from '@meterline/shared/model/usage-record.ts'
import type { Accumulator, DayUsage } from '@meterline/shared/rating/accumulate.ts'
import { advance, openingMicros, positionMicros } from '@meterline/shared/rating/dispatch.ts'
import { kindOfModel, type CompiledModel } from '@meterline/shared/rating/model.ts'
import { startPosition } from '@meterline/shared/rating/position.ts'
import { parseSegmentKey } from '@meterline/shared/rating/segment.ts'
import { dayMs } from '@meterline/shared/units/civil.ts'
import { everyModelCatalogue } from '../testing/every-model.ts'
import { emptyMetering } from '../testing/sample-bills.ts'
import { rateBatch, type RatedBatch } from './rate-batch.ts'

const catalogue = everyModelCatalogue()
const quantities = fc.oneof(fc.bigInt(0n, 120n), fc.bigInt(0n, 300_000n))
const usage = fc.uniqueArray(
  fc.tuple(
    fc.constantFrom('ai.input_tokens', 'ai.output_tokens', 'energy', 'calls', 'messages', 'payments'),
    quantities,
  ),
  { minLength: 1, maxLength: 4, selector: ([meter]) => meter },
)
/** Some hours around a switch of tariff, the day a price changes, and both ends of a month. */
const times = fc.oneof(
  fc.integer({ min: Date.UTC(2026, 10, 16, 5), max: Date.UTC(2026, 10, 16, 9) }),
  fc.integer({ min: Date.UTC(2026, 10, 19, 12), max: Date.UTC(2026, 10, 20, 12) }),
  fc.integer({ min: Date.UTC(2026, 9, 31, 20), max: Date.UTC(2026, 10, 1, 4) }),
)
const unit: fc.Arbitrary<RatingUnit> = fc
  .record({
    eventId: fc.option(fc.constantFrom('a', 'b', 'c', 'd')),
    timeMs: times,
    usage,
    model: fc.constantFrom('small', 'large', 'huge'),
    region: fc.option(fc.constantFrom('eu', 'us')),
    total: fc.bigInt(99_999n, 100_002n),
    seconds: fc.bigInt(0n, 20_000n),
  })
  .map(({ eventId, timeMs, usage: measured, model, region, total, seconds }) => ({
    eventId,
    source: 'gateway',
    subject: 'llm-1',
    timeMs,
    receivedMonotonicMs: 0,
    anchor: 0,
    snapshot: null,
    labels: [['ai.model', model], ...(region === null ? [] : [['region', region] as const])],
    facts: [
      ['duration', seconds],
      ['total', total],
    ],
    records: measured.map(([meter, quantity]) => ({ meter, quantity, preratedMicros: null, spends: [] })),
  }))

interface Outcome {
  readonly batches: readonly { readonly units: readonly RatingUnit[]; readonly rated: RatedBatch }[]
  readonly sums: ReadonlyMap<string, Accumulator>
  readonly days: ReadonlyMap<string, ReadonlyMap<number, DayUsage>>
}

/** Rates the units in batches of the given sizes, the rest in one. */
function rateAll(all: readonly RatingUnit[], sizes: readonly number[]): Outcome {
  const sums = new Map<string, Accumulator>()
  const days = new Map<string, Map<number, DayUsage>>()
  const batches: { units: readonly RatingUnit[]; rated: RatedBatch }[] = []
  let start = 0
  for (const size of [...sizes, all.length]) {
    const units = all.slice(start, start + size)
    start += size
    const indexed = units.map((each, index) => ({ index, unit: each }))
    const around = { accumulators: sums, metering: emptyMetering }
    const rated = rateBatch({ catalogue, batchIndex: batches.length, units: indexed, ...around })
    for (const [key, accumulator] of rated.accumulators) sums.set(key, accumulator)
    for (const [key, own] of rated.days) {
      const known = days.get(key) ?? new Map<number, DayUsage>()
      days.set(key, known)
      for (const [day, more] of own) known.set(day, added(known.get(day), more))
    }
    batches.push({ units, rated })
  }
  return { batches, sums, days }
}

function added(before: DayUsage | undefined, more: DayUsage): DayUsage {
  const { quantity, events, exact } = before ?? { quantity: 0n, events: 0, exact: 0n }
  return { quantity: quantity + more.quantity, events: events + more.events, exact: exact + more.exact }
}

const sorted = <Value>(map: ReadonlyMap<string, Value>): readonly (readonly [string, Value])[] =>
  [...map].toSorted(([left], [right]) => (left < right ? -1 : 1))

const sortedDays = ({ days }: Outcome): unknown =>
  sorted(days).map(([key, own]) => [key, [...own].toSorted(([left], [right]) => left - right)])

function modelOf(segmentKey: string): CompiledModel {
  const { subscription, priceId, model } = parseSegmentKey(segmentKey)
  const compiled = catalogue.subscriptions.get(subscription)?.pricesById.get(priceId)?.compiled.models[model ?? 0]
  if (compiled === undefined) throw new Error(`${segmentKey} has no model`)
  return compiled
}

/** What one batch charged: each charge with its segment and its unit. */
function chargesOf({
  units,
  rated,
}: Outcome['batches'][number]): readonly {
  readonly segmentKey: string
  readonly unit: RatingUnit
  readonly record: number
  readonly quantity: bigint
  readonly amountMicros: bigint
}[] {
  return rated.partitions
    .flatMap(({ blocks }) => blocks)
    .flatMap(({ segmentKey, bytes }) => {
      const decoded = decodeChargeBlock(bytes)
      if (!decoded.ok) throw new Error(decoded.fault.message)
      return decoded.value.charges.flatMap((charge) => {
        const own = units[charge.unit]
        return own === undefined ? [] : [{ ...charge, segmentKey, unit: own }]
      })
    })
}

const batching = fc.array(fc.integer({ min: 0, max: 8 }), { maxLength: 4 })

test('where segments stand does not depend on the order of units, nor on how they are batched', () => {
  const shuffled = fc
    .array(unit, { maxLength: 25 })
    .chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }), batching))
  fc.assert(
    fc.property(shuffled, ([all, reordered, sizes]) => {
      const once = rateAll(all, [])
      const again = rateAll(reordered, sizes)
      expect(sorted(again.sums)).toEqual(sorted(once.sums))
      expect(sortedDays(again)).toEqual(sortedDays(once))
    }),
    { numRuns: 150 },
  )
})

test('units that are held back and rated later, as a release does, change nothing', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(unit, fc.boolean()), { maxLength: 20 }), (all) => {
      const kept = all.filter(([, isHeld]) => !isHeld).map(([own]) => own)
      const held = all.filter(([, isHeld]) => isHeld).map(([own]) => own)
      const replayed = rateAll([...kept, ...held], [kept.length])
      expect(sorted(replayed.sums)).toEqual(
        sorted(
          rateAll(
            all.map(([own]) => own),
            [],
          ).sums,
        ),
      )
    }),
    { numRuns: 100 },
  )
})

test('charges add up to what the model makes of all records together, and days to what was charged', () => {
  fc.assert(
    fc.property(fc.array(unit, { maxLength: 25 }), batching, (all, sizes) => {
      const outcome = rateAll(all, sizes)
      const positions = new Map<string, typeof startPosition>()
      const amounts = new Map<string, bigint>()
      const days = new Map<string, Map<number, DayUsage>>()
      for (const charge of outcome.batches.flatMap(chargesOf)) {
        const { segmentKey, unit: own, quantity } = charge
        const before = positions.get(segmentKey) ?? startPosition
        const after = advance(modelOf(segmentKey), before, quantity, own)
        positions.set(segmentKey, after)
        amounts.set(segmentKey, (amounts.get(segmentKey) ?? 0n) + charge.amountMicros)
        const day = Math.floor(own.timeMs / dayMs)
        const known = days.get(segmentKey) ?? new Map<number, DayUsage>()
        const isAtomic = kindOfModel(modelOf(segmentKey)) === 'event-atomic'
        const exact = isAtomic ? after.exact - before.exact : 0n
        days.set(segmentKey, known.set(day, added(known.get(day), { quantity, events: 1, exact })))
      }
      expect([...positions.keys()].toSorted()).toEqual([...outcome.sums.keys()].toSorted())
      for (const [key, position] of positions) {
        const model = modelOf(key)
        expect(outcome.sums.get(key)?.amountMicros).toBe(amounts.get(key))
        expect(amounts.get(key)).toBe(positionMicros(model, position) - openingMicros(model))
      }
      expect(sortedDays(outcome)).toEqual(sortedDays({ ...outcome, days }))
    }),
    { numRuns: 150 },
  )
})

test('the parts of a record make its quantity, and a unit is charged whole or suspended', () => {
  fc.assert(
    fc.property(fc.array(unit, { maxLength: 15 }), (all) => {
      const [batch] = rateAll(all, []).batches
      if (batch === undefined) throw new Error('there is a batch')
      const suspended = new Set(batch.rated.suspended.map((own) => own.unit))
      const parts = new Map<string, bigint>()
      for (const { unit: own, record, quantity } of chargesOf(batch)) {
        const name = `${all.indexOf(own)}/${record}`
        parts.set(name, (parts.get(name) ?? 0n) + quantity)
      }
      const due = all.flatMap((own, index) =>
        suspended.has(index)
          ? []
          : own.records.map(({ quantity }, record) => [`${index}/${record}`, quantity] as const),
      )
      expect(sorted(parts)).toEqual(sorted(new Map(due)))
      const uses = (own: RatingUnit, used: string): boolean => own.records.some(({ meter }) => meter === used)
      const needsRow = (own: RatingUnit): boolean =>
        (own.labels[0]?.[1] === 'huge' && uses(own, 'ai.input_tokens')) ||
        (own.labels.length === 1 && uses(own, 'calls'))
      expect([...suspended]).toEqual(all.flatMap((own, index) => (needsRow(own) ? [index] : [])))
    }),
    { numRuns: 100 },
  )
})
