import { expect, test } from 'vitest'
import { benchJson, benchTable } from './bench-table.ts'
import { against, alone, beside, median, notMeasurable, reaches } from './measurement.ts'

const findings = [
  beside('intake', 'events/s', 120_000, 300_000, { goal: { sense: 'at least', value: 0.3, of: 'ratio' } }),
  against('memory', 'MB', 120.456, { sense: 'at most', value: 110 }, 'after 5 s'),
  alone('p50', 'ms', 2.10049),
  notMeasurable('slow disk', 'events/s', 'no gcc'),
]

test('rows are written with exactly five keys, in four significant digits', () => {
  expect(JSON.parse(benchJson(findings))).toEqual([
    { name: 'intake', value: 120_000, unit: 'events/s', limit: 300_000, ratio: 0.4 },
    { name: 'memory', value: 120.5, unit: 'MB', limit: 110, ratio: 1.095 },
    { name: 'p50', value: 2.1, unit: 'ms', limit: null, ratio: null },
    { name: 'slow disk', value: null, unit: 'events/s', limit: null, ratio: null },
  ])
})

test('the table aligns its columns, judges goals and puts notes below', () => {
  expect(benchTable(findings)).toBe(
    [
      'measurement    value  unit       beside  ratio  goal',
      'intake       120,000  events/s  300,000  0.400  ≥ 0.3 of it  met',
      'memory           121  MB            110   1.09  ≤ 110        MISSED',
      'p50              2.1  ms',
      'slow disk             events/s                               not measurable',
      '',
      '  memory: after 5 s',
      '  slow disk: no gcc',
    ].join('\n'),
  )
})

test.each([
  ['at least', 10, 9.9, false],
  ['at least', 10, 10, true],
  ['at most', 10, 10, true],
  ['at most', 10, 10.1, false],
] as const)('%s %d: %d reaches it: %s', (sense, goal, value, reached) => {
  expect(reaches(against('row', 'ms', value, { sense, value: goal }))).toBe(reached)
})

test('a row without a goal or a value is not judged', () => {
  expect(reaches(alone('row', 'ms', 1))).toBeNull()
  expect(reaches(notMeasurable('row', 'ms', 'why'))).toBeNull()
})

test('the median is the one in the middle', () => {
  expect(median([5, 1, 9])).toBe(5)
})
