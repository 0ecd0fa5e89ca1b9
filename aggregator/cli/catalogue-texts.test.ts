import { expect, test } from 'vitest'
import type { CatalogueAnswer } from '../flow/catalogue-answers.ts'
import { catalogueDiffText, catalogueHistoryText, catalogueText } from './catalogue-texts.ts'

const hash = '0123456789abcdef'.repeat(4)
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
        { version: 'first', sold: false, hash, prices: ['data', 'seat'], subscriptions: 12 },
        { version: '2026-11-01T00:00:00.000Z', sold: true, hash, prices: ['data'], subscriptions: 0 },
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
  taxCodes: [{ id: 'vat', name: 'VAT', hash }],
  zones: [],
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
    'prices',
    'price  meter       currency  tax  since                     next                      hash          terms',
    'data   data.bytes  EUR       vat  ever                      2027-01-01T00:00:00.000Z  0123456789ab  model per-unit amount 1',
    'seat   (fee)       EUR       -    2026-06-01T00:00:00.000Z  -                         0123456789ab  model recurring amount 4',
    '',
    'tax codes',
    'id   hash          name',
    'vat  0123456789ab  VAT',
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
