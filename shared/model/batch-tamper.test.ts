import { describe, expect, it } from 'vitest'
import type { Result } from '../base/errors.ts'
import { generateSigningKey, openSigningKey } from '../integrity/signature.ts'
import { trustedAgentId, trustedTenantId } from '../units/ids.ts'
import { assembleBody, decodeHeader, openBatchBody, sealBatch, verifyBatchSignature } from './batch-codec.ts'
import { OpenBatch } from './unit-codec.ts'
import type { UsageEvent } from './usage-event.ts'
import type { ClockReading } from './usage-record.ts'

const key = openSigningKey(generateSigningKey().privatePem)
const clock: ClockReading = { bootId: '7'.repeat(32), monotonicMs: 9, wallMs: 1_790_000_000_000, syncState: 'unknown' }
const event: UsageEvent = {
  id: 'event-1',
  source: 'trk-0001',
  subject: 'trk-\u00fc',
  timeMs: 1_700_000_000_000,
  labels: [['zone', 'eu']],
  facts: [['total', 70_000n]],
  measured: [
    { meter: 'data.bytes', quantity: 2n ** 40n },
    { meter: 'messages', quantity: 1n },
  ],
}

function sealedSample(): { header: Uint8Array; signature: Uint8Array; body: Uint8Array } {
  const open = new OpenBatch()
  open.begin()
  open.append(event, clock, new Uint8Array(32).fill(1), [500n, null], [[{ leaseId: 'l', asset: 'EUR', amount: 5n }]])
  open.append({ ...event, id: null }, { ...clock, wallMs: clock.wallMs + 5 }, null, [], [])
  open.append({ ...event, id: 'event-2', labels: [], facts: [] }, clock, null, [-3n], [])
  const chunk = open.finish()
  const secret = new Uint8Array(32).fill(6)
  const identity = { tenant: trustedTenantId('acme'), agent: trustedAgentId('gw-1'), epoch: 1, seq: 1 }
  const previousHash = new Uint8Array(32)
  const input = { ...identity, chunks: [chunk], secret, previousHash, sealedAt: clock, ratingVersion: 'm1' }
  const { header, signature, tables } = sealBatch(input, key)
  return { header, signature, body: assembleBody(secret, tables, [chunk.units], chunk.unitCount) }
}

/** The bytes once for each of their bits, with that bit flipped. */
const flips = (bytes: Uint8Array): Uint8Array[] =>
  Array.from({ length: bytes.length * 8 }, (_, bit) => {
    const flipped = Uint8Array.from(bytes)
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    return flipped
  })

const codesOf = (results: readonly Result<unknown>[]): string[] =>
  Array.from(new Set(results.map((result) => (result.ok ? 'accepted' : result.fault.code)))).sort()

describe('a batch with one bit flipped', () => {
  const { header, signature, body } = sealedSample()
  const read = decodeHeader(header)
  if (!read.ok) throw new Error(read.fault.message)

  it('nowhere is accepted', () => {
    expect(verifyBatchSignature(key.publicKeyBase64, header, signature)).toMatchObject({ ok: true })
    expect(openBatchBody(read.value, body)).toMatchObject({ ok: true })
  })

  it('anywhere in its header is not what was signed', () => {
    const results = flips(header).map((flipped) => verifyBatchSignature(key.publicKeyBase64, flipped, signature))
    expect(codesOf(results)).toEqual(['batch_signature_invalid'])
  })

  it('anywhere in its signature has no valid signature', () => {
    const results = flips(signature).map((flipped) => verifyBatchSignature(key.publicKeyBase64, header, flipped))
    expect(codesOf(results)).toEqual(['batch_signature_invalid'])
  })

  it('anywhere in its body is not what the header commits to', () => {
    const results = flips(body).map((flipped) => openBatchBody(read.value, flipped))
    expect(codesOf(results)).toEqual([
      'batch_count_mismatch',
      'batch_malformed',
      'batch_root_mismatch',
      'batch_tables_mismatch',
    ])
  })

  it('in its secret is a mismatch, because hashes are compared before anything is read for its meaning', () => {
    const results = flips(body.subarray(3, 35)).map((secret) => {
      const changed = Uint8Array.from(body)
      changed.set(secret, 3)
      return openBatchBody(read.value, changed)
    })
    expect(codesOf(results)).toEqual(['batch_tables_mismatch'])
  })
})
