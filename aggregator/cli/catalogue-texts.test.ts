import { expect, test } from 'vitest'
import type { CatalogueAnswer } from '../flow/catalogue-answers.ts'
import { catalogueDiffText, catalogueHistoryText, catalogueText } from './catalogue-texts.ts'

const hash = '0123456789abcdef'.repeat(4)
const pool = { id: 'pool', meter: 'data.bytes', quantity: '500', each: { quantity: 'sims' } }
const answer: CatalogueAnswer = {
  tenant: 'acme',
  version: 7,
  hash,
  fileName: 'acme\u001b[2J.yaml',
  appliedMs: Date.UTC(2026, 10, 1),
  atMs: Date.UTC(2026, 10, 26),
  counts: { meters: 1, prices: 2 },
  offerings: [
    {
      id: 'tracker',
      name: 'Tracker',
      versions: [
        { version: 'first', sold: false, hash, prices: ['data', 'seat'], allowances: [], subscriptions: 12 },
        {
          version: '2026-11-01T00:00:00.000Z',
          sold: true,
          hash,
          prices: ['data'],
          allowances: [pool],
          subscriptions: 0,
        },
      ],
    },
  ],
  prices: [
    {
      name: 'data',
      meter: 'data.bytes',
      currency: 'EUR',
      tax: 'vat',
      hash,
      terms: { model: 'per-unit', amount: '1' },
      since: null,
      next: '2027-01-01T00:00:00.000Z',
    },
    {
      name: 'seat',
      meter: null,
      currency: 'EUR',
      tax: null,
      hash,
      terms: { model: 'recurring', amount: '4' },
      since: '2026-06-01T00:00:00.000Z',
      next: null,
    },
  ],
  matrices: [],
  taxCodes: [
    {
      id: 'vat',
      name: 'VAT',
      hash,
      rates: [{ name: 'DE', rate: '19', since: '2021-01-01T00:00:00.000Z', next: null }],
    },
  ],
  zones: [],
  contracts: [
    {
      id: 'c-1',
      account: 'depot',
      seller: null,
      currency: 'EUR',
      from: '2026-01-01T00:00:00.000Z',
      to: null,
      termPeriods: null,
      inForce: true,
      rules: [
        { kind: 'minimum', terms: { id: 'least', amount: '500' } },
        { kind: 'discount', terms: { id: 'loyal', percent: '5' } },
      ],
    },
  ],
  billingProfiles: [{ id: 'depot', terms: { id: 'depot', region: 'DE', grace: '3d' } }],
  cycles: [{ id: 'mid', day: 15, zone: 'Europe/Berlin' }],
  exchangeRates: [{ name: 'USD to EUR', rate: '0.92', since: '2026-11-01T00:00:00.000Z', next: null }],
}

test('a catalogue is shown list by list, without the lists that are empty', () => {
  expect(catalogueText(answer).split('\n')).toEqual([
    'acme: version 7 (0123456789ab), applied 2026-11-01T00:00:00.000Z from acme [2J.yaml',
    'as of 2026-11-26T00:00:00.000Z: 1 meters, 2 prices',
    '',
    'offerings',
    'offering  version                   sold  subscriptions  hash          prices',
    'tracker   first                     no    12             0123456789ab  data, seat',
    'tracker   2026-11-01T00:00:00.000Z  yes   0              0123456789ab  data',
    '',
    'allowances',
    'offering  version                   allowance',
    'tracker   2026-11-01T00:00:00.000Z  id pool meter data.bytes quantity 500 each quantity sims',
    '',
    'prices',
    'price  meter       currency  tax  since                     next                      hash          terms',
    'data   data.bytes  EUR       vat  ever                      2027-01-01T00:00:00.000Z  0123456789ab  model per-unit amount 1',
    'seat   (fee)       EUR       -    2026-06-01T00:00:00.000Z  -                         0123456789ab  model recurring amount 4',
    '',
    'tax codes',
    'id   hash          name  rates',
    'vat  0123456789ab  VAT   DE 19 %',
    '',
    'contracts',
    'contract  account  currency  from                      to  in force  rule      terms',
    'c-1       depot    EUR       2026-01-01T00:00:00.000Z  -   yes       minimum   id least amount 500',
    'c-1       depot    EUR       2026-01-01T00:00:00.000Z  -   yes       discount  id loyal percent 5',
    '',
    'billing profiles',
    'profile of  terms',
    'depot       region DE grace 3d',
    '',
    'cycles',
    'cycle  day  zone',
    'mid    15   Europe/Berlin',
    '',
    'exchange rates',
    'pair        rate  since                     next',
    'USD to EUR  0.92  2026-11-01T00:00:00.000Z  -',
  ])
})

test('versions are listed with what tells them apart', () => {
  const item = { version: 7, hash, fileName: 'acme.yaml', appliedMs: Date.UTC(2026, 10, 1), bytes: 4096 }
  expect(catalogueHistoryText([item]).split('\n')).toEqual([
    'version  applied                   hash          bytes  file',
    '7        2026-11-01T00:00:00.000Z  0123456789ab  4096   acme.yaml',
  ])
  expect(catalogueHistoryText([])).toBe('There is no version yet; apply a tenant file.')
})

test('differences name both sides', () => {
  const diff = { before: 'version 3', after: 'acme.yaml', diff: ['~ price data: amount 1 → 2'] }
  expect(catalogueDiffText(diff)).toBe('version 3 → acme.yaml: 1 difference\n~ price data: amount 1 → 2')
  expect(catalogueDiffText({ ...diff, diff: [] })).toBe('version 3 → acme.yaml: both say the same.')
})
