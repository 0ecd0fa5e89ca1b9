import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { rateCases } from './rate-case.ts'

const folder = process.env['METERLINE_TRACES']
const name = 'published pricing examples with known answers'

if (folder === undefined) {
  test.skip(`${name} (METERLINE_TRACES is not set)`, () => {})
} else {
  const rated = rateCases(readFileSync(join(folder, 'rating-cases.json'), 'utf8'))
  const outcomes = rated.ok ? rated.value : []

  test(`${name}: all of them are there, prices and what bills are made of`, () => {
    expect(rated.ok).toBe(true)
    expect(outcomes).toHaveLength(65)
    expect(outcomes.filter(({ verdict }) => verdict === 'not a price')).toEqual([])
  })

  test.each(outcomes)(`${name}: $id`, (outcome) => {
    expect(outcome).toMatchObject({ verdict: 'ok' })
  })
}
