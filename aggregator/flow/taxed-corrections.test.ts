import { afterEach, beforeEach, expect, test } from 'vitest'
import { AuditedTenant } from './testing/audited-tenant.ts'

const june = Date.UTC(2025, 5, 10)
let books: AuditedTenant
beforeEach(() => {
  books = new AuditedTenant(Date.UTC(2025, 6, 2))
})
afterEach(() => {
  books.end()
})

/** Acme's file with tax on the prices of the AI customer, and what the profiles of him and his seller say. */
function taxed(buyer: string, seller = 'paymentDays: 30', code = 'vat'): (file: string) => string {
  return (file) =>
    `${file
      .replace('id: ai-input, ', `id: ai-input, tax: ${code}, `)
      .replace('id: ai-output, ', 'id: ai-output, tax: low, ')}
taxCodes:
  - { id: vat, name: VAT, rates: [{ region: DE, percent: "19", from: 2025-01-01 }, { region: CH, percent: "8.1", from: 2025-01-01 }] }
  - { id: low, name: Low VAT, rates: [{ region: DE, percent: "1", from: 2025-01-01 }] }
billingProfiles:
  - { id: bright, ${buyer} }
  - { id: acme, ${seller} }
`
}

const inGermany = 'region: DE'
const exempt = 'region: DE, taxExemption: Reverse charge'

test.each<readonly [what: string, before: string, after: string, code: string, billed: string]>([
  ['is taxed by now', 'paymentDays: 30', inGermany, 'vat', '90.00'],
  ['is taxed elsewhere by now', inGermany, 'region: CH', 'vat', '107.10'],
  ['is taxed nowhere by now', inGermany, 'paymentDays: 30', 'vat', '107.10'],
  ['is exempt by now', inGermany, exempt, 'vat', '107.10'],
  ['was exempt', exempt, inGermany, 'vat', '90.00'],
  ['has prices with another code by now', inGermany, inGermany, 'low', '107.10'],
])(
  'what is taken back of a buyer who %s bears the tax that was charged',
  async (_what, before, after, code, billed) => {
    books.apply(taxed(before))
    books.use('a', 30_000_000n, june)
    await books.close('2025-06')
    books.apply(taxed(after, undefined, code))
    await books.void('a')
    await books.correct()
    expect(books.documents('bright').filter((line) => line.startsWith('acme'))).toEqual([
      `acme-000001 ${billed}`,
      `acme-cn-000001 -${billed}`,
    ])
    const { debitMicros, creditMicros } = books.tenant.service.store.ledger.balance('acme', 'EUR', 'tax_payable')
    expect(debitMicros).toBe(creditMicros)
    expect(books.problems()).toEqual([])
  },
)

test('what is late of the same line is taxed as the line is, and another line by the profile of now', async () => {
  books.apply(taxed(inGermany))
  books.use('a', 10_000_000n, june)
  await books.close('2025-06')
  books.apply(taxed('region: CH'))
  books.use('b', 10_000_000n, june)
  books.use('c', 10_000_000n, Date.UTC(2025, 6, 1))
  books.goTo(Date.UTC(2025, 7, 1))
  await books.close('2025-07')
  // 30.00 with 19 %, and 30.00 with 8.1 %.
  expect(books.documents('bright').filter((line) => line.startsWith('acme'))).toEqual([
    'acme-000001 35.70',
    'acme-000002 68.13',
  ])
  expect(books.problems()).toEqual([])
})

test('a seller keeps to prices with or without tax once he has sold something', async () => {
  const inclusive = 'pricesIncludeTax: true'
  books.apply(taxed(inGermany, inclusive))
  const said = 'put it back; change the prices instead'
  expect(books.refusalOf(taxed(inGermany))).toEqual([
    `billingProfiles[1] was true for the prices of acme before and cannot change to false: he has sold at them; ${said}`,
  ])
  books.use('a', 30_000_000n, june)
  await books.close('2025-06')
  books.apply(taxed(exempt, inclusive))
  await books.void('a')
  await books.correct()
  expect(books.documents('bright').filter((line) => line.startsWith('acme'))).toEqual([
    'acme-000001 90.00',
    'acme-cn-000001 -90.00',
  ])
  expect(books.problems()).toEqual([])
})

test('a document is a credit note by what has to be paid, not by its lines before tax', async () => {
  books.apply(taxed(inGermany))
  books.use('a', 30_000_000n, june)
  await books.close('2025-06')
  await books.void('a')
  // 91.50 with 1 % less 90.00 with 19 %.
  books.use('b', 6_100_000n, june, 'llm-1', 'ai.output_tokens')
  await books.correct()
  expect(books.documents('bright').filter((line) => line.startsWith('acme'))).toEqual([
    'acme-000001 107.10',
    'acme-cn-000001 -14.68',
  ])
  expect(books.problems()).toEqual([])
})
