import { expect, test } from 'vitest'
import { decodeSnapshot, encodeSnapshot, longestSnapshotBytes } from '@meterline/shared/model/snapshot.ts'
import { sampleCatalogue, sampleJson } from '../testing/sample-tenant.ts'
import { snapshotFor } from './snapshot.ts'

test('a snapshot binds subjects to retail prices and knows no other', () => {
  const catalogue = sampleCatalogue()
  const snapshot = snapshotFor(catalogue, 7)
  const retail = [...catalogue.subscriptions.values()].filter(({ kind }) => kind === 'retail')
  const retailPrices = new Set(retail.flatMap(({ prices }) => [...prices.values()].map(({ id }) => id)))
  expect(new Set(snapshot.prices.map(({ id }) => id))).toEqual(retailPrices)
  expect(snapshot.version).toBe(7)
  expect(snapshot.bindings).toHaveLength(12)
  expect(snapshot.bindings.filter(({ subject }) => subject === 'trk-3')).toEqual(
    ['messages', 'data.bytes'].map((meter) => ({
      subject: 'trk-3',
      meter,
      price: catalogue.subscriptions.get('south-trackers')?.prices.get(meter)?.id,
      subscription: 'south-trackers',
      fromMs: Date.UTC(2026, 0, 1),
      toMs: Date.UTC(2026, 11, 1),
    })),
  )
  expect(decodeSnapshot(encodeSnapshot(snapshot))).toEqual({ ok: true, value: snapshot })
})

test('a snapshot of more subjects than fit is cut to what fits, and is still valid', () => {
  const json = sampleJson()
  const subjects = Array.from({ length: 20_000 }, (_, index) => `"ü\u0001-${index}`)
  const more = { id: 'many', account: 'south', offering: 'tracker', from: '2026-01-01', subjects }
  const catalogue = sampleCatalogue({ ...json, subscriptions: [...(json['subscriptions'] as unknown[]), more] })
  const bytes = encodeSnapshot(snapshotFor(catalogue, 1))
  expect(bytes.length).toBeLessThanOrEqual(longestSnapshotBytes)
  expect(bytes.length).toBeGreaterThan(longestSnapshotBytes / 2)
  expect(decodeSnapshot(bytes).ok).toBe(true)
})
