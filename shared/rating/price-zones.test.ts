import { expect, test } from 'vitest'
import { parsePrice } from './price-schema.ts'
import type { Price } from './price.ts'
import { unresolvedZones, withoutZoneOffsets, withZoneOffsets } from './price-zones.ts'

const perUnit = { model: 'per-unit', amount: '1' }
const timeOfUse = (zone: string): object => ({
  model: 'time-of-use',
  zone,
  windows: [{ name: 'weekend', at: [{ days: 'sat-sun' }], price: perUnit }],
  otherwise: { name: 'week', price: perUnit },
})

function read(json: unknown): Price {
  const parsed = parsePrice(json)
  if (!parsed.ok) throw new Error(parsed.fault.message)
  return parsed.value
}
const nested = read({
  model: 'matrix',
  dimensions: ['site'],
  rows: [
    { when: { site: 'a' }, ...timeOfUse('Europe/Berlin') },
    { when: { site: 'b' }, ...timeOfUse('Asia/Kolkata') },
    { when: { site: 'c' }, ...timeOfUse('Europe/Berlin') },
    { when: {}, ...perUnit },
  ],
})
const india = [{ fromMs: 0, offsetMinutes: 330 }]
const berlin = [{ fromMs: 0, offsetMinutes: 60 }]

test('zones without offsets are named once and filled in, whether a price stands alone or in a matrix', () => {
  expect(unresolvedZones(nested)).toEqual(['Europe/Berlin', 'Asia/Kolkata'])
  const half = withZoneOffsets(nested, new Map([['Asia/Kolkata', india]]))
  expect(unresolvedZones(half)).toEqual(['Europe/Berlin'])
  const whole = withZoneOffsets(
    half,
    new Map([
      ['Europe/Berlin', berlin],
      ['Asia/Kolkata', berlin],
    ]),
  )
  expect(unresolvedZones(whole)).toEqual([])
  // What was resolved before stays as it was.
  expect(
    withZoneOffsets(
      nested,
      new Map([
        ['Europe/Berlin', berlin],
        ['Asia/Kolkata', india],
      ]),
    ),
  ).toEqual(whole)
  expect(withoutZoneOffsets(whole)).toEqual(nested)
})

test('a price by time of use alone is resolved, and one of another model is left as it is', () => {
  const alone = read(timeOfUse('Europe/Berlin'))
  expect(unresolvedZones(alone)).toEqual(['Europe/Berlin'])
  expect(withZoneOffsets(alone, new Map([['Europe/Berlin', berlin]]))).toEqual({ ...alone, offsets: berlin })
  const other = read(perUnit)
  expect(unresolvedZones(other)).toEqual([])
  expect(withZoneOffsets(other, new Map([['Europe/Berlin', berlin]]))).toBe(other)
})
