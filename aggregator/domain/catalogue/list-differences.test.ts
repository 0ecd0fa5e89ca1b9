import { expect, test } from 'vitest'
import { listDifferences } from './list-differences.ts'

const rows = Array.from({ length: 6 }, (_, index) => ({ when: { model: `m-${index}` }, amounts: { tokens: '1' } }))

test('rows of a matrix are named while they are few, and counted beyond', () => {
  const [first, ...others] = rows
  const dearer = { ...first, amounts: { tokens: '2' } }
  expect(listDifferences('rows', rows, [dearer, ...others])).toBe('~row model m-0: amounts tokens 2')
  expect(listDifferences('rows', others, rows)).toBe('+row model m-0: amounts tokens 1')
  expect(listDifferences('rows', rows, others)).toBe('-row model m-0')
  expect(listDifferences('rows', undefined, rows)).toBe('+6 rows')
  expect(listDifferences('rows', rows, [{ when: {}, amounts: { tokens: '3' } }])).toBe(
    '+row for anything: amounts tokens 3, -6 rows',
  )
})

test('dated parts are known by their dates', () => {
  const change = (from: string, amount: string): { from: string; amount: string } => ({ from, amount })
  const before = [change('2026-01-01', '1'), change('2026-02-01', '2')]
  const after = [change('2026-02-01', '3'), change('2026-03-01', '4')]
  expect(listDifferences('changes', before, after)).toBe(
    '+change from 2026-03-01: amount 4, -change from 2026-01-01, ~change from 2026-02-01: amount 3',
  )
  expect(listDifferences('migrations', [{ at: '2026-01-01', version: 'first' }], [])).toBe('-migration at 2026-01-01')
  expect(listDifferences('versions', before, before)).toBe('')
})

test('any other value is shown by whoever compares it', () => {
  expect(listDifferences('amount', '1', '2')).toBeNull()
  expect(listDifferences('tiers', [{ amount: '1' }], [{ amount: '2' }])).toBeNull()
})
