import { expect, test } from 'vitest'
import { z } from 'zod'
import { formatMistakes } from './mistakes.ts'
import { checkAgainstSchema } from './schema-mistakes.ts'
import { parseYamlWithPositions } from './yaml-positions.ts'

const schema = z.strictObject({
  id: z.string().regex(/^[a-z]+$/, 'must be lower-case letters'),
  kind: z.enum(['reseller', 'customer', 'fleet']),
  count: z.int().min(1).max(5).multipleOf(2).default(2),
  open: z.boolean().optional(),
  names: z.array(z.string().min(2)).min(1).max(2).optional(),
  price: z
    .discriminatedUnion('model', [
      z.strictObject({ model: z.literal('per-unit'), amount: z.string() }),
      z.strictObject({ model: z.literal('graduated'), tiers: z.array(z.number()) }),
    ])
    .optional(),
  log: z.union([z.literal('stdout'), z.strictObject({ file: z.string() })]).optional(),
  token: z.string().min(8).meta({ secret: true }).optional(),
  free: z.record(z.string().max(3), z.int()).optional(),
  address: z.url().optional(),
})

const good = 'id: abc\nkind: fleet\n'

test('what fits is given with its defaults', () => {
  expect(check(`${good}log: { file: x }`)).toEqual({ id: 'abc', kind: 'fleet', count: 2, log: { file: 'x' } })
})

test.each([
  ['id: abc\n', 'f.yaml:1:1: kind: is missing: one of reseller, customer, fleet is needed'],
  ['kind: fleet\n', 'f.yaml:1:1: id: is missing: a text is needed'],
  ['id: 7\nkind: fleet\n', 'f.yaml:1:5: id: is 7, but a text is needed'],
  ['id: ABC\nkind: fleet\n', 'f.yaml:1:5: id: must be lower-case letters'],
  [
    'id: abc\nkind: flet\n',
    'f.yaml:2:7: kind: is the text "flet", but must be one of reseller, customer, fleet; did you mean fleet?',
  ],
  ['id: abc\nkind: 3\n', 'f.yaml:2:7: kind: is 3, but must be one of reseller, customer, fleet'],
  [`${good}count: two`, 'f.yaml:3:8: count: is the text "two", but a whole number is needed'],
  [`${good}count: 2.5`, 'f.yaml:3:8: count: is 2.5, but a whole number is needed'],
  [`${good}count: 0`, 'f.yaml:3:8: count: is 0, but must be at least 1'],
  [`${good}count: 6`, 'f.yaml:3:8: count: is 6, but must be at most 5'],
  [`${good}count: 3`, 'f.yaml:3:8: count: is 3, but must be a multiple of 2'],
  [`${good}open: yes`, 'f.yaml:3:7: open: is the text "yes", but true or false is needed'],
  [`${good}names: []`, 'f.yaml:3:8: names: is a list, but must have at least 1 entries'],
  [`${good}names: [ab, b]`, 'f.yaml:3:13: names[1]: is the text "b", but must have at least 2 characters'],
  [`${good}names: { a: b }`, 'f.yaml:3:8: names: is a mapping, but a list is needed'],
  [`${good}names:`, 'f.yaml:3:7: names: is empty, but a list is needed'],
  [
    `${good}price: { model: perunit }`,
    'f.yaml:3:17: price.model: is the text "perunit", but must be one of per-unit, graduated; did you mean per-unit?',
  ],
  [`${good}price: {}`, 'f.yaml:3:8: price.model: is missing: one of per-unit, graduated is needed'],
  [
    `${good}price: { model: per-unit, amout: "1" }`,
    'f.yaml:3:8: price.amount: is missing: a text is needed\nf.yaml:3:27: price.amout: is unknown; did you mean amount?',
  ],
  [
    `${good}price: { model: graduated, tiers: [], qqqqqq: "1" }`,
    'f.yaml:3:39: price.qqqqqq: is unknown; known here: model, tiers',
  ],
  [
    `${good}price: { model: graduated, tiers: [], amount: "1" }`,
    'f.yaml:3:39: price.amount: is unknown; known here: model, tiers',
  ],
  [
    `${good}log: { fil: x }`,
    'f.yaml:3:6: log.file: is missing: a text is needed\nf.yaml:3:8: log.fil: is unknown; did you mean file?',
  ],
  [`${good}log: { file: 7 }`, 'f.yaml:3:14: log.file: is 7, but a text is needed'],
  [`${good}log: 7`, 'f.yaml:3:6: log: is 7, but must be stdout; or is 7, but a mapping is needed'],
  [`${good}token: short`, 'f.yaml:3:8: token: is a hidden value, but must have at least 8 characters'],
  [
    `${good}free: { abcd: 1, a: x }`,
    'f.yaml:3:9: free.abcd: is the text "abcd", but must have at most 3 characters\nf.yaml:3:21: free.a: is the text "x", but a whole number is needed',
  ],
  [`${good}address: here`, 'f.yaml:3:10: address: is the text "here", which is no valid url'],
  [
    `${good}quite: different`,
    'f.yaml:3:1: quite: is unknown; known here: id, kind, count, open, names, price, log, token, free, address',
  ],
  ['[]', 'f.yaml:1:1: is a list, but a mapping is needed'],
])('%j', (text, expected) => {
  expect(check(text)).toBe(expected)
})

test('all mistakes of a file are reported together', () => {
  const lines = String(check('id: A\nkind: x\ncount: 9\nextra: 1\nnames: [a, b]\n')).split('\n')
  expect(lines.map((line) => line.split(':')[1])).toEqual(['1', '2', '3', '3', '4', '5', '5'])
})

function check(text: string): unknown {
  const document = parseYamlWithPositions('f.yaml', text)
  if (!document.ok) throw new Error(formatMistakes(document.mistakes))
  const locate = (...at: Parameters<typeof document.positionOf>): { file: string; line: number; column: number } => ({
    file: 'f.yaml',
    ...document.positionOf(...at),
  })
  const checked = checkAgainstSchema(schema, document.value, locate)
  return checked.ok ? checked.value : formatMistakes(checked.mistakes)
}
