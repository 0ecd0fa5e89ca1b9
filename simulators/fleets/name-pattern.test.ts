import { expect, test } from 'vitest'
import { parseNamePattern } from './name-pattern.ts'

test.each([
  ['plain', ['plain', 'plain', 'plain']],
  ['d-{n}', ['d-1', 'd-100', 'd-101']],
  ['d-{n:4}x', ['d-0001x', 'd-0100x', 'd-0101x']],
  ['c{n/100}', ['c1', 'c1', 'c2']],
  ['{n/50:2}-{n:2}', ['01-01', '02-100', '03-101']],
])('%s names devices 1, 100 and 101', (text, names) => {
  const pattern = parseNamePattern(text)
  expect(pattern.ok && [1, 100, 101].map(pattern.value)).toEqual(names)
})

test.each(['{m}', '{n:0}', '{n/0}', '{}', '{n', 'n}', '{{n}}'])('%s is no pattern', (text) => {
  expect(parseNamePattern(text)).toMatchObject({ ok: false, fault: { code: 'pattern_invalid' } })
})
