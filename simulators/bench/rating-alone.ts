import { parseArgs } from 'node:util'
import { assertThat } from '@meterline/shared/base/errors.ts'
import { seededRandom } from '@meterline/shared/base/random.ts'
import type { RatingUnit } from '@meterline/shared/model/usage-record.ts'
import type { Accumulator } from '@meterline/shared/rating/accumulate.ts'
import { parseTenantFile } from '@meterline/aggregator/catalogue-files/parse-tenant-file.ts'
import type { Catalogue } from '@meterline/aggregator/domain/catalogue/catalogue.ts'
import { compileCatalogue } from '@meterline/aggregator/domain/catalogue/compile-catalogue.ts'
import { MeteringDraft } from '@meterline/aggregator/domain/metering/metering-draft.ts'
import { rateBatch, type IndexedUnit } from '@meterline/aggregator/domain/rating-of-record/rate-batch.ts'
import { noMetering, ratingTenantFile, type RatingTenant } from './rating-tenant.ts'

/** What rating by itself came to, on one core. */
export interface RatingReport {
  readonly recordsPerSecond: number
  readonly compileSeconds: number
}

const month = Date.UTC(2026, 10, 1)

const { values } = parseArgs({
  options: {
    price: { type: 'string' },
    subscriptions: { type: 'string' },
    /** How many of their subjects use something, spread over all of them. */
    active: { type: 'string' },
    batch: { type: 'string' },
    records: { type: 'string' },
  },
})
const subscriptions = Number(values.subscriptions)
const activeSubjects = Number(values.active)
const unitsPerBatch = Number(values.batch)
assertThat(values.price === 'graduated' || values.price === 'matrix', 'there are two prices to measure')
const tenant: RatingTenant = { price: values.price, subscriptions }

const beginMs = performance.now()
const catalogue = compiled(tenant)
const compiledMs = performance.now()
const accumulators = new Map<string, Accumulator>()
const batches = Math.ceil(Number(values.records) / unitsPerBatch)
const warmUpBatches = Math.ceil(batches / 10)
const prepared = Array.from({ length: Math.ceil(65_536 / unitsPerBatch) }, (_, number) => unitsOf(number))
for (let batch = 0; batch < warmUpBatches; batch++) rate(batch)
const startedMs = performance.now()
for (let batch = warmUpBatches; batch < warmUpBatches + batches; batch++) rate(batch)
const seconds = (performance.now() - startedMs) / 1000
const report: RatingReport = {
  recordsPerSecond: (batches * unitsPerBatch) / seconds,
  compileSeconds: (compiledMs - beginMs) / 1000,
}
process.stdout.write(`${JSON.stringify(report)}\n`)

function compiled(described: RatingTenant): Catalogue {
  const { text, complete } = ratingTenantFile(described)
  const parsed = parseTenantFile('rating.yaml', text)
  assertThat(parsed.ok, parsed.ok ? '' : `the file is right: ${parsed.mistakes[0]?.message ?? ''}`)
  const ready = compileCatalogue(complete(parsed.value))
  assertThat(ready.ok, ready.ok ? '' : ready.fault.message)
  return ready.value
}

/** Segment, accumulate, charge, and the encoded charge blocks with their hashes, as a batch has them in production. */
function rate(batch: number): void {
  const rated = rateBatch({
    catalogue,
    batchIndex: batch,
    units: prepared[batch % prepared.length] ?? [],
    accumulators,
    metering: new MeteringDraft(noMetering),
  })
  assertThat(rated.suspended.length === 0, 'everything is charged')
  for (const [key, accumulator] of rated.accumulators) accumulators.set(key, accumulator)
}

function unitsOf(number: number): readonly IndexedUnit[] {
  const random = seededRandom(`batch ${number}`)
  const step = Math.floor(subscriptions / activeSubjects)
  return Array.from({ length: unitsPerBatch }, (_, index) => {
    const subject = random.below(activeSubjects) * step
    const labels: RatingUnit['labels'] = tenant.price === 'matrix' ? [['model', `model-${random.below(3_000)}`]] : []
    const unit: RatingUnit = {
      eventId: `e-${number}-${index}`,
      source: 'bench',
      subject: `s-${subject}`,
      timeMs: month + random.below(86_400_000),
      receivedMonotonicMs: 0,
      anchor: 0,
      snapshot: null,
      labels,
      facts: [],
      records: [{ meter: 'data', quantity: BigInt(1 + random.below(5_000)), preratedMicros: null, spends: [] }],
    }
    return { index, unit }
  })
}
