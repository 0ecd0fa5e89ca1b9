import { afterEach, expect, test } from 'vitest'
import { AuditedTenant } from './testing/audited-tenant.ts'

const june = Date.UTC(2025, 5, 10)
/** More than are billed in one commit. */
const buyers = Array.from({ length: 60 }, (_, index) => `c${String(index + 10)}`)
const last = 'c69'

let books: AuditedTenant
afterEach(() => {
  books.end()
})

function withBuyers(file: string): string {
  const accounts = buyers.map((id) => `  - { id: ${id}, kind: customer, parent: acme, name: ${id}, payer: self }\n`)
  const bought = buyers.map(
    (id) => `  - { id: ${id}-ai, account: ${id}, offering: ai, from: 2025-06-01, subjects: [${id}] }\n`,
  )
  return file
    .replace('partners:\n', `${accounts.join('')}partners:\n`)
    .replace('agents:\n', `${bought.join('')}agents:\n`)
}

/** Closes June, and does something behind its first commit. */
async function closeWhile(meanwhile: () => void): Promise<void> {
  let isDone = false
  await books.close('2025-06', {
    progress: (message) => {
      if (isDone || !message.includes('accounts billed')) return
      isDone = true
      meanwhile()
    },
  })
  expect(isDone).toBe(true)
}

test('usage of a subscription that came in during a run is late, and billed with the next document', async () => {
  books = new AuditedTenant(Date.UTC(2025, 6, 2))
  books.apply(withBuyers)
  for (const id of buyers) books.use(id, 1_000_000n, june, id)
  await closeWhile(() => {
    const more = `  - { id: more, account: ${last}, offering: ai, from: 2025-06-01, subjects: [more] }\n`
    books.apply((file) => withBuyers(file).replace('agents:\n', `${more}agents:\n`))
    books.use('more', 2_000_000n, june, 'more')
  })
  expect(books.problems()).toEqual([])
  await books.correct()
  expect(books.documents(last)).toEqual([
    'acme-000060 3.00',
    '2025-06 AI tokens: ai.input_tokens 3.00',
    'acme-000061 6.00',
    '2025-06 AI tokens: ai.input_tokens 6.00',
  ])
  expect(books.problems()).toEqual([])
})

test('usage at a price that came in during a run stops nobody, and is billed with the next document', async () => {
  books = new AuditedTenant(Date.UTC(2025, 6, 2))
  books.apply((file) => withBuyers(file).replace('prices: [ai-input, ai-output]', 'prices: [ai-input]'))
  for (const id of buyers) books.use(id, 1_000_000n, june, id)
  await closeWhile(() => {
    books.apply(withBuyers)
    books.use('more', 2_000_000n, june, last, 'ai.output_tokens')
  })
  await books.correct()
  expect(books.documents(last)).toEqual([
    'acme-000060 3.00',
    '2025-06 AI tokens: ai.input_tokens 3.00',
    'acme-000061 30.00',
    '2025-06 AI tokens: ai.output_tokens 30.00',
  ])
  expect(books.problems()).toEqual([])
})
