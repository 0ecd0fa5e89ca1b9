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
import { BooksReader } from '../store/books-reader.ts'
import { tenantFile } from '../store/tenant-files.ts'
import { BooksAudit } from './books-audit.ts'
import type { CorrelationsAnswer, CorrelationsRequest } from './completeness-answers.ts'
import { usageEvent, usageTimeMs } from './fixtures/sealing-agent.ts'
import { TestTenant } from './fixtures/test-tenant.ts'
import { UsageCheck } from './verify-usage.ts'

const minuteMs = 60_000
const signingKey = openSigningKey(generateSigningKey().privatePem)
const rule = `correlations:
  - { id: network, meter: data.bytes, charge: net, control: trk-*, window: 5m, tolerance: { percent: "2", units: 100 } }
`
let dataDirectory = ''
let tenant: TestTenant
beforeEach(() => {
  dataDirectory = mkdtempSync(join(tmpdir(), 'meterline-correlations-'))
  tenant = new TestTenant({
    dataDirectory,
    signingKey,
    nowMs: usageTimeMs,
    random: seededRandom('correlations'),
    log: silentLog(),
  })
  const applied = tenant.apply((file) => file + rule)
  if (!applied.ok) throw new Error(JSON.stringify(applied.mistakes))
})
afterEach(() => {
  tenant.registry.kill()
  rmSync(dataDirectory, { recursive: true, force: true })
})

function byNetwork(id: string, quantity: bigint, given: Partial<UsageEvent> = {}): UsageEvent {
  return usageEvent({ id, source: 'net', measured: [{ meter: 'data.bytes', quantity }], ...given })
}

function byDevice(id: string, quantity: bigint, given: Partial<UsageEvent> = {}): UsageEvent {
  return usageEvent({ id, source: 'trk-1', measured: [{ meter: 'data.bytes', quantity }], ...given })
}

function kindsOf(...events: readonly { readonly source: string; readonly id: string | null }[]): readonly unknown[] {
  const asked = events.map(({ source, id }) => ({ source, id: id ?? '' }))
  const found = tenant.commands.dispositions('acme', asked)
  return found.ok ? found.value.map((disposition) => disposition.kind) : [found.fault]
}

async function correlations(request: Partial<CorrelationsRequest> = {}): Promise<CorrelationsAnswer> {
  const asked = tenant.commands.correlations('acme', { limit: 100, ...request })
  const answer = await tenant.clock.until(asked)
  if (!answer.ok) throw new Error(answer.fault.message)
  return answer.value
}

function problems(): readonly string[] {
  const report = tenant.commands.verifyBooks('acme')
  return report.ok ? report.value.problems : [report.fault.message]
}

describe('usage reported twice', () => {
  test('is charged once and compared once, and the books account for both', async () => {
    const charge = byNetwork('c', 1_000n)
    const control = byDevice('k', 1_010n, { timeMs: usageTimeMs + 2 * minuteMs })
    tenant.use([control, charge])
    expect(kindsOf(charge, control)).toEqual(['charged', 'control'])
    const { store } = tenant.service
    const kinds = Array.from({ length: store.log.size }, (_, index) => {
      const entry = decodeLogEntry(store.log.entry(index) ?? new Uint8Array(0))
      return entry.ok ? entry.value : null
    })
    expect(kinds).toContainEqual({ kind: 'control', batchIndex: 1, units: [{ unit: 0, rule: 'network' }] })
    expect((await correlations()).rules).toEqual([
      {
        rule: 'network',
        meter: 'data.bytes',
        counts: { matched: 1, differs: 0, 'control-without-charge': 0, 'charge-without-control': 0, waiting: 0 },
        charged: '1000',
        controlled: '1010',
      },
    ])
    expect((await correlations()).items).toEqual([])
    expect(problems()).toEqual([])
  })

  test('that differs, or that one side lacks, is listed and is a gap; the order of arrival means nothing', async () => {
    tenant.use([byDevice('k1', 5_000n), byDevice('k2', 70n, { timeMs: usageTimeMs + 60 * minuteMs })])
    tenant.clock.advance(30 * minuteMs)
    tenant.use([byNetwork('c1', 4_000n), byNetwork('c2', 9n, { subject: 'trk-2' })])
    tenant.clock.advance(60 * minuteMs)
    const answer = await correlations()
    expect(answer.items).toMatchObject([
      {
        subject: 'trk-1',
        state: 'differs',
        difference: '-1000',
        charge: { quantity: '4000', source: 'net', eventId: 'c1' },
        control: { quantity: '5000', source: 'trk-1', eventId: 'k1' },
      },
      { subject: 'trk-1', state: 'control-without-charge', charge: null, control: { eventId: 'k2' }, difference: null },
      { subject: 'trk-2', state: 'charge-without-control', control: null },
    ])
    const gaps = await tenant.clock.until(tenant.commands.gaps('acme', { days: 7, limit: 100 }))
    expect(gaps.ok && gaps.value.counts).toEqual({
      'control-without-charge': 1,
      'charge-without-control': 1,
      difference: 1,
    })
    tenant.use([byNetwork('late', 71n, { timeMs: usageTimeMs + 61 * minuteMs })])
    expect((await correlations({ states: ['control-without-charge'] })).items).toEqual([])
  })

  test('waits while its window is open, and is listed by state, rule and time', async () => {
    tenant.use([byNetwork('c', 1n)])
    expect((await correlations()).items).toMatchObject([{ state: 'waiting' }])
    expect((await correlations({ fromMs: usageTimeMs + 1 })).rules[0]?.counts.waiting).toBe(0)
    expect((await correlations({ toMs: usageTimeMs })).rules[0]?.counts.waiting).toBe(0)
    expect((await correlations({ toMs: usageTimeMs + 1, limit: 0 })).more).toBe(1)
    const unknown = await tenant.commands.correlations('acme', { rule: 'net', limit: 1 })
    expect(unknown).toMatchObject({ ok: false, fault: { code: 'correlation_unknown' } })
  })

  test('again is neither charged nor compared again', async () => {
    tenant.use([byNetwork('c', 1_000n), byDevice('k', 1_000n)])
    tenant.use([byNetwork('c', 1_000n), byDevice('k', 1_000n), byDevice('k', 7n)])
    expect((await correlations()).rules[0]).toMatchObject({ charged: '1000', controlled: '1000' })
    expect(problems()).toEqual([])
  })

  test('of a subject nobody has subscribed is compared, and only the charge is in suspense', () => {
    const charge = byNetwork('c', 1n, { subject: 'nobody' })
    const control = byDevice('k', 1n, { subject: 'nobody' })
    tenant.use([charge, control])
    expect(kindsOf(charge, control)).toEqual(['suspended', 'control'])
    expect(problems()).toEqual([])
  })

  test('of several meters, of which not all are compared, is in suspense with what to do', () => {
    const mixed = usageEvent({
      id: 'm',
      source: 'trk-1',
      measured: [
        { meter: 'data.bytes', quantity: 1n },
        { meter: 'ai.input_tokens', quantity: 1n },
      ],
    })
    tenant.use([mixed])
    const found = tenant.commands.dispositions('acme', [{ source: 'trk-1', id: 'm' }])
    expect(found.ok && found.value).toMatchObject([
      { kind: 'suspended', code: 'control_mixed', message: expect.stringContaining('ai.input_tokens') as string },
    ])
    expect(problems()).toEqual([])
  })
})

describe('verification finds', () => {
  function damage(sql: string): readonly string[] {
    tenant.use([byNetwork('c', 1_000n), byDevice('k', 1_010n)])
    const db = openDatabase({ file: tenantFile(dataDirectory, 'acme'), disk: temporaryDisk })
    for (const change of ['update', 'delete']) db.exec(`DROP TRIGGER control_unit_no_${change}`)
    db.exec(sql)
    db.close()
    return problems()
  }

  test.each([
    ['a control unit that is gone', 'DELETE FROM control_unit', 'are not as log entry'],
    ['a control unit of another rule', "UPDATE control_unit SET rule = 'x'", 'are not as log entry'],
    ['a control unit too many', "INSERT INTO control_unit VALUES (7, 0, 'x')", 'control_unit has 2 rows'],
    [
      'a control unit that is also in suspense',
      "INSERT INTO suspense (batch_index, unit, code, message, source, subject, time_ms) VALUES (1, 1, 'c', 'm', 's', 's', 1)",
      'is for control and also in suspense',
    ],
  ])('%s', (_what, sql, problem) => {
    expect(damage(sql).join('\n')).toContain(problem)
  })

  test('a unit that is charged although a correlation only compares it', () => {
    const catalogue = tenant.service.inForce?.catalogue
    if (catalogue === undefined) throw new Error('a catalogue is in force')
    tenant.use([byDevice('k', 1_000n)])
    const reader = new BooksReader(tenantFile(dataDirectory, 'acme'))
    const audit = new BooksAudit()
    const check = new UsageCheck(reader, audit)
    check.learnMeters(0, catalogue)
    const charges = [{ unit: 0, record: 0, quantity: 1_000n, amountMicros: 4n }]
    const block = { segmentKey: '2025-06/north-trackers/data.bytes/price', legKey: 'a>b:north-trackers:price', charges }
    check.checkCharges(9, { batchIndex: 1, catalogueIndex: 0 }, [block])
    check.close()
    reader.close()
    expect(audit.problems).toEqual(['I9: unit 0 of batch 1 is charged and ought to be compared only'])
  })

  test('nothing to change or delete without taking the triggers away', () => {
    tenant.use([byDevice('k', 1n)])
    const db = openDatabase({ file: tenantFile(dataDirectory, 'acme'), disk: temporaryDisk })
    expect(() => db.exec('DELETE FROM control_unit')).toThrow('append-only')
    expect(() => db.exec("UPDATE control_unit SET rule = 'x'")).toThrow('append-only')
    db.close()
  })
})
