import { createHash, hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { CsvError, parse } from 'csv-parse'
import { failed, fault, FaultError, ok, type Fault, type Result } from '@meterline/shared/base/errors.ts'

/** One row of a FOCUS export, ready to be read by a mapping rule. */
export interface FocusRow {
  /** From 1, without the header. */
  readonly number: number
  /** The row as a JSON object: columns by name, null where there is nothing, with `@id` and `@subject`. */
  readonly json: string
  /** Over this row and all before it, to recognise a file that was imported in part. */
  readonly chain: string
  /** Bytes of the file that were read when this row was found. */
  readonly readBytes: number
}

export type FocusFault = Fault<
  'import_file_unreadable' | 'import_csv_invalid' | 'import_columns_missing' | 'import_too_many_rows'
>

/** What rows are read by. */
export interface FocusRowOptions {
  /** The column whose value is whom the cost is of. */
  readonly subjectColumn: string
  /** Rows kept apart in memory to number identical ones; a file of more has to be cut. */
  readonly mostRows: number
}

/**
 * The columns of FOCUS 1.0 that make a row the charge it is: its dimensions, but for tags and names that are only shown,
 * which are changed afterwards as metrics are. Later versions, providers (`x_…`) and databases add columns of their own,
 * some of them new with every export: what is not listed here does not count.
 */
const identifyingColumns = [
  'AvailabilityZone',
  'BillingAccountId',
  'BillingCurrency',
  'BillingPeriodEnd',
  'BillingPeriodStart',
  'ChargeCategory',
  'ChargeClass',
  'ChargeDescription',
  'ChargeFrequency',
  'ChargePeriodEnd',
  'ChargePeriodStart',
  'CommitmentDiscountCategory',
  'CommitmentDiscountId',
  'CommitmentDiscountStatus',
  'CommitmentDiscountType',
  'ConsumedUnit',
  'InvoiceIssuerName',
  'PricingCategory',
  'PricingUnit',
  'ProviderName',
  'PublisherName',
  'RegionId',
  'ResourceId',
  'ResourceType',
  'ServiceCategory',
  'ServiceName',
  'SkuId',
  'SkuPriceId',
  'SubAccountId',
] as const

const neededColumns = ['BilledCost', 'BillingCurrency', 'ChargePeriodStart'] as const
const longestRowBytes = 1024 * 1024

type Cells = Readonly<Record<string, string | null>>

/**
 * Reads the rows of a FOCUS export, CSV or CSV in gzip, one after the other. Throws a `FaultError` with a `FocusFault` when
 * the file cannot be read, is no CSV or lacks a column.
 */
export async function* readFocusRows(file: string, options: FocusRowOptions): AsyncGenerator<FocusRow> {
  const bytes = createReadStream(file)
  const parser = parse({
    bom: true,
    max_record_size: longestRowBytes,
    skip_empty_lines: true,
    columns: (header: string[]) => {
      const checked = checkHeader(header, options.subjectColumn)
      if (!checked.ok) throw new FaultError(checked.fault)
      return header
    },
  })
  // What goes wrong on the way shows where the rows are taken.
  const broken = (): void => undefined
  if (file.endsWith('.gz')) pipeline(bytes, createGunzip(), parser, broken)
  else pipeline(bytes, parser, broken)
  const seen = new Map<string, number>()
  let chain = ''
  let number = 0
  try {
    for await (const record of parser) {
      const cells = cellsOf(record as Readonly<Record<string, string>>)
      number += 1
      if (seen.size >= options.mostRows) throw new FaultError(tooManyRows(file, options.mostRows))
      const json = rowJson(cells, rowId(cells, seen), options.subjectColumn)
      chain = hash('sha256', `${chain}\n${json}`, 'hex')
      yield { number, json, chain, readBytes: bytes.bytesRead }
    }
  } catch (error) {
    throw faultOf(error, file)
  } finally {
    bytes.destroy()
  }
}

function checkHeader(header: readonly string[], subjectColumn: string): Result<null, FocusFault> {
  const missing = [...new Set([...neededColumns, subjectColumn])].filter((column) => !header.includes(column))
  if (missing.length > 0) {
    const message = `The file has no column ${missing.join(', ')}: is it a FOCUS cost and usage export? Its columns are ${header.slice(0, 80).join(', ')}.`
    return failed(fault('import_columns_missing', message))
  }
  const twice = header.find((column, index) => header.indexOf(column) < index)
  if (twice === undefined) return ok(null)
  return failed(
    fault('import_csv_invalid', `The file has the column ${twice} twice: which one counts would be a guess.`),
  )
}

/** Absent values: FOCUS has NULL, which CSV writers print as nothing or as the word. */
function cellsOf(record: Readonly<Record<string, string>>): Cells {
  return Object.fromEntries(
    Object.entries(record).map(([column, text]) => [
      column,
      text === '' || text === 'NULL' ? null : isTimeColumn(column) ? utc(text) : text,
    ]),
  )
}

function isTimeColumn(column: string): boolean {
  return /^(Billing|Charge)Period(Start|End)$/.test(column)
}

/** FOCUS states times in UTC as `2024-09-01T00:00:00Z`; databases export them with a space and without the zone. */
function utc(text: string): string {
  const match = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)(?:Z| ?UTC|\+00:?00)?$/.exec(text)
  if (match === null) return text
  const [, day = '', time = ''] = match
  return `${day}T${time.length === 5 ? `${time}:00` : time}Z`
}

/**
 * What makes a row the same charge when it is exported again: SHA-256 over the columns that identify it, and its number
 * among rows that are alike in them.
 */
function rowId(cells: Cells, seen: Map<string, number>): string {
  const digest = createHash('sha256')
  for (const column of identifyingColumns) {
    const text = cells[column]
    if (text !== null && text !== undefined) digest.update(JSON.stringify([column, text]))
  }
  const id = digest.digest('hex')
  const occurrence = seen.get(id) ?? 0
  seen.set(id, occurrence + 1)
  return occurrence === 0 ? id : `${id}/${occurrence}`
}

function rowJson(cells: Cells, id: string, subjectColumn: string): string {
  return JSON.stringify({ '@id': id, '@subject': cells[subjectColumn] ?? null, ...cells })
}

function tooManyRows(file: string, most: number): FocusFault {
  return fault('import_too_many_rows', `${file} has more than ${most} different rows: cut it, for example by month.`)
}

function faultOf(error: unknown, file: string): FaultError {
  if (error instanceof FaultError) return error
  const reason = error instanceof Error ? error.message : String(error)
  const problem: FocusFault =
    error instanceof CsvError
      ? fault('import_csv_invalid', `${file} is no CSV that can be read: ${reason}`)
      : fault('import_file_unreadable', `${file} cannot be read: ${reason}`)
  return new FaultError(problem, { cause: error })
}
