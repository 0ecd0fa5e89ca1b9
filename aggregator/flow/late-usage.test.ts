import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { silentLog } from '@meterline/shared/base/log.ts'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { generateSigningKey, openSigningKey } from '@meterline/shared/integrity/signature.ts'
import { decodeInvoice, type Invoice } from '../documents/invoice.ts'
import { tenantFile } from '../store/tenant-files.ts'
import type { BillRun, ClosedPeriod } from './bill-answers.ts'
import { billCorrections } from './bill-now.ts'
import { closePeriod } from './close-period.ts'
import { usageEvent } from './fixtures/sealing-agent.ts'
import { TestTenant } from './fixtures/test-tenant.ts'
import { verifyBooks } from './verify-books.ts'

const signingKey = openSigningKey(generateSigningKey().privatePem)
const inJune = Date.UTC(2025, 5, 20)
const inJuly = Date.UTC(2025, 6, 20)

let dataDirectory = ''
let tenant: TestTenant
beforeEach(() => {
  dataDirectory = mkdtempSync(join(tmpdir(), 'meterline-late-'))
  tenant = new TestTenant({
    dataDirectory,
    signingKey,
    nowMs: Date.UTC(2025, 8, 1),
    random: seededRandom('late'),
    log: silentLog(),
  })
})
afterEach(() => {
  tenant.registry.kill()
  rmSync(dataDirectory, { recursive: true, force: true })
})

function use(id: string, timeMs: number, bytes: bigint): void {
  tenant.use([usageEvent({ id, timeMs, measured: [{ meter: 'data.bytes', quantity: bytes }] })])
}

async function close(period: string): Promise<ClosedPeriod> {
  const closed = await tenant.clock.until(closePeriod(tenant.service, tenant.clock, { tenant: 'acme', period }))
  if (!closed.ok) throw new Error(closed.fault.message)
  return closed.value
}

async function correct(): Promise<BillRun> {
  const billed = await tenant.clock.until(billCorrections(tenant.service, tenant.clock, {}))
  if (!billed.ok) throw new Error(billed.fault.message)
  return billed.value
}

function invoices(): readonly Invoice[] {
  return [...tenant.service.store.documents.all()].map((row) => {
    const invoice = decodeInvoice(row.bytes)
    if (!invoice.ok) throw new Error(invoice.fault.message)
    return invoice.value
  })
}

/** The lines of the documents that the fleet's company got, in the order of its documents. */
function lines(): readonly (readonly unknown[])[] {
  return invoices()
    .filter(({ buyer }) => buyer.id === 'logistics')
    .flatMap(({ series, number, sections }) =>
      sections.flatMap((section) =>
        section.lines.map((line) => [
          `${series}-${number}`,
          line.segment.slice(0, 7),
          line.quantity,
          line.amountMicros,
          line.amount,
          [line.fromBlock ?? 0, line.chargeBlocks],
          line.corrects ?? null,
        ]),
      ),
    )
}

function problems(): readonly string[] {
  const report = verifyBooks(tenantFile(dataDirectory, 'acme'), 'acme', signingKey.publicKeyBase64)
  if (!report.ok) throw new Error(report.fault.message)
  return report.value.problems
}

describe('usage that comes after its period was closed', () => {
  test('stands on the next document of its buyer, as what it changes, with the document it corrects', async () => {
    tenant.apply()
    use('a', inJune, 4_000n)
    await close('2025-06')
    use('late', inJune, 3_000n)
    use('b', inJuly, 1_000n)
    await close('2025-07')
    // 5,000 at 0.02 and the rest at 0.01 per 1,000: the late ones are 1,000 of the one and 2,000 of the other.
    expect(lines()).toEqual([
      ['nordlink-1', '2025-06', '4000', '80000', '0.08', [0, 1], null],
      ['nordlink-2', '2025-07', '1000', '20000', '0.02', [0, 1], null],
      ['nordlink-2', '2025-06', '3000', '40000', '0.04', [1, 1], { document: 'nordlink-000001', period: '2025-06' }],
    ])
    expect(tenant.service.store.lateMarks.list()).toEqual([])
    expect(problems()).toEqual([])
  })

  test('is billed by itself when that is asked for, once', async () => {
    tenant.apply()
    use('a', inJune, 4_000n)
    await close('2025-06')
    use('late', inJune, 3_000n)
    const { documents } = await correct()
    expect(documents.map(({ number, period, total }) => [number, period, total])).toEqual([
      ['acme-000002', '2025-06', '0.01'],
      ['nordlink-000002', '2025-06', '0.04'],
    ])
    expect((await correct()).documents).toEqual([])
    expect((await close('2025-06')).documents).toHaveLength(4)
    expect(problems()).toEqual([])
  })

  test('of a buyer who got no document says so, and keeps the order of periods', async () => {
    tenant.apply()
    await close('2025-06')
    use('b', inJuly, 1_000n)
    use('late', inJune, 3_000n)
    await close('2025-07')
    expect(lines().map(([, period, , , , , corrects]) => [period, corrects])).toEqual([
      ['2025-07', null],
      ['2025-06', { document: null, period: '2025-06' }],
    ])
    expect(problems()).toEqual([])
  })

  test('of a period before the first closed one has to be closed first', async () => {
    tenant.apply()
    use('early', inJune, 1_000n)
    use('b', inJuly, 1_000n)
    const refused = await tenant.clock.until(
      closePeriod(tenant.service, tenant.clock, { tenant: 'acme', period: '2025-07' }),
    )
    expect(refused).toMatchObject({ ok: false, fault: { code: 'period_order', details: { period: '2025-06' } } })
    await close('2025-06')
    await close('2025-07')
    expect(problems()).toEqual([])
  })

  test('in any order and with closings anywhere between comes to the same in the end', async () => {
    tenant.apply()
    use('a', inJune, 4_999n)
    await close('2025-06')
    for (const [index, bytes] of [1n, 333n, 1_777n, 50n].entries()) {
      use(`late ${index}`, inJune, bytes)
      if (index % 2 === 0) await correct()
    }
    await close('2025-07')
    const june = lines().filter(([, period]) => period === '2025-06')
    const sum = (column: number): bigint => june.reduce((total, line) => total + BigInt(String(line[column])), 0n)
    // 7,160 in all: 5,000 at 0.02 and 2,160 at 0.01 per 1,000, invoiced rounded once.
    expect([sum(2), sum(3)]).toEqual([7_160n, 121_600n])
    const cents = june.reduce((total, line) => total + Math.round(Number(line[4]) * 100), 0)
    expect(cents).toBe(12)
    expect(problems()).toEqual([])
  })
})
