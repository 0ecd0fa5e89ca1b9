import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { formatMistakes } from '@meterline/shared/config/mistakes.ts'
import { formatMicros } from '@meterline/shared/units/money.ts'
import { parsePeriodKey } from '@meterline/shared/units/period.ts'
import { feesDue, feesOfPeriod, type DueFee } from '../domain/billing/fees-due.ts'
import type { Catalogue, CatalogueSubscription } from '../domain/catalogue/catalogue.ts'
import { compileCatalogue } from '../domain/catalogue/compile-catalogue.ts'
import { undoneKinds } from '../domain/catalogue/subscription-undo.ts'
import { prorations } from '../domain/contract/proration.ts'
import { calendarMonths } from '../domain/periods/billing-cycle.ts'
import { parseTenantFile } from './parse-tenant-file.ts'

const page = readFileSync(new URL('../../docs/subscriptions.md', import.meta.url), 'utf8')
const [, yaml = ''] = /```yaml\n([^]*?)```/.exec(page) ?? []
const calls = '  - { id: calls, meter: calls, model: per-unit, amount: "0.01" }\n'
const text = `tenant: acme
currency: EUR
operator: { id: acme, name: ACME }
meters: [{ id: calls, unit: call }]
accounts: [{ id: north, kind: customer, parent: acme, name: North, payer: self }]
${yaml.replace('offerings:\n', `${calls}offerings:\n`)}`

function catalogue(edit: (file: string) => string = (file) => file): Catalogue {
  const parsed = parseTenantFile('page.yaml', edit(text))
  if (!parsed.ok) throw new Error(formatMistakes(parsed.mistakes))
  const compiled = compileCatalogue(parsed.value)
  if (!compiled.ok) throw new Error(compiled.fault.message)
  return compiled.value
}

function subscription(id: string, of = catalogue()): CatalogueSubscription {
  const found = of.subscriptions.get(id)
  if (found === undefined) throw new Error(`the page has a subscription ${id}`)
  return found
}

function owed(
  fees: typeof feesDue,
  of: CatalogueSubscription,
  key: string,
): readonly (readonly [fee: string, period: string, amount: string])[] {
  const period = parsePeriodKey(key)
  if (!period.ok) throw new Error(period.fault.message)
  return fees(of, period.value, calendarMonths).map((due: DueFee) => {
    return [due.fee.name, due.period.key, formatMicros(due.amountMicros)]
  })
}

describe('the page about subscriptions in time', () => {
  test('works out November as it says', () => {
    const [, table = ''] = /(\| fee [^]*?)\n\n/.exec(page) ?? []
    const rows = table
      .split('\n')
      .slice(2)
      .map((row) => row.split('|').map((cell) => cell.trim()))
    const stated = rows.map((cells) => [cells[1]?.replaceAll('`', ''), '2026-11', cells[3]])
    expect(stated).toHaveLength(3)
    expect(owed(feesOfPeriod, subscription('north'), '2026-11')).toEqual(stated)
    expect(owed(feesOfPeriod, subscription('north-dashboard'), '2026-11')).toEqual([['view', '2026-11', '12.50']])
    expect(page).toContain('owes 12.50 for its 25 days')
  })

  test('was billed in advance, and bills December, as it says', () => {
    const before = catalogue((file) => file.replace(/ {4}changes:[^]*?reason: moving house }\n/, ''))
    expect(owed(feesDue, subscription('north', before), '2026-10').slice(2)).toEqual([
      ['pro', '2026-11', '30.00'],
      ['seat', '2026-11', '30.00'],
    ])
    expect(owed(feesDue, subscription('north'), '2026-11').slice(3)).toEqual([
      ['team', '2026-12', '60.00'],
      ['seat', '2026-12', '42.00'],
    ])
  })

  test('names every proration, and everything that can be undone', () => {
    for (const proration of prorations) expect(page).toContain(`| \`${proration}\``)
    expect(page).toContain(`--what ${undoneKinds.join('|')}`)
  })
})
