import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { silentLog } from '@meterline/shared/base/log.ts'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { generateSigningKey, openSigningKey } from '@meterline/shared/integrity/signature.ts'
import { tenantFile } from '../store/tenant-files.ts'
import { usageEvent, usageTimeMs } from './fixtures/sealing-agent.ts'
import { TestTenant } from './fixtures/test-tenant.ts'
import { verifyBooks } from './verify-books.ts'

const signingKey = openSigningKey(generateSigningKey().privatePem)
const [june, july] = [Date.UTC(2025, 5, 20), Date.UTC(2025, 6, 1)]
let dataDirectory = ''
let tenant: TestTenant

beforeEach(() => {
  dataDirectory = mkdtempSync(join(tmpdir(), 'meterline-moves-'))
  const random = seededRandom('moves')
  tenant = new TestTenant({ dataDirectory, signingKey, nowMs: usageTimeMs, random, log: silentLog() })
})
afterEach(() => {
  tenant.registry.kill()
  rmSync(dataDirectory, { recursive: true, force: true })
})

/** The customer of the reseller buys from the operator himself from July on. */
const movingInJuly = (file: string): string =>
  file.replace(
    'name: Hansa Logistics, payer: self',
    'name: Hansa Logistics, payer: self, moves: [{ at: 2025-07-01, parent: acme }]',
  )

/** What a seller has charged a buyer that is not on a document yet. */
function unbilled(seller: string, buyer: string): bigint {
  const { debitMicros, creditMicros } = tenant.service.store.ledger.balance(seller, 'EUR', `unbilled:${buyer}`)
  return debitMicros - creditMicros
}

async function close(period: string): Promise<readonly string[]> {
  const closed = await tenant.clock.until(tenant.commands.closePeriod({ tenant: 'acme', period }))
  if (!closed.ok) throw new Error(closed.fault.message)
  return closed.value.documents.map(({ number, buyer, period: own }) => `${number} ${buyer} ${own}`)
}

describe('an account that moves', () => {
  beforeEach(() => {
    tenant.apply()
  })

  test('owes what it used before to the old seller, whenever that comes in, and what it uses then to the new one', () => {
    expect(tenant.apply(movingInJuly)).toMatchObject({ ok: true, value: { applied: true } })
    tenant.clock.advance(july + 86_400_000 - usageTimeMs)
    tenant.use([usageEvent({ id: 'after', timeMs: july })])
    expect([unbilled('nordlink', 'logistics'), unbilled('acme', 'nordlink'), unbilled('acme', 'logistics')]).toEqual([
      0n,
      0n,
      20_000n,
    ])
    tenant.use([usageEvent({ id: 'late', timeMs: july - 1 })])
    expect([unbilled('nordlink', 'logistics'), unbilled('acme', 'nordlink'), unbilled('acme', 'logistics')]).toEqual([
      20_000n,
      4_000n,
      20_000n,
    ])
  })

  test('keeps its past debt where it was: late usage of a closed period marks the old seller only', async () => {
    tenant.apply(movingInJuly)
    tenant.use([usageEvent({ id: 'before', timeMs: june })])
    tenant.clock.advance(july + 86_400_000 - usageTimeMs)
    await close('2025-06')
    expect(tenant.service.store.lateMarks.list()).toEqual([])
    tenant.use([usageEvent({ id: 'after', timeMs: july + 1 })])
    expect(tenant.service.store.lateMarks.list()).toEqual([])
    tenant.use([usageEvent({ id: 'late', timeMs: june })])
    const marks = tenant.service.store.lateMarks
      .list()
      .map(({ period, seller, buyer }) => `${period} ${seller} ${buyer}`)
    expect(marks).toEqual(['2025-06 acme nordlink', '2025-06 nordlink logistics', '2025-06 roamnet acme'])
  })

  test('cannot move at a time whose usage is charged already, by a device whose clock is ahead', () => {
    tenant.use([usageEvent({ id: 'ahead', timeMs: july + 5 })])
    const refused = tenant.apply(movingInJuly)
    expect(refused).toMatchObject({ ok: false, fault: { code: 'usage_charged_ahead' } })
    expect(refused.ok ? '' : refused.fault.message).toMatch(
      /Usage of north-trackers in period 2025-07 is charged already, sold by nordlink to logistics/,
    )
    const later = tenant.apply((file) => movingInJuly(file).replace('2025-07-01', '2025-08-01'))
    expect(later).toMatchObject({ ok: true, value: { applied: true } })
  })

  test('can still stay where it was, until usage is charged where it was to go', () => {
    tenant.apply(movingInJuly)
    expect(tenant.apply()).toMatchObject({ ok: true, value: { applied: true } })
    tenant.apply(movingInJuly)
    tenant.use([usageEvent({ id: 'ahead', timeMs: july + 5 })])
    expect(tenant.apply()).toMatchObject({ ok: false, fault: { code: 'usage_charged_ahead' } })
  })
})

describe('a billing cycle', () => {
  /** The fleet starts in July, and its customer is billed from the 15th on. */
  const cycled = (file: string): string =>
    `${file}cycles: [{ id: mid, day: 15 }]\nbillingProfiles: [{ id: logistics, cycle: mid }]\n`
  const begunInJuly = (file: string): string =>
    file.replace('north, offering: tracker, from: 2025-01-01', 'north, offering: tracker, from: 2025-07-01')

  test('decides the period of late usage of a closed one', async () => {
    expect(tenant.apply(cycled)).toMatchObject({ ok: true })
    tenant.use([usageEvent({ id: 'a', timeMs: Date.UTC(2025, 5, 14) }), usageEvent({ id: 'b', timeMs: june })])
    tenant.clock.advance(july - usageTimeMs)
    await close('2025-05~mid')
    tenant.use([
      usageEvent({ id: 'c', timeMs: Date.UTC(2025, 5, 15) }),
      usageEvent({ id: 'd', timeMs: Date.UTC(2025, 5, 15) - 1 }),
    ])
    const marks = tenant.service.store.lateMarks
      .list()
      .map(({ period, seller, buyer }) => `${period} ${seller} ${buyer}`)
    expect(marks).toEqual(['2025-05~mid nordlink logistics'])
  })

  test('can be given to somebody for whom nothing has begun, unless usage of time to come is charged already', () => {
    expect(tenant.apply(begunInJuly)).toMatchObject({ ok: true })
    expect(tenant.apply((file) => cycled(begunInJuly(file)))).toMatchObject({ ok: true, value: { applied: true } })
    expect(tenant.apply(begunInJuly)).toMatchObject({ ok: true, value: { applied: true } })
    tenant.use([usageEvent({ id: 'ahead', timeMs: july + 5 })])
    const refused = tenant.apply((file) => cycled(begunInJuly(file)))
    expect(refused).toMatchObject({ ok: false, fault: { code: 'usage_charged_ahead' } })
  })
})

/** Cycles, a move, a parent that pays for a meter, and late usage, in one tenant. */
function everythingOf(kind: string): (file: string) => string {
  return (file) =>
    `${movingInJuly(file)
      .replace('{ id: data.bytes, unit: byte }', `{ id: data.bytes, unit: byte, kind: ${kind} }`)
      .replace('at: 2025-07-01', 'at: 2025-07-15')
      .replace(
        'name: Fleet North, payer: parent',
        'name: Fleet North, payer: self, parentPays: { meters: [data.bytes] }',
      )}cycles: [{ id: mid, day: 15 }]\nbillingProfiles: [{ id: logistics, cycle: mid }, { id: north, cycle: mid }]\n`
}

test.each(['sum', 'distinct', 'maximum'])('books with all of it are found right: %s', async (kind) => {
  expect(tenant.apply(everythingOf(kind))).toMatchObject({ ok: true })
  const early = Date.UTC(2025, 5, 14)
  tenant.use([
    usageEvent({ id: 'a', timeMs: june }),
    usageEvent({ id: 'b', timeMs: early }),
    usageEvent({ id: 'c', timeMs: early, subject: 'trk-2', measured: [{ meter: 'data.bytes', quantity: 2000n }] }),
  ])
  tenant.clock.advance(Date.UTC(2025, 7, 20) - usageTimeMs)
  tenant.use([usageEvent({ id: 'd', timeMs: Date.UTC(2025, 6, 17) })])
  expect(await close('2025-05~mid')).toEqual(['nordlink-000001 logistics 2025-05~mid'])
  expect(await close('2025-06')).toEqual(['acme-000001 nordlink 2025-06'])
  expect(await close('2025-06~mid')).toEqual(['nordlink-000002 logistics 2025-06~mid'])
  // After the move the operator sells, in a series of his own, and the reseller has nothing to bill.
  expect(await close('2025-07~mid')).toEqual(['acme-000002 logistics 2025-07~mid'])
  tenant.use([usageEvent({ id: 'late', timeMs: june + 1, subject: 'trk-2' })])
  tenant.registry.kill()
  const report = verifyBooks(tenantFile(dataDirectory, 'acme'), 'acme', signingKey.publicKeyBase64)
  expect(report).toMatchObject({ ok: true, value: { problems: [] } })
})
