import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatMistakes, type ValuePath } from './mistakes.ts'
import { parseYamlWithPositions, type PositionedYaml } from './yaml-positions.ts'

const text = `tenant: acme # comment
accounts:
  - id: north
    payer: parent
  - { id: south, labels: [a, "b c"] }
base: &base { from: 2026-01-01, 7: seven }
copy: *base
empty:
`

test('the value is plain data, dates and odd keys stay text', () => {
  expect(parse(text).value).toEqual({
    tenant: 'acme',
    accounts: [
      { id: 'north', payer: 'parent' },
      { id: 'south', labels: ['a', 'b c'] },
    ],
    base: { from: '2026-01-01', '7': 'seven' },
    copy: { from: '2026-01-01', '7': 'seven' },
    empty: null,
  })
})

test.each<[ValuePath, 'key' | 'value', string]>([
  [[], 'value', '1:1'],
  [['tenant'], 'value', '1:9'],
  [['tenant'], 'key', '1:1'],
  [['accounts'], 'value', '3:3'],
  [['accounts'], 'key', '2:1'],
  [['accounts', 0], 'value', '3:5'],
  [['accounts', 0, 'payer'], 'value', '4:12'],
  [['accounts', 0, 'payer'], 'key', '4:5'],
  [['accounts', 1, 'labels', 1], 'value', '5:30'],
  [['base', '7'], 'value', '6:36'],
  [['base', '7'], 'key', '6:33'],
  [['copy', 'from'], 'value', '6:21'],
  [['copy'], 'value', '7:7'],
  [['empty'], 'key', '8:1'],
  // What is not there is placed at its nearest ancestor.
  [['accounts', 0, 'kind'], 'value', '3:5'],
  [['accounts', 1, 'labels', 9, 'deeper'], 'value', '5:26'],
  [['accounts', 9], 'value', '3:3'],
  [['tenant', 'deeper'], 'value', '1:9'],
  [['nothing', 'here'], 'key', '1:1'],
])('%j, its %s, stands at %s', (path, part, place) => {
  const { line, column } = parse(text).positionOf(path, part)
  expect(`${line}:${column}`).toBe(place)
})

test('an empty file is null at its start', () => {
  const empty = parse('# nothing\n')
  expect(empty.value).toBeNull()
  expect(empty.positionOf(['a', 'b'])).toEqual({ line: 1, column: 1 })
})

test.each([
  ['a: 1\nb: 2\na: 3\n', 'f.yaml:3:1: the key a is there twice'],
  ['a: 1\n---\nb: 2\n', 'f.yaml:2:1: the file holds more than one document'],
  ['a: !money 3\n', 'f.yaml:1:4: Unresolved tag: !money'],
  ['? [1, 2]\n: x\n', 'f.yaml:1:3: the key of a mapping is itself a list or mapping'],
  ['a: "open\n', 'f.yaml:2:1: Missing closing "quote'],
  ['a: *nowhere\n', 'f.yaml:1:4: a: no anchor before it is called nowhere'],
  [
    'list:\n  - { n: 9007199254740993 }\n',
    'f.yaml:2:10: list[0].n: the integer 9007199254740993 is too large to be read exactly; write it in quotes',
  ],
  ['a: 1\na: 2\nb: !x 1\n', 'f.yaml:2:1: the key a is there twice\nf.yaml:3:4: Unresolved tag: !x'],
  ['['.repeat(20_000), 'f.yaml:1:1: the file is nested too deeply to be read'],
])('%j is refused', (wrong, expected) => {
  const result = parseYamlWithPositions('f.yaml', wrong)
  expect(result.ok ? 'read' : formatMistakes(result.mistakes)).toBe(expected)
})

test('a small file cannot unfold into a huge value', () => {
  const levels = Array.from({ length: 12 }, (_, level) =>
    level === 0
      ? 'l0: &l0 [x, x]'
      : `l${level}: &l${level} [${Array(9)
          .fill(`*l${level - 1}`)
          .join(', ')}]`,
  )
  const result = parseYamlWithPositions('f.yaml', levels.join('\n'))
  expect(result.ok ? 'read' : formatMistakes(result.mistakes)).toContain(
    'f.yaml:1:1: the file cannot be read: Excessive alias',
  )
})

test('the position of every value of any JSON is where its text starts', () => {
  const lists = fc.array(fc.oneof(fc.integer(), fc.boolean(), fc.constant(null)), { maxLength: 4 })
  const trees = fc.dictionary(fc.stringMatching(/^[a-z]{1,6}$/), fc.oneof(lists, fc.integer()), { maxKeys: 5 })
  fc.assert(
    fc.property(trees, (tree) => {
      const lines = JSON.stringify(tree, undefined, 1).split('\n')
      const document = parse(lines.join('\n'))
      for (const [key, value] of Object.entries(tree)) {
        const keyAt = document.positionOf([key], 'key')
        expect(lines[keyAt.line - 1]?.slice(keyAt.column - 1)).toMatch(new RegExp(`^"${key}":`))
        const items = Array.isArray(value) ? value : []
        for (const [index, item] of items.entries()) {
          const at = document.positionOf([key, index])
          expect(lines[at.line - 1]?.slice(at.column - 1).replace(/,$/, '')).toBe(JSON.stringify(item))
        }
      }
    }),
  )
})

function parse(source: string): PositionedYaml {
  const result = parseYamlWithPositions('f.yaml', source)
  if (!result.ok) throw new Error(formatMistakes(result.mistakes))
  return result
}
