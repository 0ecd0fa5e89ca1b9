import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { repositoryRoot } from '../source-files.ts'
import { calculated, roundedTo } from './page-arithmetic.ts'
import { cell, tableBelow, type PageRow } from './page-tables.ts'
import type { MonthUsage } from './worked-month-story.ts'

export const page = readFileSync(join(repositoryRoot, 'docs/worked-month.md'), 'utf8')

/** The documents of the month by their numbers: the headings that their tables stand below. */
export const documentHeadings: ReadonlyMap<string, string> = new Map(
  [...page.matchAll(/^### (([a-z]+-[0-9]{6}), .*)$/gm)].map(([, heading = '', number = '']) => [number, heading]),
)

/** Columns of the tables of margins. */
export const marginColumns = ['revenue', 'wholesale', 'cost', 'margin'] as const

/** The amount of a cell in micros; an empty one is 0. */
export function micros(text: string): bigint {
  return text === '' ? 0n : roundedTo(6, calculated(text))
}

/** The whole number of a cell. */
export function whole(text: string): bigint {
  return roundedTo(0, calculated(text))
}

/** What was used. */
export function usageOfThePage(): MonthUsage {
  const tokens = (column: string): ReadonlyMap<string, bigint> =>
    new Map(tableBelow(page, 'Tokens').map((row) => [cell(row, 'meter'), whole(cell(row, column))]))
  return {
    data: tableBelow(page, 'What was used').map((row) => ({
      fleet: cell(row, 'fleet'),
      network: cell(row, 'network'),
      inTime: whole(cell(row, 'received in November')),
      late: whole(cell(row, 'late')),
      december: whole(cell(row, 'December')),
    })),
    novemberTokens: tokens('November'),
    decemberTokens: tokens('December'),
  }
}

/** What the page says of a document; sums in micros. */
export interface StatedDocument {
  readonly lines: readonly PageRow[]
  readonly exact: bigint
  readonly invoiced: bigint
  readonly tax: bigint
  readonly toPay: bigint
}

/** The document of a number. Throws when the page has none, or no sums below its lines. */
export function statedDocument(number: string): StatedDocument {
  const rows = tableBelow(page, documentHeadings.get(number) ?? number)
  const named = (name: string, column: string): bigint => {
    const row = rows.find((each) => cell(each, 'account') === name)
    if (row === undefined) throw new Error(`${number} has no row "${name}"`)
    return micros(cell(row, column))
  }
  return {
    lines: rows.filter((row) => cell(row, 'line') !== ''),
    exact: named('in all', 'exact'),
    invoiced: named('in all', 'invoiced'),
    tax: named('VAT 19 %', 'invoiced'),
    toPay: named('to pay', 'invoiced'),
  }
}

/** Entity, currency, account, and debits less credits in micros, as the table below a heading says them. */
export function statedBalances(heading: string): readonly (readonly [string, string, string, bigint])[] {
  return tableBelow(page, heading).map((row) => {
    const net = micros(cell(row, 'debit')) - micros(cell(row, 'credit'))
    return [cell(row, 'books'), cell(row, 'currency'), cell(row, 'account'), net]
  })
}
