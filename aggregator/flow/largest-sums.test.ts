import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { silentLog } from '@meterline/shared/base/log.ts'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { generateSigningKey, openSigningKey } from '@meterline/shared/integrity/signature.ts'
import type { UsageEvent } from '@meterline/shared/model/usage-event.ts'
import { largestSegmentMicros } from '@meterline/shared/rating/segment.ts'
import { largestQuantity } from '@meterline/shared/units/quantity.ts'
import { tenantFile } from '../store/tenant-files.ts'
import { closePeriod } from './close-period.ts'
import { usageEvent } from './fixtures/sealing-agent.ts'
import { TestTenant } from './fixtures/test-tenant.ts'
import { verifyBooks } from './verify-books.ts'

// Whoever can report usage can report enough of it that sums leave 64 bits. Nothing of that may stop the tenant.

const signingKey = openSigningKey(generateSigningKey().privatePem)
let dataDirectory = ''
let tenant: TestTenant
beforeEach(() => {
  dataDirectory = mkdtempSync(join(tmpdir(), 'meterline-sums-'))
  const parts = { dataDirectory, signingKey, nowMs: Date.UTC(2025, 6, 1), random: seededRandom('sums') }
  tenant = new TestTenant({ ...parts, log: silentLog() })
})
afterEach(() => {
  tenant.registry.kill()
  rmSync(dataDirectory, { recursive: true, force: true })
})

function expectSoundBooks(): void {
  const report = verifyBooks(tenantFile(dataDirectory, 'acme'), 'acme', signingKey.publicKeyBase64)
  if (!report.ok) throw new Error(report.fault.message)
  expect(report.value.problems).toEqual([])
}

/** Nearly as many tokens as one segment may hold at 3 micros each; they make a line without a residue. */
const mostTokens = (largestSegmentMicros / 3n / 10_000n) * 10_000n
/** So many segments at their most come to more than 2^64 micros. */
const tooMany = 250

function call(place: number, details: Partial<UsageEvent> = {}): UsageEvent {
  const measured = [{ meter: 'ai.input_tokens', quantity: mostTokens }]
  return usageEvent({ id: `call-${place}`, subject: 'llm-1', measured, ...details })
}

function chargedMicros(): bigint {
  const { debitMicros, creditMicros } = tenant.service.store.ledger.balance('acme', 'EUR', 'revenue')
  return creditMicros - debitMicros
}

test('a batch with usage of many periods is charged as far as its posting can say the sum', () => {
  tenant.apply((file) => file.replace('offering: ai, from: 2025-01-01', 'offering: ai, from: 2000-01-01'))
  tenant.use(Array.from({ length: tooMany }, (_, place) => call(place, { timeMs: Date.UTC(2000, place, 15) })))
  const { store } = tenant.service
  const suspended = store.suspense.list({ logIndex: -1, unit: -1 }, tooMany)
  expect(new Set(suspended.map(({ code }) => code))).toEqual(new Set(['amount_too_large']))
  const charged = BigInt(tooMany - suspended.length)
  expect(charged).toBeGreaterThan(1n)
  expect(chargedMicros()).toBe(charged * mostTokens * 3n)
  expectSoundBooks()
})

test('a bill of more than 2^64 micros is issued', async () => {
  const rows = Array.from(
    { length: tooMany },
    (_, place) => `{ when: { row: "r${place}" }, model: per-unit, per: 1000000, amount: "3.00" }`,
  )
  const matrix = `model: matrix, dimensions: [row], rows: [${rows.join(', ')}]`
  tenant.apply((file) => file.replace('model: per-unit, per: 1000000, amount: "3.00"', matrix))
  const calls = Array.from({ length: tooMany }, (_, place) => call(place, { labels: [['row', `r${place}`]] }))
  for (let at = 0; at < calls.length; at += 25) tenant.use(calls.slice(at, at + 25))
  expect(tenant.service.store.suspense.last()).toBeUndefined()
  const closing = closePeriod(tenant.service, tenant.clock, { tenant: 'acme', period: '2025-06' })
  expect(await tenant.clock.until(closing)).toMatchObject({ ok: true })
  const { debitMicros, creditMicros } = tenant.service.store.ledger.balance('acme', 'EUR', 'receivable:bright')
  expect(debitMicros - creditMicros).toBe(BigInt(tooMany) * mostTokens * 3n)
  expectSoundBooks()
})

test('an agent that states absurd amounts with an old snapshot does not stop the tenant', () => {
  tenant.apply()
  const old = tenant.service.inForce?.snapshot().hash
  if (old === undefined) throw new Error('a catalogue is in force')
  tenant.apply((file) =>
    file.replace(
      'amount: "15.00"',
      'amount: "15.00", changes: [{ from: 2025-06-30, model: per-unit, amount: "16.00", per: 1000000 }]',
    ),
  )
  const events = Array.from({ length: 5 }, (_, place) =>
    call(place, { measured: [{ meter: 'ai.input_tokens', quantity: 10n }] }),
  )
  tenant.use(events, { snapshotHash: old, micros: [largestQuantity] })
  expect(chargedMicros()).toBe(5n * 30n)
  const { debitMicros, creditMicros } = tenant.service.store.ledger.balance('acme', 'EUR', 'prerating:drift')
  expect(creditMicros - debitMicros).toBe(5n * largestSegmentMicros)
  expectSoundBooks()
})
