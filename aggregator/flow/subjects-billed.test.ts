import { afterEach, expect, test } from 'vitest'
import { AuditedTenant } from './testing/audited-tenant.ts'

let books: AuditedTenant
afterEach(() => {
  books.end()
})

/** Acme's file with a fee for each subject of the AI customer, and what else his subscription says. */
function seated(subjects: string, said = '', prorate = ''): (file: string) => string {
  const fee = `  - { id: seat, model: recurring, amount: "10.00", each: subject, due: in-arrears${prorate} }\n`
  return (file) =>
    file
      .replace('prices:\n', `prices:\n${fee}`)
      .replace('name: AI tokens, prices: [', 'name: AI tokens, prices: [seat, ')
      .replace(
        'offering: ai, from: 2025-01-01, subjects: [llm-1]',
        `offering: ai, from: 2025-06-01, subjects: [${subjects}]${said}`,
      )
}

test('a period is corrected for as many subjects as it was billed for, however often', async () => {
  const byDay = ', prorate: day'
  books = new AuditedTenant(Date.UTC(2025, 6, 2))
  books.apply(seated('a, b', '', byDay))
  await books.close('2025-06')
  const first = '{ from: 2025-06-21, to: 2025-07-01 }'
  books.apply(seated('a, b', `, pauses: [${first}]`, byDay))
  await books.correct()
  // All lines of the period stand on a later document by now, and there are twice as many subjects.
  books.apply(seated('a, b, c, d', `, pauses: [${first}, { from: 2025-06-11, to: 2025-06-21 }]`, byDay))
  await books.correct()
  expect(books.documents('bright')).toEqual([
    'acme-000001 20.00',
    '2025-06 AI tokens: seat 20.00',
    'acme-cn-000001 -6.67',
    '2025-06 AI tokens: seat -6.67',
    'acme-cn-000002 -6.66',
    '2025-06 AI tokens: seat -6.66',
  ])
  expect(books.problems()).toEqual([])
})

test('what is promised for a term counts what earlier periods were billed, not the subjects of today', async () => {
  const contract =
    '{ id: deal, account: bright, from: 2025-06-01, to: 2025-08-01, commitments: [{ id: c, amount: "100", per: term }] }'
  const agreed = (subjects: string) => (file: string) => `${seated(subjects)(file)}contracts: [${contract}]\n`
  books = new AuditedTenant(Date.UTC(2025, 6, 2))
  books.apply(agreed('a, b'))
  await books.close('2025-06')
  books.apply(agreed('a, b, c, d'))
  books.goTo(Date.UTC(2025, 7, 2))
  await books.close('2025-07')
  // 100 less 20 of June and 40 of July.
  expect(books.documents('bright').slice(2)).toEqual([
    'acme-000002 80.00',
    '2025-07 AI tokens: seat 40.00',
    '2025-07 Commitment c: not used 40.00',
  ])
  expect(books.problems()).toEqual([])
})
