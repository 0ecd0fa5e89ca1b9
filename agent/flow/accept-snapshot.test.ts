import { describe, expect, test } from 'vitest'
import { generateSigningKey, openSigningKey } from '@meterline/shared/integrity/signature.ts'
import {
  encodeSnapshot,
  snapshotHash,
  snapshotSignatureContext,
  type Snapshot,
} from '@meterline/shared/model/snapshot.ts'
import { acceptSnapshot } from './accept-snapshot.ts'

const key = openSigningKey(generateSigningKey().privatePem)
const price = 'a'.repeat(64)
const snapshot: Snapshot = {
  format: 1,
  tenant: 'acme',
  version: 7,
  meters: [
    { id: 'data.bytes', unit: 'byte' },
    { id: 'octets', unit: 'byte', kind: 'counter' },
    { id: 'power', unit: 'Wh', kind: 'gauge' },
  ],
  prices: [{ id: price, price: { model: 'per-unit', amount: '0.01', per: 1n }, currency: 'EUR' }],
  bindings: ['data.bytes', 'octets', 'power'].map((meter) => ({
    subject: 'trk-1',
    meter,
    price,
    subscription: 'trackers',
    fromMs: 0,
    toMs: null,
  })),
  unknownSubject: 'journal',
}

function accepted(changes: Partial<Snapshot>, newestVersion: number | null = null): ReturnType<typeof acceptSnapshot> {
  const bytes = encodeSnapshot({ ...snapshot, ...changes })
  const signature = key.sign(snapshotSignatureContext, snapshotHash(bytes))
  return acceptSnapshot({ bytes, signature }, { aggregatorKey: key.publicKeyBase64, tenant: 'acme', newestVersion })
}

describe('a snapshot', () => {
  test('binds the prices of sums, since what a reading comes to is known at the centre alone', () => {
    const result = accepted({})
    expect(result.ok && result.value.table.bindings.map(({ meter }) => meter)).toEqual(['data.bytes'])
    expect(result.ok && [...result.value.table.units]).toEqual([['data.bytes', 'byte']])
  })

  test.each([
    ['of another tenant', { tenant: 'other' }, null, 'snapshot_of_another_tenant'],
    ['older than the newest', {}, 8, 'snapshot_older'],
  ])('%s is refused', (_what, changes, newestVersion, code) => {
    expect(accepted(changes, newestVersion)).toMatchObject({ ok: false, fault: { code } })
  })

  test('that another key signed is refused', () => {
    const other = openSigningKey(generateSigningKey().privatePem)
    const expected = { aggregatorKey: other.publicKeyBase64, tenant: 'acme', newestVersion: null }
    const bytes = encodeSnapshot(snapshot)
    const signature = key.sign(snapshotSignatureContext, snapshotHash(bytes))
    expect(acceptSnapshot({ bytes, signature }, expected)).toMatchObject({
      ok: false,
      fault: { code: 'snapshot_signature_invalid' },
    })
  })
})
