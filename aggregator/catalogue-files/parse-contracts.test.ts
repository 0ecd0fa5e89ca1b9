import { expect, test } from 'vitest'
import { formatMistakes } from '@meterline/shared/config/mistakes.ts'
import { tenantFileJson } from '../domain/catalogue/tenant-file-json.ts'
import { parseTenantFile } from './parse-tenant-file.ts'
import { tenantFileText } from './write-tenant-file.ts'

const file = (allowance: string, contract: string): string =>
  `
tenant: acme
currency: EUR
operator: { id: acme, name: ACME }
meters: [{ id: data, unit: MB }]
prices:
  - { id: data, meter: data, model: per-unit, amount: "1" }
offerings:
  - id: sim
    name: SIM
    prices: [data]
    allowances:
      - { id: included, meter: data, ${allowance} }
accounts:
  - { id: depot, kind: customer, parent: acme, name: Depot, payer: self }
subscriptions:
  - { id: sims, account: depot, offering: sim, from: 2026-01-01, subjects: [a] }
contracts:
  - id: deal
    account: depot
    from: 2026-01-01
    minimums:
      - { id: least, ${contract} }
`.trimStart()

function mistakes(text: string): readonly string[] {
  const parsed = parseTenantFile('acme.yaml', text)
  return parsed.ok ? [] : parsed.mistakes.map(({ line, path, message }) => `${line} ${path} ${message}`)
}

test('mistakes in allowances and contracts are told at their lines', () => {
  expect(mistakes(file('quantity: 10', 'amount: "5"'))).toEqual([])
  expect(mistakes(file('quantity: 0, pool: all', 'amount: 0.5, per: month'))).toEqual([
    expect.stringMatching(/^12 offerings\[0\]\.allowances\[0\]\.quantity is no count of base units/),
    expect.stringMatching(/^12 offerings\[0\]\.allowances\[0\]\.pool /),
    expect.stringMatching(/^22 contracts\[0\]\.minimums\[0\]\.amount is a fraction written as a number/),
    expect.stringMatching(/^22 contracts\[0\]\.minimums\[0\]\.per /),
  ])
  expect(mistakes(file('quantity: 10, rolover: { periods: 1 }', 'amount: "5"'))).toHaveLength(1)
})

test('what is exported reads back to the same file', () => {
  const text = file(
    'quantity: 10, each: subscription, pool: subtree, rollover: { periods: 2, cap: 5 }',
    'amount: "5.50", inAdvance: true, kinds: [usage]',
  )
  const parsed = parseTenantFile('acme.yaml', text)
  if (!parsed.ok) throw new Error(formatMistakes(parsed.mistakes))
  const again = parseTenantFile('again.yaml', tenantFileText(parsed.value))
  if (!again.ok) throw new Error(formatMistakes(again.mistakes))
  expect(tenantFileJson(again.value)).toEqual(tenantFileJson(parsed.value))
})
