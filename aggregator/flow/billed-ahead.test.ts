import { afterEach, beforeEach, expect, test } from 'vitest'
import { AuditedTenant } from './testing/audited-tenant.ts'

let books: AuditedTenant
beforeEach(() => {
  books = new AuditedTenant(Date.UTC(2025, 5, 20))
})
afterEach(() => {
  books.end()
})

const fee = '  - { id: basic, model: recurring, amount: "10.00", due: in-advance }\n'

/** Acme's file with a fee in advance for its reseller's customer, who moves to the operator or stays. */
function moving(moves: string): (file: string) => string {
  return (file) =>
    file
      .replace('prices:\n', `prices:\n${fee}`)
      .replace('prices: [retail-data]', 'prices: [basic, retail-data]')
      .replace('name: Hansa Logistics, payer: self', `name: Hansa Logistics, payer: self${moves}`)
}

const inJuly = ', moves: [{ at: 2025-07-01, parent: acme }]'

test('an account cannot leave a seller who has billed it in advance for the time after', async () => {
  books.apply(moving(''))
  await books.close('2025-06', { force: true })
  expect(books.refusalOf(moving(inJuly))).toEqual(['billed_ahead'])
  books.apply(moving(', moves: [{ at: 2025-08-01, parent: acme }]'))
  books.goTo(Date.UTC(2025, 7, 2))
  await books.close('2025-07')
  expect(books.documents('logistics')).toEqual([
    'nordlink-000001 20.00',
    '2025-06 Tracker connectivity: basic 10.00',
    '2025-07 Tracker connectivity: basic 10.00',
  ])
  expect(books.problems()).toEqual([])
})

test('an old seller bills nothing in advance of a contract with the new one', async () => {
  const minimum = 'minimums: [{ id: m, amount: "5", inAdvance: true }]'
  books.apply(
    (file) => `${moving(inJuly)(file)}contracts:
  - { id: before, account: logistics, from: 2025-06-01, to: 2025-07-01, ${minimum} }
  - { id: after, account: logistics, from: 2025-07-01, to: 2025-08-01, ${minimum} }
`,
  )
  books.goTo(Date.UTC(2025, 6, 2))
  await books.close('2025-06')
  books.goTo(Date.UTC(2025, 7, 2))
  await books.close('2025-07')
  expect(books.documents('logistics')).toEqual([
    'nordlink-000001 10.00',
    '2025-06 Minimum m: in advance for 2025-06 5.00',
    '2025-06 Minimum m: drawn down -5.00',
    '2025-06 Tracker connectivity: basic 10.00',
    'acme-000001 20.00',
    '2025-07 Minimum m: in advance for 2025-07 5.00',
    '2025-07 Minimum m: drawn down -5.00',
    '2025-07 Tracker connectivity: basic 10.00',
    '2025-08 Tracker connectivity: basic 10.00',
  ])
  expect(books.problems()).toEqual([])
})
