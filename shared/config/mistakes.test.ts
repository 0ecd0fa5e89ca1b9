import { expect, test } from 'vitest'
import { formatMistake, formatMistakes, formatPath, type Mistake } from './mistakes.ts'

test.each([
  [[], ''],
  [['accounts', 2, 'payer'], 'accounts[2].payer'],
  [['a-b', '_c', 0, 1], 'a-b._c[0][1]'],
  [['labels', 'a b', 'c.d', ''], 'labels["a b"]["c.d"][""]'],
])('the path %j is written as %s', (path, text) => {
  expect(formatPath(path)).toBe(text)
})

const mistake: Mistake = { file: 'acme.yaml', line: 12, column: 5, path: 'accounts[2].pyer', message: 'is unknown' }

test.each<[Partial<Mistake>, string]>([
  [{}, 'acme.yaml:12:5: accounts[2].pyer: is unknown'],
  [{ suggestion: 'did you mean payer?' }, 'acme.yaml:12:5: accounts[2].pyer: is unknown; did you mean payer?'],
  [{ path: '' }, 'acme.yaml:12:5: is unknown'],
  [{ file: '--seal', line: 0, column: 0 }, '--seal: accounts[2].pyer: is unknown'],
])('a mistake with %j is one line', (changes, line) => {
  expect(formatMistake({ ...mistake, ...changes })).toBe(line)
})

test('mistakes come by place, files in the order they appear', () => {
  const at = (file: string, line: number, column: number): Mistake => ({ file, line, column, path: '', message: 'm' })
  const text = formatMistakes([at('b', 9, 1), at('a', 3, 7), at('b', 2, 4), at('a', 3, 2), at('b', 2, 4)])
  expect(text).toBe('b:2:4: m\nb:2:4: m\nb:9:1: m\na:3:2: m\na:3:7: m')
  expect(formatMistakes([])).toBe('')
})
