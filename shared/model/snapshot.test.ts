import { describe, expect, it } from 'vitest'
import { canonicalJson, type JsonValue } from '../integrity/canonical-json.ts'
import { generateSigningKey, openSigningKey } from '../integrity/signature.ts'
import {
  decodeSnapshot,
  encodeSnapshot,
  snapshotHash,
  snapshotLimits,
  snapshotSignatureContext,
  verifySnapshotSignature,
  type Snapshot,
} from './snapshot.ts'

const snapshot: Snapshot = {
  format: 2,
  tenant: 'acme',
  version: 3,
  bindingsHash: 'c'.repeat(64),
  parts: [
    { hash: 'a'.repeat(64), bytes: 1_000 },
    { hash: 'b'.repeat(64), bytes: 262_144 },
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
    { what: 'a member more', change: (json: string) => json.replace('"format":2', '"extra":1,"format":2') },
    { what: 'a member missing', change: (json: string) => json.replace('"version":3', '"verso":3') },
    { what: 'another format', change: (json: string) => json.replace('"format":2', '"format":1') },
    { what: 'a fraction', change: (json: string) => json.replace('"version":3', '"version":3.5') },
    { what: 'an integer in another spelling', change: (json: string) => json.replace('"version":3', '"version":3e0') },
    { what: 'a text with a lone surrogate', change: (json: string) => json.replace('"acme"', '"\\ud800"') },
    { what: 'a part twice', change: (json: string) => json.replaceAll('b'.repeat(64), 'a'.repeat(64)) },
    { what: 'a part that is not named by a hash', change: (json: string) => json.replace('b'.repeat(64), 'b') },
    { what: 'a part that is too large', change: (json: string) => json.replace('262144', '262145') },
    { what: 'no state of the bindings', change: (json: string) => json.replace('c'.repeat(64), '') },
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
    expect(decodeSnapshot(new Uint8Array(snapshotLimits.manifestBytes + 1))).toMatchObject({
      fault: { code: 'snapshot_too_large' },
    })
  })

  it('whose parts are too large together is refused before one of them is asked for', () => {
    const parts = Array.from({ length: 129 }, (_, index) => ({
      hash: index.toString(16).padStart(64, '0'),
      bytes: snapshotLimits.partBytes,
    }))
    expect(decodeSnapshot(encodeSnapshot({ ...snapshot, parts }))).toMatchObject({
      fault: { code: 'snapshot_too_large' },
    })
    expect(decodeSnapshot(encodeSnapshot({ ...snapshot, parts: parts.slice(1) })).ok).toBe(true)
  })

  it('with as many parts as it may have fits into its bytes', () => {
    const parts = Array.from({ length: snapshotLimits.parts }, (_, index) => ({
      hash: index.toString(16).padStart(64, '0'),
      bytes: 16_384,
    }))
    expect(decodeSnapshot(encodeSnapshot({ ...snapshot, parts })).ok).toBe(true)
    const more = [...parts, { hash: 'f'.repeat(64), bytes: 1 }]
    expect(decodeSnapshot(encodeSnapshot({ ...snapshot, parts: more }))).toMatchObject({
      fault: { code: 'snapshot_malformed' },
    })
  })
})
