import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { rateCases } from './rate-case.ts'

const page = readFileSync(new URL('../../../docs/rating-cases.md', import.meta.url), 'utf8')

test('the examples of the page come out as it says', () => {
  const [, text = ''] = /```json\n(.*?)```/s.exec(page) ?? []
  const rated = rateCases(text)
  expect(rated.ok && rated.value.map(({ id, verdict, remark }) => [id, verdict, remark])).toEqual([
    ['three tiers', 'ok', ''],
    ['a long prompt', 'ok', ''],
    ['half a month', 'ok', 'proration'],
    ['a wallet', 'not a price', 'balance'],
  ])
})
