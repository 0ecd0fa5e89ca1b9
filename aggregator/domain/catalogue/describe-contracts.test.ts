import { describe, expect, test } from 'vitest'
import { billingProfileSchema } from '../contract/billing-profile.ts'
import { contractSchema } from '../contract/contract-definition.ts'
import { exchangeRateSchema } from '../contract/exchange-rate.ts'
import { describeContracts, describeTaxRates } from './describe-contracts.ts'
import { taxCodeSchema } from './tax-code.ts'

const file = {
  currency: 'EUR',
  contracts: [
    contractSchema.parse({
      id: 'depot',
      account: 'depot',
      from: '2026-01-01',
      to: '2027-01-01',
      discounts: [{ id: 'loyal', percent: '5' }],
      commitments: [{ id: 'ai', amount: '300', overageFactor: '0.9' }],
      minimums: [{ id: 'least', amount: '500' }],
    }),
  ],
  billingProfiles: [billingProfileSchema.parse({ id: 'depot', region: 'DE', grace: '3d' })],
  cycles: [{ id: 'mid', day: 15, zone: 'UTC' }],
  exchangeRates: [
    exchangeRateSchema.parse({ id: 'b', from: 'USD', to: 'EUR', rate: '0.93', at: '2026-11-16' }),
    exchangeRateSchema.parse({ id: 'a', from: 'USD', to: 'EUR', rate: '0.92', at: '2026-11-01' }),
    exchangeRateSchema.parse({ id: 'c', from: 'USD', to: 'EUR', rate: '0.90', at: '2026-12-01' }),
  ],
}

describe('contracts at a date', () => {
  test.each([
    ['2025-12-31', false],
    ['2026-01-01', true],
    ['2026-12-31', true],
    ['2027-01-01', false],
  ])('on %s it is in force: %s', (day, inForce) => {
    expect(describeContracts(file, Date.parse(day)).contracts).toMatchObject([
      { id: 'depot', currency: 'EUR', inForce },
    ])
  })

  test('says the rules in the order in which they apply, in the words of the file', () => {
    const [contract] = describeContracts(file, 0).contracts
    expect(contract?.rules).toEqual([
      { kind: 'commitment', terms: { id: 'ai', amount: '300', overageFactor: '0.9' } },
      { kind: 'minimum', terms: { id: 'least', amount: '500' } },
      { kind: 'discount', terms: { id: 'loyal', percent: '5' } },
    ])
    expect(describeContracts(file, 0).billingProfiles).toEqual([
      { id: 'depot', terms: { id: 'depot', region: 'DE', grace: '3d' } },
    ])
  })

  test.each([
    ['2026-10-31', []],
    ['2026-11-15', [{ rate: '0.92', next: '2026-11-16T00:00:00.000Z' }]],
    ['2026-11-16', [{ rate: '0.93', next: '2026-12-01T00:00:00.000Z' }]],
    ['2026-12-24', [{ rate: '0.9', next: null }]],
  ])('on %s the exchange rates are %j', (day, rates) => {
    const { exchangeRates } = describeContracts(file, Date.parse(day))
    expect(exchangeRates.map(({ rate, next }) => ({ rate, next }))).toEqual(rates)
  })

  test('tax rates are told by region', () => {
    const { rates } = taxCodeSchema.parse({
      id: 'vat',
      name: 'VAT',
      rates: [
        { region: 'CH', percent: '7.7', from: '2018-01-01' },
        { region: 'DE', percent: '19', from: '2021-01-01' },
        { region: 'CH', percent: '8.1', from: '2024-01-01' },
      ],
    })
    const shown = describeTaxRates(rates, Date.parse('2024-06-01')).map(({ name, rate }) => `${name} ${rate}`)
    expect(shown).toEqual(['CH 8.1', 'DE 19'])
  })
})
