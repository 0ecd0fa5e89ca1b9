import { expect, test } from 'vitest'
import type { RatingUnit } from '@meterline/shared/model/usage-record.ts'
import { emptyMetering } from '../testing/sample-bills.ts'
import { november, sampleCatalogue, sampleJson } from '../testing/sample-tenant.ts'
import { rateBatch } from './rate-batch.ts'

/** The sample, in which the roaming partner only sells what is used in two networks, at a price by network. */
const catalogue = sampleCatalogue(withPartnerOnly())

function withPartnerOnly(): ReturnType<typeof sampleJson> {
  const json = sampleJson()
  const subscriptions = json['subscriptions'] as readonly { readonly id: string }[]
  return {
    ...json,
    subscriptions: subscriptions.map((subscription) =>
      subscription.id === 'acme-roaming' ? { ...subscription, only: { network: ['262-01', '262-02'] } } : subscription,
    ),
  }
}

function unit(labels: RatingUnit['labels']): RatingUnit {
  return {
    eventId: null,
    source: 'gateway',
    subject: 'trk-1',
    timeMs: november,
    receivedMonotonicMs: 0,
    anchor: 0,
    snapshot: null,
    labels,
    facts: [],
    records: [{ meter: 'data.bytes', quantity: 1_000n, preratedMicros: null, spends: [] }],
  }
}

test.each([
  ['no label', [], false],
  ['another network', [['network', '262-03']], false],
  ['the name elsewhere', [['home', '262-01']], false],
  ['one network', [['network', '262-01']], true],
  [
    'the other among labels',
    [
      ['apn', 'iot'],
      ['network', '262-02'],
    ],
    true,
  ],
] as const)('a partner is a cost of the usage with his labels: %s', (_what, labels, costs) => {
  const rated = rateBatch({
    catalogue,
    batchIndex: 41,
    units: [{ index: 0, unit: unit(labels) }],
    accumulators: new Map(),
    metering: emptyMetering,
  })
  expect(rated.suspended).toEqual([])
  const partners = rated.partitions.map(({ partition }) => partition)
  expect(partners.includes('partner:roamnet')).toBe(costs)
  expect(partners).toContain('partner:transita')
})
