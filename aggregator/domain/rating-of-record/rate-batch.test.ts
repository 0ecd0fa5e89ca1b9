import { describe, expect, test } from 'vitest'
import { decodeChargeBlock } from '@meterline/shared/model/charge.ts'
import { sumRoot } from '@meterline/shared/integrity/merkle-sum.ts'
import { noMeteringChanges, type MeteringView } from '@meterline/shared/metering/state.ts'
import type { RatingUnit } from '@meterline/shared/model/usage-record.ts'
import type { Accumulator } from '@meterline/shared/rating/accumulate.ts'
import { largestSegmentMicros } from '@meterline/shared/rating/segment.ts'
import { MeteringDraft } from '../metering/metering-draft.ts'
import { emptyMetering } from '../testing/sample-bills.ts'
import { november, sampleCatalogue, sampleJson } from '../testing/sample-tenant.ts'
import { rateBatch, type RatedBatch } from './rate-batch.ts'

const catalogue = sampleCatalogue()

function unit(subject: string, usage: Readonly<Record<string, bigint>>, timeMs = november): RatingUnit {
  return {
    eventId: null,
    source: 'gateway',
    subject,
    timeMs,
    receivedMonotonicMs: 0,
    anchor: 0,
    snapshot: null,
    labels: [],
    facts: [],
    records: Object.entries(usage).map(([meter, quantity]) => ({ meter, quantity, preratedMicros: null, spends: [] })),
  }
}

function rate(units: readonly RatingUnit[], accumulators: ReadonlyMap<string, Accumulator> = new Map()): RatedBatch {
  return rateBatch({
    catalogue,
    batchIndex: 41,
    units: units.map((own, index) => ({ index, unit: own })),
    accumulators,
    metering: emptyMetering,
  })
}

/** Ledger entries in short: entity, account and the side with its amount. */
function booksOf(rated: RatedBatch, partition: string): readonly string[] {
  return (rated.partitions.find((own) => own.partition === partition)?.entries ?? []).map((entry) => {
    const side = entry.debitMicros > 0n ? `Dr ${entry.debitMicros}` : `Cr ${entry.creditMicros}`
    return `${entry.entity} ${entry.asset} ${entry.account} ${side}`
  })
}

describe('one event on all its legs', () => {
  // 7,000 bytes: 5,000 are free and 2,000 cost 0.0214 EUR at retail.
  const rated = rate([unit('trk-1', { 'data.bytes': 7_000n })])

  test('posts a transaction per partition, balanced in the books of every seller and reseller', () => {
    expect(rated.partitions.map(({ partition }) => partition)).toEqual([
      'nordlink',
      'partner:roamnet',
      'partner:transita',
    ])
    expect(booksOf(rated, 'nordlink')).toEqual([
      'acme EUR revenue Cr 28000',
      'acme EUR unbilled:nordlink Dr 28000',
      'baltic EUR revenue Cr 21400',
      'baltic EUR unbilled:hansa Dr 21400',
      'baltic USD accrued_payable:nordlink Cr 35000',
      'baltic USD cost_of_sales Dr 35000',
      'nordlink EUR accrued_payable:acme Cr 28000',
      'nordlink EUR cost_of_sales Dr 28000',
      'nordlink USD revenue Cr 35000',
      'nordlink USD unbilled:baltic Dr 35000',
    ])
    expect(booksOf(rated, 'partner:roamnet')).toEqual([
      'acme EUR accrued_payable:roamnet Cr 10500',
      'acme EUR cost_of_sales Dr 10500',
    ])
  })

  test('posts each leg under the root of its charge blocks', () => {
    const [nordlink] = rated.partitions
    expect(
      nordlink?.postings.map(({ seller, buyer, currency, amountMicros }) => [seller, buyer, currency, amountMicros]),
    ).toEqual([
      ['acme', 'nordlink', 'EUR', 28_000n],
      ['baltic', 'hansa', 'EUR', 21_400n],
      ['nordlink', 'baltic', 'USD', 35_000n],
    ])
    for (const posting of nordlink?.postings ?? []) {
      const leaves = nordlink?.blocks
        .filter(({ legKey }) => legKey.startsWith(`${posting.seller}>${posting.buyer}:`))
        .map(({ leaf }) => leaf)
      expect(sumRoot(leaves ?? [])).toEqual({ hash: posting.sumRoot, sum: posting.amountMicros })
    }
  })

  test('encodes blocks that read back to the charges', () => {
    const block = rated.partitions[0]?.blocks[2]
    const decoded = decodeChargeBlock(block?.bytes ?? new Uint8Array())
    expect(decoded).toEqual({
      ok: true,
      value: {
        segmentKey: block?.segmentKey,
        legKey: block?.legKey,
        batchIndex: 41,
        quantity: 7_000n,
        amountMicros: 21_400n,
        charges: [{ unit: 0, record: 0, quantity: 7_000n, amountMicros: 21_400n }],
      },
    })
    expect(block?.segmentKey).toMatch(/^2026-11\/north-trackers\/data\.bytes\/[0-9a-f]{64}$/)
  })

  test('moves the accumulator of each segment', () => {
    expect([...rated.accumulators.values()].map(({ quantity, events }) => [quantity, events])).toEqual(
      Array.from({ length: 5 }, () => [7_000n, 1]),
    )
  })
})

test('a customer of the operator has one leg, and a leg of price zero is charged and posts nothing', () => {
  const direct = rate([unit('llm-1', { 'ai.input_tokens': 1_000_000n })])
  expect(booksOf(direct, 'brightdesk')).toEqual([
    'acme EUR revenue Cr 3000000',
    'acme EUR unbilled:brightdesk Dr 3000000',
  ])
  const messages = rate([unit('trk-1', { messages: 2n })])
  const [nordlink] = messages.partitions
  expect(nordlink?.blocks).toHaveLength(3)
  expect(nordlink?.postings.map(({ amountMicros }) => amountMicros)).toEqual([0n, 5_000n, 4_000n])
  expect(booksOf(messages, 'nordlink').filter((entry) => entry.startsWith('acme'))).toEqual([])
})

test('segments go on where they stood, also past the bound of a tier', () => {
  const first = rate([unit('trk-1', { 'data.bytes': 4_000n })])
  const second = rate([unit('trk-2', { 'data.bytes': 3_000n })], first.accumulators)
  const retail = second.partitions[0]?.blocks[2]
  expect(retail?.amountMicros).toBe(21_400n)
  expect(second.accumulators.get(retail?.segmentKey ?? '')).toEqual({
    quantity: 7_000n,
    events: 2,
    exact: 0n,
    earliest: [],
    amountMicros: 21_400n,
  })
})

test('a first flat fee is no part of any charge', () => {
  const rated = rate([unit('llm-1', { 'ai.output_tokens': 1_000_000n })])
  expect(rated.partitions[0]?.postings[0]?.amountMicros).toBe(15_000_000n)
})

test('usage of two periods in one batch goes to a segment each', () => {
  const boundary = Date.UTC(2026, 10, 1)
  const rated = rate([
    unit('trk-1', { messages: 1n }, boundary - 1),
    unit('trk-1', { messages: 2n }, boundary),
    unit('trk-1', { messages: 4n }, boundary - 1),
  ])
  const retail = [...rated.accumulators].filter(([key]) => key.includes('/north-trackers/'))
  expect(retail.map(([key, { quantity }]) => [key.slice(0, 7), quantity])).toEqual([
    ['2026-10', 5n],
    ['2026-11', 2n],
  ])
})

describe('a unit is charged whole or suspended whole', () => {
  const huge = 2n ** 63n - 1n
  test.each<readonly [what: string, unit: RatingUnit, code: string, message: RegExp]>([
    ['an unknown subject', unit('trk-9', { messages: 1n }), 'unknown_subject', /lists the subject trk-9/],
    ['one meter of two unknown', unit('trk-1', { messages: 1n, steam: 1n }), 'unknown_meter', /the meter steam/],
    [
      'one meter of two without a price',
      unit('trk-1', { messages: 1n, unpriced: 1n }),
      'no_price',
      /^unpriced of trk-1/,
    ],
    [
      'a subscription that is over',
      unit('trk-3', { messages: 1n }, Date.UTC(2026, 11, 1)),
      'subscription_not_active',
      /trk-3/,
    ],
    ['a reseller without a price', unit('trk-1', { messages: 1n }, Date.UTC(2026, 0, 9)), 'no_price', /messages/],
    [
      'one quantity beyond all reason',
      unit('trk-1', { messages: 1n, 'data.bytes': huge }),
      'amount_too_large',
      /check the device/,
    ],
  ])('%s', (_what, suspended, code, message) => {
    const rated = rate([suspended, unit('trk-1', { messages: 3n })], new Map())
    expect(rated.suspended.map((own) => [own.unit, own.code])).toEqual([[0, code]])
    expect(rated.suspended[0]?.message).toMatch(message)
    expect([...rated.accumulators.values()].map(({ quantity, events }) => [quantity, events])).toEqual(
      Array.from({ length: 3 }, () => [3n, 1]),
    )
  })

  test('what a segment can come to is limited together, not only by single records', () => {
    const quantity = largestSegmentMicros / 2_500n
    const filled = rate([unit('trk-1', { messages: quantity })])
    expect(filled.suspended).toEqual([])
    expect(rate([unit('trk-1', { messages: 1n })], filled.accumulators).suspended[0]?.code).toBe('amount_too_large')
  })
})

describe('meters whose quantities are readings', () => {
  const json = sampleJson()
  const meters = json['meters'] as readonly Record<string, unknown>[]
  const metered = sampleCatalogue({
    ...json,
    meters: meters.map((meter) => (meter['id'] === 'messages' ? { ...meter, kind: 'counter' } : meter)),
  })
  const reading = (quantity: bigint, timeMs: number, subject = 'trk-1'): RatingUnit =>
    unit(subject, { messages: quantity }, november + timeMs)
  const rateReadings = (units: readonly RatingUnit[], metering: MeteringView = emptyMetering): RatedBatch =>
    rateBatch({
      catalogue: metered,
      batchIndex: 41,
      units: units.map((own, index) => ({ index, unit: own })),
      accumulators: new Map(),
      metering,
    })
  const retailCharges = (rated: RatedBatch): readonly (readonly [number, bigint])[] => {
    const block = rated.partitions[0]?.blocks.find(({ segmentKey }) => segmentKey.includes('/north-trackers/'))
    const decoded = decodeChargeBlock(block?.bytes ?? new Uint8Array())
    return decoded.ok ? decoded.value.charges.map((charge) => [charge.unit, charge.quantity] as const) : []
  }

  test('are charged for what they add, and a reading that adds nothing is still charged', () => {
    const rated = rateReadings([reading(100n, 0), reading(160n, 60), reading(160n, 60), reading(130n, 30)])
    expect(retailCharges(rated)).toEqual([
      [0, 0n],
      [1, 60n],
      [2, 0n],
      [3, 0n],
    ])
    expect([...rated.metering.series.values()]).toEqual([
      {
        series: { newest: { timeMs: november + 60, value: 160n }, integral: 0n, charged: 60n },
        readings: [0, 30, 60].map((after, place) => ({ timeMs: november + after, value: [100n, 130n, 160n][place] })),
      },
    ])
  })

  test('go on from the state before the batch', () => {
    const state = new MeteringDraft(emptyMetering)
    state.take(rateReadings([reading(100n, 0)]).metering)
    expect(retailCharges(rateReadings([reading(175n, 60)], state))).toEqual([[0, 75n]])
  })

  test('of a unit that is suspended leave no trace', () => {
    const halfPriced = unit('trk-1', { messages: 500n, steam: 1n }, november + 30)
    const rated = rateReadings([reading(100n, 0), halfPriced, reading(900n, 40, 'nobody'), reading(160n, 60)])
    expect(rated.suspended.map(({ unit: index, code }) => [index, code])).toEqual([
      [1, 'unknown_meter'],
      [2, 'unknown_subject'],
    ])
    expect(retailCharges(rated)).toEqual([
      [0, 0n],
      [3, 60n],
    ])
    expect([...rated.metering.series.values()][0]?.readings).toHaveLength(2)
  })

  test('change nothing where every meter is a sum', () => {
    expect(rate([unit('trk-1', { 'data.bytes': 7_000n })]).metering).toBe(noMeteringChanges)
  })
})

describe('quantities in a stated unit', () => {
  const inUnit = (stated: string, quantity: bigint): RatingUnit => ({
    ...unit('trk-1', { 'data.bytes': quantity }),
    labels: [['@unit', stated]],
  })

  test('are charged in the unit of the meter', () => {
    const rated = rate([inUnit('kB', 3n), inUnit('byte', 5n), inUnit('bit', 16n)])
    expect([...rated.accumulators.values()][0]?.quantity).toBe(3_007n)
  })

  test.each([
    ['bit', 12n, 'unit_inexact', /in bit is no whole number of byte.* data\.bytes: declare/],
    ['ms', 5n, 'unit_mismatch', /are in ms, which does not convert to byte.* data\.bytes: correct/],
    ['furlong', 5n, 'unit_mismatch', /are in furlong/],
  ])('in %s are suspended when they do not convert', (stated, quantity, code, message) => {
    const [suspended] = rate([inUnit(stated, quantity)]).suspended
    expect(suspended?.code).toBe(code)
    expect(suspended?.message).toMatch(message)
  })
})
