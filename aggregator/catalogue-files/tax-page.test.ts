import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { assertThat } from '@meterline/shared/base/errors.ts'
import { formatMistakes } from '@meterline/shared/config/mistakes.ts'
import { parseDecimal } from '@meterline/shared/units/decimal.ts'
import { taxesOf } from '../domain/billing/taxes.ts'
import type { Catalogue } from '../domain/catalogue/catalogue.ts'
import { compileCatalogue } from '../domain/catalogue/compile-catalogue.ts'
import type { Relation } from '../domain/ledger/templates.ts'
import { parseTenantFile } from './parse-tenant-file.ts'

const page = readFileSync(new URL('../../docs/tax.md', import.meta.url), 'utf8')
const [declared = '', shared = ''] = [...page.matchAll(/```yaml\n([^]*?)```/g)].map(([, yaml]) => yaml)
const relation: Relation = { seller: 'acme', buyer: 'hansa', kind: 'sale', currency: 'EUR', buyerKeepsBooks: false }

const accounts = `
accounts:
  - { id: hansa, kind: customer, parent: acme, name: Hansa Logistics, payer: self }
  - { id: helvetia, kind: customer, parent: acme, name: Helvetia, payer: self }
  - { id: lumiere, kind: customer, parent: acme, name: Lumière, payer: self }
`
const head =
  'tenant: acme\ncurrency: EUR\noperator: { id: acme, name: ACME }\nmeters: [{ id: data.bytes, unit: byte }]\n'

function catalogueOf(yaml: string): Catalogue {
  const parsed = parseTenantFile('tax.yaml', yaml)
  assertThat(parsed.ok, parsed.ok ? '' : formatMistakes(parsed.mistakes))
  const compiled = compileCatalogue(parsed.value)
  assertThat(compiled.ok, compiled.ok ? '' : compiled.fault.message)
  return compiled.value
}

/** Decimal text of currency units with at most two digits in micros. */
function micros(text: string): bigint {
  const parsed = parseDecimal(text)
  assertThat(parsed.ok, `${text} is a decimal`)
  return parsed.value.coefficient * 10n ** BigInt(6 - parsed.value.scale)
}

/** The rows of the worked example, without its heading. */
const start = page.indexOf('| lines of 19 %')
const rows = (page.slice(start).split('\n\n', 1)[0] ?? '')
  .split('\n')
  .slice(2)
  .map((row) =>
    row
      .split('|')
      .slice(1, 7)
      .map((text) => text.trim()),
  )

describe('the page about tax', () => {
  test('works out an example of every rule', () => {
    expect(rows).toHaveLength(7)
  })

  test.each(rows)('%s, rounded per %s, prices %s: %s is taxed with %s, %s is to be paid', (...row) => {
    const [amounts = '', rounding = '', prices = '', base = '', tax = '', gross = ''] = row
    const catalogue = catalogueOf(
      (head + declared + accounts)
        .replace('taxRounding: document', `taxRounding: ${rounding}`)
        .replace('    address: [1 High', `    pricesIncludeTax: ${prices === 'include it'}\n    address: [1 High`),
    )
    const lines = amounts
      .split(', ')
      .map((text) => ({ taxCode: 'standard', periodKey: '2026-11', invoicedMicros: micros(text) }))
    const taxes = taxesOf(lines, relation, catalogue)
    expect(taxes.items).toMatchObject([{ percent: '19', baseMicros: micros(base), taxMicros: micros(tax) }])
    expect(taxes.grossMicros).toBe(micros(gross))
  })

  test.each<readonly [buyer: string, periodKey: string, percent: string | null, note: string | null]>([
    ['hansa', '2026-11', '19', null],
    ['helvetia', '2023-12', '7.7', null],
    ['helvetia', '2024-01', '8.1', null],
    ['lumiere', '2026-11', '0', 'Reverse charge'],
  ])('declares profiles: %s pays for %s', (buyer, periodKey, percent, note) => {
    const line = { taxCode: 'standard', periodKey, invoicedMicros: 1_000_000n }
    const taxes = taxesOf([line], { ...relation, buyer }, catalogueOf(head + declared + accounts))
    expect(taxes).toMatchObject({ lines: [{ percent }], note })
  })

  test('declares a share', () => {
    const { tree } = catalogueOf(head + shared)
    expect(tree.accounts.get('south')?.parentPays).toEqual({ meters: [], share: '0.25' })
  })
})
