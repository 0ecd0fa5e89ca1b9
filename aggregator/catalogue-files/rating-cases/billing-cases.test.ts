import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { rateCases } from './rate-case.ts'

const file = new URL('./golden/billing-cases.json', import.meta.url)
const rated = rateCases(readFileSync(file, 'utf8'))
const outcomes = rated.ok ? rated.value : []

/** What bills here do otherwise, or not at all. */
const notExpressible: Readonly<Record<string, string>> = {
  'annual-proration-1': 'billing periods begin on a day of each month: there are no cycles of a year',
  'discount-then-minimum-1': 'minimums come before discounts here, and a true-up is not owed on top of a discount',
}

describe('billing examples worked out by hand', () => {
  test('all of them are there', () => {
    expect(rated.ok).toBe(true)
    expect(outcomes.length).toBeGreaterThanOrEqual(100)
    expect(outcomes.map(({ id }) => id)).toEqual(expect.arrayContaining(Object.keys(notExpressible)))
  })

  test.each(outcomes)('$id', (outcome) => {
    const verdict = notExpressible[outcome.id] === undefined ? 'ok' : 'not a price'
    expect(outcome).toMatchObject({ verdict })
  })

  test('no case comes out with another total', () => {
    const { cases } = JSON.parse(readFileSync(file, 'utf8')) as {
      cases: { id: string; expected: { total?: string } }[]
    }
    const changed = cases
      .filter(({ id, expected }) => expected.total !== undefined && notExpressible[id] === undefined)
      .map((each) => ({ ...each, expected: { ...each.expected, total: `9${each.expected.total}` } }))
    const wrong = rateCases(JSON.stringify(changed))
    expect(changed.length).toBeGreaterThan(40)
    expect((wrong.ok ? wrong.value : []).filter(({ verdict }) => verdict !== 'not ok')).toEqual([])
  })
})
