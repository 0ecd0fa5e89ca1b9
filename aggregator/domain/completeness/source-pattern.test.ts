import { describe, expect, test } from 'vitest'
import { matchesSource, patternsOverlap, sourcePattern } from './source-pattern.ts'

describe('a source pattern', () => {
  test.each([
    ['gw-7', 'gw-7', true],
    ['gw-7', 'gw-70', false],
    ['gw-*', 'gw-70', true],
    ['gw-*', 'gw-', true],
    ['gw-*', 'xgw-7', false],
    ['*', 'anything', true],
  ])('%s means %s: %s', (pattern, source, expected) => {
    expect(matchesSource(pattern, source)).toBe(expected)
  })

  test.each([
    ['a', 'a', true],
    ['a', 'b', false],
    ['a*', 'ab', true],
    ['a*', 'ba', false],
    ['a*', 'ab*', true],
    ['ab*', 'ac*', false],
    ['*', 'x', true],
  ])('%s and %s share sources: %s', (left, right, expected) => {
    expect(patternsOverlap(left, right)).toBe(expected)
    expect(patternsOverlap(right, left)).toBe(expected)
  })

  test.each(['', 'a*b', '*a', 'a**', 'x'.repeat(129)])('%j is none', (text) => {
    expect(sourcePattern.safeParse(text).success).toBe(false)
  })
})
