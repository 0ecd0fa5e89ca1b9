import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { httpProblemCodes } from './http-problem.ts'

const page = readFileSync(new URL('../../docs/http.md', import.meta.url), 'utf8')

test('docs/http.md lists every code of an answer, and no other', () => {
  const table = page.slice(page.indexOf('Other answers are problem documents'), page.indexOf('## Once'))
  const listed = table
    .split('\n')
    .filter((line) => line.startsWith('| 4') || line.startsWith('| 5'))
    .flatMap((line) => [...line.matchAll(/`(\w+)`/g)].map((match) => match[1]))
  expect(listed).toHaveLength(httpProblemCodes.length)
  expect(new Set(listed)).toEqual(new Set(httpProblemCodes))
})
