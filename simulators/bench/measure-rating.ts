import { runChild } from './child-program.ts'
import { against, alone, beside } from './measurement.ts'
import type { BenchRun, Measurement } from './measurement.ts'
import type { RatingReport } from './rating-alone.ts'
import { matrixRows } from './rating-tenant.ts'

/** The rating of record by itself, on one core: from units to charge blocks, nothing stored. */
export const ratingMeasurement: Measurement = {
  name: 'rating',
  about: 'records put into their segments, accumulated and charged, on one core',
  run: async (bench) => {
    const many = bench.quick ? 20_000 : 1_000_000
    const graduated = await rated(bench, { price: 'graduated', subscriptions: few, active: 16, batch: largestBatch })
    const matrix = await rated(bench, { price: 'matrix', subscriptions: few, active: 1, batch: largestBatch })
    const spread = { price: 'graduated', active: few, batch: usualBatch } as const
    const among = await rated(bench, { ...spread, subscriptions: few })
    const crowded = await rated(bench, { ...spread, subscriptions: many })
    const inFull = `batches of ${shown(largestBatch)}, with the charge blocks, their hashes and the postings`
    return [
      against(
        'rating, graduated price of 8 tiers',
        'records/s',
        graduated.recordsPerSecond,
        { sense: 'at least', value: 1_000_000 },
        `of 16 subjects, in ${inFull}`,
      ),
      against(
        `rating, matrix of ${shown(matrixRows)} rows`,
        'records/s',
        matrix.recordsPerSecond,
        { sense: 'at least', value: 500_000 },
        `any of its rows, in ${inFull}`,
      ),
      beside(
        `rating among ${shown(many)} subscriptions, beside ${shown(few)}`,
        'records/s',
        crowded.recordsPerSecond,
        among.recordsPerSecond,
        {
          note:
            `of ${shown(few)} subjects spread over all, in batches of ${shown(usualBatch)}: most charges are blocks of ` +
            'their own; what is left of a difference are misses of caches, since nothing is looked for among the others',
        },
      ),
      alone(`compiling a catalogue of ${shown(many)} subscriptions`, 's', crowded.compileSeconds),
    ]
  },
}

const few = 1_000
const usualBatch = 1_000
const largestBatch = 16_384

interface RatingLoad {
  readonly price: 'graduated' | 'matrix'
  readonly subscriptions: number
  readonly active: number
  readonly batch: number
}

async function rated(bench: BenchRun, load: RatingLoad): Promise<RatingReport> {
  const flags = { ...load, records: bench.quick ? 100_000 : 4_000_000 }
  const args = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)])
  const label = `${load.price}, ${shown(load.active)} of ${shown(load.subscriptions)} subscriptions`
  return await bench.during(
    label,
    async () => (await runChild({ file: 'rating-alone.ts', args, onOneCore: true })) as RatingReport,
  )
}

function shown(count: number): string {
  return count.toLocaleString('en')
}
