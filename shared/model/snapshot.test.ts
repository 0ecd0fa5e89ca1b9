import { describe, expect, it } from 'vitest'
import { canonicalJson, type JsonValue } from '../integrity/canonical-json.ts'
import { generateSigningKey, openSigningKey } from '../integrity/signature.ts'
import { parsePrice } from '../rating/price-schema.ts'
import type { Price } from '../rating/price.ts'
import {
  decodeSnapshot,
  encodeSnapshot,
  longestSnapshotBytes,
  snapshotHash,
  snapshotSignatureContext,
  verifySnapshotSignature,
  type Snapshot,
} from './snapshot.ts'

function priceOf(value: unknown): Price {
  const parsed = parsePrice(value)
  if (!parsed.ok) throw new Error(parsed.fault.message)
  return parsed.value
}

const snapshot: Snapshot = {
  format: 1,
  tenant: 'acme',
  version: 3,
  meters: [
    { id: 'data.bytes', unit: 'byte' },
    { id: 'ai.input_tokens', unit: 'token' },
    { id: 'energy', unit: 'kWh', kind: 'gauge' },
  ],
  prices: [
    {
      id: 'a'.repeat(64),
      price: priceOf({
        model: 'graduated',
        per: 1_000_000,
        tiers: [
          { upTo: 5_000_000_000, amount: '0.02', flat: '1' },
          { amount: '0.01', upTo: null },
        ],
      }),
      currency: 'EUR',
    },
    { id: 'b'.repeat(64), price: priceOf({ model: 'per-unit', amount: '3.00', per: '1000000' }), currency: 'EUR' },
  ],
  bindings: [
    {
      subject: 'trk-0001',
      meter: 'data.bytes',
      price: 'a'.repeat(64),
      subscription: 'north-trackers',
      fromMs: 1_767_225_600_000,
      toMs: null,
    },
    {
      subject: 'ai-1',
      meter: 'ai.input_tokens',
      price: 'b'.repeat(64),
      subscription: 'ai-customer',
      fromMs: 0,
      toMs: 1_790_000_000_000,
    },
  ],
  unknownSubject: 'journal',
}

const bytes = encodeSnapshot(snapshot)
const text = new TextDecoder().decode(bytes)
const withText = (change: (json: string) => string): Uint8Array => new TextEncoder().encode(change(text))

describe('a snapshot', () => {
  it('comes back from its canonical bytes', () => {
    expect(decodeSnapshot(bytes)).toEqual({ ok: true, value: snapshot })
    expect(canonicalJson(JSON.parse(text) as JsonValue)).toBe(text)
  })

  it('is signed by its content hash', () => {
    const key = openSigningKey(generateSigningKey().privatePem)
    const signature = key.sign(snapshotSignatureContext, snapshotHash(bytes))
    expect(verifySnapshotSignature(key.publicKeyBase64, bytes, signature)).toEqual({
      ok: true,
      value: snapshotHash(bytes),
    })
    const other = withText((json) => json.replace('"version":3', '"version":4'))
    expect(verifySnapshotSignature(key.publicKeyBase64, other, signature)).toMatchObject({
      fault: { code: 'snapshot_signature_invalid' },
    })
  })

  it.each([
    { what: 'white space', change: (json: string) => ` ${json}` },
    { what: 'members in another order', change: (json: string) => `{"unknownSubject":"journal",${json.slice(1)}` },
    { what: 'no JSON', change: (json: string) => json.slice(1) },
    { what: 'a member more', change: (json: string) => json.replace('"format":1', '"extra":1,"format":1') },
    { what: 'a member missing', change: (json: string) => json.replace('"version":3', '"verso":3') },
    { what: 'another format', change: (json: string) => json.replace('"format":1', '"format":2') },
    { what: 'a fraction', change: (json: string) => json.replace('"version":3', '"version":3.5') },
    { what: 'an integer in another spelling', change: (json: string) => json.replace('"version":3', '"version":3e0') },
    { what: 'a price that is none', change: (json: string) => json.replace('"0.02"', '"free"') },
    { what: 'a price in another spelling', change: (json: string) => json.replace('"0.02"', '"0.020"') },
    {
      what: 'a binding to no price',
      change: (json: string) => json.replaceAll(`"price":"${'b'.repeat(64)}"`, '"price":"b"'),
    },
    { what: 'a meter twice', change: (json: string) => json.replace('"id":"data.bytes"', '"id":"ai.input_tokens"') },
    { what: 'a meter of an unknown kind', change: (json: string) => json.replace('"gauge"', '"average"') },
    { what: 'a sum that says so', change: (json: string) => json.replace('"gauge"', '"sum"') },
    { what: 'a price id that is no hash', change: (json: string) => json.replaceAll('b'.repeat(64), 'b'.repeat(63)) },
  ])('with $what is malformed', ({ change }) => {
    const changed = withText(change)
    expect(Buffer.from(changed)).not.toEqual(Buffer.from(bytes))
    expect(decodeSnapshot(changed)).toMatchObject({ ok: false, fault: { code: 'snapshot_malformed' } })
  })

  it('that is not UTF-8 is malformed', () => {
    const changed = Uint8Array.from(bytes)
    changed[text.indexOf('acme')] = 0xff
    expect(decodeSnapshot(changed)).toMatchObject({ fault: { code: 'snapshot_malformed' } })
  })

  it('too large is refused before it is read', () => {
    expect(decodeSnapshot(new Uint8Array(longestSnapshotBytes + 1))).toMatchObject({
      fault: { code: 'snapshot_too_large' },
    })
  })
})
