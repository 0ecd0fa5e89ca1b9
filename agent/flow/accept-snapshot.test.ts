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
const snapshot: Snapshot = {
  format: 2,
  tenant: 'acme',
  version: 7,
  bindingsHash: 'b'.repeat(64),
  parts: [{ hash: 'a'.repeat(64), bytes: 100 }],
  unknownSubject: 'journal',
}

function accepted(changes: Partial<Snapshot>, newestVersion: number | null = null): ReturnType<typeof acceptSnapshot> {
  const bytes = encodeSnapshot({ ...snapshot, ...changes })
  const signature = key.sign(snapshotSignatureContext, snapshotHash(bytes))
  return acceptSnapshot({ bytes, signature }, { aggregatorKey: key.publicKeyBase64, tenant: 'acme', newestVersion })
}

describe('a snapshot', () => {
  test.each([[null], [6], [7]])('is taken when the newest one has version %s', (newestVersion) => {
    const hash = snapshotHash(encodeSnapshot(snapshot))
    expect(accepted({}, newestVersion)).toMatchObject({ ok: true, value: { hash, snapshot } })
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
