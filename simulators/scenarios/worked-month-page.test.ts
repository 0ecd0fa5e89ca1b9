import { describe, expect, test } from 'vitest'
import { calculated, roundedTo } from './page-arithmetic.ts'
import { cell, pageTables, tableBelow, type PageRow } from './page-tables.ts'
import { documentHeadings, marginColumns, micros, page, statedDocument, whole } from './worked-month-page.ts'

/** The tables of what is given: prices, data, tokens. All others are derived. */
const tablesGiven = 3
/** What arithmetic leads to: the first of these columns that a row has something in. */
const resultColumns = ['result', 'exact', 'debit', 'credit', 'charged', 'margin', 'invoiced']

/** What a row says that its arithmetic comes to, and to how many digits; tax is worked out in whole cents. */
function resultOf(row: PageRow): { readonly text: string; readonly digits: number } {
  const column = resultColumns.find((name) => (row.get(name) ?? '') !== '')
  if (column === undefined) throw new Error(`a row has arithmetic and no result: ${[...row.values()].join(' | ')}`)
  const text = cell(row, column)
  const [, decimals = ''] = text.split('.')
  return { text, digits: column === 'invoiced' ? 2 : Math.max(6, decimals.length) }
}

function sumOf(rows: readonly PageRow[], column: string): bigint {
  return rows.reduce((sum, row) => sum + micros(cell(row, column)), 0n)
}

describe('the page of the worked month', () => {
  test('calculates what it says, in every row of every table but those of what is given', () => {
    const derived = pageTables(page).filter((rows) => rows[0]?.has('arithmetic') === true)
    expect(pageTables(page).length - derived.length).toBe(tablesGiven)
    const wrong = derived.flat().filter((row) => {
      const { text, digits } = resultOf(row)
      return roundedTo(digits, calculated(cell(row, 'arithmetic'))) !== roundedTo(digits, calculated(text))
    })
    expect(wrong.map((row) => [...row.values()])).toEqual([])
  })

  test('adds up what each fleet used', () => {
    for (const row of tableBelow(page, 'What was used')) {
      const parts = ['received in November', 'late'].map((column) => whole(cell(row, column)))
      expect(parts.reduce((sum, part) => sum + part, 0n)).toBe(whole(cell(row, 'November in all')))
    }
  })

  test.each([...documentHeadings.keys()])('adds up the lines of %s', (number) => {
    const { lines, exact, invoiced, tax, toPay } = statedDocument(number)
    expect([sumOf(lines, 'exact'), sumOf(lines, 'invoiced')]).toEqual([exact, invoiced])
    expect(invoiced + tax).toBe(toPay)
  })

  test.each(["The books after November's closing", 'What the day posts', 'The books in the end'])(
    'balances %s',
    (heading) => {
      const books = Map.groupBy(tableBelow(page, heading), (row) => `${cell(row, 'books')} ${cell(row, 'currency')}`)
      expect([...books.keys()]).toEqual(['acme EUR', 'acme USD', 'nordlink EUR'])
      for (const rows of books.values()) expect(sumOf(rows, 'debit')).toBe(sumOf(rows, 'credit'))
    },
  )

  test.each(['Margins', 'Margins by meter'])('takes costs off in %s', (heading) => {
    for (const row of tableBelow(page, heading)) {
      const [revenue = 0n, wholesale = 0n, cost = 0n, margin] = marginColumns.map((column) => micros(cell(row, column)))
      expect(revenue + wholesale - cost).toBe(margin)
    }
  })
})
