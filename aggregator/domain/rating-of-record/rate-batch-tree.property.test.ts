import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeChargeBlock } from '@meterline/shared/model/charge.ts'
import type { RatingUnit } from '@meterline/shared/model/usage-record.ts'
import type { Accumulator } from '@meterline/shared/rating/accumulate.ts'
import { parseSegmentKey } from '@meterline/shared/rating/segment.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import { periodOfKey } from '../periods/billing-cycle.ts'
import { emptyMetering } from '../testing/sample-bills.ts'
import { sampleCatalogue, sampleJson } from '../testing/sample-tenant.ts'
import { rateBatch, type RatedBatch } from './rate-batch.ts'

/** Months of 2026 at whose beginning Hansa goes to another seller, and where it goes then. */
const months = [4, 6, 9, 12] as const
const sellers = ['acme', 'nordlink', 'baltic'] as const
const moves = fc
  .subarray([...months])
  .chain((at) =>
    fc.tuple(fc.constant(at), fc.array(fc.constantFrom(...sellers), { minLength: at.length, maxLength: at.length })),
  )
/** Cycles that begin in the middle of months are for those who do not move. */
const cycles = fc.record({
  south: fc.constantFrom(null, 'first'),
  baltic: fc.constantFrom(null, 'mid', 'end'),
  nordlink: fc.constantFrom(null, 'mid', 'end'),
  acme: fc.constantFrom(null, 'mid', 'end'),
})
const start = Date.UTC(2026, 2)
const units = fc.array(
  fc.record({
    subject: fc.constantFrom('van-1', 'trk-2', 'trk-3'),
    timeMs: fc.integer({ min: start, max: Date.UTC(2026, 11) - 1 }),
    quantity: fc.bigInt({ min: 0n, max: 5_000n }),
  }),
  { minLength: 1, maxLength: 25 },
)

/** Where Hansa hangs from which instant on. */
interface Place {
  readonly atMs: number
  readonly parent: string
}

function placesOf([at, to]: readonly [readonly number[], readonly string[]]): readonly Place[] {
  const places: Place[] = [{ atMs: 0, parent: 'baltic' }]
  at.forEach((month, index) => {
    const parent = to[index] ?? 'baltic'
    // A move to where it is already is none.
    if (places.at(-1)?.parent !== parent) places.push({ atMs: Date.UTC(2026, month - 1), parent })
  })
  return places
}

function catalogueWith(places: readonly Place[], cycleOf: Readonly<Record<string, string | null>>): Catalogue {
  const base = sampleJson()
  const accounts = (base['accounts'] as readonly Record<string, unknown>[]).map((account) => {
    const moved = places.slice(1).map(({ atMs, parent }) => ({ at: new Date(atMs).toISOString(), parent }))
    return account['id'] === 'hansa' ? { ...account, moves: moved } : account
  })
  const billingProfiles = Object.entries(cycleOf).flatMap(([id, cycle]) => (cycle === null ? [] : [{ id, cycle }]))
  const declared = [1, 15, 31].map((day, index) => ({ id: ['first', 'mid', 'end'][index], day }))
  return sampleCatalogue({ ...base, accounts, cycles: declared, billingProfiles })
}

/** Who sells to whom, from the bottom up: the sample's resellers above Hansa then. */
function relationsDue(places: readonly Place[], subject: string, timeMs: number): readonly string[] {
  const above = { acme: ['acme'], nordlink: ['nordlink', 'acme'], baltic: ['baltic', 'nordlink', 'acme'] }
  const parent = places.findLast(({ atMs }) => atMs <= timeMs)?.parent ?? 'baltic'
  const sold = above[parent as keyof typeof above]
  const buyer = subject === 'trk-3' ? 'south' : 'hansa'
  return sold.map((seller, index) => `${seller}>${index === 0 ? buyer : (sold[index - 1] ?? '')}`)
}

function rateInBatches(catalogue: Catalogue, all: readonly RatingUnit[], size: number): readonly RatedBatch[] {
  const sums = new Map<string, Accumulator>()
  const rated: RatedBatch[] = []
  for (let from = 0; from < all.length; from += size) {
    const batch = all.slice(from, from + size).map((unit, index) => ({ index: from + index, unit }))
    const result = rateBatch({
      catalogue,
      batchIndex: rated.length,
      units: batch,
      accumulators: sums,
      metering: emptyMetering,
    })
    for (const [key, accumulator] of result.accumulators) sums.set(key, accumulator)
    rated.push(result)
  }
  return rated
}

test('every record is charged once on each leg of its place and time, in the period of that leg, and the legs add up', () => {
  fc.assert(
    fc.property(moves, cycles, units, fc.integer({ min: 1, max: 30 }), (drawnMoves, cycleOf, drawn, size) => {
      const places = placesOf(drawnMoves)
      const catalogue = catalogueWith(places, cycleOf)
      const all = drawn.map(({ subject, timeMs, quantity }): RatingUnit => ({
        eventId: null,
        source: 'box',
        subject,
        timeMs,
        receivedMonotonicMs: 0,
        anchor: 0,
        snapshot: null,
        labels: [],
        facts: [],
        records: [{ meter: 'messages', quantity, preratedMicros: null, spends: [] }],
      }))
      const charged = new Map<number, string[]>()
      for (const { partitions, suspended } of rateInBatches(catalogue, all, size)) {
        expect(suspended).toEqual([])
        for (const { blocks, charged: relations, postings } of partitions) {
          for (const { segmentKey, legKey, bytes } of blocks) {
            const block = decodeChargeBlock(bytes)
            if (!block.ok) throw new Error(block.fault.message)
            const { periodKey } = parseSegmentKey(segmentKey)
            const [relation = ''] = legKey.split(':')
            const [seller = '', buyer = ''] = relation.split('>')
            const period = periodOfKey(catalogue.cycles, periodKey)
            expect(periodKey.split('~')[1] ?? null).toBe(cycleOf[buyer as keyof typeof cycleOf] ?? null)
            expect(
              relations.some((each) => each.seller === seller && each.buyer === buyer && each.period === periodKey),
            ).toBe(true)
            for (const { unit, quantity } of block.value.charges) {
              const own = all[unit]
              expect(own?.records[0]?.quantity).toBe(quantity)
              const inside =
                period.ok && own !== undefined && period.value.startMs <= own.timeMs && own.timeMs < period.value.endMs
              expect(inside).toBe(true)
              charged.set(unit, [...(charged.get(unit) ?? []), relation])
            }
          }
          expect(new Set(relations.map((each) => `${each.seller}>${each.buyer}`)).size).toBeLessThanOrEqual(
            postings.length,
          )
        }
      }
      all.forEach(({ subject, timeMs }, index) => {
        expect(charged.get(index)?.toSorted()).toEqual(relationsDue(places, subject, timeMs).toSorted())
      })
    }),
    { numRuns: 60 },
  )
})
