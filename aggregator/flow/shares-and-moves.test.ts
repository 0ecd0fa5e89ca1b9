import { afterEach, beforeEach, expect, test } from 'vitest'
import { AuditedTenant } from './testing/audited-tenant.ts'

const [june, july] = [Date.UTC(2025, 5, 10), Date.UTC(2025, 6, 10)]

let books: AuditedTenant
beforeEach(() => {
  books = new AuditedTenant(june)
})
afterEach(() => {
  books.end()
})

/** Acme's file with a fleet half of whose bill is paid above it: until July by one customer, then by another. */
function withMovingFleet(file: string): string {
  const accounts = `  - { id: first, kind: customer, parent: acme, name: First, payer: self }
  - { id: second, kind: customer, parent: acme, name: Second, payer: self }
  - { id: south, kind: fleet, parent: first, name: South, payer: self, parentPays: { share: "0.5" }, moves: [{ at: 2025-07-01, parent: second }] }
`
  const bought = '  - { id: south-ai, account: south, offering: ai, from: 2025-06-01, subjects: [southern] }\n'
  return file.replace('partners:\n', `${accounts}partners:\n`).replace('agents:\n', `${bought}agents:\n`)
}

test('who shared a bill then shares what is late of it, also after the account moved to somebody else', async () => {
  books.apply(withMovingFleet)
  books.use('a', 2_000_000n, june, 'southern')
  books.goTo(july)
  await books.close('2025-06')
  books.use('late', 4_000_000n, june, 'southern')
  books.use('b', 6_000_000n, july, 'southern')
  books.goTo(Date.UTC(2025, 7, 2))
  await books.close('2025-07')
  expect(books.problems()).toEqual([])
  await books.correct()
  expect(books.documents('south')).toEqual([
    'acme-000002 3.00',
    '2025-06 AI tokens: ai.input_tokens 6.00',
    '2025-06 Paid by First: 50 % -3.00',
    'acme-000004 15.00',
    '2025-07 AI tokens: ai.input_tokens 18.00',
    '2025-07 Paid by Second: 50 % -9.00',
    '2025-06 AI tokens: ai.input_tokens 12.00',
    '2025-06 Paid by First: 50 % -6.00',
  ])
  expect(books.documents('second')).toEqual(['acme-000003 9.00', '2025-07 Share of South: 50 % 9.00'])
  expect(books.documents('first')).toEqual([
    'acme-000001 3.00',
    '2025-06 Share of South: 50 % 3.00',
    'acme-000005 6.00',
    '2025-06 Share of South: 50 % 6.00',
  ])
  expect(books.problems()).toEqual([])
})
