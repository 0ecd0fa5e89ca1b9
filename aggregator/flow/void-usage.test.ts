import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { silentLog } from '@meterline/shared/base/log.ts'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { generateSigningKey, openSigningKey } from '@meterline/shared/integrity/signature.ts'
import { decodeLogEntry } from '@meterline/shared/model/log-entry-codec.ts'
import type { UsageEvent } from '@meterline/shared/model/usage-event.ts'
import { openDatabase } from '@meterline/shared/sqlite/open.ts'
import { temporaryDisk } from '@meterline/shared/sqlite/simulated-disk.ts'
import type { Accumulator } from '@meterline/shared/rating/accumulate.ts'
import { tenantFile } from '../store/tenant-files.ts'
import type { VoidTarget } from './find-voidable.ts'
import { asked, modelEvent, withModels } from './fixtures/models-file.ts'
import { usageEvent, usageTimeMs } from './fixtures/sealing-agent.ts'
import { TestTenant } from './fixtures/test-tenant.ts'
import { verifyBooks } from './verify-books.ts'
import type { VoidReport } from './void-usage.ts'

const signingKey = openSigningKey(generateSigningKey().privatePem)
const hourMs = 3_600_000

let dataDirectory = ''
let tenant: TestTenant

beforeEach(() => {
  dataDirectory = mkdtempSync(join(tmpdir(), 'meterline-void-'))
  tenant = start()
})
afterEach(() => {
  tenant.registry.kill()
  rmSync(dataDirectory, { recursive: true, force: true })
})

function start(): TestTenant {
  const nowMs = Date.UTC(2025, 6, 1)
  return new TestTenant({ dataDirectory, signingKey, nowMs, random: seededRandom('void'), log: silentLog() })
}

const why = { reason: 'a fitter tested the device', by: 'Ada', dryRun: false }

async function takeBack(targets: readonly VoidTarget[], order: Partial<typeof why> = {}): Promise<VoidReport> {
  const report = await tenant.clock.until(tenant.commands.usageVoid('acme', { ...why, ...order, targets }))
  if (!report.ok) throw new Error(report.fault.message)
  return report.value
}

async function replayConflicts(): Promise<{ readonly released: number; readonly stay: number }> {
  const order = { units: null, code: 'event_conflict', source: null, dryRun: false, by: 'Ada' }
  const report = await tenant.clock.until(tenant.commands.suspenseReplay('acme', order))
  if (!report.ok) throw new Error(report.fault.message)
  const { released, stay } = report.value
  return { released, stay }
}

function kindOf(id: string, source = 'trk-1'): string {
  const found = tenant.commands.dispositions('acme', [{ source, id }])
  if (!found.ok) throw new Error(found.fault.message)
  const [one] = found.value
  return one?.kind === 'charged' ? `charged ${one.amountMicros}` : (one?.kind ?? 'nothing')
}

/** What the segments of a period have come to, but for those that stand where they began. */
function segments(): readonly (readonly [string, Accumulator])[] {
  return [...tenant.service.store.segments.accumulatorsOf('2025-06/')].filter(([, { events }]) => events > 0)
}

function revenue(): readonly string[] {
  return tenant.service.store.ledger
    .balances()
    .filter(({ account }) => account === 'revenue')
    .map(({ entity, debitMicros, creditMicros }) => `${entity} ${creditMicros - debitMicros}`)
}

function problems(): readonly string[] {
  const report = verifyBooks(tenantFile(dataDirectory, 'acme'), 'acme', signingKey.publicKeyBase64)
  if (!report.ok) throw new Error(report.fault.message)
  return report.value.problems
}

function logKinds(from: number): readonly string[] {
  const kinds: string[] = []
  for (const { entry } of tenant.service.store.log.entriesFrom(from)) {
    const decoded = decodeLogEntry(entry)
    kinds.push(decoded.ok ? decoded.value.kind : decoded.fault.code)
  }
  return kinds
}

function usage(id: string | null, quantity: bigint, given: Partial<UsageEvent> = {}): UsageEvent {
  return usageEvent({ id, measured: [{ meter: 'data.bytes', quantity }], ...given })
}

const event = (id: string): VoidTarget => ({ source: 'trk-1', id })

describe('a charged event that is voided', () => {
  beforeEach(() => {
    tenant.apply()
    tenant.use([usage('a', 3000n), usage('b', 4000n)])
    tenant.use([usage('c', 2000n)])
  })

  test('is reversed on every leg, under its own name, and the books hold', async () => {
    const from = tenant.service.store.log.size
    expect(await takeBack([event('b')])).toMatchObject({ voided: 1, before: 0, refused: 0 })
    expect(logKinds(from)).toEqual(['void', 'ledger', 'ledger'])
    expect(kindOf('b')).toBe('voided')
    // 5,000 bytes are left, all of them in the first tier; the partner and the wholesale leg follow.
    expect(segments().map(([, { quantity, events, amountMicros }]) => [quantity, events, amountMicros])).toEqual([
      [5000n, 2, 7500n],
      [5000n, 2, 20_000n],
      [5000n, 2, 100_000n],
    ])
    expect(revenue()).toEqual(['acme 20000', 'nordlink 100000'])
    expect(tenant.commands.tenantStatus('acme')).toMatchObject({ value: { voided: 1 } })
    expect(problems()).toEqual([])
  })

  test('comes to what the others would have come to without it, whatever is voided in whatever order', async () => {
    await takeBack([event('c'), event('a')])
    await takeBack([event('b')])
    expect(segments()).toEqual([])
    expect(revenue()).toEqual(['acme 0', 'nordlink 0'])
    tenant.use([usage('d', 6000n)])
    // The first tier is free again: 5,000 bytes at 20 micros and 1,000 at 10.
    expect(kindOf('d')).toBe('charged 110000')
    expect(problems()).toEqual([])
  })

  test('is voided once: asked for again nothing changes', async () => {
    await takeBack([event('b')])
    const size = tenant.service.store.log.size
    expect(await takeBack([event('b'), { logIndex: 1, unit: 1 }])).toMatchObject({ voided: 0, before: 2 })
    expect(tenant.service.store.log.size).toBe(size)
    expect(await takeBack([event('a'), event('a')])).toMatchObject({ voided: 1, before: 1 })
    expect(problems()).toEqual([])
  })

  test('keeps its id: the same content is a repetition for ever', async () => {
    await takeBack([event('b')])
    tenant.use([usage('b', 4000n)])
    expect(kindOf('b')).toBe('voided')
    expect(tenant.commands.tenantStatus('acme')).toMatchObject({ value: { duplicates: 1, suspended: 0 } })
  })

  test('is still voided after a restart, and its segment goes on', async () => {
    await takeBack([event('b')])
    tenant.registry.close()
    tenant = start()
    expect(kindOf('b')).toBe('voided')
    expect(await takeBack([event('c')])).toMatchObject({ voided: 1 })
    expect(segments().map(([, { quantity }]) => quantity)).toEqual([3000n, 3000n, 3000n])
    expect(problems()).toEqual([])
  })

  test('is in no day where days were not kept yet when it was charged', async () => {
    tenant.registry.close()
    const db = openDatabase({ file: tenantFile(dataDirectory, 'acme'), disk: temporaryDisk })
    db.exec(`DELETE FROM segment_day;
      UPDATE segment_day_origin SET after_log = (SELECT max(log_index) FROM log), positions_after_log = (SELECT max(log_index) FROM log)`)
    db.close()
    tenant = start()
    expect(problems()).toEqual([])
    await takeBack([event('b')])
    tenant.registry.close()
    expect(problems()).toEqual([])
    tenant = start()
    const days = [...tenant.service.store.segmentDays.daysOf('2025-06/').values()].flatMap((own) => [...own])
    expect(days).toEqual([])
  })

  test('in a dry run stays as it is', async () => {
    const size = tenant.service.store.log.size
    expect(await takeBack([event('b')], { dryRun: true })).toMatchObject({ dryRun: true, voided: 1 })
    expect(tenant.service.store.log.size).toBe(size)
    expect(kindOf('b')).toBe('charged 60000')
  })
})

describe('what was not charged', () => {
  test('is refused by name, and nothing else is', async () => {
    tenant.apply()
    tenant.use([
      usage('a', 1n),
      usage('x', 1n, { subject: 'nobody' }),
      usage('a', 1n),
      usage('y', 1n, { subject: 'no' }),
    ])
    tenant.commands.suspenseDiscard('acme', { units: [{ logIndex: 1, unit: 3 }], reason: 'a test', by: 'Ada' })
    const size = tenant.service.store.log.size
    const { targets } = await takeBack([
      event('x'),
      event('y'),
      event('nothing'),
      { logIndex: 1, unit: 2 },
      { logIndex: 1, unit: 9 },
      { logIndex: 2, unit: 0 },
    ])
    expect(targets.map(({ code }) => code)).toEqual([
      'event_suspended',
      'event_discarded',
      'event_unknown',
      'not_charged',
      'not_charged',
      'event_unknown',
    ])
    expect(tenant.service.store.log.size).toBe(size)
    expect(await takeBack([event('x'), event('a')])).toMatchObject({ voided: 1, refused: 1 })
    expect(problems()).toEqual([])
  })

  test('is what a meter counts whose other readings depend on it', async () => {
    const applied = tenant.apply((file) => file.replace('unit: byte }', 'unit: byte, kind: counter }'))
    expect(applied).toMatchObject({ ok: true })
    tenant.use([usage('r1', 10n), usage('r2', 30n, { timeMs: usageTimeMs + hourMs })])
    expect((await takeBack([event('r1')])).targets).toMatchObject([{ outcome: 'refused', code: 'meter_has_state' }])
    expect(problems()).toEqual([])
  })
})

test('an event without an id is voided by its place', async () => {
  tenant.apply()
  tenant.use([usage(null, 1000n), usage(null, 1000n)])
  expect(await takeBack([{ logIndex: 1, unit: 0 }])).toMatchObject({ voided: 1 })
  expect(segments()[0]?.[1]).toMatchObject({ quantity: 1000n, events: 1 })
  expect(problems()).toEqual([])
})

describe('other content under the id of a voided event', () => {
  beforeEach(() => {
    tenant.apply()
    tenant.use([usage('a', 1000n)])
    tenant.use([usage('a', 2000n), usage('a', 3000n)])
  })

  test('is charged in its place by a replay, once', async () => {
    expect(await replayConflicts()).toEqual({ released: 0, stay: 2 })
    await takeBack([event('a')])
    expect(kindOf('a')).toBe('voided')
    expect(await replayConflicts()).toEqual({ released: 1, stay: 1 })
    expect(kindOf('a')).toBe('charged 40000')
    expect(segments()[0]?.[1]).toMatchObject({ quantity: 2000n, events: 1 })
    expect(await replayConflicts()).toEqual({ released: 0, stay: 1 })
    expect(problems()).toEqual([])
  })

  test('gives way to the next when it is voided itself, by its place', async () => {
    await takeBack([event('a')])
    await replayConflicts()
    const again = await takeBack([event('a')])
    expect(again).toMatchObject({
      before: 1,
      targets: [{ message: expect.stringContaining('4:0 stands in its place') }],
    })
    expect(kindOf('a')).toBe('charged 40000')
    expect(await takeBack([{ logIndex: 4, unit: 0 }])).toMatchObject({ voided: 1 })
    expect(kindOf('a')).toBe('voided')
    expect(await replayConflicts()).toEqual({ released: 1, stay: 0 })
    expect(kindOf('a')).toBe('charged 60000')
    expect(problems()).toEqual([])
  })

  test('stays a conflict as long as something else keeps it from being charged', async () => {
    await takeBack([event('a')])
    tenant.use([usage('b', 1000n)])
    tenant.use([usage('b', 2000n, { subject: 'nobody' })])
    await takeBack([event('b')])
    expect(await replayConflicts()).toEqual({ released: 1, stay: 2 })
    const listed = tenant.commands.suspenseList('acme', { limit: 9 })
    expect(listed).toMatchObject({ value: [{ code: 'event_conflict' }, { code: 'event_conflict' }] })
    tenant.apply((file) => file.replace('[trk-1, trk-2]', '[trk-1, trk-2, nobody]'))
    expect(await replayConflicts()).toEqual({ released: 1, stay: 1 })
    expect(problems()).toEqual([])
  })
})

describe('prices that depend on more than the quantity', () => {
  beforeEach(() => {
    const applied = tenant.apply(withModels)
    if (!applied.ok) throw new Error(applied.fault.message)
  })
  const payment = (id: string, cents: bigint, hours: number): UsageEvent =>
    modelEvent(id, 'payments', cents, { timeMs: usageTimeMs + hours * hourMs })
  const llm = (id: string): VoidTarget => ({ source: 'llm', id })

  test('leave the next event free when a free one is voided', async () => {
    tenant.use([payment('p1', 10_000n, 1), payment('p2', 20_000n, 2), payment('p3', 30_000n, 3)])
    tenant.use([payment('p4', 40_000n, 4)])
    // The two earliest are free: 2 % and 0.30 of the others.
    expect(segments()[0]?.[1].amountMicros).toBe(14_600_000n)
    await takeBack([llm('p1'), llm('p3')])
    // Now p2 and p4 are the earliest two.
    const [found] = segments()
    expect(found?.[1]).toMatchObject({ quantity: 60_000n, events: 2, amountMicros: 0n })
    expect(found?.[1].earliest.map(({ id }) => id)).toEqual(['p2', 'p4'])
    expect(problems()).toEqual([])
    tenant.use([payment('p5', 50_000n, 0)])
    expect(segments()[0]?.[1]).toMatchObject({ events: 3, amountMicros: 8_300_000n })
    expect(problems()).toEqual([])
  })

  test('are reversed in all the segments of a record, and where a volume price was reached', async () => {
    tenant.use([
      asked('a', 'large', 2000n),
      modelEvent('e', 'energy', 1_000n, { timeMs: usageTimeMs - hourMs, facts: [['duration', 7_200n]] }),
      modelEvent('g', 'messages', 100n),
      modelEvent('k', 'messages', 1n),
    ])
    await takeBack([llm('e'), llm('k'), llm('a')])
    expect(segments().map(([, { quantity, amountMicros }]) => [quantity, amountMicros])).toEqual([[100n, 10_000_000n]])
    expect(problems()).toEqual([])
  })
})
