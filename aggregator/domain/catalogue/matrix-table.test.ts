import { expect, test } from 'vitest'
import { priceJson } from '@meterline/shared/rating/price.ts'
import { matrixTableSchema } from './matrix-table-schema.ts'
import { matrixPriceFor, matrixTableJson, sortedTable } from './matrix-table.ts'

const llm = {
  id: 'llm',
  dimensions: ['ai.model', 'ai.tier'],
  fact: 'ai.total_input_tokens',
  per: 1_000_000,
  rows: [
    { when: { 'ai.model': 'mini' }, amounts: { output: '0.6', input: '0.15' } },
    {
      when: { 'ai.model': 'large' },
      amounts: { input: '2.5', output: '10' },
      above: [
        { above: 200_000, amounts: { input: '5' } },
        { above: 272_000, amounts: { input: '6', output: '12' } },
      ],
    },
    { when: { 'ai.model': 'large', 'ai.tier': 'flex' }, amounts: { input: '1.25' } },
    { amounts: { input: '3', other: 0 } },
  ],
}
const table = matrixTableSchema.parse(llm)

test('each meter takes its own column, and looks at the size of requests only where its amount depends on it', () => {
  expect(priceJson(matrixPriceFor(table, 'input'))).toEqual({
    model: 'matrix',
    dimensions: ['ai.model', 'ai.tier'],
    rows: [
      { when: { 'ai.model': 'large', 'ai.tier': 'flex' }, model: 'per-unit', amount: '1.25', per: '1000000' },
      {
        when: { 'ai.model': 'large' },
        model: 'request-threshold',
        fact: 'ai.total_input_tokens',
        amount: '2.5',
        per: '1000000',
        above: [
          { above: '200000', amount: '5' },
          { above: '272000', amount: '6' },
        ],
      },
      { when: { 'ai.model': 'mini' }, model: 'per-unit', amount: '0.15', per: '1000000' },
      { when: {}, model: 'per-unit', amount: '3', per: '1000000' },
    ],
  })
  expect(matrixPriceFor(table, 'output').rows.map(({ when, price }) => [when[0], price.model])).toEqual([
    ['large', 'request-threshold'],
    ['mini', 'per-unit'],
  ])
  expect(matrixPriceFor(table, 'output').rows[0]?.price).toMatchObject({ above: [{ above: 272_000n, amount: '12' }] })
})

test('a table is read back from its JSON, and the order of its rows and amounts says nothing', () => {
  const json = matrixTableJson(sortedTable(table))
  expect(matrixTableSchema.parse(json)).toEqual(sortedTable(table))
  const turned = matrixTableSchema.parse({ ...llm, rows: llm.rows.toReversed() })
  expect(JSON.stringify(matrixTableJson(sortedTable(turned)))).toBe(JSON.stringify(json))
})

test.each<readonly [what: string, change: object, path: string, message: RegExp]>([
  [
    'a label that is no dimension',
    { rows: [{ when: { region: 'eu' }, amounts: { m: '1' } }] },
    'rows.0.when.region',
    /no dimension/,
  ],
  ['a dimension twice', { dimensions: ['a', 'a'], rows: [{ amounts: { m: '1' } }] }, 'dimensions.1', /listed twice/],
  [
    'thresholds of no fact',
    { fact: null, rows: [{ amounts: { m: '1' }, above: [{ above: 5, amounts: { m: '2' } }] }] },
    'rows.0.above',
    /needs the fact/,
  ],
  [
    'thresholds that do not increase',
    {
      rows: [
        {
          amounts: { m: '1' },
          above: [
            { above: 5, amounts: { m: '2' } },
            { above: 5, amounts: { m: '3' } },
          ],
        },
      ],
    },
    'rows.0.above.1.above',
    /not above the threshold before/,
  ],
  [
    'an amount above a threshold only',
    { rows: [{ amounts: { m: '1' }, above: [{ above: 5, amounts: { n: '2' } }] }] },
    'rows.0.above.0.amounts.n',
    /no amount below the threshold/,
  ],
  [
    'a threshold that changes nothing',
    { rows: [{ amounts: { m: '1' }, above: [{ above: 5, amounts: {} }] }] },
    'rows.0.above.0.amounts',
    /is empty/,
  ],
  [
    'a fraction as a number',
    { rows: [{ amounts: { m: '1' }, above: [{ above: 5, amounts: { m: 0.5 } }] }] },
    'rows.0.above.0.amounts.m',
    /is a fraction written as a number/,
  ],
  ['a row that prices nothing', { rows: [{ amounts: {} }] }, 'rows.0.amounts', /is empty/],
])('%s is refused', (_what, change, path, message) => {
  const parsed = matrixTableSchema.safeParse({ ...llm, ...change })
  const issues = parsed.success ? [] : parsed.error.issues
  expect(issues.map((issue) => issue.path.join('.'))).toContain(path)
  expect(issues.find((issue) => issue.path.join('.') === path)?.message).toMatch(message)
})
