import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { filtersOverlap, sharedFilterOf, topicFilterProblem, topicMatches } from './topic-filter.ts'

describe('which topics a filter matches (MQTT 3.1.1, section 4.7)', () => {
  test.each([
    ['sport/tennis/player1/#', 'sport/tennis/player1', true],
    ['sport/tennis/player1/#', 'sport/tennis/player1/ranking', true],
    ['sport/tennis/player1/#', 'sport/tennis/player1/score/wimbledon', true],
    ['sport/#', 'sport', true],
    ['sport/#', 'sports', false],
    ['#', 'a/b', true],
    ['sport/tennis/+', 'sport/tennis/player1', true],
    ['sport/tennis/+', 'sport/tennis/player1/ranking', false],
    ['sport/+', 'sport', false],
    ['sport/+', 'sport/', true],
    ['+/+', '/finance', true],
    ['/+', '/finance', true],
    ['+', '/finance', false],
    ['#', '$SYS/uptime', false],
    ['+/uptime', '$SYS/uptime', false],
    ['$SYS/#', '$SYS/uptime', true],
    ['a/b', 'a/b', true],
    ['a/b', 'A/b', false],
    ['a/b', 'a/b/c', false],
  ])('%s and %s: %s', (filter, topic, expected) => {
    expect(topicMatches(filter, topic)).toBe(expected)
  })
})

describe('what can be a filter', () => {
  test.each(['#', '+', 'a/+/b', 'a/#', '/', 'a//b', '$share/group/a/+'])('%s can', (filter) => {
    expect(topicFilterProblem(filter)).toBeNull()
  })

  test.each([
    ['', 'is empty'],
    ['a/#/b', 'has a # that is not the whole last level'],
    ['a#', 'has a # that is not the whole last level'],
    ['a+/b', 'has a + that is not a whole level'],
    ['a\0b', 'holds the character NUL, which no topic may'],
    ['a'.repeat(1025), 'has more than 1024 bytes'],
  ])('%j cannot: %s', (filter, problem) => {
    expect(topicFilterProblem(filter)).toBe(problem)
  })
})

test.each([
  ['$share/group/a/+', 'a/+'],
  ['$share/group/#', '#'],
  ['a/+', 'a/+'],
  ['$share/group', '$share/group'],
])('messages of %s match %s', (filter, inner) => {
  expect(sharedFilterOf(filter)).toBe(inner)
})

describe('filters that overlap', () => {
  test.each([
    ['a/+', 'a/b', true],
    ['a/+', '+/b', true],
    ['a/+', 'b/+', false],
    ['a/#', 'a', true],
    ['a/#', 'a/b/c', true],
    ['a/+', 'a/b/c', false],
    ['#', '$SYS/a', false],
    ['+/a', '$SYS/a', false],
    ['$SYS/#', '$SYS/a', true],
    ['#', '+', true],
    ['/#', '+', false],
    ['/#', '/', true],
  ])('%s and %s: %s', (left, right, expected) => {
    expect(filtersOverlap(left, right)).toBe(expected)
    expect(filtersOverlap(right, left)).toBe(expected)
  })

  test('they do exactly when some topic of a small world matches both', () => {
    const names = ['a', 'b', '$s', '']
    const topics = [1, 2, 3].flatMap((depth) => combinations(names, depth)).filter((topic) => topic !== '')
    const level = fc.constantFrom('a', 'b', '$s', '', '+')
    const filter = fc
      .tuple(fc.array(level, { minLength: 0, maxLength: 2 }), fc.constantFrom('a', 'b', '', '+', '#'))
      .map(([levels, last]) => [...levels, last].join('/'))
      .filter((text) => topicFilterProblem(text) === null)
    fc.assert(
      fc.property(filter, filter, (left, right) => {
        const both = topics.some((topic) => topicMatches(left, topic) && topicMatches(right, topic))
        expect(filtersOverlap(left, right)).toBe(both)
      }),
    )
  })
})

function combinations(names: readonly string[], depth: number): readonly string[] {
  if (depth === 1) return names
  return combinations(names, depth - 1).flatMap((front) => names.map((name) => `${front}/${name}`))
}
