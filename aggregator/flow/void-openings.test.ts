import { afterEach, beforeEach, expect, test } from 'vitest'
import { usageEvent } from './fixtures/sealing-agent.ts'
import { AuditedTenant } from './testing/audited-tenant.ts'

const june = Date.UTC(2025, 5, 10)
const sold = 'model: per-unit, per: 1000000, amount: "3.00"'
const flat = 'model: graduated, per: 1, tiers: [{ flat: "7.00", amount: "0" }]'
const byZone = `model: matrix, dimensions: [zone], rows: [{ when: { zone: a }, ${flat} }]`

let books: AuditedTenant
beforeEach(() => {
  books = new AuditedTenant(Date.UTC(2025, 6, 2))
})
afterEach(() => {
  books.end()
})

function useIn(zone: string, id: string): void {
  const measured = [{ meter: 'ai.input_tokens', quantity: 5n }]
  books.tenant.use([
    usageEvent({ id, source: 'llm', subject: 'llm-1', timeMs: june, labels: [['zone', zone]], measured }),
  ])
}

test('what falls due with the first usage goes with the last that is taken back, and comes again', async () => {
  books.apply((file) => file.replace(sold, byZone))
  useIn('a', 'a')
  await books.close('2025-06')
  await books.void('a')
  await books.correct()
  expect(books.problems()).toEqual([])
  useIn('a', 'b')
  await books.correct()
  expect(books.documents('bright').filter((line) => line.startsWith('acme'))).toEqual([
    'acme-000001 7.00',
    'acme-cn-000001 -7.00',
    'acme-000002 7.00',
  ])
  expect(books.problems()).toEqual([])
})

test('usage that was taken back before the closing asks for nothing', async () => {
  books.apply((file) => file.replace(sold, byZone))
  useIn('a', 'a')
  await books.void('a')
  await books.close('2025-06')
  expect(books.documents('bright').filter((line) => line.startsWith('acme'))).toEqual(['acme-000001 0.00'])
  expect(books.problems()).toEqual([])
})

test('what is due without any usage stays due', async () => {
  books.apply((file) => file.replace(sold, flat))
  books.use('a', 5n, june)
  await books.close('2025-06')
  await books.void('a')
  await books.correct()
  expect(books.documents('bright').filter((line) => line.startsWith('acme'))).toEqual([
    'acme-000001 7.00',
    'acme-000002 0.00',
  ])
  expect(books.problems()).toEqual([])
})

test('a price of which all usage was taken back leaves the flat fee to the last price of the period', async () => {
  const dearer = `changes: [{ from: 2025-06-16, model: graduated, per: 1, tiers: [{ flat: "9.00", amount: "0" }] }]`
  books.apply((file) => file.replace(sold, `${flat}, ${dearer}`))
  books.use('a', 5n, june)
  await books.close('2025-06')
  await books.void('a')
  await books.correct()
  expect(books.documents('bright').filter((line) => line.startsWith('acme'))).toEqual([
    'acme-000001 7.00',
    'acme-000002 2.00',
  ])
  expect(books.problems()).toEqual([])
})
