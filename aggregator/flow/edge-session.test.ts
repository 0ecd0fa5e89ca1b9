import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { silentLog } from '@meterline/shared/base/log.ts'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { generateSigningKey, openSigningKey } from '@meterline/shared/integrity/signature.ts'
import { tenantFile } from '../store/tenant-files.ts'
import { acmeFile } from './fixtures/tenant-file.ts'
import { SealingAgent, usageEvent, usageTimeMs } from './fixtures/sealing-agent.ts'
import { TestTenant } from './fixtures/test-tenant.ts'
import type { EdgePeer } from './ports.ts'
import { verifyBooks } from './verify-books.ts'

const signingKey = openSigningKey(generateSigningKey().privatePem)
let dataDirectory = ''
let started: TestTenant[] = []
beforeEach(() => {
  dataDirectory = mkdtempSync(join(tmpdir(), 'meterline-session-'))
})
afterEach(() => {
  for (const tenant of started) tenant.registry.kill()
  started = []
  rmSync(dataDirectory, { recursive: true, force: true })
})

function start(): TestTenant {
  const random = seededRandom('session')
  const tenant = new TestTenant({ dataDirectory, signingKey, nowMs: usageTimeMs, random, log: silentLog() })
  started.push(tenant)
  return tenant
}

/** Applies a tenant file with these agents. */
function register(tenant: TestTenant, agents: Readonly<Record<string, SealingAgent>>): void {
  const registered = Object.entries(agents).map(([id, agent]) => ({ id, key: agent.key.publicKeyBase64 }))
  expect(tenant.apply(() => acmeFile(registered))).toMatchObject({ ok: true, value: { applied: true } })
}

function problems(): readonly string[] {
  const report = verifyBooks(tenantFile(dataDirectory, 'acme'), 'acme', signingKey.publicKeyBase64)
  if (!report.ok) throw new Error(report.fault.message)
  return report.value.problems
}

describe('what cannot be right is refused and kept as evidence', () => {
  test.each([
    ['a flipped byte in the header', 'header', 60, 'signature_invalid'],
    ['a flipped byte in the signature', 'signature', 3, 'signature_invalid'],
    ['a flipped byte in a quantity of the body', 'body', -3, 'batch_root_mismatch'],
    ['a flipped byte in the tables', 'body', 60, 'batch_tables_mismatch'],
    ['a header that is none', 'header', 0, 'batch_malformed'],
  ] as const)('%s', (_name, part, place, code) => {
    const tenant = start()
    const agent = new SealingAgent('acme', 'gw-1')
    register(tenant, { 'gw-1': agent })
    const connection = tenant.connect()
    connection.session.onMessage(agent.hello())
    const batch = agent.seal([usageEvent({ id: 'a' })])
    const damaged = Uint8Array.from(batch[part])
    const at = place < 0 ? damaged.length + place : place
    damaged[at] = (damaged[at] ?? 0) ^ 0x01
    connection.session.onMessage({ ...batch, [part]: damaged })
    tenant.clock.advance(0)
    expect(connection.refusals).toEqual([code])
    expect(connection.ofKind('refusal')[0]?.permanent).toBe(true)
    expect(connection.closedWith).toBe(code)
    expect(tenant.commands.evidenceList('acme', { limit: 10 })).toMatchObject({
      value: [{ code, agent: 'gw-1', address: '10.0.0.1:5000', seen: 1 }],
    })
    // The agent is not cut off: the batch as it was sealed is still welcome.
    const next = tenant.connect()
    next.session.onMessage(agent.hello())
    next.session.onMessage(batch)
    tenant.clock.advance(0)
    expect(next.ofKind('receipt')).toHaveLength(1)
  })

  test('a batch signed by another key', () => {
    const tenant = start()
    register(tenant, { 'gw-1': new SealingAgent('acme', 'gw-1') })
    const stranger = new SealingAgent('acme', 'gw-1')
    const connection = tenant.connect()
    connection.session.onMessage(stranger.hello())
    const batch = stranger.seal([usageEvent({ id: 'a' })])
    connection.session.onMessage(batch)
    tenant.clock.advance(0)
    expect(connection.refusals).toEqual(['signature_invalid'])
    const again = tenant.connect()
    again.session.onMessage(stranger.hello())
    again.session.onMessage(batch)
    tenant.clock.advance(0)
    expect(tenant.commands.evidenceList('acme', { limit: 10 })).toMatchObject({
      value: [{ code: 'signature_invalid', seen: 2 }],
    })
  })

  test('a certificate of another agent, in the hello and in a batch', () => {
    const tenant = start()
    const one = new SealingAgent('acme', 'gw-1')
    const two = new SealingAgent('acme', 'gw-2')
    register(tenant, { 'gw-1': one, 'gw-2': two })
    const foreign = tenant.connect({ agent: 'gw-2' })
    foreign.session.onMessage(one.hello())
    expect(foreign.refusals).toEqual(['agent_certificate_mismatch'])
    const smuggling = tenant.connect({ agent: 'gw-2' })
    smuggling.session.onMessage(two.hello())
    smuggling.session.onMessage(one.seal([usageEvent({ id: 'a' })]))
    tenant.clock.advance(0)
    expect(smuggling.refusals).toEqual(['agent_certificate_mismatch'])
    const evidence = tenant.commands.evidenceList('acme', { limit: 10 })
    expect(evidence.ok && evidence.value.map((each) => [each.agent, each.code])).toEqual([
      ['gw-2', 'agent_certificate_mismatch'],
      ['gw-2', 'agent_certificate_mismatch'],
    ])
  })

  test('a clone: its batch is evidence and the agent is quarantined until it has a new epoch', async () => {
    const tenant = start()
    const agent = new SealingAgent('acme', 'gw-1')
    register(tenant, { 'gw-1': agent })
    const clone = agent.clone()
    const connection = tenant.connect()
    connection.session.onMessage(agent.hello())
    connection.session.onMessage(agent.seal([usageEvent({ id: 'a' })]))
    tenant.clock.advance(0)
    connection.session.onMessage(clone.seal([usageEvent({ id: 'other' })]))
    tenant.clock.advance(0)
    expect(connection.refusals).toEqual(['chain_forked'])
    const after = tenant.connect()
    after.session.onMessage(agent.hello())
    expect(after.refusals).toEqual(['agent_quarantined'])
    expect(tenant.commands.tenantStatus('acme')).toMatchObject({
      value: {
        evidence: 1,
        agents: [{ agent: 'gw-1', receivedSeq: 1, quarantined: expect.stringContaining('Two boxes') as string }],
      },
    })

    const renewed = new SealingAgent('acme', 'gw-1', { epoch: 2, key: agent.key })
    const file = acmeFile([{ id: 'gw-1', key: agent.key.publicKeyBase64, epoch: 2 }])
    await tenant.commands.apply('acme.yaml', file, { dryRun: false })
    const fresh = tenant.connect()
    fresh.session.onMessage(renewed.hello())
    fresh.session.onMessage(renewed.seal([usageEvent({ id: 'new' })]))
    tenant.clock.advance(0)
    expect(fresh.ofKind('receipt')).toHaveLength(1)
    const old = tenant.connect()
    old.session.onMessage(agent.hello())
    expect(old.refusals).toEqual(['epoch_unknown'])
    expect(problems()).toEqual([])
  })

  test('a restored image is refused at its hello', () => {
    const tenant = start()
    const agent = new SealingAgent('acme', 'gw-1')
    register(tenant, { 'gw-1': agent })
    const image = agent.clone()
    const connection = tenant.connect()
    connection.session.onMessage(agent.hello())
    connection.session.onMessage(agent.seal([usageEvent({ id: 'a' })]))
    tenant.clock.advance(0)
    const restored = tenant.connect()
    restored.session.onMessage(image.hello())
    expect(restored.refusals).toEqual(['chain_forked'])
    image.seal([usageEvent({ id: 'b' })])
    const differing = tenant.connect()
    differing.session.onMessage(image.hello())
    expect(differing.refusals).toEqual(['chain_forked'])
  })

  test('a gap is refused for now, and nothing behind it is taken', () => {
    const tenant = start()
    const agent = new SealingAgent('acme', 'gw-1')
    register(tenant, { 'gw-1': agent })
    const connection = tenant.connect()
    connection.session.onMessage(agent.hello())
    const lost = agent.seal([usageEvent({ id: 'a' })])
    const second = agent.seal([usageEvent({ id: 'b' })])
    connection.session.onMessage(second)
    connection.session.onMessage(lost)
    tenant.clock.advance(0)
    expect(connection.ofKind('refusal')).toMatchObject([{ code: 'sequence_gap', seq: 2, permanent: false }])
    expect(connection.ofKind('receipt')).toEqual([])
    const next = tenant.connect()
    next.session.onMessage(agent.hello())
    expect(next.ofKind('welcome')).toMatchObject([{ receivedSeq: 0 }])
    next.session.onMessage(lost)
    next.session.onMessage(second)
    tenant.clock.advance(0)
    expect(next.ofKind('receipt').map(({ seq }) => seq)).toEqual([1, 2])
  })

  test.each([
    ['an agent that is not registered', { agent: 'gw-9' }, {}, 'agent_unknown'],
    ['a tenant that is not there, in the same words', { tenant: 'nobody' }, {}, 'agent_unknown'],
    ['another epoch', {}, { epoch: 7 }, 'epoch_unknown'],
    ['another protocol version', {}, { protocolVersion: 2 }, 'protocol_unsupported'],
    ['a hello without a chain hash', {}, { chainHash: new Uint8Array(3) }, 'message_malformed'],
  ])('%s', (_name, peer: Partial<EdgePeer>, hello, code) => {
    const tenant = start()
    const agent = new SealingAgent('acme', 'gw-1')
    register(tenant, { 'gw-1': agent })
    const connection = tenant.connect(peer)
    connection.session.onMessage(agent.hello({ tenant: peer.tenant ?? 'acme', agent: peer.agent ?? 'gw-1', ...hello }))
    expect(connection.refusals).toEqual([code])
  })

  test('a batch before the hello, and a batch over the message cap', () => {
    const tenant = start()
    const agent = new SealingAgent('acme', 'gw-1')
    register(tenant, { 'gw-1': agent })
    const early = tenant.connect()
    early.session.onMessage(agent.seal([usageEvent({ id: 'a' })]))
    expect(early.refusals).toEqual(['hello_expected'])
    const large = tenant.connect()
    large.session.onMessage(agent.hello())
    const batch = agent.seal([usageEvent({ id: 'b' })])
    large.session.onMessage({ ...batch, body: new Uint8Array(1024 * 1024) })
    expect(large.refusals).toEqual(['too_large'])
  })
})
