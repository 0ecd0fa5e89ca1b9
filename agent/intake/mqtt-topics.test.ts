import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isDeviceId } from '../domain/device-id.ts'
import { LocalInterest } from './mqtt-interest.ts'
import { deviceOfFilter, isTopicPrefix, maySubscribe, telemetryRoute, type Leaf } from './mqtt-topics.ts'

const prefix = 'meter/v1'

describe('telemetry topics', () => {
  const topics: readonly [string, ReturnType<typeof telemetryRoute>][] = [
    ['meter/v1/trk-1/usage', { device: 'trk-1', kind: 'usage' }],
    ['meter/v1/llm-1/ai', { device: 'llm-1', kind: 'ai' }],
    ['meter/v1/00:1b:44:11:3a:b7/usage', { device: '00:1b:44:11:3a:b7', kind: 'usage' }],
    ['meter/v1/constructor/usage', { device: 'constructor', kind: 'usage' }],
    ['meter/v1/trk-1/reject', null],
    ['meter/v1/trk-1/usage/', null],
    ['meter/v1/trk-1/usage/x', null],
    ['meter/v1//usage', null],
    ['meter/v1/usage', null],
    ['meter/v1/+/usage', null],
    ['meter/v1/#', null],
    ['meter/v1/__proto__/usage', null],
    ['meter/v1/trk 1/usage', null],
    ['meter/v10/trk-1/usage', null],
    ['/meter/v1/trk-1/usage', null],
    ['$SYS/meter/v1/trk-1/usage', null],
    ['', null],
  ]
  test.each(topics)('%s', (topic, route) => {
    expect(telemetryRoute(prefix, topic)).toEqual(route)
  })
})

test('device ids and prefixes', () => {
  expect(['trk-1', 'A', '0', 'a.b_c:d-e', 'x'.repeat(64)].filter(isDeviceId)).toHaveLength(5)
  expect(['', '-a', '.', 'a/b', 'a b', 'é', 'a\u0000', '+', '#', 'x'.repeat(65)].filter(isDeviceId)).toEqual([])
  expect(['meter/v1', 'm', 'a/b/c/d'].filter(isTopicPrefix)).toHaveLength(3)
  expect(['', '/m', 'm/', 'm//n', '+', '$SYS', 'a/#', 'a b', 'a/b/c/d/e/f/g/h/i'].filter(isTopicPrefix)).toEqual([])
})

describe('subscriptions', () => {
  const filters: readonly [string, boolean, boolean][] = [
    // filter, allowed for device trk-1, allowed for anybody on this machine
    ['meter/v1/trk-1/reject', true, true],
    ['meter/v1/trk-1/#', true, true],
    ['meter/v1/trk-1/+', true, true],
    ['meter/v1/trk-10/reject', false, true],
    ['meter/v1/trk-2/reject', false, true],
    ['meter/v1/+/usage', false, true],
    ['meter/v1/#', false, true],
    ['meter/v1/trk-1', false, true],
    ['meter/+/trk-1/usage', false, false],
    ['meter/v1', false, false],
    ['+/v1/trk-1/#', false, false],
    ['#', false, false],
    ['$SYS/#', false, false],
    [`meter/v1/trk-1/${'x'.repeat(300)}`, false, false],
  ]
  test.each(filters)('%s', (filter, device, anybody) => {
    expect(maySubscribe(prefix, 'trk-1', filter)).toBe(device)
    expect(maySubscribe(prefix, null, filter)).toBe(anybody)
  })
})

/** Matching as MQTT 3.1.1, section 4.7, words it, level by level. */
function matches(filter: readonly string[], topic: readonly string[]): boolean {
  const [level, ...rest] = filter
  if (level === '#') return true
  if (topic.length === 0) return level === undefined
  if (level !== '+' && level !== topic[0]) return false
  return matches(rest, topic.slice(1))
}

test('whom a filter reaches agrees with matching, and interest counts it', () => {
  const levels = fc.constantFrom('meter', 'v1', 'a', 'b', 'usage', 'ai', 'reject', '+', 'x')
  const filters = fc
    .tuple(
      fc.constantFrom('', 'meter/v1/', 'meter/+/', '+/v1/'),
      fc.array(levels, { minLength: 1, maxLength: 5 }),
      fc.constantFrom('', '/#'),
    )
    .map(([start, middle, end]) => `${start}${middle.join('/')}${end}`)
  fc.assert(
    fc.property(fc.array(filters, { maxLength: 5 }), fc.nat(4), (added, removed) => {
      const interest = new LocalInterest(prefix)
      for (const filter of added) interest.add(filter)
      for (const filter of added.slice(0, removed)) interest.remove(filter)
      const left = added.slice(removed)
      for (const device of ['a', 'b', 'c']) {
        for (const leaf of ['usage', 'ai', 'reject'] satisfies Leaf[]) {
          const topic = `${prefix}/${device}/${leaf}`.split('/')
          const reaching = left.filter((filter) => matches(filter.split('/'), topic))
          const said = left.filter((filter) => ['+', device].includes(deviceOfFilter(prefix, filter, leaf) ?? ''))
          expect(said).toEqual(reaching)
          expect(interest.has(device, leaf)).toBe(reaching.length > 0)
        }
      }
    }),
    { numRuns: 1000 },
  )
})
