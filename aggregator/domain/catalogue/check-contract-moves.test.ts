import { expect, test } from 'vitest'
import { sampleFile, sampleJson } from '../testing/sample-tenant.ts'
import { checkContractMoves } from './check-contract-moves.ts'
import { draftOf } from './draft.ts'
import { suggestionFor } from './problem.ts'

type Json = Record<string, unknown>

/** What is wrong with a contract of hansa, who moves with or without his reseller. */
function problems(contract: Json, moves: Readonly<Record<string, readonly Json[]>>): readonly string[] {
  const json = sampleJson()
  const accounts = (json['accounts'] as readonly (Json & { readonly id: string })[]).map((account) => ({
    ...account,
    ...(moves[account.id] === undefined ? {} : { moves: moves[account.id] }),
  }))
  const contracts = [{ id: 'deal', account: 'hansa', from: '2026-01-01', ...contract }]
  return checkContractMoves(draftOf(sampleFile({ ...json, accounts, contracts }))).map((found) => {
    return `${found.path.join('.')} ${found.message}; ${suggestionFor(found) ?? ''}`
  })
}

const toAcme = [{ at: '2026-06-01', parent: 'acme' }]
const says =
  'is in force when hansa moves from baltic to acme (2026-06-01T00:00:00.000Z): a contract is with one seller; ' +
  'end it with to: 2026-06-01T00:00:00.000Z, and add one with acme that begins then'

test.each<readonly [what: string, contract: Json, moves: Readonly<Record<string, readonly Json[]>>]>([
  ['of who does not move', {}, {}],
  ['that ends as its account moves', { to: '2026-06-01' }, { hansa: toAcme }],
  ['that begins as its account moves', { from: '2026-06-01' }, { hansa: toAcme }],
  ['of who moves along with his seller', {}, { baltic: toAcme }],
  ['with a partner', { account: 'acme', seller: 'roamnet' }, { hansa: toAcme }],
])('a contract %s is fine', (_what, contract, moves) => {
  expect(problems(contract, moves)).toEqual([])
})

test.each<readonly [what: string, contract: Json, path: string]>([
  ['without an end', {}, 'contracts.0'],
  ['that ends later', { to: '2026-06-02' }, 'contracts.0.to'],
])('a contract %s is refused where its account moves to another seller', (_what, contract, path) => {
  expect(problems(contract, { hansa: toAcme })).toEqual([`${path} ${says}`])
})
