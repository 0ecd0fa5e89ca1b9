import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { formatMistakes } from '@meterline/shared/config/mistakes.ts'
import { parseTenantFile } from '../catalogue-files/parse-tenant-file.ts'
import { gapKinds } from './completeness-answers.ts'

const page = readFileSync(new URL('../../docs/completeness.md', import.meta.url), 'utf8')

function compareText(left = '', right = ''): number {
  return left < right ? -1 : left > right ? 1 : 0
}

test('the page names every kind of gap and no other', () => {
  const table = page.slice(page.indexOf('## The gaps'), page.indexOf('`--kind`'))
  const named = [...table.matchAll(/^\| `([a-z-]+)`/gm)].map(([, kind]) => kind)
  expect(named.toSorted(compareText)).toEqual(gapKinds.toSorted(compareText))
})

test('what the page writes into a tenant file is accepted', () => {
  const head = `tenant: acme
currency: EUR
operator: { id: acme, name: ACME }
meters: [{ id: data.bytes, unit: byte }, { id: energy.wh, unit: Wh }]
prices: [{ id: data, meter: data.bytes, model: per-unit, amount: "1" }]
offerings: [{ id: tracker, name: Tracker, prices: [data] }]
accounts: [{ id: north, kind: customer, parent: acme, name: North, payer: self }]
subscriptions: [{ id: north-trackers, account: north, offering: tracker, from: 2026-01-01, subjects: [trk-1] }]
`
  const blocks = [...page.matchAll(/```yaml\n([^`]+)```/g)].map(([, block]) => block ?? '')
  expect(blocks).toHaveLength(2)
  const parsed = parseTenantFile('acme.yaml', head + blocks.join(''))
  expect(parsed.ok ? '' : formatMistakes(parsed.mistakes)).toBe('')
})
