import { describe, expect, test } from 'vitest'
import { formatDuration, longestDurationMs, parseDurationMs } from './duration.ts'

describe('durations', () => {
  test.each([
    ['90s', 90_000],
    ['15m', 900_000],
    ['6h', 21_600_000],
    ['1d', 86_400_000],
    ['36525d', longestDurationMs],
  ])('%s is %i ms and is written so again', (text, durationMs) => {
    expect(parseDurationMs(text)).toEqual({ ok: true, value: durationMs })
    expect(formatDuration(durationMs)).toBe(text)
  })

  test('a text is as short as it can be', () => {
    expect(parseDurationMs('60m')).toEqual({ ok: true, value: 3_600_000 })
    expect(formatDuration(3_600_000)).toBe('1h')
  })

  test.each(['', '0s', '15', 'm', '1.5h', '-1h', '15 m', '1h30m', '15M', '1w', '36526d', '999999999d', '01m'])(
    '%j is refused and says how to write it',
    (text) => {
      expect(parseDurationMs(text)).toMatchObject({ ok: false, fault: { code: 'duration_invalid' } })
    },
  )
})
