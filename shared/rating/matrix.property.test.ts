import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checkMatrix } from './check-matrix.ts'
import { sortedRows, type MatrixPrice, type MatrixRow } from './matrix.ts'
import { modelsOf } from './placed-models.ts'
import { compilePrice } from './price.ts'
import { noModel, routeOf } from './route.ts'

const dimensions = ['model', 'class', 'region']
const texts = ['a', 'b', 'c', 'a\u0001b']
type Labels = readonly (readonly [string, string])[]

function matrixOf(whens: readonly (readonly (string | null)[])[]): MatrixPrice {
  const rows = whens.map((when, index): MatrixRow => ({
    when,
    price: { model: 'per-unit', amount: `${index}`, per: 1n },
  }))
  return { model: 'matrix', dimensions, rows }
}

/** The rule in its own words: of all rows that match, the one with the most texts; null where several have the most. */
function naiveRow(rows: readonly MatrixRow[], labels: Labels): MatrixRow | null | undefined {
  const said = new Map(labels)
  const matching = rows.filter(({ when }) =>
    when.every((text, place) => text === null || said.get(dimensions[place] ?? '') === text),
  )
  const count = ({ when }: MatrixRow): number => when.filter((text) => text !== null).length
  const most = Math.max(...matching.map(count))
  const best = matching.filter((row) => count(row) === most)
  return best.length > 1 ? null : best[0]
}

const whens = fc.uniqueArray(
  fc.tuple(
    ...(dimensions.map(() => fc.option(fc.constantFrom(...texts), { freq: 2 })) as [
      fc.Arbitrary<string | null>,
      fc.Arbitrary<string | null>,
      fc.Arbitrary<string | null>,
    ]),
  ),
  { minLength: 1, maxLength: 24, selector: (when) => JSON.stringify(when) },
)
const labelsOf = fc.tuple(...dimensions.map(() => fc.option(fc.constantFrom(...texts, 'z')))).map((said): Labels => [
  ['another', 'a'],
  ...dimensions.flatMap((name, place): Labels => {
    const text = said[place] ?? null
    return text === null ? [] : [[name, text]]
  }),
])

/** All label sets that can tell the rows apart: every known text, one no row has, and none, in every dimension. */
function everyLabels(): readonly Labels[] {
  let sets: readonly Labels[] = [[]]
  for (const name of dimensions) {
    sets = sets.flatMap((set) => [set, ...[...texts, 'z'].map((text): Labels => [...set, [name, text]])])
  }
  return sets
}

test('the row that is found is the one a search through all rows finds', () => {
  fc.assert(
    fc.property(whens, labelsOf, (rows, labels) => {
      const price = matrixOf(rows)
      const expected = naiveRow(price.rows, labels)
      fc.pre(expected !== null)
      const model = routeOf(compilePrice(price), { timeMs: 0, labels, facts: [] })
      if (expected === undefined) expect(model).toBe(noModel)
      else expect(modelsOf(price)[model]?.terms).toEqual(expected.price)
    }),
    { numRuns: 3000 },
  )
})

test('a matrix is objected to exactly when some labels leave the row open', () => {
  fc.assert(
    fc.property(whens, (rows) => {
      const price = matrixOf(rows)
      const isOpen = everyLabels().some((labels) => naiveRow(price.rows, labels) === null)
      expect(checkMatrix(price).length > 0).toBe(isOpen)
    }),
    { numRuns: 1000 },
  )
})

test('the order of the rows changes neither what is found nor the price', () => {
  const shuffled = whens.chain((rows) =>
    fc.tuple(fc.constant(rows), fc.shuffledSubarray(rows, { minLength: rows.length, maxLength: rows.length })),
  )
  fc.assert(
    fc.property(shuffled, labelsOf, ([rows, others], labels) => {
      const priced = new Map(matrixOf(rows).rows.map((row) => [JSON.stringify(row.when), row]))
      const inOrder = (order: typeof rows): MatrixPrice => ({
        model: 'matrix',
        dimensions,
        rows: order.map(
          (when) => priced.get(JSON.stringify(when)) ?? { when, price: { model: 'per-unit', amount: '0', per: 1n } },
        ),
      })
      expect(sortedRows(inOrder(others).rows)).toEqual(sortedRows(inOrder(rows).rows))
      fc.pre(checkMatrix(inOrder(rows)).length === 0)
      const found = [inOrder(rows), inOrder(others)].map(
        (price) => modelsOf(price)[routeOf(compilePrice(price), { timeMs: 0, labels, facts: [] })]?.terms,
      )
      expect(found[1]).toEqual(found[0])
    }),
    { numRuns: 1000 },
  )
})
