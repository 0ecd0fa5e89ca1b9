import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatInstant, parseDay, parseInstant } from './instant.ts'

const latestMs = Date.UTC(9999, 11, 31, 23, 59, 59, 999)

test.each([
  ['1970-01-01T00:00:00Z', 0],
  ['2026-11-05T10:00:00Z', Date.UTC(2026, 10, 5, 10)],
  ['2026-11-05t10:00:00z', Date.UTC(2026, 10, 5, 10)],
  ['2026-11-05T11:00:00+01:00', Date.UTC(2026, 10, 5, 10)],
  ['2026-11-05T04:30:00-05:30', Date.UTC(2026, 10, 5, 10)],
  ['2026-11-05T10:00:00-00:00', Date.UTC(2026, 10, 5, 10)],
  ['2026-11-05T10:00:00.1Z', Date.UTC(2026, 10, 5, 10, 0, 0, 100)],
  ['2026-11-05T10:00:00.12Z', Date.UTC(2026, 10, 5, 10, 0, 0, 120)],
  ['2026-11-05T10:00:00.9999999Z', Date.UTC(2026, 10, 5, 10, 0, 0, 999)],
  ['2024-02-29T00:00:00Z', Date.UTC(2024, 1, 29)],
  ['2000-02-29T00:00:00Z', Date.UTC(2000, 1, 29)],
  ['1969-12-31T23:30:00-01:00', 30 * 60_000],
  ['2016-12-31T23:59:60Z', Date.UTC(2016, 11, 31, 23, 59, 59, 999)],
  ['2016-12-31T23:59:60.5Z', Date.UTC(2016, 11, 31, 23, 59, 59, 999)],
  ['2017-01-01T00:59:60+01:00', Date.UTC(2016, 11, 31, 23, 59, 59, 999)],
  ['9999-12-31T23:59:59.999Z', latestMs],
  [0, 0],
  [1_762_336_800_000, 1_762_336_800_000],
  [latestMs, latestMs],
])('%s is read', (value, instantMs) => {
  expect(parseInstant(value)).toEqual({ ok: true, value: instantMs })
})

test.each([
  undefined,
  null,
  true,
  {},
  '',
  'now',
  '1762336800000',
  1.5,
  -1,
  latestMs + 1,
  Number.NaN,
  '2026-11-05',
  '2026-11-05T10:00:00',
  '2026-11-05T10:00Z',
  '2026-11-05 10:00:00Z',
  '2026-11-05T10:00:00.Z',
  '2026-11-05T10:00:00,5Z',
  '2026-11-05T10:00:00Z ',
  '2026-11-05T10:00:00ZZ',
  '2026-11-05T10:00:00+0100',
  '2026-11-05T10:00:00+01',
  '2026-11-05T10:00:00+24:00',
  '2026-11-05T10:00:00+01:60',
  '2026-13-05T10:00:00Z',
  '2026-00-05T10:00:00Z',
  '2026-11-31T10:00:00Z',
  '2026-02-29T10:00:00Z',
  '2100-02-29T10:00:00Z',
  '2026-11-00T10:00:00Z',
  '2026-11-05T24:00:00Z',
  '2026-11-05T10:60:00Z',
  '2026-11-05T10:00:61Z',
  '2026-11-05T10:00:60Z',
  '2026-11-05T23:59:60+05:00',
  '1969-12-31T23:59:59Z',
  '0000-01-01T00:00:00Z',
  '+2026-11-05T10:00:00Z',
  '２026-11-05T10:00:00Z',
  `2026-11-05T10:00:00.${'1'.repeat(60)}Z`,
])('%j is refused', (value) => {
  const result = parseInstant(value)
  expect(result).toMatchObject({ ok: false, fault: { code: 'time_invalid' } })
})

const instants = fc.integer({ min: 0, max: latestMs })

test('instants are written and read as the runtime’s own calendar does', () => {
  fc.assert(
    fc.property(instants, (instantMs) => {
      const text = formatInstant(instantMs)
      expect(text).toBe(new Date(instantMs).toISOString())
      expect(parseInstant(text)).toEqual({ ok: true, value: instantMs })
    }),
    { numRuns: 2_000 },
  )
})

test('an offset moves the wall clock and not the instant', () => {
  const offsets = fc.integer({ min: -(24 * 60 - 1), max: 24 * 60 - 1 })
  const middle = fc.integer({ min: 86_400_000, max: latestMs - 86_400_000 })
  fc.assert(
    fc.property(middle, offsets, (instantMs, offsetMinutes) => {
      const local = formatInstant(instantMs + offsetMinutes * 60_000).slice(0, -1)
      const size = Math.abs(offsetMinutes)
      const zone = `${String(Math.floor(size / 60)).padStart(2, '0')}:${String(size % 60).padStart(2, '0')}`
      const text = `${local}${offsetMinutes < 0 ? '-' : '+'}${zone}`
      expect(parseInstant(text)).toEqual({ ok: true, value: instantMs })
    }),
  )
})

test.each([
  ['1970-01-01', 0],
  ['2026-01-31', Date.UTC(2026, 0, 31)],
  ['2024-02-29', Date.UTC(2024, 1, 29)],
])('the day %s is read', (text, startMs) => {
  expect(parseDay(text)).toEqual({ ok: true, value: startMs })
})

test.each(['', '2026-1-31', '2026-02-30', '1969-12-31', '2026-01-31T', '2026-01-31T00:00:00Z', '2026/01/31'])(
  'the day %j is refused',
  (text) => {
    expect(parseDay(text)).toMatchObject({ ok: false, fault: { code: 'time_invalid' } })
  },
)

test('an instant outside four-digit years is a bug to write', () => {
  for (const instantMs of [-1, latestMs + 1, 0.5]) expect(() => formatInstant(instantMs)).toThrow('no instant')
})
