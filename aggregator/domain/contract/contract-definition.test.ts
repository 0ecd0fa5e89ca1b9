import { expect, test } from 'vitest'
import { canonicalJson } from '@meterline/shared/integrity/canonical-json.ts'
import { allowanceJson, allowanceSchema } from './allowance-definition.ts'
import { contractJson, contractSchema } from './contract-definition.ts'

const plain = { id: 'deal', account: 'depot', from: '2026-01-01T00:00:00.000Z' }

test.each([
  { name: 'nothing but its time', contract: plain },
  { name: 'an end', contract: { ...plain, to: '2027-01-01T00:00:00.000Z', currency: 'USD', termPeriods: 12 } },
  {
    name: 'every kind of rule',
    contract: {
      ...plain,
      seller: 'roamnet',
      commitments: [
        { id: 'a', amount: '1000' },
        { id: 'b', amount: '5', per: 'term', inAdvance: true, prorate: 'day', tax: 'full', overageFactor: '1.5' },
      ],
      minimums: [{ id: 'a', amount: '10', offerings: ['sim'], meters: ['data'], kinds: ['usage'], prorate: 'second' }],
      discounts: [
        { id: 'a', percent: '12.5', atMost: '50' },
        { id: 'b', amount: '5', from: '2026-02-01T00:00:00.000Z', to: '2026-03-01T00:00:00.000Z', prorate: 'day' },
        { id: 'c', tiers: [{ upTo: '100', percent: '0' }, { percent: '5' }] },
        { id: 'd', tiers: [{ percent: '5' }], tiered: 'graduated', kinds: ['fee'] },
      ],
    },
  },
])('a contract with $name reads back what it writes, and leaves out what is as usual', ({ contract }) => {
  const written = contractJson(contractSchema.parse(contract))
  expect(canonicalJson(written)).toBe(canonicalJson(contract))
})

test.each([
  {
    name: 'no terms',
    discount: {},
    path: [],
    message: 'says none or several of percent, amount and tiers: write one of them',
  },
  {
    name: 'several terms',
    discount: { percent: '1', amount: '1' },
    path: [],
    message: 'says none or several of percent, amount and tiers: write one of them',
  },
  { name: 'more than everything', discount: { percent: '100.1' }, path: ['percent'], message: 'is above 100 percent' },
  {
    name: 'tiered without tiers',
    discount: { percent: '1', tiered: 'volume' },
    path: ['tiered'],
    message: 'goes with tiers: remove it',
  },
  {
    name: 'an open tier before the last',
    discount: { tiers: [{ percent: '1' }, { percent: '2' }] },
    path: ['tiers', 0],
    message: 'has no upTo, but is not the last tier',
  },
  {
    name: 'a last tier that ends',
    discount: { tiers: [{ upTo: '5', percent: '1' }] },
    path: ['tiers', 0],
    message: 'is the last tier and has upTo: leave it out there',
  },
  {
    name: 'tiers that do not rise',
    discount: { tiers: [{ upTo: '5', percent: '1' }, { upTo: '5', percent: '2' }, { percent: '3' }] },
    path: ['tiers', 1],
    message: 'reaches up to 5, which is not above 5',
  },
  {
    name: 'an end before the beginning',
    discount: { percent: '1', from: '2026-02-01', to: '2026-02-01' },
    path: ['to'],
    message: 'is not after from',
  },
])('a discount with $name is refused at its place', ({ discount, path, message }) => {
  const parsed = contractSchema.safeParse({ ...plain, discounts: [{ id: 'off', ...discount }] })
  expect(parsed.error?.issues.map((issue) => [issue.path, issue.message])).toEqual([
    [['discounts', 0, ...path], message],
  ])
})

test.each([
  { name: 'nothing but how much', allowance: { id: 'a', meter: 'data', quantity: '100' } },
  {
    name: 'everything it may say',
    allowance: {
      id: 'a',
      meter: 'data',
      quantity: '9007199254740993',
      each: { quantity: 'sims' },
      prorate: 'day',
      rollover: { periods: 3, cap: '200' },
      priority: 5,
      pool: 'subtree',
    },
  },
  { name: 'a rollover without limit', allowance: { id: 'a', meter: 'data', quantity: '1', rollover: { periods: 1 } } },
])('an allowance with $name reads back what it writes', ({ allowance }) => {
  expect(canonicalJson(allowanceJson(allowanceSchema.parse(allowance)))).toBe(canonicalJson(allowance))
})

test('an allowance is not for each subject, which have no dates', () => {
  expect(allowanceSchema.safeParse({ id: 'a', meter: 'data', quantity: 1, each: 'subject' }).success).toBe(false)
})
