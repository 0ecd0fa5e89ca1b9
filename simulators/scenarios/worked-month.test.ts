import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decodeInvoice, invoiceName, type Invoice } from '@meterline/aggregator/documents/invoice.ts'
import { partiesOf } from '@meterline/aggregator/flow/charged-legs.ts'
import type { MarginItem } from '@meterline/aggregator/flow/margin-report.ts'
import type { TestTenant } from '@meterline/aggregator/flow/fixtures/test-tenant.ts'
import { verifyBooks } from '@meterline/aggregator/flow/verify-books.ts'
import type { AccountBalance } from '@meterline/aggregator/store/ledger-table.ts'
import { tenantFile } from '@meterline/aggregator/store/tenant-files.ts'
import { decodeChargeBlock } from '@meterline/shared/model/charge.ts'
import { parseSegmentKey } from '@meterline/shared/rating/segment.ts'
import { cell, tableBelow } from './page-tables.ts'
import {
  documentHeadings,
  marginColumns,
  micros,
  page,
  statedBalances,
  statedDocument,
  usageOfThePage,
  whole,
} from './worked-month-page.ts'
import { workedMonth, type WorkedMonth } from './worked-month-story.ts'

let folder = ''
let month: WorkedMonth
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'meterline-worked-month-'))
  month = await workedMonth(folder, usageOfThePage())
}, 60_000)
afterAll(() => {
  month.tenant.registry.kill()
  rmSync(folder, { recursive: true, force: true })
})

describe('the documents of the worked month', () => {
  test.each([...documentHeadings.keys()])('%s says what the page says', (number) => {
    const invoice = issued(month.tenant).get(number)
    const stated = statedDocument(number)
    expect(linesOf(invoice)).toEqual(
      stated.lines.map((row) => [
        cell(row, 'account'),
        cell(row, 'line'),
        cell(row, 'for'),
        cell(row, 'quantity') === '' ? null : whole(cell(row, 'quantity')),
        micros(cell(row, 'exact')),
        micros(cell(row, 'invoiced')),
      ]),
    )
    expect(invoice?.total).toMatchObject({
      amountMicros: stated.exact.toString(),
      invoicedMicros: stated.invoiced.toString(),
    })
    expect(invoice?.tax).toMatchObject({ taxMicros: stated.tax.toString(), grossMicros: stated.toPay.toString() })
  })

  test('are all there are', () => {
    expect([...issued(month.tenant).keys()].toSorted()).toEqual([...documentHeadings.keys()].toSorted())
    expect(documentHeadings.size).toBe(5)
  })

  test('show Hansa nothing of what NordLink pays', () => {
    const texts = [...issued(month.tenant)].filter(([number]) => number.startsWith('nordlink-'))
    expect(texts).toHaveLength(3)
    for (const [, invoice] of texts) {
      expect(JSON.stringify(invoice)).not.toMatch(/roamnet|bulk|Wholesale|cost_of_sales|payable:acme/)
    }
  })

  test('come to the same for November as if no day had been late', async () => {
    const data = usageOfThePage().data.map((own) => ({ ...own, inTime: own.inTime + own.late, late: 0n }))
    const other = mkdtempSync(join(tmpdir(), 'meterline-punctual-month-'))
    const punctual = await workedMonth(other, { ...usageOfThePage(), data })
    const billed = billedFor('2026-11', punctual.tenant)
    punctual.tenant.registry.kill()
    rmSync(other, { recursive: true, force: true })
    expect(billedFor('2026-11', month.tenant)).toEqual(billed)
  })
})

describe('the books of the worked month', () => {
  test('balance as the page says, when November is closed, with the late day, and in the end', () => {
    const { balancesOfNovember, balancesOfLateDay, tenant } = month
    const atEnd = tenant.service.store.ledger.balances()
    expect(moved([], balancesOfNovember)).toEqual(statedBalances("The books after November's closing"))
    expect(moved(balancesOfNovember, balancesOfLateDay)).toEqual(statedBalances('What the day posts'))
    expect(moved([], atEnd)).toEqual(statedBalances('The books in the end'))
  })

  test('can be verified, with nothing in suspense', () => {
    const { tenant, signingKey } = month
    expect(tenant.commands.status()).toMatchObject([{ suspended: 0, unratedBatches: 0 }])
    const report = verifyBooks(tenantFile(folder, 'acme'), 'acme', signingKey.publicKeyBase64)
    expect(report).toMatchObject({ ok: true, value: { problems: [] } })
  })

  test('have the charges of each leg', () => {
    const stated = tableBelow(page, 'Charges of each leg').map((row) => [
      cell(row, 'leg'),
      cell(row, 'subscription'),
      cell(row, 'meter'),
      whole(cell(row, 'quantity')),
      micros(cell(row, 'charged')),
    ])
    expect(chargesOf('2026-11', month.tenant).map(String).toSorted()).toEqual(stated.map(String).toSorted())
  })

  test.each([
    ['leg', 'Margins'],
    ['meter', 'Margins by meter'],
  ] as const)('have the margins by %s', (by, heading) => {
    const report = month.tenant.commands.margin('acme', { period: '2026-11', by })
    if (!report.ok) throw new Error(report.fault.message)
    const { rows, totals } = report.value
    const stated = tableBelow(page, heading).map((row) => [
      cell(row, 'entity'),
      cell(row, 'group'),
      ...marginColumns.map((column) => micros(cell(row, column))),
    ])
    expect([...rows, ...(by === 'leg' ? totals : [])].map(marginOf)).toEqual(stated)
  })
})

function issued(tenant: TestTenant): ReadonlyMap<string, Invoice> {
  const rows = [...tenant.service.store.documents.all()]
  return new Map(
    rows.map(({ bytes }) => {
      const invoice = decodeInvoice(bytes)
      if (!invoice.ok) throw new Error(invoice.fault.message)
      return [invoiceName(invoice.value), invoice.value]
    }),
  )
}

/** The lines of a document as the page shows them; what contracts make has no quantity there. */
function linesOf(invoice: Invoice | undefined): readonly (readonly unknown[])[] {
  return (invoice?.sections ?? []).flatMap(({ account, lines }) =>
    lines.map((line) => [
      account.id,
      line.corrects === undefined ? line.description : `${line.description} (${line.corrects.document ?? ''})`,
      line.segment.slice(0, line.segment.indexOf('/')),
      line.kind === undefined || line.kind === 'allowance' ? BigInt(line.quantity) : null,
      BigInt(line.amountMicros),
      BigInt(line.invoicedMicros),
    ]),
  )
}

/** What all documents together say of each line of a period that came to something, exactly and in cents. */
function billedFor(period: string, tenant: TestTenant): ReadonlyMap<string, readonly bigint[]> {
  const sums = new Map<string, readonly bigint[]>()
  for (const { seller, sections } of issued(tenant).values()) {
    for (const line of sections.flatMap(({ lines }) => lines)) {
      if (!line.segment.startsWith(`${period}/`)) continue
      const key = `${seller.id} ${line.segment}`
      const [amount = 0n, invoiced = 0n] = sums.get(key) ?? []
      sums.set(key, [amount + BigInt(line.amountMicros), invoiced + BigInt(line.invoicedMicros)])
    }
  }
  return new Map([...sums].filter(([, sum]) => sum.some((each) => each !== 0n)))
}

/** What moved on each account from some balances to later ones: debits less credits, in micros, sorted by account. */
function moved(
  before: readonly AccountBalance[],
  after: readonly AccountBalance[],
): readonly (readonly [string, string, string, bigint])[] {
  const keyOf = ({ entity, asset, account }: AccountBalance): string => `${entity} ${asset} ${account}`
  const netOf = (balance: AccountBalance | undefined): bigint =>
    balance === undefined ? 0n : balance.debitMicros - balance.creditMicros
  const earlier = new Map(before.map((balance) => [keyOf(balance), balance]))
  return after
    .toSorted((left, right) => (keyOf(left) < keyOf(right) ? -1 : 1))
    .map((balance) => {
      const net = netOf(balance) - netOf(earlier.get(keyOf(balance)))
      return [balance.entity, balance.asset, balance.account, net] as const
    })
    .filter(([, , , net]) => net !== 0n)
}

/** Leg, subscription, meter, quantity and micros of each segment of a period. */
function chargesOf(period: string, { service }: TestTenant): readonly (readonly unknown[])[] {
  const { segments } = service.store
  return [...segments.accumulatorsOf(`${period}/`)].map(([key, { quantity, amountMicros }]) => {
    const legs = new Set(
      [...segments.blocksOfSegment(key)].map((bytes) => {
        const block = decodeChargeBlock(bytes)
        if (!block.ok) throw new Error(block.fault.message)
        const { seller, buyer } = partiesOf(block.value.legKey)
        return `${seller}>${buyer}`
      }),
    )
    const { subscription, meter } = parseSegmentKey(key)
    return [[...legs].join(' '), subscription, meter, quantity, amountMicros]
  })
}

function marginOf({ entity, group, ...own }: MarginItem): readonly unknown[] {
  const { revenueMicros, wholesaleMicros, costMicros, marginMicros } = own
  return [entity, group, ...[revenueMicros, wholesaleMicros, costMicros, marginMicros].map(BigInt)]
}
