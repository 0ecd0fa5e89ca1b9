import { afterEach, describe, expect, test } from 'vitest'
import { silentLog } from '@meterline/shared/base/log.ts'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { generateSigningKey, openSigningKey } from '@meterline/shared/integrity/signature.ts'
import {
  encodeSnapshot,
  snapshotHash,
  snapshotSignatureContext,
  type Snapshot,
} from '@meterline/shared/model/snapshot.ts'
import { composeAgent, type RunningAgent } from './compose.ts'
import { agentConfig, type AgentConfigInput } from './config.ts'
import { originText } from './flow/origin.ts'
import { ScriptedAggregator } from './flow/testing/scripted-aggregator.ts'
import { TestDisk } from './flow/testing/test-disk.ts'
import { TestDoor } from './flow/testing/test-door.ts'
import { VirtualClock } from './flow/testing/virtual-clock.ts'

const agentKey = generateSigningKey()
const aggregatorKey = generateSigningKey()
const disks: TestDisk[] = []

afterEach(() => {
  for (const disk of disks.splice(0)) disk.remove()
})

/** One agent on one machine with its door and its aggregator. */
class Story {
  readonly clock = new VirtualClock()
  readonly aggregator = new ScriptedAggregator(agentKey.publicKeyBase64)
  readonly door = new TestDoor()
  readonly disk = new TestDisk()
  readonly #settings: Partial<AgentConfigInput>
  agent!: RunningAgent

  constructor(settings: Partial<AgentConfigInput> = {}) {
    this.#settings = settings
    disks.push(this.disk)
  }

  async start(settings: Partial<AgentConfigInput> = {}): Promise<this> {
    const config = agentConfig({
      tenant: 'acme',
      agent: 'gw-1',
      dataDirectory: this.disk.folder,
      uplink: { address: 'localhost:1', aggregatorKey: aggregatorKey.publicKeyBase64 },
      ...this.#settings,
      ...settings,
    })
    this.agent = await composeAgent({
      config,
      clock: this.clock,
      random: seededRandom('agent'),
      log: silentLog(),
      openUplink: this.aggregator.open,
      writer: 'inline',
      journalFile: this.disk.journalFile,
      signingKeyPem: agentKey.privatePem,
    })
    this.door.attach(this.agent.intake)
    return this
  }

  /** A crash, and a start from what was on the disk. */
  async crash(): Promise<this> {
    this.disk.crash()
    this.agent.kill()
    return await this.start()
  }

  /** Lets time pass and everything under way arrive. */
  run(ms: number): void {
    for (let left = ms; left > 0; left -= 10) {
      this.clock.advance(Math.min(10, left))
      this.aggregator.deliver()
    }
  }

  publish(id: string | null, quantity = 5): number | null {
    const event = { ...(id === null ? {} : { id }), meter: 'data.bytes', quantity, time: 1_760_000_000_000 }
    return this.door.submit('dev-1', event)
  }

  get received(): (string | null)[] {
    return this.aggregator.units.map((unit) => unit.eventId)
  }
}

async function payloadOf(story: Story, entry: { readonly number: number } | undefined): Promise<string> {
  const shown = await story.agent.suspense.show(entry?.number ?? 0)
  return shown?.state === 'suspended' ? Buffer.from(shown.payload).toString() : 'not in suspense'
}

describe('a delivery', () => {
  test('is acknowledged after its commit, sealed, sent, and leaves the outbox under its receipt', async () => {
    const story = await new Story().start()
    story.publish('e1')
    story.publish('e2')
    expect(story.door.told).toEqual([])
    story.run(1000)
    expect(story.door.told).toEqual(['0 stored', '1 stored', 'flush'])
    expect(story.received).toEqual(['e1', 'e2'])
    expect(story.aggregator.complaints).toEqual([])
    const status = await story.agent.status()
    expect(status).toMatchObject({
      uplink: { state: 'streaming', fault: null },
      outbox: { batches: 0, bytes: 0 },
      open: { units: 0 },
      chain: { sealedSeq: 1, settledSeq: 1, lastLogIndex: 101 },
      counters: { deliveries: 2, events: 2, records: 2, unbound: 2, duplicates: 0 },
    })
    await story.agent.close()
    expect(story.clock.pending).toBe(0)
  })

  test('holds what it says, with both clocks of the moment it came', async () => {
    const story = await new Story().start()
    story.run(50)
    const receivedMs = story.clock.monotonicMs()
    story.door.submit('gpu-1', { id: 'c1', 'gen_ai.usage.input_tokens': 10, 'gen_ai.usage.output_tokens': 4 }, 'ai')
    story.run(1000)
    expect(story.aggregator.units).toMatchObject([
      {
        eventId: 'c1',
        source: 'gpu-1',
        subject: 'gpu-1',
        receivedMonotonicMs: receivedMs,
        snapshot: null,
        facts: [['ai.total_input_tokens', 10n]],
        records: [
          { meter: 'ai.input_tokens', quantity: 10n, preratedMicros: null, spends: [] },
          { meter: 'ai.output_tokens', quantity: 4n, preratedMicros: null, spends: [] },
        ],
      },
    ])
  })

  test('sent again is counted once, in the same group, the open batch and after a restart', async () => {
    const story = await new Story().start()
    story.publish('e1')
    story.publish('e1')
    story.run(10)
    story.publish('e1')
    story.run(1000)
    await story.crash()
    story.publish('e1')
    story.run(1000)
    expect(story.door.stored.size).toBe(4)
    expect(story.received).toEqual(['e1'])
    expect((await story.agent.status()).counters).toMatchObject({ deliveries: 4, events: 1, duplicates: 3 })
  })

  test('without an id is stored each time, and counted as such', async () => {
    const story = await new Story().start()
    story.publish(null)
    story.publish(null)
    story.run(1000)
    expect(story.received).toEqual([null, null])
    expect((await story.agent.status()).counters).toMatchObject({ events: 2, withoutId: 2 })
  })

  test('is not acknowledged when a crash comes before the commit, and is when one comes right after', async () => {
    const story = await new Story().start()
    story.publish('e1')
    await story.crash()
    story.run(1000)
    expect(story.door.told).toEqual([])
    expect(story.received).toEqual([])
    story.publish('e2')
    // The group is handed over in one turn and committed in the next; the reply is still to be delivered.
    story.clock.step(0)
    story.clock.step(0)
    await story.crash()
    story.run(1000)
    expect(story.door.told).toEqual([])
    expect(story.received).toEqual(['e2'])
  })
})

describe('what cannot be used', () => {
  test('goes to suspense with its reason, is acknowledged, and keeps one entry however often it comes', async () => {
    const story = await new Story().start()
    story.door.submit('dev-1', '{"id":"e1","meter":"data.bytes","quantity":1.5}')
    story.door.submit('dev-1', 'no json')
    story.run(20)
    story.door.submit('dev-1', 'no json')
    story.run(1000)
    expect(story.door.told.filter((line) => line !== 'flush')).toEqual(['0 stored', '1 stored', '2 stored'])
    const entries = await story.agent.suspense.list({ after: 0, limit: 10, code: null, device: null })
    expect(entries).toMatchObject([
      { code: 'quantity_not_integer', device: 'dev-1', eventId: 'e1', times: 1 },
      { code: 'payload_not_json', device: 'dev-1', eventId: null, times: 2, payloadBytes: 7 },
    ])
    expect(await payloadOf(story, entries[1])).toBe('no json')
    expect(story.door.rejects.map(({ code }) => code)).toEqual([
      'quantity_not_integer',
      'payload_not_json',
      'payload_not_json',
    ])
    expect(story.received).toEqual([])
    expect((await story.agent.status()).suspense).toMatchObject({
      rows: 2,
      byCode: [
        { rows: 1, times: 2 },
        { rows: 1, times: 1 },
      ],
    })
  })

  test('does not keep its neighbours in the same payload back', async () => {
    const story = await new Story().start()
    const good = { id: 'e1', meter: 'data.bytes', quantity: 1, time: 1 }
    story.door.submit('dev-1', [good, { ...good, id: 'e2', quantity: -1 }, { ...good, id: 'e3' }])
    story.run(1000)
    expect(story.received).toEqual(['e1', 'e3'])
    expect(await story.agent.suspense.list({ after: 0, limit: 10, code: null, device: null })).toMatchObject([
      { eventId: 'e2' },
    ])
  })

  test('is a conflict when it is another event under a known id', async () => {
    const story = await new Story().start()
    story.publish('e1', 5)
    story.publish('e1', 6)
    story.run(1000)
    expect(story.door.stored.size).toBe(2)
    expect(story.aggregator.units).toMatchObject([{ records: [{ quantity: 5n }] }])
    const [entry] = await story.agent.suspense.list({ after: 0, limit: 10, code: 'event_conflict', device: null })
    expect(JSON.parse(await payloadOf(story, entry))).toMatchObject({ id: 'e1', measured: [{ quantity: '6' }] })
  })

  test('is refused by name when the suspense is full, and the rest goes on', async () => {
    const story = await new Story({ limits: { suspenseRows: 2, suspenseRowsPerDevice: 2 } }).start()
    for (const text of ['bad 1', 'bad 2', 'bad 3', 'bad 1']) story.door.submit('dev-1', text)
    story.publish('e1')
    story.run(1000)
    expect(story.door.told).toEqual(['0 stored', '1 stored', '2 unavailable', '3 stored', '4 stored', 'flush'])
    expect(story.door.rejects.map(({ code }) => code)).toContain('suspense_full')
    expect(story.received).toEqual(['e1'])
    expect((await story.agent.status()).intake.refusedDeliveries).toBe(1)
  })

  test('keeps a part of a large payload only', async () => {
    const story = await new Story({ limits: { suspensePayloadBytes: 10 } }).start()
    story.door.submit('dev-1', 'x'.repeat(70_000))
    story.run(100)
    const [entry] = await story.agent.suspense.list({ after: 0, limit: 10, code: null, device: null })
    expect(entry).toMatchObject({ code: 'payload_too_large', keptBytes: 10 })
  })
})

describe('a payload that nobody could read', () => {
  const mappings = [
    { name: 'octets', id: ['device', '/no'], meters: [{ meter: 'data.bytes', quantity: '/octets' }] },
  ] satisfies AgentConfigInput['mappings']
  const origin = originText({ device: 'dev-1', rule: 'octets', topic: 'a/b', idempotencyKey: null })
  const everything = { numbers: null, code: null, device: null, dryRun: false }

  async function replayed(story: Story): Promise<unknown> {
    const report = story.agent.suspense.replay(everything, () => undefined)
    story.run(100)
    return await report
  }

  test('is metered once after the rule was repaired, as of when it first came, and whatever crashes', async () => {
    const story = await new Story().start()
    story.run(50)
    const cameMs = story.clock.wallMs()
    for (let no = 0; no < 3; no++) story.door.submit(origin, { no, octets: 5 + no }, 'mapped')
    story.run(1000)
    expect(story.received).toEqual([])
    await story.agent.close()
    await story.start({ mappings })
    story.run(60_000)
    // The commit is on the disk, its answer never arrives: asked for again, there is nothing left to do.
    story.agent.suspense.replay(everything, () => undefined).catch(() => undefined)
    story.clock.step(0)
    story.disk.crash()
    story.agent.kill()
    await story.start({ mappings })
    expect(await replayed(story)).toMatchObject({ ok: true, value: { entries: 0 } })
    story.run(1000)
    expect(story.received).toEqual(['dev-1/0', 'dev-1/1', 'dev-1/2'])
    expect(story.aggregator.units.map(({ timeMs }) => timeMs)).toEqual([cameMs, cameMs, cameMs])
    story.door.submit(origin, { no: 1, octets: 6 }, 'mapped')
    story.run(1000)
    expect((await story.agent.status()).counters).toMatchObject({ events: 3, duplicates: 1 })
    expect((await story.agent.status()).suspense).toMatchObject({ rows: 0, closed: { replayed: 3, discarded: 0 } })
  })

  test('waits while the outbox is full, and says so', async () => {
    const story = new Story({ limits: { outboxBytes: 1024 * 1024 }, seal: { maxBytes: 60_000 } })
    await story.start()
    story.aggregator.behaviour.silent = true
    story.door.submit(origin, { no: 1, octets: 5 }, 'mapped')
    for (let number = 0; number < 40; number++) {
      const events = Array.from({ length: 250 }, (_, at) => ({
        id: `e${number}-${at}-${'x'.repeat(100)}`,
        meter: 'm',
        quantity: 1,
        time: 1,
      }))
      story.door.submit('dev-2', events)
      story.run(20)
    }
    expect((await story.agent.status()).intake.lastFault).toMatchObject({ code: 'outbox_full' })
    expect(await replayed(story)).toMatchObject({ ok: false, fault: { code: 'outbox_full' } })
    expect((await story.agent.status()).suspense.rows).toBe(1)
  })
})

describe('caps', () => {
  test('the intake takes no more than two groups and says when there is room', async () => {
    const story = await new Story({ limits: { groupDeliveries: 16 } }).start()
    const tokens = Array.from({ length: 40 }, (_, index) => story.publish(`e${index}`))
    expect(tokens.filter((token) => token === null)).toHaveLength(8)
    expect((await story.agent.status()).intake.waitingDeliveries).toBe(32)
    expect(story.door.roomCalls).toBe(0)
    story.run(1000)
    expect(story.door.roomCalls).toBe(1)
    expect(story.door.stored.size).toBe(32)
    expect(story.publish('e99')).not.toBeNull()
  })

  test('a full outbox refuses until the aggregator has taken some', async () => {
    const story = new Story({ limits: { outboxBytes: 1024 * 1024 }, seal: { maxBytes: 60_000 } })
    story.aggregator.behaviour.down = true
    await story.start()
    const many = (number: number): object[] =>
      Array.from({ length: 300 }, (_, index) => ({
        id: `${number}-${index}-${'x'.repeat(100)}`,
        meter: 'm',
        quantity: 1,
      }))
    for (let number = 0; number < 40; number++) {
      story.door.submit('dev-1', many(number))
      story.run(20)
    }
    const status = await story.agent.status()
    expect(status.intake.lastFault).toMatchObject({ code: 'outbox_full' })
    expect(status.outbox.bytes).toBeLessThan(1.2 * 1024 * 1024)
    expect(story.door.unavailable.size).toBeGreaterThan(0)
    story.aggregator.behaviour.down = false
    story.run(60_000)
    story.publish('late')
    story.run(1000)
    expect(story.received).toHaveLength(story.door.stored.size * 300 - 299)
    expect(story.aggregator.complaints).toEqual([])
  })

  test('a full disk refuses, keeps everything together and goes on when there is room again', async () => {
    const story = new Story({ limits: { journalBytes: 1024 * 1024 } })
    story.aggregator.behaviour.down = true
    await story.start()
    const many = (number: number): object[] =>
      Array.from({ length: 300 }, (_, index) => ({
        id: `${number}-${index}-${'x'.repeat(100)}`,
        meter: 'm',
        quantity: 1,
      }))
    for (let number = 0; number < 40; number++) {
      story.door.submit('dev-1', many(number))
      story.run(20)
    }
    expect((await story.agent.status()).intake.lastFault).toMatchObject({ code: 'disk_full' })
    expect((await story.agent.status()).failure).toBeNull()
    story.aggregator.behaviour.down = false
    story.run(60_000)
    for (let number = 0; number < 40; number++) {
      if (!story.door.stored.has(number)) story.door.submit('dev-1', many(number))
    }
    story.run(60_000)
    expect(new Set(story.received).size).toBe(story.received.length)
    expect(story.received.length % 300).toBe(0)
    expect(story.aggregator.complaints).toEqual([])
  })
})

describe('commits', () => {
  test('of several deliveries keep their distance, a lone one does not wait', async () => {
    const story = await new Story().start()
    const settledAfter = (): number => {
      const before = story.door.stored.size
      for (let ms = 0; ms < 20; ms++) {
        if (story.door.stored.size > before) return ms
        story.clock.advance(ms === 0 ? 0 : 1)
      }
      return Infinity
    }
    story.clock.advance(100)
    story.publish('e1')
    expect(settledAfter()).toBe(1)
    story.publish('e2')
    expect(settledAfter()).toBe(1)
    story.publish('e3')
    story.publish('e4')
    expect(settledAfter()).toBe(1)
    story.publish('e5')
    expect(settledAfter()).toBeGreaterThan(3)
  })

  test('wait for company where the configuration says so', async () => {
    const story = await new Story({ journal: { commitDelayMs: 50 } }).start()
    story.publish('e1')
    story.clock.advance(49)
    story.publish('e2')
    expect(story.door.told).toEqual([])
    story.clock.advance(1)
    expect(story.door.told).toEqual(['0 stored', '1 stored', 'flush'])
  })
})

describe('sealing', () => {
  test('one group may fill several batches, in one commit', async () => {
    const story = await new Story({ seal: { maxUnits: 100 } }).start()
    story.door.submit(
      'dev-1',
      Array.from({ length: 350 }, (_, index) => ({ id: `e${index}`, meter: 'm', quantity: 1 })),
    )
    story.run(10)
    expect((await story.agent.status()).chain.sealedSeq).toBe(3)
    expect((await story.agent.status()).open.units).toBe(50)
    story.run(1000)
    expect(story.received).toEqual(Array.from({ length: 350 }, (_, index) => `e${index}`))
    expect(story.aggregator.complaints).toEqual([])
  })

  test('the open batch goes on after a crash', async () => {
    const story = await new Story({ seal: { lingerMs: 5000 } }).start()
    story.publish('e1')
    story.run(100)
    await story.crash()
    story.publish('e2')
    story.run(100)
    expect((await story.agent.status()).open.units).toBe(2)
    story.run(6000)
    expect(story.aggregator.batches).toHaveLength(1)
    expect(story.received).toEqual(['e1', 'e2'])
  })
})

describe('snapshots', () => {
  const snapshot = (version: number, amount: string, tenant = 'acme'): Snapshot => ({
    format: 1,
    tenant,
    version,
    meters: [{ id: 'data.bytes', unit: 'byte' }],
    prices: [{ id: 'a'.repeat(64), price: { model: 'per-unit', amount, per: 1n }, currency: 'EUR' }],
    bindings: [
      { subject: 'dev-1', meter: 'data.bytes', price: 'a'.repeat(64), subscription: 's', fromMs: 0, toMs: null },
    ],
    unknownSubject: 'journal',
  })
  const signed = (
    content: Snapshot,
    privatePem = aggregatorKey.privatePem,
  ): { bytes: Uint8Array; signature: Uint8Array } => {
    const bytes = encodeSnapshot(content)
    return { bytes, signature: openSigningKey(privatePem).sign(snapshotSignatureContext, snapshotHash(bytes)) }
  }

  test('are used from the next group on, kept over a crash, and named in the next hello', async () => {
    const story = await new Story().start()
    story.run(100)
    const first = signed(snapshot(7, '0.002'))
    story.aggregator.say({ kind: 'snapshot', ...first })
    story.run(10)
    story.publish('e1', 3)
    story.run(1000)
    await story.crash()
    story.publish('e2', 4)
    story.run(1000)
    expect(story.aggregator.units.map((unit) => unit.records[0]?.preratedMicros)).toEqual([6000n, 8000n])
    expect(story.aggregator.hellos.at(-1)?.snapshotHash).toEqual(snapshotHash(first.bytes))
    expect((await story.agent.status()).snapshot).toMatchObject({ version: 7 })
  })

  test.each([
    ['signed by somebody else', signed(snapshot(8, '1'), agentKey.privatePem)],
    ['older than the one in force', signed(snapshot(6, '1'))],
    ['of another tenant', signed(snapshot(8, '1', 'other'))],
    ['binding a price that is not in it', signed({ ...snapshot(8, '1'), prices: [] })],
  ])('are refused when %s', async (_name, bad) => {
    const story = await new Story().start()
    story.run(100)
    story.aggregator.say({ kind: 'snapshot', ...signed(snapshot(7, '0.002')) })
    story.aggregator.say({ kind: 'snapshot', ...bad })
    story.run(100)
    expect((await story.agent.status()).snapshot).toMatchObject({ version: 7 })
  })
})

describe('the uplink', () => {
  test('resends what was cut off, and the aggregator gets everything once', async () => {
    const story = new Story({ seal: { maxUnits: 2 } })
    story.aggregator.behaviour.silent = true
    await story.start()
    for (let number = 0; number < 10; number++) story.publish(`e${number}`)
    story.run(200)
    expect(story.aggregator.receivedSeq).toBe(5)
    expect((await story.agent.status()).outbox.batches).toBe(5)
    story.aggregator.behaviour.silent = false
    story.aggregator.breakLink()
    story.run(5000)
    expect((await story.agent.status()).outbox.batches).toBe(0)
    expect(story.received).toHaveLength(10)
    expect(story.aggregator.complaints).toEqual([])
  })

  test('gives up on silence and connects again', async () => {
    const story = new Story()
    story.aggregator.behaviour.silent = true
    await story.start()
    story.publish('e1')
    story.run(29_000)
    expect(story.aggregator.hellos).toHaveLength(1)
    story.run(5000)
    expect(story.aggregator.hellos.length).toBeGreaterThan(1)
    story.aggregator.behaviour.silent = false
    story.run(40_000)
    expect((await story.agent.status()).outbox.batches).toBe(0)
  })

  test('waits for room', async () => {
    const story = new Story({ seal: { maxUnits: 1 } })
    story.aggregator.behaviour.congested = true
    await story.start()
    story.run(50)
    for (let number = 0; number < 5; number++) story.publish(`e${number}`)
    story.clock.advance(500)
    expect(story.aggregator.underWay).toBe(1)
    story.aggregator.behaviour.congested = false
    story.aggregator.giveRoom()
    story.run(1000)
    expect(story.received).toHaveLength(5)
  })

  test('stops sending at a permanent refusal, goes on taking in, says so, and asks again', async () => {
    const story = await new Story().start()
    story.clock.advance(10)
    story.aggregator.say({ kind: 'refusal', code: 'agent_unknown', message: 'register it', seq: 0, permanent: true })
    story.publish('e1')
    story.clock.advance(150)
    expect(story.door.stored.size).toBe(1)
    expect((await story.agent.status()).uplink).toMatchObject({
      state: 'quarantined',
      fault: { code: 'agent_unknown' },
    })
    story.run(5000)
    expect((await story.agent.status()).uplink).toMatchObject({ state: 'streaming', fault: null })
    expect(story.received).toEqual(['e1'])
  })

  test('does not send to an aggregator that knows more of it than it does itself', async () => {
    const story = new Story()
    story.aggregator.receivedSeq = 3
    await story.start()
    story.publish('e1')
    story.run(60_000)
    expect((await story.agent.status()).uplink.fault).toMatchObject({ code: 'aggregator_ahead' })
    expect(story.aggregator.batches).toEqual([])
  })
})

describe('an end', () => {
  test('by close commits and answers what was taken', async () => {
    const story = await new Story().start()
    story.publish('e1')
    await story.agent.close()
    expect(story.door.told).toEqual(['0 stored', 'flush'])
    expect(story.publish('e2')).toBeNull()
    await story.start()
    story.run(1000)
    expect(story.received).toEqual(['e1'])
  })

  test('by kill leaves nothing behind that still happens', async () => {
    const story = await new Story().start()
    story.publish('e1')
    story.clock.step(0)
    story.agent.kill()
    story.run(60_000)
    expect(story.clock.pending).toBe(0)
    expect(story.door.told).toEqual([])
    expect(story.publish('e2')).toBeNull()
    expect(story.aggregator.connected).toBe(false)
    await expect(story.agent.status()).rejects.toThrow('closed')
  })
})

describe('a start', () => {
  test('is refused on a journal that another agent has open', async () => {
    const story = await new Story().start()
    await expect(story.start()).rejects.toMatchObject({ fault: { code: 'journal_in_use' } })
  })

  test('is refused on the journal of another agent, and in a lower epoch', async () => {
    const story = await new Story().start({ epoch: 2 })
    await story.agent.close()
    await expect(story.start({ agent: 'gw-2', epoch: 2 })).rejects.toMatchObject({
      fault: { code: 'journal_of_another' },
    })
    await expect(story.start({ epoch: 1 })).rejects.toMatchObject({ fault: { code: 'journal_epoch_unsent' } })
  })

  test('in a higher epoch begins a new chain once everything has left, and still knows its events', async () => {
    const story = await new Story().start()
    story.publish('e1')
    story.clock.advance(500)
    await story.agent.close()
    await expect(story.start({ epoch: 2 })).rejects.toMatchObject({ fault: { code: 'journal_epoch_unsent' } })
    await story.start()
    story.run(1000)
    await story.agent.close()
    story.aggregator.receivedSeq = 0
    story.aggregator.chainHash = new Uint8Array(32)
    await story.start({ epoch: 2 })
    story.publish('e1')
    story.publish('e2')
    story.run(1000)
    expect(story.received).toEqual(['e1', 'e2'])
    expect(story.aggregator.hellos.at(-1)).toMatchObject({ epoch: 2, lastSealedSeq: 0 })
    expect(story.aggregator.complaints).toEqual([])
  })
})

describe('a report', () => {
  /** Lets time pass, and lets what only waits for values that are there already finish. */
  async function pass(story: Story, ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 1_000) {
      story.run(Math.min(1_000, left))
      await new Promise((resolve) => setImmediate(resolve))
      story.run(10)
    }
  }

  async function reporting(): Promise<Story> {
    const story = new Story()
    story.aggregator.features = ['report', 'something later']
    return await story.start()
  }

  test('is sent when a session begins and every minute, with the whole state', async () => {
    const story = await reporting()
    story.agent.countDevicesBy(() => 3)
    await pass(story, 1_000)
    story.publish('e1')
    story.door.submit('dev-2', 'no json')
    await pass(story, 10_000)
    expect(story.aggregator.reports.map(({ suspendedRows }) => suspendedRows)).toEqual([0, 1])
    expect(story.aggregator.reports[1]).toMatchObject({
      kind: 'report',
      clockSync: 'synced',
      suspended: [{ device: 'dev-2', rows: 1, times: 1 }],
      refusedDeliveries: 0,
      connectedDevices: 3,
      counters: { deliveries: 2, events: 1, suspended: 1 },
    })
    await pass(story, 120_000)
    expect(story.aggregator.reports).toHaveLength(4)
    await story.agent.close()
    expect(story.clock.pending).toBe(0)
  })

  test('after trouble comes soon, but trouble without end does not make reports without end', async () => {
    const story = await reporting()
    await pass(story, 1_000)
    for (let second = 0; second < 60; second++) {
      story.door.submit('dev-2', `no json ${second}`)
      await pass(story, 1_000)
    }
    const { length } = story.aggregator.reports
    expect(length).toBeGreaterThan(8)
    expect(length).toBeLessThan(15)
    await story.agent.close()
  })

  test('is sent anew in the next session, and never to an aggregator that does not take any', async () => {
    const story = await reporting()
    await pass(story, 1_000)
    expect(story.aggregator.reports).toHaveLength(1)
    story.aggregator.features = []
    story.aggregator.breakLink()
    story.door.submit('dev-2', 'no json')
    await pass(story, 200_000)
    expect(story.aggregator.hellos.length).toBeGreaterThan(1)
    expect(story.aggregator.reports).toHaveLength(1)
    story.aggregator.features = ['report']
    story.aggregator.breakLink()
    await pass(story, 60_000)
    expect(story.aggregator.reports[1]).toMatchObject({ suspendedRows: 1 })
    await story.agent.close()
  })

  test('is no more once the agent is killed', async () => {
    const story = await reporting()
    await pass(story, 1_000)
    story.agent.kill()
    await pass(story, 200_000)
    expect(story.aggregator.reports).toHaveLength(1)
    expect(story.clock.pending).toBe(0)
  })
})
