import { expect, test } from 'vitest'
import { sortedTable, type MatrixTable } from '../../domain/catalogue/matrix-table.ts'
import { parseTenantFile } from '../parse-tenant-file.ts'
import { priceIdOf, tenantFragment } from './tenant-fragment.ts'

const matrix: MatrixTable = {
  id: 'ai-models',
  dimensions: ['model', '+service_tier'],
  fact: 'ai.total_input_tokens',
  per: 1_000_000n,
  rows: [
    {
      when: ['a: "quoted" #name', null],
      amounts: new Map([
        ['ai.input_tokens', '0.29999999999999997'],
        ['ai.output_tokens', '1200'],
      ]),
      above: [
        { above: 128_000n, amounts: new Map([['ai.input_tokens', '1']]) },
        {
          above: 200_000n,
          amounts: new Map([
            ['ai.input_tokens', '2'],
            ['ai.output_tokens', '3'],
          ]),
        },
      ],
    },
    { when: ['yes', 'batch'], amounts: new Map([['ai.input_tokens', '0']]), above: [] },
    { when: ['2026-01-01', null], amounts: new Map([['ai.input_tokens', '1']]), above: [] },
  ],
}

const beginning = `tenant: acme
currency: EUR
operator: { id: acme, name: Acme }
accounts: [{ id: hansa, kind: customer, parent: acme, name: Hansa, payer: self }]
partners: []
agents: []
offerings: [{ id: ai, name: AI, prices: [ai-models.input_tokens, ai-models.output_tokens] }]
subscriptions: [{ id: hansa-ai, account: hansa, offering: ai, from: 2026-01-01, subjects: [key-1] }]
`

test('the entries make a tenant file that says what the matrix says, in the currency of the table', () => {
  const parsed = parseTenantFile('acme.yaml', beginning + tenantFragment(matrix, 'USD', 'three models of a test'))
  if (!parsed.ok) throw new Error(parsed.mistakes.map(({ line, message }) => `${line}: ${message}`).join('\n'))
  expect(parsed.value.matrices.map(sortedTable)).toEqual([sortedTable(matrix)])
  expect(parsed.value.meters.map(({ id, unit }) => [id, unit])).toEqual([
    ['ai.input_tokens', 'token'],
    ['ai.output_tokens', 'token'],
  ])
  expect(parsed.value.prices).toMatchObject([
    { id: 'ai-models.input_tokens', meter: 'ai.input_tokens', currency: 'USD', terms: { matrix: 'ai-models' } },
    { id: 'ai-models.output_tokens', meter: 'ai.output_tokens', currency: 'USD', terms: { matrix: 'ai-models' } },
  ])
})

test('prices are named after the matrix and the meter', () => {
  expect(priceIdOf('ai', 'ai.cache_creation_1h_tokens')).toBe('ai.cache_creation_1h_tokens')
  expect(priceIdOf('models', 'sms')).toBe('models.sms')
})
