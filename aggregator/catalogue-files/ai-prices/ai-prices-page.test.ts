import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parseTenantFile } from '../parse-tenant-file.ts'
import { partsOfMeters, tokenFieldOf } from './token-fields.ts'

const page = readFileSync(new URL('../../../docs/ai-prices.md', import.meta.url), 'utf8')

test('the page lists every meter with its fields, the first that counts first', () => {
  const rows = [...page.matchAll(/^\| `(ai\.[a-z0-9_]+)` +\| (.+?) *\|$/gm)]
  const listed = rows.map(([, meter = '', fields = '']) => {
    const parts = [...fields.matchAll(/`([a-z0-9_]+)`/g)].map(([, field = '']) => tokenFieldOf(field)?.part)
    return [meter, parts] as const
  })
  expect(new Map(listed)).toEqual(partsOfMeters)
})

test('the entries the page shows are taken by a tenant file', () => {
  const [, example = ''] = /```yaml\n([\s\S]*?)```/.exec(page) ?? []
  const file = `tenant: acme
currency: USD
operator: { id: acme, name: Acme }
meters: [{ id: ai.input_tokens, unit: token }, { id: ai.output_tokens, unit: token }]
accounts: [{ id: hansa, kind: customer, parent: acme, name: Hansa, payer: self }]
partners: []
agents: []
offerings: [{ id: ai, name: AI, prices: [ai-models.input_tokens] }]
subscriptions: [{ id: hansa-ai, account: hansa, offering: ai, from: 2026-01-01, subjects: [key-1] }]
${example}`
  const parsed = parseTenantFile('acme.yaml', file)
  expect(parsed.ok ? [] : parsed.mistakes).toEqual([])
  expect(parsed.ok && parsed.value.matrices[0]?.rows.length).toBe(2)
})
