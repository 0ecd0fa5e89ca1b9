import { expect, test } from 'vitest'
import { Findings } from './findings.ts'
import type { TenantPlan } from './tenant-plan.ts'
import { operatorName, VersionBook } from './version-book.ts'

const nothing = {
  currency: 'EUR',
  minorDigits: 2,
  operator: 'acme',
  meters: [],
  prices: [],
  fees: [],
  matrices: [],
  offerings: [],
  accounts: [],
}
const [first, second]: readonly [TenantPlan, TenantPlan] = [
  { ...nothing, tenant: 'acme', partners: [], subscriptions: [], correlations: [] },
  { ...nothing, tenant: 'acme', partners: ['roamnet'], subscriptions: [], correlations: [] },
]

function bookWith(...catalogues: readonly (readonly [logIndex: number, version: number])[]) {
  const findings = new Findings(() => ({ atMs: 0, step: 0 }))
  const book = new VersionBook(findings, () => [first, second])
  for (const [logIndex, version] of catalogues)
    book.catalogueCame(logIndex, Buffer.from(JSON.stringify({ operator: { name: operatorName(version) } })))
  return { book, told: () => findings.violations.map(({ message }) => message) }
}

test('a batch is rated under the last version before the first entry that tells of it', () => {
  const { book, told } = bookWith([0, 1], [5, 2])
  book.ratingTold(2, 4)
  book.ratingTold(3, 6)
  book.ratingTold(2, 9)
  expect(book.ratedUnder(2)).toEqual([first])
  expect(book.ratedUnder(3)).toEqual([second])
  expect(book.chargedUnder(2, 9)).toBe(second)
  expect(told()).toEqual([])
})

test('a batch of which nothing is told may have been rated under any', () => {
  expect(bookWith([0, 1], [5, 2]).book.ratedUnder(3)).toEqual([first, second])
})

test('rating with a version that is no more in force, or not yet, is found', () => {
  const { book, told } = bookWith([0, 1], [5, 2])
  book.postedUnder(6, 0)
  book.postedUnder(4, 5)
  expect(told()).toEqual([
    'log entry 6 is rated with catalogue 0, in force is 5',
    'log entry 4 is rated with catalogue 5, in force is 0',
  ])
})

test('a catalogue that nobody applied is found', () => {
  expect(bookWith([0, 3]).told()).toEqual(['the catalogue at 0 (Operator, version 3) is none that was applied'])
})
