import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkMatrix } from '@meterline/shared/rating/check-matrix.ts'
import type { MatrixPrice, MatrixRow } from '@meterline/shared/rating/matrix.ts'
import { tableDifference } from './table-kept.ts'

type When = readonly (string | null)[]

function table(rows: readonly (readonly [when: When, amount: string])[], dimensions = ['kind', 'region']): MatrixPrice {
  return { model: 'matrix', dimensions, rows: rows.map(([when, amount]) => ({ when, price: perUnit(amount) })) }
}

function perUnit(amount: string): MatrixRow['price'] {
  return { model: 'per-unit', amount, per: 1n }
}

const known = [
  [['a', null], '1'],
  [['b', 'eu'], '2'],
] as const

describe('a table that follows another', () => {
  test.each<readonly [what: string, rows: readonly (readonly [When, string])[], difference: string | null]>([
    ['the same', known, null],
    ['the same in another order', known.toReversed(), null],
    ['a row for what had none', [...known, [['c', null], '9']], null],
    ['a row for the rest', [...known, [[null, null], '9']], null],
    ['a row for the rest of a kind', [...known, [['b', null], '9']], null],
    ['a row for another region of a kind', [...known, [['b', 'us'], '9']], null],
    [
      'a row that takes usage from another',
      [...known, [['a', 'eu'], '9']],
      'its new row for kind a, region eu is for usage that another row prices by now',
    ],
    ['another amount', [known[0], [['b', 'eu'], '3']], 'its row for kind b, region eu says something else'],
    ['a row less', [known[1]], 'its row for kind a is not there any more'],
  ])('%s', (_what, rows, difference) => {
    expect(tableDifference(table(known), table(rows))).toBe(difference)
  })

  test('has the same dimensions', () => {
    expect(tableDifference(table(known), table(known, ['kind', 'place']))).toBe('its dimensions were kind, region')
  })
})

/** What the row says that has the most texts of those that match. */
function amountFor(price: MatrixPrice, labels: readonly string[]): string | undefined {
  const fitting = price.rows.filter(({ when }) => when.every((text, place) => text === null || text === labels[place]))
  const texts = ({ when }: MatrixRow): number => when.filter((text) => text !== null).length
  const found = fitting.toSorted((left, right) => texts(right) - texts(left))[0]?.price
  return found?.model === 'per-unit' ? found.amount : undefined
}

test('is accepted only when all that had a price keeps it, and always when the new rows meet no old one', () => {
  const places = ['a', 'b', 'c']
  const when = fc.tuple(...[0, 1, 2].map(() => fc.constantFrom(null, ...places)))
  const rows = fc.uniqueArray(when, { maxLength: 7, selector: (each) => each.join() })
  const dimensions = ['one', 'two', 'three']
  fc.assert(
    fc.property(rows, fc.nat(7), (all, split) => {
      const after = table(
        all.map((each, index) => [each, String(index)]),
        dimensions,
      )
      const before = { ...after, rows: after.rows.slice(0, split) }
      fc.pre(checkMatrix(before).length === 0 && checkMatrix(after).length === 0)
      const difference = tableDifference(before, after)
      const events = places.flatMap((one) => places.flatMap((two) => places.map((three) => [one, two, three])))
      const priced = events.filter((labels) => amountFor(before, labels) !== undefined)
      if (difference === null) {
        for (const labels of priced) expect(amountFor(after, labels)).toBe(amountFor(before, labels))
      } else {
        const met = after.rows.slice(split).some((row) => {
          return priced.some((labels) => amountFor({ ...after, rows: [row] }, labels) !== undefined)
        })
        expect(met).toBe(true)
      }
    }),
  )
})
