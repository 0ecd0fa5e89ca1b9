import { describe, expect, test } from 'vitest'
import { decodeChargeBlock } from '@meterline/shared/model/charge.ts'
import type { RatingUnit } from '@meterline/shared/model/usage-record.ts'
import type { MeteringView } from '@meterline/shared/metering/state.ts'
import type { Accumulator } from '@meterline/shared/rating/accumulate.ts'
import { parseSegmentKey } from '@meterline/shared/rating/segment.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import { MeteringDraft } from '../metering/metering-draft.ts'
import { emptyMetering } from '../testing/sample-bills.ts'
import { sampleCatalogue, sampleJson, type SampleJson } from '../testing/sample-tenant.ts'
import { rateBatch, type RatedBatch } from './rate-batch.ts'

/** Hansa is billed from the 15th on; everybody above it by calendar months. */
function json(): SampleJson {
  return { ...sampleJson(), cycles: [{ id: 'mid', day: 15 }], billingProfiles: [{ id: 'hansa', cycle: 'mid' }] }
}

function unit(timeMs: number, usage: Readonly<Record<string, bigint>>, subject = 'van-1'): RatingUnit {
  return {
    eventId: null,
    source: 'box',
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

function rate(
  catalogue: Catalogue,
  units: readonly RatingUnit[],
  accumulators: ReadonlyMap<string, Accumulator> = new Map(),
  metering: MeteringView = emptyMetering,
): RatedBatch {
  const indexed = units.map((own, index) => ({ index, unit: own }))
  return rateBatch({ catalogue, batchIndex: 7, units: indexed, accumulators, metering })
}

/** Quantities by period and subscription. */
function quantitiesOf({ accumulators }: RatedBatch): Readonly<Record<string, bigint>> {
  const found = [...accumulators].map(([key, { quantity }]) => {
    const { periodKey, subscription } = parseSegmentKey(key)
    return [`${periodKey} ${subscription}`, quantity] as const
  })
  return Object.fromEntries(found)
}

const [early, late, next] = [Date.UTC(2026, 10, 14, 23), Date.UTC(2026, 10, 15), Date.UTC(2026, 11, 2)]

describe('usage of a buyer with a billing cycle of his own', () => {
  const catalogue = sampleCatalogue(json())

  test('is charged on each leg in the period of that leg', () => {
    const rated = rate(catalogue, [
      unit(early, { messages: 1n }),
      unit(late, { messages: 10n }),
      unit(next, { messages: 100n }),
      unit(early, { messages: 1_000n }),
    ])
    expect(quantitiesOf(rated)).toEqual({
      '2026-10~mid harbour-trackers': 1_001n,
      '2026-11~mid harbour-trackers': 110n,
      '2026-11 baltic-purchase': 1_011n,
      '2026-12 baltic-purchase': 100n,
      '2026-11 nordlink-purchase': 1_011n,
      '2026-12 nordlink-purchase': 100n,
    })
  })

  test('comes to the same in one batch and in several', () => {
    const units = [unit(late, { messages: 10n }), unit(early, { messages: 1n }), unit(next, { messages: 5n })]
    const sums = new Map<string, Accumulator>()
    for (const each of units) {
      for (const [key, accumulator] of rate(catalogue, [each], sums).accumulators) sums.set(key, accumulator)
    }
    expect(sums).toEqual(rate(catalogue, units).accumulators)
  })
})

test('a batch says in which periods of whom it charged, each once', () => {
  const rated = rate(sampleCatalogue(json()), [
    unit(early, { messages: 1n, 'data.bytes': 2_000n }),
    unit(late, { messages: 1n }, 'trk-3'),
    unit(late, { messages: 1n }),
  ])
  const charged = rated.partitions.flatMap(({ partition, charged: own }) =>
    own.map(({ period, seller, buyer, currency }) => `${partition}: ${period} ${seller} ${buyer} ${currency}`),
  )
  expect(charged).toEqual([
    'nordlink: 2026-11 acme nordlink EUR',
    'nordlink: 2026-10~mid baltic hansa EUR',
    'nordlink: 2026-11~mid baltic hansa EUR',
    'nordlink: 2026-11 baltic south EUR',
    'nordlink: 2026-11 nordlink baltic EUR',
    'nordlink: 2026-11 nordlink baltic USD',
    'partner:roamnet: 2026-11 roamnet acme EUR',
    'partner:transita: 2026-11 transita acme EUR',
  ])
})

describe('what a meter counts per period', () => {
  const withKind = (kind: string): Catalogue => {
    const meters = json()['meters'] as readonly Record<string, unknown>[]
    const counted = meters.map((meter) => (meter['id'] === 'messages' ? { ...meter, kind } : meter))
    return sampleCatalogue({ ...json(), meters: counted })
  }

  test.each([
    ['maximum', [40n, 60n], { mid10: 40n, mid11: 60n, november: 60n }],
    ['distinct', [40n, 60n], { mid10: 1n, mid11: 1n, november: 1n }],
  ] as const)('is counted in the periods of each leg: %s', (kind, [first, second], due) => {
    const catalogue = withKind(kind)
    const units = [unit(early, { messages: first }), unit(late, { messages: second }), unit(late, { messages: 7n })]
    const state = new MeteringDraft(emptyMetering)
    const sums = new Map<string, Accumulator>()
    for (const each of units) {
      const rated = rate(catalogue, [each], sums, state)
      for (const [key, accumulator] of rated.accumulators) sums.set(key, accumulator)
      state.take(rated.metering)
    }
    const expected = {
      '2026-10~mid harbour-trackers': due.mid10,
      '2026-11~mid harbour-trackers': due.mid11,
      '2026-11 baltic-purchase': due.november,
      '2026-11 nordlink-purchase': due.november,
    }
    expect(quantitiesOf(rate(catalogue, units))).toEqual(expected)
    expect(
      Object.fromEntries([...sums].map(([key, { quantity }]) => [key.split('/').slice(0, 2).join(' '), quantity])),
    ).toEqual(expected)
  })
})

test('usage after a move is charged by another leg of the same subscription', () => {
  const base = sampleJson()
  const accounts = (base['accounts'] as readonly Record<string, unknown>[]).map((account) =>
    account['id'] === 'hansa' ? { ...account, moves: [{ at: '2026-12-01', parent: 'nordlink' }] } : account,
  )
  const rated = rate(sampleCatalogue({ ...base, accounts }), [
    unit(late, { messages: 3n }),
    unit(next, { messages: 4n }),
  ])
  const blocks = rated.partitions.flatMap((partition) => partition.blocks)
  const retail = blocks.filter(({ segmentKey }) => segmentKey.includes('/harbour-trackers/'))
  const legs = retail.map(({ segmentKey, legKey, bytes }) => {
    const block = decodeChargeBlock(bytes)
    return [segmentKey.slice(0, 7), legKey.split(':')[0], block.ok && block.value.charges.map(({ unit: at }) => at)]
  })
  expect(legs).toEqual([
    ['2026-11', 'baltic>hansa', [0]],
    ['2026-12', 'nordlink>hansa', [1]],
  ])
  // The reseller below it sells nothing of December any more.
  expect(Object.keys(quantitiesOf(rated)).filter((key) => key.includes('baltic'))).toEqual(['2026-11 baltic-purchase'])
})
