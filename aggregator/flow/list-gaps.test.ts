import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { silentLog } from '@meterline/shared/base/log.ts'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { generateSigningKey, openSigningKey } from '@meterline/shared/integrity/signature.ts'
import type { UsageEvent } from '@meterline/shared/model/usage-event.ts'
import type { ReportMessage } from '@meterline/shared/wire/messages.ts'
import type { GapsAnswer, GapsRequest } from './completeness-answers.ts'
import { AgentSession } from './edge-session.ts'
import { usageEvent, usageTimeMs } from './fixtures/sealing-agent.ts'
import { TestTenant } from './fixtures/test-tenant.ts'

const minuteMs = 60_000
const dayMs = 86_400_000
const signingKey = openSigningKey(generateSigningKey().privatePem)
let dataDirectory = ''
let tenant: TestTenant
beforeEach(() => {
  dataDirectory = mkdtempSync(join(tmpdir(), 'meterline-gaps-'))
  tenant = new TestTenant({
    dataDirectory,
    signingKey,
    nowMs: usageTimeMs,
    random: seededRandom('gaps'),
    log: silentLog(),
  })
})
afterEach(() => {
  tenant.registry.kill()
  rmSync(dataDirectory, { recursive: true, force: true })
})

function expecting(...expectations: readonly string[]): void {
  const list = `expectations:\n${expectations.map((text) => `  - ${text}\n`).join('')}`
  const applied = tenant.apply((file) => file + list)
  if (!applied.ok) throw new Error(JSON.stringify(applied.mistakes))
}

async function gaps(request: Partial<GapsRequest> = {}): Promise<GapsAnswer> {
  const asked = tenant.commands.gaps('acme', { days: 7, limit: 100, ...request })
  const answer = await tenant.clock.until(asked)
  if (!answer.ok) throw new Error(answer.fault.message)
  return answer.value
}

function numbered(number: number, given: Partial<UsageEvent> = {}): UsageEvent {
  return usageEvent({
    id: `n-${number}`,
    facts: [['@sequence', BigInt(number)]],
    timeMs: usageTimeMs + number,
    ...given,
  })
}

const report: ReportMessage = {
  kind: 'report',
  atMs: usageTimeMs,
  clockSync: 'synced',
  suspendedRows: 0,
  suspendedBytes: 0,
  suspended: [],
  refusedDeliveries: 0,
  connectedDevices: 3,
  outbox: { batches: 0, bytes: 0, oldestSealedMs: null },
  counters: { deliveries: 0, events: 0, records: 0, unbound: 0, withoutId: 0, duplicates: 0, suspended: 0 },
}

describe('a heartbeat', () => {
  test('that stops is a gap, and none any more once it goes on', async () => {
    expecting('{ id: beat, subjects: [trk-1], every: 15m }')
    expect((await gaps({ kinds: ['silent'] })).gaps).toMatchObject([{ watched: 'trk-1', lastSeenMs: null }])
    tenant.use([usageEvent({ id: 'a' })])
    expect((await gaps()).gaps).toEqual([])
    tenant.clock.advance(15 * minuteMs + 1)
    expect((await gaps()).gaps).toMatchObject([
      { kind: 'silent', watched: 'trk-1', lastSeenMs: usageTimeMs, agent: 'gw-1', agentConnected: true },
    ])
    tenant.use([usageEvent({ id: 'b', timeMs: usageTimeMs + 15 * minuteMs })])
    expect((await gaps()).gaps).toEqual([])
  })

  test('is judged as of the time that is asked for', async () => {
    expecting('{ id: beat, subjects: [trk-1], every: 15m }')
    tenant.use([usageEvent({ id: 'a' })])
    const later = await gaps({ atMs: usageTimeMs + dayMs })
    expect(later).toMatchObject({ atMs: usageTimeMs + dayMs, counts: { silent: 1, 'short-day': 1 } })
  })

  test('of a clock that is ahead keeps nobody alive', async () => {
    expecting('{ id: beat, subjects: [trk-1], every: 15m }')
    tenant.use([usageEvent({ id: 'a', timeMs: usageTimeMs + 30 * dayMs })])
    tenant.clock.advance(16 * minuteMs)
    expect((await gaps({ kinds: ['silent'] })).gaps).toMatchObject([{ lastSeenMs: usageTimeMs }])
  })

  test('of usage that is suspended counts, of a repetition or another meter it does not', async () => {
    const noon = usageTimeMs
    expecting(
      '{ id: any, sources: [trk-*], every: 12h, from: 2025-06-15 }',
      '{ id: data, sources: [trk-*], meter: data.bytes, every: 12h, from: 2025-06-15 }',
    )
    const unknown = usageEvent({ id: 'u', subject: 'nobody', measured: [{ meter: 'unknown', quantity: 1n }] })
    tenant.use([
      unknown,
      unknown,
      usageEvent({ id: 'd' }),
      usageEvent({ id: 'd', measured: [{ meter: 'x', quantity: 1n }] }),
    ])
    tenant.clock.advance(dayMs)
    const { gaps: found } = await gaps({ atMs: noon + dayMs, kinds: ['short-day'] })
    expect(found).toMatchObject([{ expectation: 'data', expected: 2, received: 1, day: '2025-06-15' }])
    const { completeness } = tenant.service.store
    expect(completeness.days('any', 0)).toMatchObject([{ events: 2 }])
    expect(completeness.days('data', 0)).toMatchObject([{ events: 1 }])
  })

  test('of a subscription is expected of each of its subjects, by agent and day, and closes when late usage comes', async () => {
    expecting('{ id: beat, subscription: north-trackers, every: 8h, from: 2025-06-15 }')
    const at = (id: string, hour: number): UsageEvent =>
      usageEvent({ id, timeMs: Date.UTC(2025, 5, 15, hour), subject: 'trk-1' })
    tenant.use([at('a', 1), at('b', 9)])
    tenant.clock.advance(dayMs)
    const short = await gaps({ kinds: ['short-day'], days: 1 })
    expect(short.gaps.find((gap) => gap.kind === 'short-day' && gap.watched === 'trk-1')).toMatchObject({
      expected: 3,
      received: 2,
      byAgent: [{ agent: 'gw-1', events: 2 }],
    })
    tenant.use([at('c', 17)])
    const left = (await gaps({ kinds: ['short-day'], days: 1 })).gaps
    expect(left.some((gap) => gap.kind === 'short-day' && gap.watched === 'trk-1')).toBe(false)
  })
})

describe('sequence numbers', () => {
  test('that are missing are a gap until they come, over batches and a restart', async () => {
    tenant.apply()
    tenant.use([numbered(1), numbered(2)])
    tenant.use([numbered(7), numbered(5)])
    expect((await gaps()).gaps).toMatchObject([
      { kind: 'sequence', source: 'trk-1', subject: 'trk-1', range: { first: 3, last: 4 }, missing: 2, head: 7 },
      { kind: 'sequence', range: { first: 6, last: 6 } },
    ])
    tenant.service.close()
    const again = new TestTenant({
      dataDirectory,
      signingKey,
      nowMs: usageTimeMs,
      random: seededRandom('again'),
      log: silentLog(),
    })
    const held = again.service.store.sequences.holed(10)
    again.registry.kill()
    expect(held).toMatchObject([
      {
        source: 'trk-1',
        runs: [
          {
            missing: [
              [3, 4],
              [6, 6],
            ],
          },
        ],
      },
    ])
  })

  test('close their gap when they come late', async () => {
    tenant.apply()
    tenant.use([numbered(1), numbered(4)])
    tenant.use([numbered(3), numbered(2)])
    expect((await gaps()).gaps).toEqual([])
  })

  test('of different resets, sources and subjects do not count for each other', async () => {
    tenant.apply()
    const labels = [['@reset', 'r2']] as const
    tenant.use([
      numbered(1),
      numbered(2),
      numbered(9, { id: 'other', labels }),
      numbered(11, { id: 'hole', labels }),
      numbered(30, { source: 'trk-1/b' }),
    ])
    expect((await gaps()).gaps).toMatchObject([{ reset: 'r2', range: { first: 10, last: 10 } }])
  })

  test('of repeated events are not looked at twice', async () => {
    tenant.apply()
    tenant.clock.advance(1_000)
    tenant.use([numbered(1), numbered(2)])
    tenant.use([numbered(2), numbered(2, { timeMs: usageTimeMs + 99 })])
    expect(tenant.service.store.sequences.runs({ source: 'trk-1', subject: 'trk-1', reset: '' })).toMatchObject([
      { low: 1, head: 2, headMs: usageTimeMs + 2 },
    ])
  })
})

describe('an agent', () => {
  test('that is not connected is a gap, and what it reported is shown', async () => {
    tenant.apply()
    expect((await gaps()).gaps).toEqual([{ kind: 'agent-silent', agent: 'gw-1', lastReportMs: null }])
    const connection = tenant.connect()
    connection.session.onMessage(tenant.agent.hello())
    const suspended = [{ code: 'payload_malformed', device: 'trk-1', rows: 2, times: 5 }]
    connection.session.onMessage({ ...report, suspendedRows: 2, suspended, refusedDeliveries: 1 })
    expect((await gaps()).gaps).toMatchObject([
      { kind: 'agent-suspense', rows: 2, largest: [{ code: 'payload_malformed', device: 'trk-1', rows: 2 }] },
      { kind: 'agent-refusals', deliveries: 1 },
    ])
    const status = tenant.commands.tenantStatus('acme')
    expect(status.ok && status.value.agents).toMatchObject([
      { connected: true, report: { suspendedRows: 2, connectedDevices: 3, clockSync: 'synced' } },
    ])
    tenant.clock.advance(30 * minuteMs)
    connection.session.onMessage({ ...report, refusedDeliveries: 1 })
    tenant.clock.advance(30 * minuteMs + 1)
    expect((await gaps()).gaps).toEqual([])
    // It was restarted, and refuses again.
    connection.session.onMessage({ ...report, refusedDeliveries: 0 })
    connection.session.onMessage({ ...report, refusedDeliveries: 1 })
    expect((await gaps()).gaps).toMatchObject([{ kind: 'agent-refusals', deliveries: 1 }])
    tenant.clock.advance(60 * minuteMs + 1)
    connection.session.onClosed()
    const lastReportMs = usageTimeMs + 60 * minuteMs + 1
    expect((await gaps()).gaps).toEqual([{ kind: 'agent-silent', agent: 'gw-1', lastReportMs }])
  })

  test('is known by its last report after a restart', () => {
    tenant.apply()
    const connection = tenant.connect()
    connection.session.onMessage(tenant.agent.hello())
    connection.session.onMessage({ ...report, suspendedRows: 7 })
    tenant.clock.advance(5_000)
    tenant.registry.kill()
    const again = new TestTenant({
      dataDirectory,
      signingKey,
      nowMs: usageTimeMs,
      random: seededRandom('again'),
      log: silentLog(),
    })
    expect(again.service.reports.of('gw-1')).toMatchObject({ receivedMs: usageTimeMs, report: { suspendedRows: 7 } })
    again.registry.kill()
  })

  test('may not report before its hello', () => {
    tenant.apply()
    const connection = tenant.connect()
    connection.session.onMessage(report)
    expect(connection.refusals).toEqual(['hello_expected'])
  })
})

test('what was received before a restart and rated after it is observed with the agent it came by', () => {
  expecting('{ id: beat, subjects: [trk-1], every: 15m }')
  const session = new AgentSession(
    { tenant: 'acme', agent: 'gw-1', address: '10.0.0.1:5000' },
    // The power goes as soon as the receipt is out, before anything is rated.
    { send: (message) => void (message.kind === 'receipt' && tenant.registry.kill()), close: () => undefined },
    {
      clock: tenant.clock,
      log: silentLog(),
      helloTimeoutMs: 10_000,
      queueBatches: 100,
      tenantService: (id) => tenant.registry.find(id),
      onClosed: () => undefined,
    },
  )
  session.onMessage(tenant.agent.hello())
  session.onMessage(tenant.agent.seal([usageEvent({ id: 'a' })]))
  tenant.clock.advance(0)
  const again = new TestTenant({
    dataDirectory,
    signingKey,
    nowMs: usageTimeMs + minuteMs,
    random: seededRandom('again'),
    log: silentLog(),
  })
  expect(again.service.hasUnrated).toBe(true)
  again.clock.advance(0)
  expect([...again.service.store.completeness.sightings('beat')]).toEqual([
    ['trk-1', { firstMs: usageTimeMs, lastMs: usageTimeMs, agent: 'gw-1' }],
  ])
  again.registry.kill()
})

test('gaps beyond the limit are counted', async () => {
  expecting('{ id: beat, subjects: [a, b, c], every: 15m }')
  const answer = await gaps({ kinds: ['silent'], limit: 2 })
  expect(answer).toMatchObject({ counts: { silent: 3 }, more: 1 })
  expect(answer.gaps).toHaveLength(2)
})

test('usage of a tenant that expects and numbers nothing leaves no observation', () => {
  tenant.apply()
  tenant.use([usageEvent({ id: 'a', facts: [['ai.input_tokens_total', 5n]] })])
  const { store } = tenant.service
  expect(store.sequences.holed(10)).toEqual([])
  expect(store.sequences.runs({ source: 'trk-1', subject: 'trk-1', reset: '' })).toBeUndefined()
  expect(store.completeness.unobserved()).toEqual([])
})
