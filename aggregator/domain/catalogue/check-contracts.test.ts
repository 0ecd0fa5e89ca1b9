import { expect, test } from 'vitest'
import { sampleFile, sampleJson } from '../testing/sample-tenant.ts'
import { checkContracts } from './check-contracts.ts'
import { draftOf } from './draft.ts'
import { suggestionFor } from './problem.ts'

type Json = Record<string, unknown>

const minimum: Json = { id: 'least', amount: '100' }
const discount: Json = { id: 'off', percent: '10' }

function problems(contract: Json): readonly string[] {
  const contracts = [{ id: 'deal', account: 'hansa', from: '2026-01-01', ...contract }]
  return checkContracts(draftOf(sampleFile({ ...sampleJson(), contracts }))).map((found) => {
    const suggestion = suggestionFor(found)
    return `${found.path.join('.')} ${found.message}${suggestion === undefined ? '' : `; ${suggestion}`}`
  })
}

test.each([
  { name: 'with a customer', contract: { minimums: [minimum], commitments: [minimum], discounts: [discount] } },
  { name: 'with a reseller', contract: { account: 'baltic', currency: 'USD', minimums: [minimum] } },
  { name: 'with a partner', contract: { account: 'acme', seller: 'roamnet', discounts: [discount] } },
  { name: 'with terms', contract: { termPeriods: 12, minimums: [{ ...minimum, per: 'term' }] } },
  { name: 'with one term', contract: { to: '2027-01-01', minimums: [{ ...minimum, per: 'term' }] } },
  { name: 'with filters', contract: { minimums: [{ ...minimum, offerings: ['tracker'], meters: ['messages'] }] } },
])('a contract $name is fine', ({ contract }) => {
  expect(problems(contract)).toEqual([])
})

test.each([
  {
    name: 'an account there is not',
    contract: { account: 'hansaa' },
    says: 'contracts.0.account is hansaa, but there is no such account; did you mean hansa?',
  },
  {
    name: 'an account whose parent pays',
    contract: { account: 'north' },
    says: 'contracts.0.account is north, which gets no documents: its parent pays; write the account that pays',
  },
  {
    name: 'a seller where the tree says who sells',
    contract: { seller: 'roamnet' },
    says: 'contracts.0.seller is roamnet, but the seller of an account is the reseller or operator above it; remove it',
  },
  {
    name: 'the operator without a partner',
    contract: { account: 'acme' },
    says: 'contracts.0 names no seller; add seller: with the id of a partner',
  },
  {
    name: 'a partner there is not',
    contract: { account: 'acme', seller: 'roamnt' },
    says: 'contracts.0.seller is roamnt, but there is no such partner; did you mean roamnet?',
  },
  {
    name: 'a currency there is not',
    contract: { currency: 'EUX' },
    says: 'contracts.0.currency is EUX, an unknown currency; did you mean EUR?',
  },
  {
    name: 'an end before the beginning',
    contract: { to: '2026-01-01' },
    says: 'contracts.0.to is not after from; the end is exclusive',
  },
  {
    name: 'something per term without a term',
    contract: { commitments: [{ ...minimum, per: 'term' }] },
    says: 'contracts.0 has something to be spent per term, but no term: neither an end nor a number of periods; add to: with when it ends, or termPeriods: 12 for terms of a year',
  },
  {
    name: 'two rules of one id',
    contract: { minimums: [minimum, minimum] },
    says: 'contracts.0.minimums.1.id is least, which another one of this contract is called; choose another id',
  },
  {
    name: 'a tax code there is not',
    contract: { minimums: [{ ...minimum, tax: 'full' }] },
    says: 'contracts.0.minimums.0.tax is full, but there is no such tax code; the file declares none',
  },
  {
    name: 'an offering there is not',
    contract: { discounts: [{ ...discount, offerings: ['trackr'] }] },
    says: 'contracts.0.discounts.0.offerings.0 is trackr, but there is no such offering; did you mean tracker?',
  },
  {
    name: 'a meter there is not',
    contract: { commitments: [{ ...minimum, meters: ['messages', 'data.byte'] }] },
    says: 'contracts.0.commitments.0.meters.1 is data.byte, but there is no such meter; did you mean data.bytes?',
  },
  {
    name: 'more than a line can hold',
    contract: { minimums: [{ ...minimum, amount: '100000000001' }] },
    says: 'contracts.0.minimums.0.amount is more than the 100000000000 currency units that one line can come to',
  },
  {
    name: 'a discount of more than that',
    contract: { discounts: [{ id: 'off', amount: '100000000001' }] },
    says: 'contracts.0.discounts.0.amount is more than the 100000000000 currency units that one line can come to',
  },
  {
    name: 'a factor nobody means',
    contract: { commitments: [{ ...minimum, overageFactor: '150' }] },
    says: 'contracts.0.commitments.0.overageFactor is above 100',
  },
  {
    name: 'a discount that has ended before',
    contract: { discounts: [{ ...discount, to: '2026-01-01' }] },
    says: 'contracts.0.discounts.0.to is before the contract begins, so that it never holds',
  },
  {
    name: 'a discount that begins after',
    contract: { to: '2026-06-01', discounts: [{ ...discount, from: '2026-06-01' }] },
    says: 'contracts.0.discounts.0.from is after the contract has ended, so that it never holds',
  },
])('refuses $name', ({ contract, says }) => {
  expect(problems(contract)).toEqual([says])
})
