import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parseTenantFile } from './parse-tenant-file.ts'

const page = readFileSync(new URL('../../docs/receivables.md', import.meta.url), 'utf8')

test('what the page on receivables shows of a tenant file can be applied', () => {
  const [, shown = ''] = /```yaml\n([^`]*)```/.exec(page) ?? []
  const text = `tenant: acme
currency: EUR
operator: { id: acme, name: ACME Telecom }
meters: [{ id: data, unit: byte }]
prices: [{ id: own, meter: data, model: per-unit, amount: "1" }]
offerings: [{ id: roaming, name: Roaming, prices: [own] }]
partners: [{ id: roamnet, name: RoamNet }]
${shown}`
  const parsed = parseTenantFile('acme.yaml', text, null, Date.UTC(2026, 0, 1))
  expect(parsed.ok ? [] : parsed.mistakes).toEqual([])
  expect(shown).toContain('only:')
  expect(shown).toContain('exchangeRates:')
})
