import { expect, test } from 'vitest'
import { parseTenantFile } from './parse-tenant-file.ts'

function mistakesWith(...accounts: readonly string[]): readonly string[] {
  const lines = accounts.map((account) => `  - { ${account}, name: Somebody, payer: self }\n`)
  const text = `tenant: acme\ncurrency: EUR\noperator: { id: acme, name: ACME }\naccounts:\n${lines.join('')}`
  const parsed = parseTenantFile('acme.yaml', text, null)
  return parsed.ok ? [] : parsed.mistakes.map(({ path, message }) => `${path} ${message}`)
}

test.each([
  ['the operator', ['id: acme-cn, kind: reseller, parent: acme'], 'accounts[0].id', 'acme'],
  [
    'a reseller',
    ['id: nord, kind: reseller, parent: acme', 'id: nord-dn, kind: reseller, parent: acme'],
    'accounts[1].id',
    'nord',
  ],
])('a seller may not be called as the notes of %s are numbered', (_whose, accounts, place, seller) => {
  const found = mistakesWith(...accounts)
  expect(found).toHaveLength(1)
  expect(found[0]).toContain(`${place} is `)
  expect(found[0]).toContain(`which is what the notes of ${seller} are numbered by`)
})

test.each([
  ['a customer, who issues nothing', ['id: acme-cn, kind: customer, parent: acme']],
  ['a seller of another name', ['id: nord-cn, kind: reseller, parent: acme']],
])('%s may be called so', (_who, accounts) => {
  expect(mistakesWith(...accounts)).toEqual([])
})
