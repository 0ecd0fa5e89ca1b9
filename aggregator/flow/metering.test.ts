import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { silentLog } from '@meterline/shared/base/log.ts'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { generateSigningKey, openSigningKey } from '@meterline/shared/integrity/signature.ts'
import { decodeChargeBlock, encodeChargeBlock } from '@meterline/shared/model/charge.ts'
import type { UsageEvent } from '@meterline/shared/model/usage-event.ts'
import { openDatabase } from '@meterline/shared/sqlite/open.ts'
import { temporaryDisk } from '@meterline/shared/sqlite/simulated-disk.ts'
import { decodeInvoice } from '../documents/invoice.ts'
import { appendOnlyTables } from '../store/schema.ts'
import { tenantFile } from '../store/tenant-files.ts'
import { closePeriod } from './close-period.ts'
import { usageEvent, usageTimeMs } from './fixtures/sealing-agent.ts'
import { TestTenant } from './fixtures/test-tenant.ts'
import { verifyBooks } from './verify-books.ts'

const signingKey = openSigningKey(generateSigningKey().privatePem)
const minuteMs = 60_000
let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meterline-metering-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** The tenant acme with a meter of each kind, all sold to trk-1 and trk-2. */
function withMeters(file: string): string {
  const meters = [
    '{ id: odometer, unit: kB, kind: counter }',
    '{ id: power, unit: Wh, kind: gauge, reading: W, longestGap: 15m }',
    '{ id: devices, unit: device, kind: distinct }',
    '{ id: peak, unit: seat, kind: maximum }',
  ]
  const ids = ['odometer', 'power', 'devices', 'peak']
  const prices = ids.map((id) => `{ id: price-${id}, meter: ${id}, model: per-unit, amount: "0.01" }`)
  const list = ids.map((id) => `price-${id}`).join(', ')
  return file
    .replace(
      'prices:\n',
      `${meters.map((meter) => `  - ${meter}\n`).join('')}prices:\n${prices.map((price) => `  - ${price}\n`).join('')}`,
    )
    .replace('prices: [retail-data]', `prices: [retail-data, ${list}]`)
    .replace('prices: [wholesale-data]', `prices: [wholesale-data, ${list}]`)
}

function reading(
  id: string,
  minute: number,
  measured: Readonly<Record<string, bigint>>,
  given: Partial<UsageEvent> = {},
): UsageEvent {
  return usageEvent({
    id,
    timeMs: usageTimeMs + minute * minuteMs,
    measured: Object.entries(measured).map(([meter, quantity]) => ({ meter, quantity })),
    ...given,
  })
}

const inBytes: Partial<UsageEvent> = { labels: [['@unit', 'byte']] }
const usage = [
  reading('a', 0, { odometer: 100n, peak: 3n }),
  reading('b', 10, { odometer: 700_000n }, inBytes),
  reading('c', 20, { odometer: 50n, peak: 9n, devices: 1n }),
  reading('d', 30, { odometer: 80n, peak: 4n, devices: 1n }),
  reading('e', 0, { power: 600n }),
  reading('f', 10, { power: 60n }),
  reading('g', 70, { power: 0n }),
  reading('h', 5, { devices: 1n, odometer: 7n }, { subject: 'trk-2' }),
  reading('i', 6, { odometer: 1n }, { labels: [['@unit', 'byte']] }),
]
// The counter moved on 600, then began again and read 50, then moved on 30; 100 Wh and a quarter of an hour at 60 W.
const expected = ['devices 2', 'odometer 680', 'peak 9', 'power 115']

async function billed(
  batches: readonly (readonly UsageEvent[])[],
  name = 'books',
): Promise<{ file: string; lines: readonly string[] }> {
  const dataDirectory = mkdtempSync(join(folder, name))
  const tenant = new TestTenant({
    dataDirectory,
    signingKey,
    nowMs: Date.UTC(2025, 6, 1),
    random: seededRandom('metering'),
    log: silentLog(),
  })
  const applied = tenant.apply(withMeters)
  expect(applied.ok).toBe(true)
  for (const batch of batches) tenant.send(batch)
  tenant.clock.advance(0)
  const closed = await tenant.clock.until(
    closePeriod(tenant.service, tenant.clock, { tenant: 'acme', period: '2025-06' }),
  )
  expect(closed.ok).toBe(true)
  const document = tenant.service.store.documents.list('2025-06').find(({ buyer }) => buyer === 'logistics')
  const invoice = decodeInvoice(tenant.service.store.documents.find(document?.number ?? '')?.bytes ?? new Uint8Array())
  const lines = invoice.ok ? invoice.value.sections.flatMap((section) => section.lines) : []
  tenant.registry.close()
  return {
    file: tenantFile(dataDirectory, 'acme'),
    lines: lines.map(({ meter, quantity }) => `${meter} ${quantity}`).toSorted(),
  }
}

function problemsOf(file: string): readonly string[] {
  const report = verifyBooks(file, 'acme', signingKey.publicKeyBase64)
  if (!report.ok) throw new Error(report.fault.message)
  return report.value.problems
}

describe('readings become usage', () => {
  test.each<readonly [how: string, batches: readonly (readonly UsageEvent[])[]]>([
    ['in one batch', [usage]],
    ['one by one', usage.map((event) => [event])],
    ['twice over', [usage.slice(0, 4), usage, usage.slice(3)]],
    [
      'counters and levels backwards',
      [usage.slice(4, 7), usage.toReversed().filter(({ id }) => !['e', 'f', 'g'].includes(id ?? ''))],
    ],
  ])('%s, and the books verify', async (_how, batches) => {
    const { file, lines } = await billed(batches)
    expect(lines).toEqual(expected)
    expect(problemsOf(file)).toEqual([])
  })

  test('and the usage of all of them was worked out again', async () => {
    const { file } = await billed([usage])
    const report = verifyBooks(file, 'acme', signingKey.publicKeyBase64)
    // Fourteen records are charged; three series have eight readings, and there are three levels.
    expect(report.ok && report.value.checked).toMatchObject({ 'charged quantities': 14, 'metering states': 14 })
  })
})

describe('planted corruption of metered usage is found and named', () => {
  test.each([
    [
      'a changed reading',
      'UPDATE metering_reading SET value = value + 1 WHERE value = 700',
      /^I15: the state of meters says: reading/,
    ],
    [
      'a changed level',
      "UPDATE metering_level SET value = '8' WHERE value = '9'",
      /^I15: the state of meters says: level/,
    ],
    ['a reading removed', 'DELETE FROM metering_reading WHERE value = 700', /^I15: the state of meters says/],
    ['a level slipped in', "INSERT INTO metering_level VALUES ('x', '1')", /^I15: the state of meters says more/],
    ['a day moved', 'UPDATE segment_day SET day = day + 1', /^I9: the days of segment .* are not those of its charges/],
    ['a day dropped', 'DELETE FROM segment_day', /^I9: the days of segment/],
  ])('%s', async (_what, statement, named) => {
    const { file } = await billed([usage.slice(0, 5), usage.slice(5)])
    const corrupted = join(folder, 'corrupted.db')
    copyFileSync(file, corrupted)
    const db = openDatabase({ file: corrupted, disk: temporaryDisk })
    expect(db.prepare(statement).run().changes).toBeGreaterThan(0)
    db.close()
    expect(problemsOf(corrupted)).toEqual(expect.arrayContaining([expect.stringMatching(named)]))
  })

  test('a charge of another quantity than the readings make', async () => {
    const { file } = await billed([usage])
    const db = openDatabase({ file, disk: temporaryDisk })
    db.exec('DROP TRIGGER charge_block_no_update')
    const blocks = db
      .prepare<[], { id: number; block: Uint8Array }>(
        "SELECT charge_block.id, block FROM charge_block JOIN segment ON segment.id = segment_id WHERE key LIKE '%/odometer/%'",
      )
      .all()
    for (const { id, block } of blocks) {
      const decoded = decodeChargeBlock(block)
      if (!decoded.ok) throw new Error(decoded.fault.message)
      const charges = decoded.value.charges.map((charge) => ({ ...charge, quantity: charge.quantity + 1n }))
      const quantity = charges.reduce((sum, charge) => sum + charge.quantity, 0n)
      const forged = encodeChargeBlock({ ...decoded.value, charges, quantity })
      db.prepare<[Uint8Array, number]>('UPDATE charge_block SET block = ? WHERE id = ?').run(forged, id)
    }
    db.close()
    expect(problemsOf(file)).toEqual(
      expect.arrayContaining([
        'I9: unit 1 of batch 1 is charged 601 of odometer, its usage is 600',
        'I9: unit 3 of batch 1 is charged 31 of odometer, its usage is 30',
      ]),
    )
  })

  test('readings deleted after their retention are no problem', async () => {
    const { file } = await billed([usage.slice(0, 5), usage.slice(5)])
    const db = openDatabase({ file, disk: temporaryDisk })
    for (const table of [...appendOnlyTables, 'batch_body']) db.exec(`DROP TRIGGER IF EXISTS ${table}_no_delete`)
    expect(db.prepare('DELETE FROM batch_body WHERE log_index = 1').run().changes).toBe(1)
    db.close()
    expect(problemsOf(file)).toEqual([])
  })
})
