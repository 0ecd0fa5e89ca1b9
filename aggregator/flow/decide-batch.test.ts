import { describe, expect, test } from 'vitest'
import { decodeHeader, encodeHeader, batchHashOf, batchSignatureContext } from '@meterline/shared/model/batch-codec.ts'
import type { BatchHeader } from '@meterline/shared/model/batch.ts'
import type { BatchMessage } from '@meterline/shared/wire/messages.ts'
import { decideBatch, emptyChain } from './decide-batch.ts'
import type { BatchDecision, Standing } from './decide-batch.ts'
import { SealingAgent, usageEvent } from './fixtures/sealing-agent.ts'

const sender = { tenant: 'acme', agent: 'gw-1', address: '10.0.0.1:5000' }
const agent = new SealingAgent('acme', 'gw-1')
const stranger = new SealingAgent('acme', 'gw-1')
const first = agent.seal([usageEvent({ id: 'a' })])
const second = agent.seal([usageEvent({ id: 'b' })])
const firstHash = batchHashOf(first.header)
const registered = { signingKey: agent.key.publicKeyBase64, epoch: 1 }
const fresh: Standing = { registered, chain: emptyChain, earlier: undefined }
const afterFirst: Standing = {
  registered,
  chain: { receivedSeq: 1, chainHash: firstHash, quarantined: null },
  earlier: undefined,
}
const foreign = new SealingAgent('acme', 'gw-2').seal([usageEvent({ id: 'a' })])
const foreignTenant = new SealingAgent('other', 'gw-1').seal([usageEvent({ id: 'a' })])
const later = new SealingAgent('acme', 'gw-1', { epoch: 2, key: agent.key }).seal([usageEvent({ id: 'a' })])

function headerOf(message: BatchMessage): BatchHeader {
  const header = decodeHeader(message.header)
  if (!header.ok) throw new Error(header.fault.message)
  return header.value
}

function decide(message: BatchMessage, standing: Standing): BatchDecision {
  return decideBatch(message, sender, headerOf(message), standing)
}

/** The batch with a changed header, properly signed: only an agent can make this, by a bug or with intent. */
function resigned(message: BatchMessage, change: Partial<BatchHeader>): BatchMessage {
  const header = encodeHeader({ ...headerOf(message), ...change })
  return { ...message, header, signature: agent.key.sign(batchSignatureContext, batchHashOf(header)) }
}

function flipped(bytes: Uint8Array, fromEnd: number): Uint8Array {
  const copy = Uint8Array.from(bytes)
  const at = copy.length - fromEnd
  copy[at] = (copy[at] ?? 0) ^ 1
  return copy
}

describe('what is refused', () => {
  const earlierOther = { logIndex: 1, batchHash: new Uint8Array(32) }
  test.each([
    ['a batch of another agent', foreign, fresh, 'agent_certificate_mismatch', 'permanent evidence'],
    ['a batch of another tenant', foreignTenant, fresh, 'agent_certificate_mismatch', 'permanent evidence'],
    ['an agent that is not registered', first, { ...fresh, registered: null }, 'agent_unknown', 'permanent'],
    [
      'a quarantined agent',
      first,
      { ...fresh, chain: { ...emptyChain, quarantined: 'cloned' } },
      'agent_quarantined',
      'permanent',
    ],
    ['another epoch', later, fresh, 'epoch_unknown', 'permanent evidence'],
    [
      'a signature of another key',
      stranger.seal([usageEvent({ id: 'a' })]),
      fresh,
      'signature_invalid',
      'permanent evidence',
    ],
    [
      'a signature that is none',
      { ...first, signature: new Uint8Array(3) },
      fresh,
      'signature_invalid',
      'permanent evidence',
    ],
    ['a batch that comes too early', second, fresh, 'sequence_gap', ''],
    [
      'other bytes under a number that was received',
      first,
      { ...afterFirst, earlier: earlierOther },
      'chain_forked',
      'permanent evidence quarantine',
    ],
    [
      'a batch that continues another one',
      second,
      { ...afterFirst, chain: { ...afterFirst.chain, chainHash: new Uint8Array(32).fill(1) } },
      'chain_forked',
      'permanent evidence quarantine',
    ],
    [
      'a body cut short',
      { ...first, body: first.body.subarray(0, 40) },
      fresh,
      'batch_malformed',
      'permanent evidence',
    ],
    ['a changed unit', { ...first, body: flipped(first.body, 3) }, fresh, 'batch_root_mismatch', 'permanent evidence'],
    [
      'a changed unit count',
      resigned(first, { unitCount: 2, recordCount: 2 }),
      fresh,
      'batch_count_mismatch',
      'permanent evidence',
    ],
    [
      'changed tables',
      resigned(first, { tablesHash: new Uint8Array(32) }),
      fresh,
      'batch_tables_mismatch',
      'permanent evidence',
    ],
    ['a body over the cap', { ...first, body: new Uint8Array(1_000_000) }, fresh, 'too_large', 'permanent evidence'],
  ] as const)('%s', (_name, message, standing, code, consequences) => {
    const decision = decide(message, standing)
    expect(decision.kind).toBe('refuse')
    if (decision.kind !== 'refuse') return
    const { refusal } = decision
    const found = (['permanent', 'evidence', 'quarantine'] as const).filter((each) => refusal[each]).join(' ')
    expect([refusal.code, found]).toEqual([code, consequences])
    expect(refusal.seq).toBe(headerOf(message).seq)
    expect(refusal.message.length).toBeGreaterThan(20)
  })
})

describe('what is taken', () => {
  test('the first batch of a chain', () => {
    const decision = decide(first, fresh)
    expect(decision).toMatchObject({ kind: 'accept', header: { seq: 1, agent: 'gw-1' } })
    expect(decision.kind === 'accept' && [...decision.batchHash]).toEqual([...firstHash])
    expect(decision.kind === 'accept' && decision.decoded.units).toMatchObject([{ eventId: 'a' }])
  })

  test('the next one', () => {
    expect(decide(second, afterFirst)).toMatchObject({ kind: 'accept', header: { seq: 2 } })
  })

  test('one that was received before, again', () => {
    const received = { logIndex: 7, batchHash: firstHash }
    expect(decide(first, { ...afterFirst, earlier: received })).toMatchObject({ kind: 'again', received })
  })
})
