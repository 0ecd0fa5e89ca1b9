import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { silentLog } from '@meterline/shared/base/log.ts'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { generateSigningKey, openSigningKey, verifySignature } from '@meterline/shared/integrity/signature.ts'
import { snapshotHash, snapshotSignatureContext } from '@meterline/shared/model/snapshot.ts'
import type { AggregatorMessage } from '@meterline/shared/wire/messages.ts'
import { composeAggregator } from './compose.ts'
import type { RunningAggregator } from './compose.ts'
import { acmeFile } from './flow/fixtures/tenant-file.ts'
import { ManualClock } from './flow/fixtures/manual-clock.ts'
import { SealingAgent, usageEvent, usageTimeMs } from './flow/fixtures/sealing-agent.ts'
import type { EdgePeer, EdgeSession } from './flow/ports.ts'

const signingKey = openSigningKey(generateSigningKey().privatePem)
const oneMonthMs = 31 * 86_400_000

let dataDirectory = ''
let clock = new ManualClock(usageTimeMs)
let running: RunningAggregator[] = []

beforeEach(() => {
  dataDirectory = mkdtempSync(join(tmpdir(), 'meterline-aggregator-'))
  clock = new ManualClock(usageTimeMs)
})
afterEach(() => {
  for (const aggregator of running) aggregator.kill()
  running = []
  rmSync(dataDirectory, { recursive: true, force: true })
})

async function start(): Promise<RunningAggregator> {
  const aggregator = await composeAggregator({
    dataDirectory,
    signingKey,
    clock,
    random: seededRandom('compose'),
    log: silentLog(),
    temporaryDisk: true,
    limits: { keyMemtableKeys: 1024 },
  })
  running.push(aggregator)
  return aggregator
}

/** The other end of an edge session: what it was sent, and whether it was closed. */
class Connection {
  readonly messages: AggregatorMessage[] = []
  closedWith: string | null = null
  readonly session: EdgeSession

  constructor(aggregator: RunningAggregator, peer: Partial<EdgePeer> = {}) {
    this.session = aggregator.openEdgeSession(
      { tenant: 'acme', agent: 'gw-1', address: '10.0.0.1:5000', ...peer },
      { send: (message) => void this.messages.push(message), close: (fault) => void (this.closedWith = fault.code) },
    )
  }

  ofKind<Kind extends AggregatorMessage['kind']>(kind: Kind): Extract<AggregatorMessage, { kind: Kind }>[] {
    return this.messages.filter(
      (message): message is Extract<AggregatorMessage, { kind: Kind }> => message.kind === kind,
    )
  }

  get refusals(): string[] {
    return this.ofKind('refusal').map((refusal) => refusal.code)
  }
}

async function apply(aggregator: RunningAggregator, agents: Readonly<Record<string, SealingAgent>>): Promise<void> {
  const registered = Object.entries(agents).map(([id, agent]) => ({ id, key: agent.key.publicKeyBase64 }))
  const applied = await aggregator.commands.apply('acme.yaml', acmeFile(registered), { dryRun: false })
  expect(applied).toMatchObject({ ok: true, value: { applied: true } })
}

function kindsOf(aggregator: RunningAggregator, events: readonly { source: string; id: string }[]): string[] {
  const found = aggregator.commands.dispositions('acme', events)
  if (!found.ok) throw new Error(found.fault.message)
  return found.value.map((each) => (each.kind === 'suspended' ? `suspended ${each.code}` : each.kind))
}

function problemsOf(aggregator: RunningAggregator): readonly string[] {
  const report = aggregator.commands.verifyBooks('acme')
  if (!report.ok) throw new Error(report.fault.message)
  return report.value.problems
}

describe('a session', () => {
  test('goes from hello to welcome, snapshot, receipts and charges', async () => {
    const aggregator = await start()
    const agent = new SealingAgent('acme', 'gw-1')
    await apply(aggregator, { 'gw-1': agent })
    const connection = new Connection(aggregator)
    connection.session.onMessage(agent.hello())
    expect(connection.ofKind('welcome')).toEqual([{ kind: 'welcome', receivedSeq: 0, chainHash: new Uint8Array(32) }])
    const [snapshot] = connection.ofKind('snapshot')
    expect(snapshot).toBeDefined()
    if (snapshot !== undefined) {
      const hash = snapshotHash(snapshot.bytes)
      expect(verifySignature(aggregator.publicKeyBase64, snapshotSignatureContext, hash, snapshot.signature)).toBe(true)
    }

    connection.session.onMessage(agent.seal([usageEvent({ id: 'a' }), usageEvent({ id: 'b', subject: 'trk-2' })]))
    connection.session.onMessage(agent.seal([usageEvent({ id: 'c' })]))
    expect(connection.ofKind('receipt')).toEqual([])
    clock.advance(0)
    expect(connection.ofKind('receipt')).toMatchObject([
      { epoch: 1, seq: 1, logIndex: 1 },
      { epoch: 1, seq: 2, logIndex: 2 },
    ])
    const found = aggregator.commands.dispositions('acme', [{ source: 'trk-1', id: 'a' }])
    expect(found).toMatchObject({ ok: true, value: [{ kind: 'charged', logIndex: 1, unit: 0, amountMicros: '20000' }] })
    if (found.ok && found.value[0]?.kind === 'charged') {
      const legs = found.value[0].legs.map(({ leg, amountMicros }) => `${leg.split(':')[0]} ${amountMicros}`)
      expect(legs.toSorted()).toEqual(['acme>nordlink 4000', 'nordlink>logistics 20000', 'roamnet>acme 1500'])
    }
    expect(problemsOf(aggregator)).toEqual([])
  })

  test('an agent that holds the snapshot gets none; after an apply it gets the new one at once', async () => {
    const aggregator = await start()
    const agent = new SealingAgent('acme', 'gw-1')
    await apply(aggregator, { 'gw-1': agent })
    const first = new Connection(aggregator)
    first.session.onMessage(agent.hello())
    const [snapshot] = first.ofKind('snapshot')
    const second = new Connection(aggregator)
    second.session.onMessage(agent.hello({ snapshotHash: snapshotHash(snapshot?.bytes ?? new Uint8Array(0)) }))
    expect(second.ofKind('snapshot')).toEqual([])
    expect(first.refusals).toEqual(['busy'])

    await apply(aggregator, { 'gw-1': agent, 'gw-2': new SealingAgent('acme', 'gw-2') })
    expect(second.ofKind('snapshot')).toHaveLength(1)
  })

  test('without a hello it ends after the timeout', async () => {
    const aggregator = await start()
    const connection = new Connection(aggregator)
    clock.advance(9_999)
    expect(connection.closedWith).toBeNull()
    clock.advance(1)
    expect(connection.closedWith).toBe('hello_expected')
    expect(clock.pending).toBe(0)
  })

  test('a session beyond the cap is refused as busy', async () => {
    const aggregator = await composeAggregator({
      dataDirectory,
      signingKey,
      clock,
      random: seededRandom('cap'),
      log: silentLog(),
      temporaryDisk: true,
      limits: { sessions: 1, keyMemtableKeys: 1024 },
    })
    running.push(aggregator)
    const first = new Connection(aggregator)
    expect(new Connection(aggregator).refusals).toEqual(['busy'])
    first.session.onClosed()
    expect(new Connection(aggregator).refusals).toEqual([])
  })

  test('reading pauses at the cap and goes on when the queue is worked off', async () => {
    const aggregator = await start()
    const agent = new SealingAgent('acme', 'gw-1')
    await apply(aggregator, { 'gw-1': agent })
    const calls: string[] = []
    const messages: AggregatorMessage[] = []
    const session = aggregator.openEdgeSession(
      { tenant: 'acme', agent: 'gw-1', address: '' },
      {
        send: (message) => void messages.push(message),
        close: () => void calls.push('close'),
        pause: () => void calls.push('pause'),
        resume: () => void calls.push('resume'),
      },
    )
    session.onMessage(agent.hello())
    for (let seq = 1; seq <= 40; seq++) session.onMessage(agent.seal([usageEvent({ id: `p${seq}` })]))
    expect(calls).toEqual(['pause'])
    clock.advance(0)
    expect(calls).toEqual(['pause', 'resume'])
    expect(messages.filter((message) => message.kind === 'receipt')).toHaveLength(40)
    for (let seq = 1; seq <= 65; seq++) session.onMessage(agent.seal([usageEvent({ id: `q${seq}` })]))
    expect(messages.at(-1)).toMatchObject({ kind: 'refusal', code: 'busy', permanent: false })
  })
})

describe('exactly once', () => {
  test('the same batch again gets the same receipt, also after a restart', async () => {
    const first = await start()
    const agent = new SealingAgent('acme', 'gw-1')
    await apply(first, { 'gw-1': agent })
    const connection = new Connection(first)
    connection.session.onMessage(agent.hello())
    const batch = agent.seal([usageEvent({ id: 'a' })])
    connection.session.onMessage(batch)
    connection.session.onMessage(batch)
    clock.advance(0)
    const [receipt, again] = connection.ofKind('receipt')
    expect(receipt?.logIndex).toBe(1)
    expect(again).toEqual(receipt)
    first.kill()

    const second = await start()
    const later = new Connection(second)
    later.session.onMessage(agent.hello())
    expect(later.ofKind('welcome')).toMatchObject([{ receivedSeq: 1 }])
    later.session.onMessage(batch)
    clock.advance(0)
    expect(later.ofKind('receipt').map((each) => ({ ...each, batchHash: [...each.batchHash] }))).toEqual([
      { ...receipt, batchHash: [...(receipt?.batchHash ?? [])] },
    ])
    expect(second.commands.tenantStatus('acme')).toMatchObject({ value: { batches: 1, units: 1, duplicates: 0 } })
  })

  test('events that come through two agents, twice in a batch, or with other content count once', async () => {
    const aggregator = await start()
    const one = new SealingAgent('acme', 'gw-1')
    const two = new SealingAgent('acme', 'gw-2')
    await apply(aggregator, { 'gw-1': one, 'gw-2': two })
    const left = new Connection(aggregator)
    const right = new Connection(aggregator, { agent: 'gw-2' })
    left.session.onMessage(one.hello())
    right.session.onMessage(two.hello())
    left.session.onMessage(one.seal([usageEvent({ id: 'a' }), usageEvent({ id: 'a' }), usageEvent({ id: null })]))
    right.session.onMessage(
      two.seal([
        usageEvent({ id: 'a' }),
        usageEvent({ id: 'b' }),
        usageEvent({ id: 'a', measured: [{ meter: 'data.bytes', quantity: 7n }] }),
      ]),
    )
    clock.advance(0)
    expect(aggregator.commands.tenantStatus('acme')).toMatchObject({
      value: { units: 6, duplicates: 2, conflicts: 1, suspended: 1, unratedBatches: 0 },
    })
    const suspended = aggregator.commands.suspenseList('acme', { limit: 10 })
    expect(suspended).toMatchObject({ value: [{ logIndex: 2, unit: 2, code: 'event_conflict', eventId: 'a' }] })
    expect(
      kindsOf(aggregator, [
        { source: 'trk-1', id: 'a' },
        { source: 'trk-1', id: 'b' },
        { source: 'trk-1', id: 'c' },
      ]),
    ).toEqual(['charged', 'charged', 'unknown'])
    expect(problemsOf(aggregator)).toEqual([])
  })

  test('a crash between receiving and rating loses nothing', async () => {
    const first = await start()
    const agent = new SealingAgent('acme', 'gw-1')
    await apply(first, { 'gw-1': agent })
    const connection = new Connection(first)
    connection.session.onMessage(agent.hello())
    // Killed from inside the receipt: received, committed, not rated.
    const link = {
      send: (message: AggregatorMessage): void => {
        if (message.kind === 'receipt') first.kill()
      },
      close: () => undefined,
    }
    const cut = first.openEdgeSession({ tenant: 'acme', agent: 'gw-1', address: '' }, link)
    cut.onMessage(agent.hello())
    cut.onMessage(
      agent.seal([usageEvent({ id: 'a' }), usageEvent({ id: 'a' }), usageEvent({ id: 'x', subject: 'nobody' })]),
    )
    clock.advance(0)

    const second = await start()
    expect(second.commands.tenantStatus('acme')).toMatchObject({ value: { unratedBatches: 1, batches: 1 } })
    const events = [
      { source: 'trk-1', id: 'a' },
      { source: 'trk-1', id: 'x' },
    ]
    expect(kindsOf(second, events)).toEqual(['pending', 'pending'])
    clock.advance(0)
    expect(second.commands.tenantStatus('acme')).toMatchObject({ value: { unratedBatches: 0 } })
    expect(kindsOf(second, events)).toEqual(['charged', 'suspended unknown_subject'])
    expect(problemsOf(second)).toEqual([])
  })

  test('a backlog longer than a group is rated in order after a restart, while new batches come in', async () => {
    const first = await start()
    const agent = new SealingAgent('acme', 'gw-1')
    await apply(first, { 'gw-1': agent })
    let left = 20
    const link = {
      send: (message: AggregatorMessage): void => {
        // Kills during the receipts of the last group, before any of it is rated.
        if (message.kind === 'receipt') left -= 1
        if (left === 0) first.kill()
      },
      close: () => undefined,
    }
    const session = first.openEdgeSession({ tenant: 'acme', agent: 'gw-1', address: '' }, link)
    session.onMessage(agent.hello())
    for (let seq = 1; seq <= 20; seq++) session.onMessage(agent.seal([usageEvent({ id: `e${seq}` })]))
    clock.advance(0)

    const second = await start()
    const connection = new Connection(second)
    connection.session.onMessage(agent.hello())
    connection.session.onMessage(agent.seal([usageEvent({ id: 'late' })]))
    clock.advance(0)
    const ids = [...Array.from({ length: 20 }, (_, index) => `e${index + 1}`), 'late']
    expect(
      new Set(
        kindsOf(
          second,
          ids.map((id) => ({ source: 'trk-1', id })),
        ),
      ),
    ).toEqual(new Set(['charged']))
    expect(problemsOf(second)).toEqual([])
  })
})

describe('what cannot be right is refused and kept as evidence', () => {
  test.each([
    ['a flipped byte in the header', 'header', 60, 'signature_invalid'],
    ['a flipped byte in the signature', 'signature', 3, 'signature_invalid'],
    ['a flipped byte in a quantity of the body', 'body', -3, 'batch_root_mismatch'],
    ['a flipped byte in the tables', 'body', 60, 'batch_tables_mismatch'],
    ['a header that is none', 'header', 0, 'batch_malformed'],
  ] as const)('%s', async (_name, part, place, code) => {
    const aggregator = await start()
    const agent = new SealingAgent('acme', 'gw-1')
    await apply(aggregator, { 'gw-1': agent })
    const connection = new Connection(aggregator)
    connection.session.onMessage(agent.hello())
    const batch = agent.seal([usageEvent({ id: 'a' })])
    const damaged = Uint8Array.from(batch[part])
    const at = place < 0 ? damaged.length + place : place
    damaged[at] = (damaged[at] ?? 0) ^ 0x01
    connection.session.onMessage({ ...batch, [part]: damaged })
    clock.advance(0)
    expect(connection.refusals).toEqual([code])
    expect(connection.ofKind('refusal')[0]?.permanent).toBe(true)
    expect(connection.closedWith).toBe(code)
    expect(aggregator.commands.evidenceList('acme', { limit: 10 })).toMatchObject({
      value: [{ code, agent: 'gw-1', address: '10.0.0.1:5000', seen: 1 }],
    })
    // The agent is not cut off: the batch as it was sealed is still welcome.
    const next = new Connection(aggregator)
    next.session.onMessage(agent.hello())
    next.session.onMessage(batch)
    clock.advance(0)
    expect(next.ofKind('receipt')).toHaveLength(1)
  })

  test('a batch signed by another key', async () => {
    const aggregator = await start()
    await apply(aggregator, { 'gw-1': new SealingAgent('acme', 'gw-1') })
    const stranger = new SealingAgent('acme', 'gw-1')
    const connection = new Connection(aggregator)
    connection.session.onMessage(stranger.hello())
    const batch = stranger.seal([usageEvent({ id: 'a' })])
    connection.session.onMessage(batch)
    clock.advance(0)
    expect(connection.refusals).toEqual(['signature_invalid'])
    const again = new Connection(aggregator)
    again.session.onMessage(stranger.hello())
    again.session.onMessage(batch)
    clock.advance(0)
    expect(aggregator.commands.evidenceList('acme', { limit: 10 })).toMatchObject({
      value: [{ code: 'signature_invalid', seen: 2 }],
    })
  })

  test('a certificate of another agent, in the hello and in a batch', async () => {
    const aggregator = await start()
    const one = new SealingAgent('acme', 'gw-1')
    const two = new SealingAgent('acme', 'gw-2')
    await apply(aggregator, { 'gw-1': one, 'gw-2': two })
    const foreign = new Connection(aggregator, { agent: 'gw-2' })
    foreign.session.onMessage(one.hello())
    expect(foreign.refusals).toEqual(['agent_certificate_mismatch'])
    const smuggling = new Connection(aggregator, { agent: 'gw-2' })
    smuggling.session.onMessage(two.hello())
    smuggling.session.onMessage(one.seal([usageEvent({ id: 'a' })]))
    clock.advance(0)
    expect(smuggling.refusals).toEqual(['agent_certificate_mismatch'])
    const evidence = aggregator.commands.evidenceList('acme', { limit: 10 })
    expect(evidence.ok && evidence.value.map((each) => [each.agent, each.code])).toEqual([
      ['gw-2', 'agent_certificate_mismatch'],
      ['gw-2', 'agent_certificate_mismatch'],
    ])
  })

  test('a clone: its batch is evidence and the agent is quarantined until it has a new epoch', async () => {
    const aggregator = await start()
    const agent = new SealingAgent('acme', 'gw-1')
    await apply(aggregator, { 'gw-1': agent })
    const clone = agent.clone()
    const connection = new Connection(aggregator)
    connection.session.onMessage(agent.hello())
    connection.session.onMessage(agent.seal([usageEvent({ id: 'a' })]))
    clock.advance(0)
    connection.session.onMessage(clone.seal([usageEvent({ id: 'other' })]))
    clock.advance(0)
    expect(connection.refusals).toEqual(['chain_forked'])
    const after = new Connection(aggregator)
    after.session.onMessage(agent.hello())
    expect(after.refusals).toEqual(['agent_quarantined'])
    expect(aggregator.commands.tenantStatus('acme')).toMatchObject({
      value: {
        evidence: 1,
        agents: [{ agent: 'gw-1', receivedSeq: 1, quarantined: expect.stringContaining('Two boxes') as string }],
      },
    })

    const renewed = new SealingAgent('acme', 'gw-1', { epoch: 2, key: agent.key })
    const file = acmeFile([{ id: 'gw-1', key: agent.key.publicKeyBase64, epoch: 2 }])
    await aggregator.commands.apply('acme.yaml', file, { dryRun: false })
    const fresh = new Connection(aggregator)
    fresh.session.onMessage(renewed.hello())
    fresh.session.onMessage(renewed.seal([usageEvent({ id: 'new' })]))
    clock.advance(0)
    expect(fresh.ofKind('receipt')).toHaveLength(1)
    const old = new Connection(aggregator)
    old.session.onMessage(agent.hello())
    expect(old.refusals).toEqual(['epoch_unknown'])
    expect(problemsOf(aggregator)).toEqual([])
  })

  test('a restored image is refused at its hello', async () => {
    const aggregator = await start()
    const agent = new SealingAgent('acme', 'gw-1')
    await apply(aggregator, { 'gw-1': agent })
    const image = agent.clone()
    const connection = new Connection(aggregator)
    connection.session.onMessage(agent.hello())
    connection.session.onMessage(agent.seal([usageEvent({ id: 'a' })]))
    clock.advance(0)
    const restored = new Connection(aggregator)
    restored.session.onMessage(image.hello())
    expect(restored.refusals).toEqual(['chain_forked'])
    image.seal([usageEvent({ id: 'b' })])
    const differing = new Connection(aggregator)
    differing.session.onMessage(image.hello())
    expect(differing.refusals).toEqual(['chain_forked'])
  })

  test('a gap is refused for now, and nothing behind it is taken', async () => {
    const aggregator = await start()
    const agent = new SealingAgent('acme', 'gw-1')
    await apply(aggregator, { 'gw-1': agent })
    const connection = new Connection(aggregator)
    connection.session.onMessage(agent.hello())
    const lost = agent.seal([usageEvent({ id: 'a' })])
    const second = agent.seal([usageEvent({ id: 'b' })])
    connection.session.onMessage(second)
    connection.session.onMessage(lost)
    clock.advance(0)
    expect(connection.ofKind('refusal')).toMatchObject([{ code: 'sequence_gap', seq: 2, permanent: false }])
    expect(connection.ofKind('receipt')).toEqual([])
    const next = new Connection(aggregator)
    next.session.onMessage(agent.hello())
    expect(next.ofKind('welcome')).toMatchObject([{ receivedSeq: 0 }])
    next.session.onMessage(lost)
    next.session.onMessage(second)
    clock.advance(0)
    expect(next.ofKind('receipt').map(({ seq }) => seq)).toEqual([1, 2])
  })

  test.each([
    ['an agent that is not registered', { agent: 'gw-9' }, {}, 'agent_unknown'],
    ['a tenant that is not there, in the same words', { tenant: 'nobody' }, {}, 'agent_unknown'],
    ['another epoch', {}, { epoch: 7 }, 'epoch_unknown'],
    ['another protocol version', {}, { protocolVersion: 2 }, 'protocol_unsupported'],
    ['a hello without a chain hash', {}, { chainHash: new Uint8Array(3) }, 'message_malformed'],
  ])('%s', async (_name, peer: Partial<EdgePeer>, hello, code) => {
    const aggregator = await start()
    const agent = new SealingAgent('acme', 'gw-1')
    await apply(aggregator, { 'gw-1': agent })
    const connection = new Connection(aggregator, peer)
    connection.session.onMessage(agent.hello({ tenant: peer.tenant ?? 'acme', agent: peer.agent ?? 'gw-1', ...hello }))
    expect(connection.refusals).toEqual([code])
  })

  test('a batch before the hello, and a batch over the message cap', async () => {
    const aggregator = await start()
    const agent = new SealingAgent('acme', 'gw-1')
    await apply(aggregator, { 'gw-1': agent })
    const early = new Connection(aggregator)
    early.session.onMessage(agent.seal([usageEvent({ id: 'a' })]))
    expect(early.refusals).toEqual(['hello_expected'])
    const large = new Connection(aggregator)
    large.session.onMessage(agent.hello())
    const batch = agent.seal([usageEvent({ id: 'b' })])
    large.session.onMessage({ ...batch, body: new Uint8Array(1024 * 1024) })
    expect(large.refusals).toEqual(['too_large'])
  })
})

describe('the end of an aggregator', () => {
  test.each(['kill', 'close'] as const)('%s leaves no timer and no open file behind', async (how) => {
    const aggregator = await start()
    const agent = new SealingAgent('acme', 'gw-1')
    await apply(aggregator, { 'gw-1': agent })
    const connection = new Connection(aggregator)
    const silent = new Connection(aggregator)
    connection.session.onMessage(agent.hello())
    connection.session.onMessage(agent.seal([usageEvent({ id: 'a' })]))
    expect(clock.pending).toBeGreaterThan(0)
    if (how === 'close') await aggregator.close()
    else aggregator.kill()
    expect(clock.pending).toBe(0)
    expect(connection.refusals).toEqual(how === 'close' ? ['shutting_down'] : [])
    expect(silent.refusals).toEqual(how === 'close' ? ['shutting_down'] : [])
    clock.advance(oneMonthMs)
    expect(connection.ofKind('receipt')).toEqual([])
  })

  test('a checkpoint is sealed soon after the log grew, and at the close', async () => {
    const aggregator = await start()
    const agent = new SealingAgent('acme', 'gw-1')
    await apply(aggregator, { 'gw-1': agent })
    clock.advance(5_000)
    const connection = new Connection(aggregator)
    connection.session.onMessage(agent.hello())
    connection.session.onMessage(agent.seal([usageEvent({ id: 'a' })]))
    clock.advance(0)
    await aggregator.close()
    const later = await start()
    const report = later.commands.verifyBooks('acme')
    expect(report).toMatchObject({ ok: true, value: { problems: [], checked: { checkpoints: 2 } } })
  })
})
