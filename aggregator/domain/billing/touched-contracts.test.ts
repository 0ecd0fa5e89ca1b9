import { expect, test } from 'vitest'
import type { Catalogue } from '../catalogue/catalogue.ts'
import { sampleCatalogue, sampleJson } from '../testing/sample-tenant.ts'
import { touchedByContracts } from './touched-contracts.ts'

type Json = Readonly<Record<string, unknown>>

function withContract(contract: Json | null): Catalogue {
  const own = { id: 'deal', account: 'brightdesk', from: '2026-01-01', termPeriods: 3, ...contract }
  return sampleCatalogue({ ...sampleJson(), contracts: contract === null ? [] : [own] })
}

const periods = ['2026-01', '2026-02', '2026-03', '2026-04']
const prorated = { commitments: [{ id: 'c', amount: '90', per: 'term', prorate: 'day' }] }
const whole = { commitments: [{ id: 'c', amount: '90', per: 'term' }] }
const monthly = { minimums: [{ id: 'm', amount: '30', prorate: 'day' }] }
const discounted = { discounts: [{ id: 'd', percent: '10' }] }
const [inMarch, atMarch] = [{ to: '2026-03-10' }, { to: '2026-03-01' }]

test.each<readonly [what: string, before: Json | null, after: Json | null, touched: readonly string[]]>([
  ['nothing, when it is the same', prorated, prorated, []],
  ['all of its term, when that becomes shorter and is prorated', prorated, { ...prorated, ...inMarch }, periods],
  ['its end only, when a term is owed whole', whole, { ...whole, ...atMarch }, periods.slice(1)],
  [
    'the period it ends in and those after, when it asks for an amount each',
    monthly,
    { ...monthly, ...inMarch },
    periods.slice(2),
  ],
  ['the periods after it, when only a discount ends', discounted, { ...discounted, ...atMarch }, periods.slice(2)],
  ['every period, when it is new', null, discounted, periods],
  ['every period, when it is there no more', discounted, null, periods],
])('a contract touches %s', (_what, before, after, touched) => {
  const found = touchedByContracts(withContract(before), withContract(after), periods)
  expect(found).toEqual(touched.map((period) => ({ period, seller: 'acme', buyer: 'brightdesk', currency: 'EUR' })))
})

test('a contract touches periods of the buyer’s cycle only', () => {
  expect(touchedByContracts(withContract(null), withContract(discounted), ['2026-01~mid', '2026-01'])).toHaveLength(1)
})
