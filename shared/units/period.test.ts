import fc from 'fast-check'
import { expect, test } from 'vitest'
import { monthPeriodOf, parsePeriodKey } from './period.ts'

test.each([
  ['1970-01', Date.UTC(1970, 0), Date.UTC(1970, 1)],
  ['2026-11', Date.UTC(2026, 10), Date.UTC(2026, 11)],
  ['2026-12', Date.UTC(2026, 11), Date.UTC(2027, 0)],
  ['2024-02', Date.UTC(2024, 1), Date.UTC(2024, 2)],
  ['9999-12', Date.UTC(9999, 11), Date.UTC(9999, 12)],
])('%s is a whole month in UTC', (key, startMs, endMs) => {
  const period = { key, startMs, endMs }
  expect(parsePeriodKey(key)).toEqual({ ok: true, value: period })
  expect(monthPeriodOf(startMs)).toEqual(period)
  expect(monthPeriodOf(endMs - 1)).toEqual(period)
})

test.each([
  '',
  '2026',
  '2026-1',
  '2026-00',
  '2026-13',
  '1969-12',
  '26-11',
  '2026-11-01',
  ' 2026-11',
  '2026-11\n',
  '２026-11',
])('%j is no period', (key) => {
  expect(parsePeriodKey(key)).toMatchObject({ ok: false, fault: { code: 'period_invalid' } })
})

test('every instant lies in its month, and months follow each other without a gap', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: Date.UTC(9998, 11, 31) }), (timeMs) => {
      const period = monthPeriodOf(timeMs)
      expect(period.startMs <= timeMs && timeMs < period.endMs).toBe(true)
      expect(period.key).toBe(new Date(timeMs).toISOString().slice(0, 7))
      expect(monthPeriodOf(period.endMs).startMs).toBe(period.endMs)
      expect(parsePeriodKey(period.key)).toEqual({ ok: true, value: period })
    }),
    { numRuns: 1_000 },
  )
})

test('an instant that is none is a bug', () => {
  for (const timeMs of [-1, Number.NaN, Date.UTC(10_000, 0)]) expect(() => monthPeriodOf(timeMs)).toThrow('no instant')
})
