import { expect, test } from 'vitest'
import { reportSchema, tally } from './test-tally.ts'

interface Outcome {
  readonly fullName: string
  readonly status: string
}

test('passed tests are counted and nothing is said about them', () => {
  expect(tally('unit', reportOf([one('a', 'passed'), one('b', 'passed')]), true)).toEqual({
    passed: 2,
    failed: 0,
    skipped: 0,
    notes: [],
  })
})

test.each([
  ['replay (METERLINE_TRACES is not set)', 'skipped'],
  ['publishing: mosquitto_pub is not installed', 'pending'],
  ['power cut (needs a C compiler)', 'skipped'],
])('a test skipped for a named reason is skipped: %s', (fullName, status) => {
  expect(tally('unit', reportOf([one('a', 'passed'), one(fullName, status)]), true)).toEqual({
    passed: 1,
    failed: 0,
    skipped: 1,
    notes: [`skipped: ${fullName}`],
  })
})

test.each(['skipped', 'pending', 'todo'])('a test that is %s without a reason has failed', (status) => {
  const result = tally('unit', reportOf([one('a', 'passed'), one('later', status)]), true)
  expect(result).toMatchObject({ passed: 1, failed: 1, skipped: 0 })
  expect(result.notes).toEqual([expect.stringContaining('later')])
})

test('a failed test is named', () => {
  const result = tally('unit', reportOf([one('a b', 'failed'), one('c', 'passed')]), false)
  expect(result).toEqual({ passed: 1, failed: 1, skipped: 0, notes: ['failed: a b'] })
})

test('a file that cannot be loaded has failed', () => {
  const broken = { name: 'x.test.ts', status: 'failed', message: 'SyntaxError: oh\n at', assertionResults: [] }
  const report = reportSchema.parse({ testResults: [broken, { ...fileOf([one('a', 'passed')]) }] })
  const result = tally('unit', report, false)
  expect(result).toMatchObject({ passed: 1, failed: 1, notes: ['failed: x.test.ts: SyntaxError: oh'] })
})

test.each([
  ['left no report', undefined, false],
  ['there were no tests', reportOf([]), true],
  ['ended badly', reportOf([one('a', 'passed')]), false],
])('a run that %s has failed', (note, report, succeeded) => {
  const result = tally('unit', report, succeeded)
  expect(result.failed).toBe(1)
  expect(result.notes).toEqual([expect.stringContaining(note)])
})

function one(fullName: string, status: string): Outcome {
  return { fullName, status }
}

function fileOf(outcomes: readonly Outcome[]): object {
  const failed = outcomes.some(({ status }) => status === 'failed')
  return { name: 'a.test.ts', status: failed ? 'failed' : 'passed', assertionResults: outcomes }
}

function reportOf(outcomes: readonly Outcome[]): ReturnType<typeof reportSchema.parse> {
  return reportSchema.parse({ testResults: [fileOf(outcomes)] })
}
