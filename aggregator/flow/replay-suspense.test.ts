import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { silentLog } from '@meterline/shared/base/log.ts'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { generateSigningKey, openSigningKey } from '@meterline/shared/integrity/signature.ts'
import { decodeLogEntry } from '@meterline/shared/model/log-entry-codec.ts'
import { tenantFile } from '../store/tenant-files.ts'
import type { UnitPlace } from '../store/suspense-table.ts'
import { usageEvent } from './fixtures/sealing-agent.ts'
import { TestTenant } from './fixtures/test-tenant.ts'
import type { ReplayOrder, ReplayReport } from './replay-suspense.ts'
import { verifyBooks } from './verify-books.ts'

const signingKey = openSigningKey(generateSigningKey().privatePem)
const everything: ReplayOrder = { units: null, code: null, source: null, dryRun: false, by: 'Ada' }

let dataDirectory = ''
let tenant: TestTenant

beforeEach(() => {
  dataDirectory = mkdtempSync(join(tmpdir(), 'meterline-replay-'))
  tenant = start()
  tenant.apply()
})
afterEach(() => {
  tenant.registry.kill()
  rmSync(dataDirectory, { recursive: true, force: true })
})

function start(): TestTenant {
  const nowMs = Date.UTC(2025, 6, 1)
  return new TestTenant({ dataDirectory, signingKey, nowMs, random: seededRandom('replay'), log: silentLog() })
}

/** The tenant file with a subscription for the subject that had none. */
const withTracker3 = (file: string): string =>
  file.replace('subjects: [trk-1, trk-2]', 'subjects: [trk-1, trk-2, trk-3]')

async function replay(order: Partial<ReplayOrder> = {}): Promise<ReplayReport> {
  const report = await tenant.clock.until(tenant.commands.suspenseReplay('acme', { ...everything, ...order }))
  if (!report.ok) throw new Error(report.fault.message)
  return report.value
}

function kindsOf(ids: readonly string[], source = 'trk-3'): readonly string[] {
  const found = tenant.commands.dispositions(
    'acme',
    ids.map((id) => ({ source, id })),
  )
  if (!found.ok) throw new Error(found.fault.message)
  return found.value.map((each) =>
    each.kind === 'suspended'
      ? `suspended ${each.code}`
      : each.kind === 'charged'
        ? `charged ${each.amountMicros} on ${each.legs.length} legs`
        : each.kind,
  )
}

function suspended(): readonly string[] {
  const found = tenant.commands.suspenseList('acme', { limit: 100 })
  if (!found.ok) throw new Error(found.fault.message)
  return found.value.map(({ logIndex, unit, code }) => `${logIndex}:${unit} ${code}`)
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

function usage(id: string, quantity: bigint, subject = 'trk-3'): ReturnType<typeof usageEvent> {
  return usageEvent({ id, source: subject, subject, measured: [{ meter: 'data.bytes', quantity }] })
}

const first: UnitPlace = { logIndex: 1, unit: 1 }

describe('usage of a subject that nobody had entered', () => {
  beforeEach(() => {
    tenant.use([usage('a', 1000n, 'trk-1'), usage('b', 2000n), usage('c', 3000n)])
  })

  test('is charged on every leg once the file has the subject, and the books hold', async () => {
    expect(suspended()).toEqual(['1:1 unknown_subject', '1:2 unknown_subject'])
    tenant.apply(withTracker3)
    const from = tenant.service.store.log.size
    expect(await replay()).toMatchObject({ tried: 2, released: 2, stay: 0, unknown: 0 })
    expect(logKinds(from)).toEqual(['release', 'ledger', 'ledger'])
    expect(kindsOf(['b', 'c'])).toEqual(['charged 40000 on 3 legs', 'charged 50000 on 3 legs'])
    expect(suspended()).toEqual([])
    expect(tenant.commands.tenantStatus('acme')).toMatchObject({
      value: { suspended: 0, suspendedByCode: [], released: 2, discarded: 0 },
    })
    expect(problems()).toEqual([])
  })

  test('comes to what it would have come to, had it been charged at once', async () => {
    tenant.apply(withTracker3)
    await replay({ units: [{ logIndex: 1, unit: 2 }] })
    tenant.use([usage('d', 4000n, 'trk-1')])
    await replay()
    const sums = tenant.service.store.segments.accumulatorsOf('2025-06/north-trackers')
    // 10,000 bytes: 5,000 at 20 micros each, the rest at 10.
    expect([...sums.values()]).toMatchObject([{ quantity: 10_000n, events: 4, amountMicros: 150_000n }])
    expect(problems()).toEqual([])
  })

  test('is not charged twice: asked for again there is nothing', async () => {
    tenant.apply(withTracker3)
    await replay()
    const { size } = tenant.service.store.log
    expect(await replay()).toMatchObject({ tried: 0 })
    expect(await replay({ units: [first] })).toMatchObject({ tried: 0, unknown: 1 })
    expect(tenant.service.store.log.size).toBe(size)
    // A repetition through another agent finds its key.
    tenant.use([usage('b', 2000n)])
    expect(tenant.service.store.totals.all()).toMatchObject({ duplicates: 1 })
  })

  test('is only talked about in a dry run', async () => {
    tenant.apply(withTracker3)
    const { size } = tenant.service.store.log
    expect(await replay({ dryRun: true })).toMatchObject({ dryRun: true, released: 2 })
    expect(tenant.service.store.log.size).toBe(size)
    expect(suspended()).toHaveLength(2)
  })

  test('stays while nothing has changed, and writes nothing', async () => {
    const { size } = tenant.service.store.log
    expect(await replay()).toMatchObject({
      tried: 2,
      released: 0,
      stayByCode: [{ code: 'unknown_subject', units: 2 }],
      units: [{ logIndex: 1, unit: 1, outcome: 'stays', code: 'unknown_subject' }, {}],
    })
    expect(tenant.service.store.log.size).toBe(size)
  })

  test('stays with the reason of now, which the log does not know and the books bear', async () => {
    tenant.use([usage('e', 5n, 'trk-4')])
    tenant.apply((file) =>
      withTracker3(file).replace(
        '- { id: north-trackers,',
        '- { id: late, account: north, offering: tracker, from: 2025-07-01, subjects: [trk-4] }\n  - { id: north-trackers,',
      ),
    )
    expect(await replay({ source: 'trk-4' })).toMatchObject({ tried: 1, released: 0 })
    const [reason] = suspended().filter((line) => !line.startsWith('1:'))
    expect(reason).not.toContain('unknown_subject')
    expect(problems()).toEqual([])
  })

  test('survives a restart between two releases', async () => {
    tenant.apply(withTracker3)
    await replay({ units: [first] })
    tenant.registry.kill()
    tenant = start()
    expect(suspended()).toEqual(['1:2 unknown_subject'])
    await replay()
    expect(kindsOf(['b', 'c'])).toEqual(['charged 40000 on 3 legs', 'charged 50000 on 3 legs'])
    expect(problems()).toEqual([])
  })

  test('is shown with everything that is known of it', async () => {
    expect(tenant.commands.suspenseShow('acme', first)).toMatchObject({
      value: {
        state: 'suspended',
        code: 'unknown_subject',
        agent: 'gw-1',
        content: { eventId: 'b', subject: 'trk-3', records: [{ meter: 'data.bytes', quantity: '2000' }] },
      },
    })
    tenant.apply(withTracker3)
    await replay()
    expect(tenant.commands.suspenseShow('acme', first)).toMatchObject({
      value: { state: 'released', code: null, decision: { decidedBy: 'Ada', reason: null } },
    })
    expect(tenant.commands.suspenseShow('acme', { logIndex: 1, unit: 0 })).toMatchObject({
      fault: { code: 'suspense_unknown' },
    })
  })
})

describe('what can never be charged', () => {
  test('is another content under a known id: it stays until somebody gives it up', async () => {
    tenant.use([usage('a', 1n, 'trk-1'), usage('a', 2n, 'trk-1')])
    expect(await replay()).toMatchObject({ stay: 1, stayByCode: [{ code: 'event_conflict', units: 1 }] })
    const order = { units: [first, { logIndex: 9, unit: 9 }], reason: 'the device was cloned', by: 'Ada' }
    expect(tenant.commands.suspenseDiscard('acme', order)).toMatchObject({
      value: [{ outcome: 'discarded' }, { outcome: 'unknown' }],
    })
    const { size } = tenant.service.store.log
    expect(tenant.commands.suspenseDiscard('acme', order)).toMatchObject({ value: [{ outcome: 'unknown' }, {}] })
    expect(tenant.service.store.log.size).toBe(size)
    expect(suspended()).toEqual([])
    expect(tenant.commands.tenantStatus('acme')).toMatchObject({ value: { suspended: 0, discarded: 1 } })
    expect(problems()).toEqual([])
  })

  test('is usage of a closed period: it is charged there, for the next document to bill', async () => {
    tenant.use([usage('b', 1n)])
    tenant.apply(withTracker3)
    await tenant.clock.until(tenant.commands.closePeriod({ tenant: 'acme', period: '2025-06' }))
    expect(await replay()).toMatchObject({ released: 1, stay: 0 })
    expect(suspended()).toEqual([])
    expect(problems()).toEqual([])
  })
})

test('an event that was given up says so when it is asked for', () => {
  tenant.use([usage('b', 1n)])
  const order = { units: [{ logIndex: 1, unit: 0 }], reason: 'a test', by: 'Ada' }
  tenant.commands.suspenseDiscard('acme', order)
  expect(tenant.commands.dispositions('acme', [{ source: 'trk-3', id: 'b' }])).toMatchObject({
    value: [{ kind: 'discarded', reason: 'a test', by: 'Ada' }],
  })
})
