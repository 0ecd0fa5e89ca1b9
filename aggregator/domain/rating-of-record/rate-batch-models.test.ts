import { describe, expect, test } from 'vitest'
import { decodeChargeBlock } from '@meterline/shared/model/charge.ts'
import type { RatingUnit } from '@meterline/shared/model/usage-record.ts'
import { openingMicros, positionMicros } from '@meterline/shared/rating/dispatch.ts'
import { parseSegmentKey } from '@meterline/shared/rating/segment.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import { emptyMetering, sampleUnit } from '../testing/sample-bills.ts'
import { november } from '../testing/sample-tenant.ts'
import { everyModelCatalogue } from '../testing/every-model.ts'
import type { AccumulatorView } from './open-segments.ts'
import { rateBatch, type RatedBatch } from './rate-batch.ts'

const catalogue = everyModelCatalogue()

type Details = Partial<Pick<RatingUnit, 'labels' | 'facts' | 'eventId' | 'timeMs' | 'source'>>

function unit(usage: Readonly<Record<string, bigint>>, details: Details = {}, subject = 'llm-1'): RatingUnit {
  return { ...sampleUnit(subject, usage), ...details }
}

function rate(units: readonly RatingUnit[], accumulators: AccumulatorView = new Map(), own = catalogue): RatedBatch {
  return rateBatch({
    catalogue: own,
    batchIndex: 41,
    units: units.map((each, index) => ({ index, unit: each })),
    accumulators,
    metering: emptyMetering,
  })
}

/** Charges by meter and place of the model: `[unit, quantity, micros]`. */
function chargesOf(rated: RatedBatch, meter: string): Readonly<Record<string, readonly (readonly unknown[])[]>> {
  const blocks = rated.partitions.flatMap((partition) => partition.blocks)
  const own = blocks.filter(({ segmentKey }) => parseSegmentKey(segmentKey).meter === meter)
  return Object.fromEntries(
    own.map(({ segmentKey, bytes }) => {
      const decoded = decodeChargeBlock(bytes)
      if (!decoded.ok) throw new Error(decoded.fault.message)
      const charges = decoded.value.charges.map(
        (charge) => [charge.unit, charge.quantity, charge.amountMicros] as const,
      )
      return [String(parseSegmentKey(segmentKey).model), charges] as const
    }),
  )
}

function entriesOf(rated: RatedBatch): readonly string[] {
  return rated.partitions.flatMap(({ entries }) =>
    entries.map(({ entity, account, debitMicros, creditMicros }) => {
      return debitMicros > 0n ? `${entity} ${account} Dr ${debitMicros}` : `${entity} ${account} Cr ${creditMicros}`
    }),
  )
}

describe('a matrix', () => {
  const asked = (model: string, tokens: bigint, region: string | null = null): RatingUnit =>
    unit(
      { 'ai.input_tokens': tokens },
      {
        labels: [['ai.model', model], ...(region === null ? [] : [['region', region] as const])],
        facts: [['total', tokens]],
      },
    )

  test('charges each row in a segment of its own, and each band of a row in one of its own', () => {
    const rated = rate([
      asked('large', 1_000n),
      asked('small', 1_000n),
      asked('large', 100_000n),
      asked('large', 100_001n),
    ])
    // Rows are kept in the order of their texts: 0 and 1 are large up to and above 100,000 tokens, 2 is small in the EU.
    expect(chargesOf(rated, 'ai.input_tokens')).toEqual({
      '0': [
        [0, 1_000n, 3_000n],
        [2, 100_000n, 300_000n],
      ],
      '1': [[3, 100_001n, 600_006n]],
      '3': [[1, 1_000n, 500n]],
    })
    expect(rated.suspended).toEqual([])
  })

  test('takes the most specific row', () => {
    expect(chargesOf(rate([asked('small', 1_000n, 'eu'), asked('small', 1_000n, 'us')]), 'ai.input_tokens')).toEqual({
      '2': [[0, 1_000n, 600n]],
      '3': [[1, 1_000n, 500n]],
    })
  })

  test('without a row suspends the whole unit and says what the rows look at', () => {
    const both = {
      ...asked('huge', 5n, 'eu'),
      records: asked('huge', 5n).records.concat(unit({ messages: 1n }).records),
    }
    const rated = rate([both, asked('small', 2n)])
    expect(rated.suspended).toEqual([
      {
        unit: 0,
        code: 'no_price_row',
        message:
          'the price ai-input of ai.input_tokens has no row for ai.model "huge", region "eu": add such a row and replay',
      },
    ])
    expect(Object.keys(chargesOf(rated, 'messages'))).toEqual([])
    const silent = rate([unit({ 'ai.input_tokens': 1n })]).suspended[0]?.message
    expect(silent).toContain('no row for no ai.model, no region:')
    const long = rate([asked('x'.repeat(200), 1n)]).suspended[0]?.message
    expect(long).toContain(`ai.model "${'x'.repeat(60)}…", no region`)
  })
})

describe('time of use', () => {
  // 2026-11-16 is a Monday; peak hours begin at 08:00 in Berlin, which is 07:00 UTC.
  const sevenUtc = Date.UTC(2026, 10, 16, 7)
  const drawn = (timeMs: number, seconds: bigint, quantity: bigint): RatingUnit =>
    unit({ energy: quantity }, { timeMs, facts: [['duration', seconds]] })

  test('divides a record where a window begins, and the parts make the whole', () => {
    const rated = rate([drawn(sevenUtc - 1_800_000, 2_700n, 1_000n), drawn(sevenUtc, 0n, 10n)])
    expect(chargesOf(rated, 'energy')).toEqual({
      '0': [
        [0, 334n, 133_600n],
        [1, 10n, 4_000n],
      ],
      '1': [[0, 666n, 66_600n]],
    })
    expect([...rated.accumulators.values()].map(({ quantity, events }) => [quantity, events])).toEqual([
      [344n, 2],
      [666n, 1],
    ])
  })

  test('in a row of a matrix divides the records that the row is for', () => {
    const called = (region: string): RatingUnit =>
      unit({ calls: 100n }, { timeMs: sevenUtc - 1_000, facts: [['duration', 4n]], labels: [['region', region]] })
    const rated = rate([called('eu'), called('us'), called('asia')])
    expect(chargesOf(rated, 'calls')).toEqual({
      '0': [[0, 75n, 30_000n]],
      '1': [[0, 25n, 2_500n]],
      '2': [[1, 100n, 70_000n]],
    })
    expect(rated.suspended.map(({ unit: index, code }) => [index, code])).toEqual([[2, 'no_price_row']])
  })

  test('is suspended whole when one part is too large', () => {
    const rated = rate([drawn(sevenUtc - 1_000, 1_000_000n, 2n ** 62n)])
    expect(rated.suspended.map(({ code }) => code)).toEqual(['amount_too_large'])
    expect(rated.accumulators.size).toBe(0)
  })
})

describe('a volume price', () => {
  test('that falls into a cheaper tier gives back, in signed charges and reversed entries', () => {
    const first = rate([unit({ messages: 100n })])
    expect(entriesOf(first)).toEqual(['acme revenue Cr 10000000', 'acme unbilled:brightdesk Dr 10000000'])
    const second = rate([unit({ messages: 1n }), unit({ messages: 1n })], first.accumulators)
    expect(chargesOf(second, 'messages')).toEqual({
      null: [
        [0, 1n, -4_950_000n],
        [1, 1n, 50_000n],
      ],
    })
    expect(entriesOf(second)).toEqual(['acme revenue Dr 4900000', 'acme unbilled:brightdesk Cr 4900000'])
    expect(second.partitions[0]?.postings.map(({ amountMicros }) => amountMicros)).toEqual([-4_900_000n])
    const [sum] = second.accumulators.values()
    expect(sum).toMatchObject({ quantity: 102n, amountMicros: 5_100_000n })
  })
})

describe('a percentage with free events', () => {
  const paid = (eventId: string, timeMs: number, cents: bigint): RatingUnit =>
    unit({ payments: cents }, { eventId, timeMs: november + timeMs })

  test('leaves the earliest events free, also one that comes late', () => {
    const first = rate([paid('b', 20, 10_000n), paid('c', 30, 20_000n)])
    expect(chargesOf(first, 'payments')).toEqual({
      null: [
        [0, 10_000n, 0n],
        [1, 20_000n, 0n],
      ],
    })
    // The third event makes the second, the later of the two, cost 2 % of 200.00 and 0.30; the new one is free.
    const second = rate([paid('a', 10, 1_000n)], first.accumulators)
    expect(chargesOf(second, 'payments')).toEqual({ null: [[0, 1_000n, 4_300_000n]] })
    const third = rate([paid('d', 40, 5_000n)], second.accumulators)
    expect(chargesOf(third, 'payments')).toEqual({ null: [[0, 5_000n, 1_300_000n]] })
    const [sum] = third.accumulators.values()
    expect(sum).toMatchObject({ quantity: 36_000n, events: 4, amountMicros: 5_600_000n })
    expect(sum?.earliest.map(({ id }) => id)).toEqual(['a', 'b'])
  })

  test('adds up what whole events cost per day', () => {
    const rated = rate([paid('a', 0, 10_000n), paid('b', 86_400_000, 0n), paid('c', 0, 5_000n)])
    const [days] = rated.days.values()
    const [sum] = rated.accumulators.values()
    const used = [...(days ?? [])].map(([, day]) => day)
    expect(used.map(({ quantity, events }) => [quantity, events])).toEqual([
      [15_000n, 2],
      [0n, 1],
    ])
    expect(used.reduce((total, { exact }) => total + exact, 0n)).toBe(sum?.exact)
    expect(used.every(({ exact }) => exact > 0n)).toBe(true)
  })
})

describe('usage that was pre-rated with another snapshot', () => {
  const old = 'a'.repeat(64)
  const prerated = (quantity: bigint, micros: bigint | null, snapshot: number | null): RatingUnit => {
    const own = unit({ energy: quantity })
    return { ...own, snapshot, records: own.records.map((record) => ({ ...record, preratedMicros: micros })) }
  }
  const rateDrifting = (units: readonly RatingUnit[], otherSnapshots: ReadonlyMap<number, string>): RatedBatch =>
    rateBatch({
      catalogue,
      batchIndex: 41,
      units: units.map((each, index) => ({ index, unit: each })),
      accumulators: new Map(),
      metering: emptyMetering,
      otherSnapshots,
    })

  // Off-peak on a Sunday: 100 micros for each unit.
  const units = [
    prerated(10n, 900n, 1),
    prerated(10n, 950n, 1),
    prerated(10n, 1_300n, 1),
    prerated(10n, 1_000n, 1),
    prerated(10n, null, 1),
    prerated(10n, 1n, 0),
    prerated(10n, 1n, null),
    { ...prerated(10n, 1n, 1), subject: 'nobody' },
  ]

  test('drifts by what the version of record makes of it, which is posted beside the charges', () => {
    const rated = rateDrifting(units, new Map([[1, old]]))
    expect(rated.drifts).toEqual([
      {
        periodKey: '2026-11',
        partition: 'brightdesk',
        seller: 'acme',
        currency: 'EUR',
        meter: 'energy',
        snapshot: old,
        records: 3,
        shortMicros: 150n,
        excessMicros: 300n,
      },
    ])
    expect(entriesOf(rated)).toEqual([
      'acme prerating:drift Cr 150',
      'acme prerating:drift-contra Dr 150',
      'acme revenue Cr 7000',
      'acme unbilled:brightdesk Dr 7000',
    ])
  })

  test('changes no charge', () => {
    const drifting = rateDrifting(units, new Map([[1, old]]))
    const plain = rate(units)
    expect(plain.drifts).toEqual([])
    expect(drifting.accumulators).toEqual(plain.accumulators)
    expect(drifting.partitions[0]?.postings).toEqual(plain.partitions[0]?.postings)
  })
})

test('versions of a subscription that have the same price share its segment within one batch', () => {
  const [subscription] = [...catalogue.subscriptions.values()].filter(({ id }) => id === 'bright-ai')
  const boundary = subscription?.versions[1]?.fromMs ?? 0
  const before = unit({ messages: 60n, energy: 1n }, { timeMs: boundary - 1 })
  const rated = rate([before, unit({ messages: 40n, energy: 1n }, { timeMs: boundary })])
  expect(chargesOf(rated, 'messages')).toEqual({
    null: [
      [0, 60n, 6_000_000n],
      [1, 40n, 4_000_000n],
    ],
  })
  // The price of energy changed there by date, so each part of the day has a segment of its own price.
  const energy = [...rated.accumulators].filter(([key]) => key.includes('/energy/'))
  expect(energy.map(([, { quantity }]) => quantity)).toEqual([1n, 1n])
})

test('every segment comes to what its model makes of where it stands', () => {
  const rated = rate([
    unit({ messages: 7n, payments: 999n, energy: 3n }, { eventId: 'x' }),
    unit({ messages: 95n, payments: 1n }, { eventId: 'y' }),
  ])
  for (const [key, sum] of rated.accumulators) expect(sum.amountMicros).toBe(due(catalogue, key, sum))
  expect(rated.accumulators.size).toBe(3)
})

function due(own: Catalogue, key: string, position: Parameters<typeof positionMicros>[1]): bigint {
  const { subscription, priceId, model } = parseSegmentKey(key)
  const compiled = own.subscriptions.get(subscription)?.pricesById.get(priceId)?.compiled.models[model ?? 0]
  if (compiled === undefined) throw new Error(`${key} has no model`)
  return positionMicros(compiled, position) - openingMicros(compiled)
}
