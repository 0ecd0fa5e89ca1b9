import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { silentLog } from '@meterline/shared/base/log.ts'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { generateSigningKey, openSigningKey, verifySignature } from '@meterline/shared/integrity/signature.ts'
import { snapshotHash, snapshotSignatureContext } from '@meterline/shared/model/snapshot.ts'
import type { AggregatorMessage } from '@meterline/shared/wire/messages.ts'
import { temporaryDisk } from '@meterline/shared/sqlite/simulated-disk.ts'
import { composeAggregator } from './compose.ts'
import type { RunningAggregator } from './compose.ts'
import { Connection } from './flow/fixtures/connection.ts'
import { acmeFile } from './flow/fixtures/tenant-file.ts'
import { ManualClock } from './flow/fixtures/manual-clock.ts'
import { SealingAgent, usageEvent, usageTimeMs } from './flow/fixtures/sealing-agent.ts'
import type { EdgePeer } from './flow/ports.ts'

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
    disk: temporaryDisk,
    limits: { keyMemtableKeys: 1024 },
  })
  running.push(aggregator)
  return aggregator
}

/** A new connection of an agent. */
function connect(aggregator: RunningAggregator, peer: Partial<EdgePeer> = {}): Connection {
  return new Connection((from, link) => aggregator.openEdgeSession(from, link), peer)
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
    const connection = connect(aggregator)
    connection.session.onMessage(agent.hello({ features: ['snapshot-parts'] }))
    const welcome = {
      kind: 'welcome',
      receivedSeq: 0,
      chainHash: new Uint8Array(32),
      features: ['report', 'checkpoint', 'snapshot-parts'],
      generation: 1,
      restore: null,
    }
    expect(connection.ofKind('welcome')).toEqual([welcome])
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
      const named = found.value[0].legs.map(({ meter, price }) => `${meter} ${price}`)
      expect(named.toSorted()).toEqual([
        'data.bytes retail-data',
        'data.bytes roaming-data',
        'data.bytes wholesale-data',
      ])
    }
    expect(problemsOf(aggregator)).toEqual([])
  })

  test('an agent that holds the snapshot gets none; after an apply it gets the new one at once', async () => {
    const aggregator = await start()
    const agent = new SealingAgent('acme', 'gw-1')
    await apply(aggregator, { 'gw-1': agent })
    const first = connect(aggregator)
    const features = ['snapshot-parts']
    first.session.onMessage(agent.hello({ features }))
    const [snapshot] = first.ofKind('snapshot')
    const second = connect(aggregator)
    const held = snapshotHash(snapshot?.bytes ?? new Uint8Array(0))
    second.session.onMessage(agent.hello({ features, snapshotHash: held }))
    expect(second.ofKind('snapshot')).toEqual([])
    expect(first.refusals).toEqual(['busy'])

    await apply(aggregator, { 'gw-1': agent, 'gw-2': new SealingAgent('acme', 'gw-2') })
    expect(second.ofKind('snapshot')).toHaveLength(1)
  })

  test('without a hello it ends after the timeout', async () => {
    const aggregator = await start()
    const connection = connect(aggregator)
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
      disk: temporaryDisk,
      limits: { sessions: 1, keyMemtableKeys: 1024 },
    })
    running.push(aggregator)
    const first = connect(aggregator)
    expect(connect(aggregator).refusals).toEqual(['busy'])
    first.session.onClosed()
    expect(connect(aggregator).refusals).toEqual([])
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
    const connection = connect(first)
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
    const later = connect(second)
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
    const left = connect(aggregator)
    const right = connect(aggregator, { agent: 'gw-2' })
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
    const connection = connect(first)
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
    const connection = connect(second)
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

test('a start ends a restore that was cut off after it was decided', async () => {
  const aggregator = await start()
  await apply(aggregator, { 'gw-1': new SealingAgent('acme', 'gw-1') })
  await aggregator.close()
  const books = join(dataDirectory, 'acme.db')
  renameSync(books, `${books}.restored`)
  // What another process left beside the books that are replaced must not get into the new ones.
  writeFileSync(`${books}-wal`, 'a log of other books')
  const later = await start()
  expect(later.commands.status()).toMatchObject([{ tenant: 'acme', state: 'open', logSize: 1 }])
  expect(problemsOf(later)).toEqual([])
})

describe('the end of an aggregator', () => {
  test.each(['kill', 'close'] as const)('%s leaves no timer and no open file behind', async (how) => {
    const aggregator = await start()
    const agent = new SealingAgent('acme', 'gw-1')
    await apply(aggregator, { 'gw-1': agent })
    const connection = connect(aggregator)
    const silent = connect(aggregator)
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
    const connection = connect(aggregator)
    connection.session.onMessage(agent.hello())
    connection.session.onMessage(agent.seal([usageEvent({ id: 'a' })]))
    clock.advance(0)
    await aggregator.close()
    const later = await start()
    const report = later.commands.verifyBooks('acme')
    expect(report).toMatchObject({ ok: true, value: { problems: [], checked: { checkpoints: 2 } } })
  })
})
