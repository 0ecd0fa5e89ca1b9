import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toHex } from '@meterline/shared/integrity/hash.ts'
import type { RatingUnit } from '@meterline/shared/model/usage-record.ts'
import type { Accumulator } from '@meterline/shared/rating/accumulate.ts'
import { emptyMetering } from '../testing/sample-bills.ts'
import { sampleCatalogue } from '../testing/sample-tenant.ts'
import { rateBatch, type RatedBatch } from './rate-batch.ts'

const quantities = fc.oneof(fc.bigInt(0n, 20n), fc.bigInt(0n, 3_000_000n))
const usage = fc.uniqueArray(
  fc.tuple(fc.constantFrom('data.bytes', 'messages', 'ai.input_tokens', 'ai.output_tokens', 'unpriced'), quantities),
  { minLength: 1, maxLength: 4, selector: ([meter]) => meter },
)
const units: fc.Arbitrary<RatingUnit> = fc
  .record({
    subject: fc.constantFrom('trk-1', 'trk-2', 'trk-3', 'van-1', 'llm-1', 'nobody'),
    timeMs: fc.integer({ min: Date.UTC(2026, 0, 20), max: Date.UTC(2026, 3, 10) }),
    usage,
  })
  .map(({ subject, timeMs, usage: measured }) => ({
    eventId: null,
    source: 'gateway',
    subject,
    timeMs,
    receivedMonotonicMs: 0,
    anchor: 0,
    snapshot: null,
    labels: [],
    facts: [],
    records: measured.map(([meter, quantity]) => ({ meter, quantity, preratedMicros: null, spends: [] })),
  }))

/** Rates the units in batches of the given sizes, one after the other, and gives all that came out. */
function rateAll(
  all: readonly RatingUnit[],
  sizes: readonly number[],
): { rated: RatedBatch[]; sums: Map<string, Accumulator> } {
  const catalogue = sampleCatalogue()
  const sums = new Map<string, Accumulator>()
  const rated: RatedBatch[] = []
  let start = 0
  for (const size of [...sizes, all.length]) {
    const batch = all.slice(start, start + size).map((unit, index) => ({ index, unit }))
    start += size
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
  return { rated, sums }
}

/** What the sample's price of a subscription and meter comes to, worked out here by hand; without what is due unused. */
function totalByHand(subscription: string, meter: string, quantity: bigint): bigint {
  const above = (bound: bigint): bigint => (quantity > bound ? quantity - bound : 0n)
  const exact: Record<string, () => bigint> = {
    // 10,700 micros per 1,000 bytes from 5,000 to 2,000,000, then 6,000: in thousandths of a micro.
    'tracker data.bytes': () => above(5_000n) * 10_700n - above(2_000_000n) * 4_700n,
    'tracker messages': () => quantity * 2_500n * 1_000n,
    'baltic-purchase data.bytes': () => quantity * 5_000n,
    'baltic-purchase messages': () => quantity * 2_000n * 1_000n,
    'nordlink-purchase data.bytes': () => quantity * 4_000n,
    'nordlink-purchase messages': () => 0n,
    'acme-roaming data.bytes': () => quantity * 1_500n,
    'acme-transit data.bytes': () => quantity * 100n,
    'bright-ai ai.input_tokens': () => quantity * 3n * 1_000n,
    // 15 micros a token up to a million, then 12; the flat fee is due before any usage.
    'bright-ai ai.output_tokens': () => (quantity * 15n - above(1_000_000n) * 3n) * 1_000n,
  }
  const found = exact[`${subscription.endsWith('-trackers') ? 'tracker' : subscription} ${meter}`]
  if (found === undefined) throw new Error(`${subscription} does not price ${meter}`)
  return (found() + 500n) / 1_000n
}

test('segments come to the price of the quantity that was not suspended, however usage is batched (I9)', () => {
  fc.assert(
    fc.property(
      fc.array(units, { maxLength: 30 }),
      fc.array(fc.integer({ min: 0, max: 10 }), { maxLength: 4 }),
      (all, sizes) => {
        const { sums } = rateAll(all, sizes)
        for (const [key, { amountMicros, quantity }] of sums) {
          const [, subscription = '', meter = ''] = key.split('/')
          expect(`${key} ${amountMicros}`).toBe(`${key} ${totalByHand(subscription, meter, quantity)}`)
        }
        expect([...sums].toSorted(byKey)).toEqual([...rateAll(all, []).sums].toSorted(byKey))
      },
    ),
    { numRuns: 150 },
  )
})

test('every unit is suspended or charged on all legs, and every book balances (I1)', () => {
  fc.assert(
    fc.property(fc.array(units, { maxLength: 30 }), (all) => {
      const { rated } = rateAll(all, [])
      for (const batch of rated) {
        const suspended = new Set(batch.suspended.map(({ unit }) => unit))
        const retail = batch.partitions
          .flatMap(({ blocks }) => blocks)
          .filter(({ segmentKey }) => /-trackers|bright-ai/.test(segmentKey))
        const records = retail.reduce((sum, { chargeCount }) => sum + chargeCount, 0)
        const unsuspended = all
          .filter((_, index) => !suspended.has(index))
          .reduce((sum, { records: own }) => sum + own.length, 0)
        expect(records).toBe(unsuspended)
        for (const { entries, postings, blocks } of batch.partitions) {
          const books = new Map<string, bigint>()
          for (const { entity, asset, debitMicros, creditMicros } of entries) {
            const key = `${entity} ${asset}`
            books.set(key, (books.get(key) ?? 0n) + debitMicros - creditMicros)
          }
          expect([...books.values()].every((sum) => sum === 0n)).toBe(true)
          const posted = postings.reduce((sum, { amountMicros }) => sum + amountMicros, 0n)
          expect(posted).toBe(blocks.reduce((sum, { amountMicros }) => sum + amountMicros, 0n))
        }
      }
    }),
    { numRuns: 150 },
  )
})

test('the same input gives the same bytes', () => {
  fc.assert(
    fc.property(fc.array(units, { maxLength: 20 }), (all) => {
      const bytes = (): readonly string[] =>
        rateAll(all, []).rated.flatMap(({ partitions }) =>
          partitions.flatMap(({ partition, blocks, postings }) => [
            partition,
            ...blocks.map((block) => toHex(block.bytes)),
            ...postings.map((posting) => toHex(posting.sumRoot)),
          ]),
        )
      expect(bytes()).toEqual(bytes())
    }),
    { numRuns: 50 },
  )
})

function byKey([left]: readonly [string, unknown], [right]: readonly [string, unknown]): number {
  return left < right ? -1 : 1
}
