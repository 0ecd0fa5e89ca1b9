import { expect, test } from 'vitest'
import { AssertionFailure, assertThat, failed, fault, FaultError, ok, type Fault, type Result } from './errors.ts'

test('a fault without details has no such field', () => {
  expect(fault('too_large', 'the payload is too large')).toStrictEqual({
    code: 'too_large',
    message: 'the payload is too large',
  })
  expect(fault('too_large', 'too large', { bytes: 7 })).toStrictEqual({
    code: 'too_large',
    message: 'too large',
    details: { bytes: 7 },
  })
})

test('a result carries its value or its fault', () => {
  const half = (number: number): Result<number, Fault<'odd'>> =>
    number % 2 === 0 ? ok(number / 2) : failed(fault('odd', `${number} is odd`))
  expect(half(4)).toStrictEqual({ ok: true, value: 2 })
  expect(half(3)).toStrictEqual({ ok: false, fault: { code: 'odd', message: '3 is odd' } })
})

test('a fault error says what its fault says and keeps the cause', () => {
  const cause = new Error('ENOENT')
  const error = new FaultError(fault('key_missing', 'the signing key is missing'), { cause })
  expect(error).toBeInstanceOf(Error)
  expect(error).toMatchObject({ name: 'FaultError', message: 'the signing key is missing', cause })
  expect(error.fault.code).toBe('key_missing')
})

test('an assertion throws only when it does not hold', () => {
  assertThat(true, 'never said')
  expect(() => assertThat(false, 'the queue is empty here')).toThrow(AssertionFailure)
  expect(() => assertThat(false, 'the queue is empty here')).toThrow('the queue is empty here')
})
