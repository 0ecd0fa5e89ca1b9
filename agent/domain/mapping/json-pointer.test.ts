import { describe, expect, test } from 'vitest'
import { compilePointer } from './json-pointer.ts'

// The document and the pointers of RFC 6901, section 5.
const document = {
  foo: ['bar', 'baz'],
  '': 0,
  'a/b': 1,
  'c%d': 2,
  'e^f': 3,
  'g|h': 4,
  'i\\j': 5,
  'k"l': 6,
  ' ': 7,
  'm~n': 8,
}

function at(pointer: string, value: unknown = document): unknown {
  const compiled = compilePointer(pointer)
  if (!compiled.ok) throw new Error(compiled.fault.message)
  return compiled.value(value)
}

describe('a JSON pointer', () => {
  test.each([
    ['', document],
    ['/foo', ['bar', 'baz']],
    ['/foo/0', 'bar'],
    ['/', 0],
    ['/a~1b', 1],
    ['/c%d', 2],
    ['/e^f', 3],
    ['/g|h', 4],
    ['/i\\j', 5],
    ['/k"l', 6],
    ['/ ', 7],
    ['/m~0n', 8],
  ])('%j finds %j', (pointer, expected) => {
    expect(at(pointer)).toEqual(expected)
  })

  test.each(['/bar', '/foo/2', '/foo/01', '/foo/-', '/foo/-1', '/foo/bar', '/foo/0/x', '/a~1b/c', '/foo/length'])(
    '%j finds nothing',
    (pointer) => {
      expect(at(pointer)).toBeUndefined()
    },
  )

  test.each(['/constructor', '/__proto__', '/toString/name', '/foo/constructor'])(
    'what JavaScript objects inherit is not there: %j',
    (pointer) => {
      expect(at(pointer)).toBeUndefined()
    },
  )

  test('a member called __proto__ is found where the payload has one', () => {
    expect(at('/__proto__/x', JSON.parse('{"__proto__": {"x": 1}}'))).toBe(1)
  })

  test('bytes are a value, not a list', () => {
    expect(at('/0', new Uint8Array([1]))).toBeUndefined()
  })

  test.each(['foo', 'foo/bar', '/a~', '/a~2b', `/${'x'.repeat(300)}`])('%j is none', (pointer) => {
    expect(compilePointer(pointer).ok).toBe(false)
  })
})
