import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { formatMistakes } from '@meterline/shared/config/mistakes.ts'
import { parseYamlWithPositions } from '@meterline/shared/config/yaml-positions.ts'
import { formatMinorUnits, roundToMinorUnit } from '@meterline/shared/units/money.ts'
import type { Bill } from '../domain/billing/bill.ts'
import type { Catalogue } from '../domain/catalogue/catalogue.ts'
import { compileCatalogue } from '../domain/catalogue/compile-catalogue.ts'
import { contractSchema } from '../domain/contract/contract-definition.ts'
import { novemberBills, sampleUnit } from '../domain/testing/sample-bills.ts'
import { parseTenantFile } from './parse-tenant-file.ts'

const page = readFileSync(new URL('../../docs/contracts.md', import.meta.url), 'utf8')
const [example = '', discounts = ''] = [...page.matchAll(/```yaml\n([^]*?)```/g)].map(([, yaml = '']) => yaml)

const around = `
tenant: acme
currency: EUR
operator: { id: acme, name: ACME }
meters: [{ id: data, unit: MB }, { id: tokens, unit: token }]
prices:
  - { id: data, meter: data, model: per-unit, amount: "0.02" }
  - { id: sim-fee, model: recurring, due: in-arrears, amount: "2", each: { quantity: sims } }
  - { id: tokens, meter: tokens, model: per-unit, amount: "1" }
accounts:
  - { id: depot, kind: customer, parent: acme, name: Depot, payer: self }
  - { id: east, kind: fleet, parent: depot, name: East, payer: parent }
  - { id: west, kind: fleet, parent: depot, name: West, payer: parent }
subscriptions:
  - { id: east-sims, account: east, offering: sim, from: 2026-11-01, subjects: [e-1], quantities: { sims: 10 } }
  - { id: west-sims, account: west, offering: sim, from: 2026-11-01, subjects: [w-1], quantities: { sims: 5 } }
  - { id: depot-ai, account: depot, offering: ai, from: 2026-11-01, subjects: [ai-1] }
`

function catalogue(): Catalogue {
  const parsed = parseTenantFile('contracts.md', around + example)
  if (!parsed.ok) throw new Error(formatMistakes(parsed.mistakes))
  const compiled = compileCatalogue(parsed.value)
  if (!compiled.ok) throw new Error(compiled.fault.message)
  return compiled.value
}

function bill(): Bill {
  const usage = [
    sampleUnit('e-1', { data: 7000n }),
    sampleUnit('w-1', { data: 1000n }),
    sampleUnit('ai-1', { tokens: 400n }),
  ]
  const [only, ...others] = novemberBills(catalogue(), usage)
  if (only === undefined || others.length > 0) throw new Error('the page has one bill')
  return only
}

/** What the page says of its bill: names of lines with their accounts and amounts. */
function statedLines(): readonly (readonly string[])[] {
  const [, table = ''] = /\| line[^\n]*\n\|[- |:]*\n([^]*?)\n\n/.exec(page) ?? []
  return table.split('\n').map((row) =>
    row
      .split('|')
      .slice(1, 4)
      .map((cell) => cell.trim()),
  )
}

test('the bill of the page comes out as it says', () => {
  const stated = statedLines()
  const { sections, total } = bill()
  const cents = (micros: bigint): string => formatMinorUnits(roundToMinorUnit(micros, 2, 'half-away').minorUnits, 2)
  const lines = sections.flatMap(({ account, lines: own }) =>
    own.map((line) => [account.id, cents(line.amountMicros)].join(' ')),
  )
  const said = stated.slice(0, -1).map(([, account = '', amount = '']) => `${account} ${amount}`)
  expect(lines.toSorted()).toEqual(said.toSorted())
  expect(stated.at(-1)).toEqual(['**in all**', '', cents(total.amountMicros)])
})

test('the discounts of the page are read', () => {
  const parsed = parseYamlWithPositions('contracts.md', discounts)
  if (!parsed.ok) throw new Error(formatMistakes(parsed.mistakes))
  const contract = { id: 'deal', account: 'depot', from: '2026-01-01', ...(parsed.value as object) }
  expect(contractSchema.parse(contract).discounts.map(({ id, terms }) => `${id} ${terms.kind}`)).toEqual([
    'loyal percent',
    'welcome amount',
    'volume tiers',
  ])
})
