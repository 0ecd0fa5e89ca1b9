import { afterEach, beforeEach, expect, test } from 'vitest'
import { AuditedTenant } from './testing/audited-tenant.ts'
import { balance, documentOf } from './testing/billed-tenant.ts'

const june = Date.UTC(2025, 5, 10)
let books: AuditedTenant
beforeEach(() => {
  books = new AuditedTenant(Date.UTC(2025, 6, 2))
})
afterEach(() => {
  books.end()
})

/** Acme's file with one tax of the same rate in two regions, of which the AI customer is in one. */
function taxedIn(region: string): (file: string) => string {
  return (file) =>
    `${file.replace('id: ai-input, ', 'id: ai-input, tax: vat, ')}
taxCodes:
  - { id: vat, name: VAT, rates: [{ region: AT, percent: "20", from: 2025-01-01 }, { region: FR, percent: "20", from: 2025-01-01 }] }
billingProfiles:
  - { id: bright, region: ${region} }
`
}

async function giveBack(amount: string | null, reason: string): Promise<unknown> {
  const { commands, clock } = books.tenant
  const order = { key: null, by: 'Ada', kind: 'credit-note' as const, document: 'acme-000002', lines: null }
  return await clock.until(commands.noteIssue('acme', { ...order, amount, reason }))
}

test('a note about lines of two regions with the same percent gives back the tax of each line once', async () => {
  books.apply(taxedIn('AT'))
  books.use('a', 10_000_000n, june)
  await books.close('2025-06')
  books.apply(taxedIn('FR'))
  books.use('late', 10_000_000n, june)
  books.use('c', 20_000_000n, Date.UTC(2025, 6, 1))
  books.goTo(Date.UTC(2025, 7, 1))
  await books.close('2025-07')
  const { tax } = documentOf(books.tenant, 'acme-000002')
  expect(tax?.items.map(({ region, taxMicros }) => `${region} ${taxMicros}`)).toEqual(['AT 6000000', 'FR 12000000'])
  expect(await giveBack('45', 'half')).toMatchObject({ ok: true })
  expect(documentOf(books.tenant, 'acme-cn-000001').tax).toMatchObject({ amount: '-9.00', gross: '-54.00' })
  expect(await giveBack(null, 'the rest')).toMatchObject({ ok: true })
  // Of all the tax, that of June stands.
  expect(balance(books.tenant, 'tax_payable')).toBe(-6_000_000n)
  expect(books.problems()).toEqual([])
})
