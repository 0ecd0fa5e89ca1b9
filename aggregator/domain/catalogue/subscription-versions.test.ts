import { expect, test } from 'vitest'
import { sampleCatalogue, sampleJson, type SampleJson } from '../testing/sample-tenant.ts'
import type { CatalogueSubscription } from './catalogue.ts'
import { catalogueFromBytes } from './compile-catalogue.ts'

type Part = Record<string, unknown>

function edited(json: SampleJson, list: string, id: string, change: Part): SampleJson {
  const elements = json[list] as readonly Part[]
  return { ...json, [list]: elements.map((element) => (element['id'] === id ? { ...element, ...change } : element)) }
}

/** The sample with a second tracker offering, dated prices, a fee, and one subscription that is migrated. */
function versionedJson(): SampleJson {
  const json = sampleJson()
  const prices = [
    ...(json['prices'] as readonly Part[]),
    { id: 'flat-message', meter: 'messages', model: 'stair-step', tiers: [{ flat: '9' }] },
    { id: 'seat', model: 'recurring', amount: '4.5', each: { quantity: 'seats' }, tax: 'services' },
  ]
  const taxed = edited({ ...json, prices, taxCodes: [{ id: 'services', name: 'Services' }] }, 'prices', 'retail-data', {
    tax: 'services',
    changes: [
      { from: '2026-09-01', model: 'per-unit', amount: '0.002', per: 1000 },
      { from: '2026-06-01', model: 'per-unit', amount: '0.001', per: 1000 },
    ],
  })
  const offered = edited(taxed, 'offerings', 'tracker', {
    versions: [{ from: '2026-04-01', prices: ['flat-message', 'retail-data', 'seat'] }],
  })
  return edited(offered, 'subscriptions', 'north-trackers', {
    quantities: { seats: 25 },
    migrations: [{ at: '2026-07-01', version: '2026-04-01' }],
  })
}

function spansOf({ versions }: CatalogueSubscription): readonly string[] {
  const day = (ms: number): string => (ms === Infinity ? 'on' : new Date(ms).toISOString().slice(0, 10))
  return versions.map(({ fromMs, toMs, prices, fees }) => {
    const bought = [...prices.values()].map(
      ({ name, terms }) => `${name} ${'amount' in terms ? terms.amount : terms.model}`,
    )
    return `${day(fromMs)} ${day(toMs)}: ${[...bought, ...fees.map(({ name }) => name)].join(', ')}`
  })
}

function find(json: SampleJson, id: string): CatalogueSubscription {
  const found = sampleCatalogue(json).subscriptions.get(id)
  if (found === undefined) throw new Error(`the sample has the subscription ${id}`)
  return found
}

test('a subscription keeps the version it began with, at the terms in force, until it is migrated', () => {
  expect(spansOf(find(versionedJson(), 'north-trackers'))).toEqual([
    '2026-01-01 2026-06-01: retail-message 0.0025, retail-data graduated',
    '2026-06-01 2026-07-01: retail-message 0.0025, retail-data 0.001',
    '2026-07-01 2026-09-01: flat-message stair-step, retail-data 0.001, seat',
    '2026-09-01 on: flat-message stair-step, retail-data 0.002, seat',
  ])
  expect(spansOf(find(versionedJson(), 'harbour-trackers')).at(-1)).toBe(
    '2026-09-01 on: retail-message 0.0025, retail-data 0.002',
  )
})

test('who subscribes later gets the version that is sold then, and may be migrated back to the first', () => {
  const late = {
    id: 'late',
    account: 'south',
    offering: 'tracker',
    from: '2026-04-01',
    to: '2026-08-01',
    subjects: ['late-1'],
    quantities: { seats: '1' },
    migrations: [{ at: '2026-05-15T12:00:00Z', version: 'first' }],
  }
  const json = versionedJson()
  const subscription = find({ ...json, subscriptions: [...(json['subscriptions'] as readonly Part[]), late] }, 'late')
  expect(spansOf(subscription)).toEqual([
    '2026-04-01 2026-05-15: flat-message stair-step, retail-data graduated, seat',
    '2026-05-15 2026-06-01: retail-message 0.0025, retail-data graduated',
    '2026-06-01 2026-08-01: retail-message 0.0025, retail-data 0.001',
  ])
})

test('prices and legs of all versions are found by content, and equal terms are the same version', () => {
  const catalogue = sampleCatalogue(versionedJson())
  const [north, harbour] = ['north-trackers', 'harbour-trackers'].map((id) => catalogue.subscriptions.get(id))
  expect([...(north?.pricesById.values() ?? [])].map(({ name }) => name).toSorted()).toEqual([
    'flat-message',
    'retail-data',
    'retail-data',
    'retail-data',
    'retail-message',
  ])
  for (const [id, leg] of north?.legsById ?? []) {
    expect(leg.priceId).toBe(id)
    expect(leg.legKey).toBe(`baltic>hansa:north-trackers:${id}`)
  }
  expect(north?.legsById.size).toBe(north?.pricesById.size)
  expect(north?.versions[0]?.offeringVersion).toBe(harbour?.versions[0]?.offeringVersion)
  expect(new Set(north?.versions.map(({ offeringVersion }) => offeringVersion)).size).toBe(4)
  expect(north?.versions[0]?.prices).toBe(harbour?.versions[0]?.prices)
})

test('a version is found by its time, at its first millisecond and up to its last, and is one object', () => {
  const catalogue = sampleCatalogue(versionedJson())
  for (const subscription of catalogue.subscriptions.values()) {
    const { versions, fromMs, toMs } = subscription
    for (const version of versions) {
      for (const timeMs of [version.fromMs, Math.min(version.toMs, version.fromMs + 10 ** 12) - 1]) {
        expect(subscription.versionAt(timeMs)).toBe(version)
        expect(subscription.versionsBetween(timeMs, timeMs + 1)).toEqual([version])
      }
    }
    expect(subscription.versionAt(fromMs - 1)).toBeNull()
    expect(subscription.versionAt(toMs)).toBeNull()
    expect(subscription.versionsBetween(fromMs, fromMs)).toEqual([])
    const later = versions.slice(1)
    expect(subscription.versionsBetween(later[0]?.fromMs ?? toMs, toMs)).toEqual(later)
  }
})

test('fees, tax codes and quantities are where bills look for them', () => {
  const north = find(versionedJson(), 'north-trackers')
  expect(north.quantitiesAt(0)).toEqual(new Map([['seats', 25n]]))
  expect(north.versions[2]?.fees).toMatchObject([
    {
      name: 'seat',
      currency: 'EUR',
      taxCode: 'services',
      terms: { model: 'recurring', amount: '4.5', due: 'in-advance', each: { quantity: 'seats' } },
    },
  ])
  expect(north.versions[0]?.prices.get('data.bytes')?.taxCode).toBe('services')
  expect(north.versions[0]?.prices.get('messages')?.taxCode).toBeNull()
})

test('a tax code changes what is bought, and no price', () => {
  const json = versionedJson()
  const untaxed = edited(json, 'prices', 'retail-data', { tax: null })
  const [before, after] = [find(json, 'north-trackers').versions[0], find(untaxed, 'north-trackers').versions[0]]
  expect(after?.prices.get('data.bytes')?.id).toBe(before?.prices.get('data.bytes')?.id)
  expect(after?.offeringVersion).not.toBe(before?.offeringVersion)
})

test('all of it is read back from the bytes of the catalogue', () => {
  const catalogue = sampleCatalogue(versionedJson())
  const back = catalogueFromBytes(catalogue.bytes)
  if (!back.ok) throw new Error(back.fault.message)
  expect(back.value.hash).toBe(catalogue.hash)
  expect(back.value.file).toEqual(catalogue.file)
  for (const [id, subscription] of catalogue.subscriptions) {
    const again = back.value.subscriptions.get(id)
    expect(again?.legsById).toEqual(subscription.legsById)
    expect(again && spansOf(again)).toEqual(spansOf(subscription))
  }
})

test('the order of changes, versions and migrations says nothing', () => {
  const json = versionedJson()
  const turned = (json['prices'] as readonly Part[]).map((price) =>
    Array.isArray(price['changes']) ? { ...price, changes: price['changes'].toReversed() as unknown } : price,
  )
  expect(sampleCatalogue({ ...json, prices: turned }).hash).toBe(sampleCatalogue(json).hash)
})
