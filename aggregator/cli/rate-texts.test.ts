import { expect, test } from 'vitest'
import type { CaseOutcome } from '../catalogue-files/rating-cases/rate-case.ts'
import { ratedCasesText, summaryOf } from './rate-texts.ts'

const good: CaseOutcome = { id: 'a', model: 'volume', verdict: 'ok', expected: 'total=1', got: 'total=1', remark: '' }
const bad: CaseOutcome = { ...good, id: 'b\nc', verdict: 'not ok', got: 'total=2', remark: '' }
const other: CaseOutcome = { ...good, id: 'd', verdict: 'not a price', got: '', remark: 'proration' }

test('one line a case and a summary', () => {
  expect(ratedCasesText([good, bad, other]).split('\n')).toEqual([
    'case  expected  got      result',
    'a     total=1   total=1  ok',
    'b c   total=1   total=2  not ok',
    'd     total=1   -        not a price (proration)',
    '1 ok, 1 not ok, 1 not a price (1 proration)',
  ])
})

test('what a source states at length is cut', () => {
  const [, line = ''] = ratedCasesText([{ ...good, expected: `total=1 ${'x'.repeat(100)}` }]).split('\n')
  expect(line).toMatch(/^a {5}total=1 x+… +total=1 +ok$/)
})

test('so is the name of a case', () => {
  const [, line = ''] = ratedCasesText([{ ...good, id: 'x'.repeat(100_000) }]).split('\n')
  expect(line).toMatch(/^x{47}… {2}total=1 {3}total=1 {2}ok$/)
})

test('the summary counts what is no price by what it is', () => {
  expect(summaryOf([good, other, other])).toEqual({ ok: 1, notOk: 0, notPrices: { proration: 2 } })
  expect(ratedCasesText([good])).toContain('1 ok, 0 not ok, 0 not a price')
  expect(ratedCasesText([])).toBe('The file has no cases.')
})
