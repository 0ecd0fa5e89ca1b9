import { describe, expect, test } from 'vitest'
import { plainNumber, readCases } from './read-cases.ts'

const whole = { id: 'a', model: 'volume', input: {}, expected: {}, source: 'page' }

describe('a file of cases', () => {
  test.each([
    ['an object', JSON.stringify({ note: 'n', cases: [whole] })],
    ['a list', JSON.stringify([whole])],
    ['with a byte order mark', `\uFEFF${JSON.stringify([whole])}`],
  ])('is %s', (_, text) => {
    expect(readCases(text)).toEqual({ ok: true, value: [whole] })
  })

  test('numbers keep their digits', () => {
    const text = '[{"id":"a","model":"m","input":{"x":0.10000000000000000001,"y":[1e-7]},"expected":{}}]'
    expect(readCases(text)).toMatchObject({ value: [{ input: { x: '0.10000000000000000001', y: ['0.0000001'] } }] })
  })

  test.each([
    ['{', 'The file is no JSON'],
    ['\u001b[2J\u0000', 'The file is no JSON: Unexpected token \' \', " [2J " is not valid JSON'],
    ['{}', 'The file has no list of cases'],
    ['{"cases":5}', 'The file has no list of cases'],
  ])('%s is refused', (text, message) => {
    const read = readCases(text)
    expect(read.ok ? '' : read.fault.message).toContain(message)
  })

  test.each<readonly [written: unknown, id: string, problem: string]>([
    [5, 'cases.0', 'is no object'],
    [{ ...whole, id: null, model: null }, 'cases.0', 'model is missing'],
    [{ ...whole, id: 7, model: '' }, '7', 'model is missing'],
    [{ ...whole, input: [] }, 'a', 'input is missing'],
    [{ ...whole, expected: null }, 'a', 'expected is missing'],
  ])('%j is named and does not stop the others', (written, id, problem) => {
    const read = readCases(JSON.stringify([written, whole]))
    expect(read).toMatchObject({ value: [{ id, problem: expect.stringContaining(problem) }, whole] })
  })
})

test.each([
  ['12', '12'],
  ['-0.5', '-0.5'],
  ['1e3', '1000'],
  ['1.5e-7', '0.00000015'],
  ['12.25e1', '122.5'],
  ['-2.5E+2', '-250'],
  ['0.001e2', '0.1'],
  ['1e500', '1e500'],
])('the number %s is %s', (text, plain) => {
  expect(plainNumber(text)).toBe(plain)
})
