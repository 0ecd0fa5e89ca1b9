import { assertThat } from '@meterline/shared/base/errors.ts'
import { sumRoot } from '@meterline/shared/integrity/merkle-sum.ts'
import type { MeteringView } from '@meterline/shared/metering/state.ts'
import type { RatingUnit } from '@meterline/shared/model/usage-record.ts'
import type { Accumulator, DayUsage } from '@meterline/shared/rating/accumulate.ts'
import { parsePeriodKey, type Period } from '@meterline/shared/units/period.ts'
import type { Bill } from '../billing/bill.ts'
import type { SegmentState } from '../billing/due-lines.ts'
import { periodBills } from '../billing/period-bill.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import { MeteringDraft } from '../metering/metering-draft.ts'
import { rateBatch, type RatedBatch } from '../rating-of-record/rate-batch.ts'
import { november } from './sample-tenant.ts'

/** A unit of usage as a batch holds it. */
export function sampleUnit(
  subject: string,
  usage: Readonly<Record<string, bigint>>,
  timeMs: number = november,
): RatingUnit {
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

/** Meters that have come to nothing yet. */
export const emptyMetering: MeteringView = {
  series: () => undefined,
  lastBefore: () => undefined,
  firstAfter: () => undefined,
  level: () => undefined,
}

/** Batches rated one after the other: what each came to, and where the segments stand with what commits to them. */
export interface RatedBatches {
  readonly rated: readonly RatedBatch[]
  readonly segments: ReadonlyMap<string, SegmentState>
}

/** Rates batches in order, each with the catalogue given with it, as the log would have them. */
export function rateInOrder(
  batches: readonly { readonly catalogue: Catalogue; readonly units: readonly RatingUnit[] }[],
): RatedBatches {
  const accumulators = new Map<string, Accumulator>()
  const metering = new MeteringDraft(emptyMetering)
  const rated = batches.map(({ catalogue, units }, batchIndex) => {
    const indexed = units.map((unit, index) => ({ index, unit }))
    const result = rateBatch({ catalogue, batchIndex, units: indexed, accumulators, metering })
    metering.take(result.metering)
    for (const [key, accumulator] of result.accumulators) accumulators.set(key, accumulator)
    return result
  })
  const blocks = rated.flatMap(({ partitions }) => partitions.flatMap((partition) => partition.blocks))
  const segments = [...accumulators].map(([key, accumulator]): readonly [string, SegmentState] => {
    const leaves = blocks.filter(({ segmentKey }) => segmentKey === key).map(({ leaf }) => leaf)
    return [
      key,
      { accumulator, chargesRoot: sumRoot(leaves).hash, chargeBlocks: leaves.length, days: daysOf(rated, key) },
    ]
  })
  return { rated, segments: new Map(segments) }
}

function daysOf(rated: readonly RatedBatch[], segmentKey: string): SegmentState['days'] {
  const sums = new Map<number, DayUsage>()
  for (const [day, own] of rated.flatMap(({ days }) => [...(days.get(segmentKey) ?? [])])) {
    const { quantity, events, exact } = sums.get(day) ?? { quantity: 0n, events: 0, exact: 0n }
    sums.set(day, { quantity: quantity + own.quantity, events: events + own.events, exact: exact + own.exact })
  }
  // As the books do, without the days on which records came to nothing.
  return [...sums]
    .filter(([, { quantity, exact }]) => quantity !== 0n || exact !== 0n)
    .toSorted(([left], [right]) => left - right)
    .map(([day, usage]) => ({ day, ...usage }))
}

/** November 2026. */
export function novemberPeriod(): Period {
  const parsed = parsePeriodKey('2026-11')
  assertThat(parsed.ok, '2026-11 is a period')
  return parsed.value
}

/** The bills of November over usage that was all rated with one catalogue. */
export function novemberBills(catalogue: Catalogue, units: readonly RatingUnit[]): readonly Bill[] {
  const { segments } = rateInOrder([{ catalogue, units }])
  return periodBills({ catalogues: [catalogue], period: novemberPeriod() }, segments)
}
