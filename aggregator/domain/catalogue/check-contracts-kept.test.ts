import { expect, test } from 'vitest'
import { november, sampleFile, sampleJson } from '../testing/sample-tenant.ts'
import { checkContractsKept } from './check-contracts-kept.ts'
import { draftOf } from './draft.ts'

type Json = Record<string, unknown>

const running = { id: 'running', percent: '10', to: '2027-01-01' }
const coming = { id: 'coming', percent: '5', from: '2026-12-01' }
const deal: Json = {
  id: 'deal',
  account: 'hansa',
  from: '2026-01-01',
  minimums: [{ id: 'least', amount: '100' }],
  discounts: [running, coming],
}

function tenant(contracts: readonly Json[]): Json {
  return { ...sampleJson(), contracts }
}

/** What is wrong with a version of a file that follows another one in the middle of November 2026. */
function problems(before: Json, after: Json): readonly string[] {
  const found = checkContractsKept(sampleFile(before), draftOf(sampleFile(after)), november)
  return found.map(({ path, message }) => `${path.join('.')} ${message}`)
}

const changed = (contract: Json): readonly string[] => problems(tenant([deal]), tenant([{ ...deal, ...contract }]))

test.each([
  { name: 'nothing', contract: {} },
  { name: 'that it ends', contract: { to: '2026-12-01' } },
  { name: 'a discount to come', contract: { discounts: [running] } },
  { name: 'another discount to come', contract: { discounts: [running, coming, { ...coming, id: 'more' }] } },
  { name: 'when a discount ends', contract: { discounts: [{ ...running, to: '2026-12-01' }, coming] } },
])('of a contract in force may change: $name', ({ contract }) => {
  expect(changed(contract)).toEqual([])
})

test.each([
  { name: 'its account', contract: { account: 'brightdesk' }, key: 'account' },
  { name: 'its beginning', contract: { from: '2026-02-01' }, key: 'from' },
  { name: 'its currency', contract: { currency: 'USD' }, key: 'currency' },
  { name: 'its terms', contract: { termPeriods: 12 }, key: 'termPeriods' },
  { name: 'a minimum', contract: { minimums: [{ id: 'least', amount: '90' }] }, key: 'minimums' },
  { name: 'a commitment', contract: { commitments: [{ id: 'all', amount: '90' }] }, key: 'commitments' },
  { name: 'a discount in force', contract: { discounts: [coming] }, key: 'discounts' },
  {
    name: 'a discount that begins at once',
    contract: { discounts: [running, { ...running, id: 'b' }] },
    key: 'discounts',
  },
  { name: 'that a discount has ended', contract: { discounts: [{ ...running, to: '2026-11-01' }] }, key: 'discounts' },
])('of a contract in force may not change: $name', ({ contract, key }) => {
  const says = `changes ${key} of deal, which has been in force since 2026-01-01T00:00:00.000Z`
  expect(changed(contract)).toEqual([`contracts.0.${key} ${says}`])
})

test('it cannot end in the past, and what has ended stays ended', () => {
  const [was, cannot] = ['was open before', 'cannot become another time that is over']
  expect(changed({ to: '2026-11-01' })).toEqual([`contracts.0.to ${was} and ${cannot}`])
  const ended = { ...deal, to: '2026-10-01' }
  expect(problems(tenant([ended]), tenant([deal]))).toEqual([
    `contracts.0 was 2026-10-01T00:00:00.000Z before and ${cannot}`,
  ])
})

test('a contract in force stays in the file, one to come need not', () => {
  expect(problems(tenant([deal]), tenant([]))).toEqual(['contracts leave out deal, which has begun'])
  expect(problems(tenant([{ ...deal, from: '2026-12-01' }]), tenant([]))).toEqual([])
})

test('a new contract begins with the current period at the earliest', () => {
  expect(problems(tenant([]), tenant([{ ...deal, from: '2026-11-01' }]))).toEqual([])
  expect(problems(tenant([]), tenant([{ ...deal, from: '2026-10-31' }]))).toEqual([
    'contracts.0.from is 2026-10-31T00:00:00.000Z, in a period that is over: deal was not agreed on when it was billed',
  ])
})
