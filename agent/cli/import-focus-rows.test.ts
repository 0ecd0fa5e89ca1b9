import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { FaultError } from '@meterline/shared/base/errors.ts'
import { readFocusRows, type FocusRow } from './import-focus-rows.ts'

let folder = ''

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'meterline-focus-'))
})

afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

const columns = ['BilledCost', 'BillingCurrency', 'ChargePeriodStart', 'SubAccountId', 'ResourceId', 'Tags', 'x_Run']
type Cells = Partial<Record<string, string>>

const plain: Cells = {
  BilledCost: '1.5',
  BillingCurrency: 'USD',
  ChargePeriodStart: '2024-09-01T00:00:00Z',
  SubAccountId: 'acc-1',
  ResourceId: 'vm-1',
}

function csv(rows: readonly Cells[], order: readonly string[] = columns): string {
  const cell = (text = ''): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
  return [order, ...rows.map((row) => order.map((column) => row[column]))]
    .map((line) => line.map((text) => cell(text)).join(','))
    .join('\r\n')
}

async function rowsOf(text: string | Uint8Array, name = 'export.csv', mostRows = 1000): Promise<FocusRow[]> {
  const file = join(folder, name)
  writeFileSync(file, text)
  const rows: FocusRow[] = []
  for await (const row of readFocusRows(file, { subjectColumn: 'SubAccountId', mostRows })) rows.push(row)
  return rows
}

async function idsOf(...args: Parameters<typeof rowsOf>): Promise<string[]> {
  return (await rowsOf(...args)).map(({ json }) => (JSON.parse(json) as { '@id': string })['@id'])
}

async function codeOf(...args: Parameters<typeof rowsOf>): Promise<string> {
  try {
    await rowsOf(...args)
    return 'none'
  } catch (error) {
    if (error instanceof FaultError) return error.fault.code
    throw error
  }
}

describe('rows of a FOCUS export', () => {
  test('become objects with every column by its name', async () => {
    const [row] = await rowsOf(`\ufeff${csv([{ ...plain, Tags: '{"env":"a\n,b"}', ResourceId: 'NULL' }])}\r\n\r\n`)
    expect(JSON.parse(row?.json ?? '')).toEqual({
      '@id': expect.stringMatching(/^[0-9a-f]{64}$/),
      '@subject': 'acc-1',
      ...plain,
      ResourceId: null,
      Tags: '{"env":"a\n,b"}',
      x_Run: null,
    })
  })

  test('state times in UTC, also as databases export them', async () => {
    const written = [
      '2024-09-01T00:00:00Z',
      '2024-09-01 00:00:00',
      '2024-09-01 00:00:00.000 UTC',
      '2024-09-01T00:00Z',
      'soon',
    ]
    const rows = await rowsOf(csv(written.map((ChargePeriodStart) => ({ ...plain, ChargePeriodStart }))))
    const times = rows.map(({ json }) => (JSON.parse(json) as { ChargePeriodStart: string }).ChargePeriodStart)
    const utc = '2024-09-01T00:00:00Z'
    expect(times).toEqual([utc, utc, '2024-09-01T00:00:00.000Z', utc, 'soon'])
  })

  test('are the same charge when only what is restated differs, whatever the order of the columns', async () => {
    const [id] = await idsOf(csv([plain]))
    const restated: Cells = {
      ...plain,
      BilledCost: '2',
      Tags: '{"a":"b"}',
      x_Run: '7',
      InvoiceId: 'i-1',
      Id: '9',
      ListCost: '3',
    }
    const order = ['InvoiceId', 'ListCost', 'Id', ...columns.toReversed()]
    expect(await idsOf(csv([restated], order))).toEqual([id])
    for (const other of [{ ResourceId: 'vm-2' }, { SubAccountId: 'acc-2' }, { BillingCurrency: 'EUR' }]) {
      expect(await idsOf(csv([{ ...plain, ...other }]))).not.toContain(id)
    }
    // What moves from one column to another is another row.
    const shifted = { ...plain, SubAccountId: 'vm-1', ResourceId: 'acc-1' }
    expect(await idsOf(csv([shifted]))).not.toContain(id)
  })

  test('that are alike are numbered', async () => {
    const [id] = await idsOf(csv([plain]))
    expect(await idsOf(csv([plain, { ...plain, ResourceId: 'vm-2' }, plain, plain]))).toEqual([
      id,
      expect.stringMatching(/^[0-9a-f]{64}$/),
      `${id}/1`,
      `${id}/2`,
    ])
  })

  test('are chained, so that a change in front of a row shows', async () => {
    const rows = [plain, { ...plain, ResourceId: 'vm-2' }, { ...plain, ResourceId: 'vm-3' }]
    const before = (await rowsOf(csv(rows))).map(({ chain }) => chain)
    const after = (await rowsOf(csv([plain, { ...plain, ResourceId: 'vm-2', BilledCost: '9' }, rows[2] ?? {}]))).map(
      ({ chain }) => chain,
    )
    expect(before[0]).toBe(after[0])
    expect(before[1]).not.toBe(after[1])
    expect(before[2]).not.toBe(after[2])
    expect((await rowsOf(gzipSync(csv(rows)), 'export.csv.gz')).map(({ chain }) => chain)).toEqual(before)
  })

  test('say what is wrong with the file', async () => {
    expect(await codeOf('a,b\n1,2')).toBe('import_columns_missing')
    expect(await codeOf(csv([plain], [...columns, 'Tags']))).toBe('import_csv_invalid')
    expect(await codeOf(`${csv([plain])}\r\n1,2,3`)).toBe('import_csv_invalid')
    expect(await codeOf(`${csv([plain])}\r\n"open`)).toBe('import_csv_invalid')
    expect(await codeOf('no gzip', 'broken.csv.gz')).toBe('import_file_unreadable')
    expect(
      await codeOf(csv([plain, { ...plain, ResourceId: 'x' }, { ...plain, ResourceId: 'y' }]), 'many.csv', 2),
    ).toBe('import_too_many_rows')
  })
})
