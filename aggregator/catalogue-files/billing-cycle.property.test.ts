import fc from 'fast-check'
import { expect, test } from 'vitest'
import { periodAfter, periodAt, periodOfKey, type BillingCycle } from '../domain/periods/billing-cycle.ts'
import { zoneOffsets } from './zone-offsets.ts'

// Some that change their clocks at midnight, twice a year, by half an hour, or never.
const zones = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'America/Havana',
  'America/Asuncion',
  'Asia/Kolkata',
  'Asia/Beirut',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'Africa/Cairo',
] as const
const firstMs = Date.UTC(2023, 11)
const lastMs = Date.UTC(2028, 1)
const hourMs = 3_600_000
const quarterMs = hourMs / 4

/** The date on the clocks of a zone at an instant as Node's own calendar says it, such as `2026-11-15`. */
function dateTeller(zone: string): (timeMs: number) => string {
  const format = new Intl.DateTimeFormat('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' })
  return (timeMs) => format.format(timeMs)
}

/** The first instants of all days of some years on the clocks of a zone, found by walking; each with its date. */
function dayStarts(zone: string): readonly { readonly date: string; readonly startMs: number }[] {
  const dateAt = dateTeller(zone)
  const starts: { date: string; startMs: number }[] = []
  const seen = new Set([dateAt(firstMs)])
  for (let timeMs = firstMs; timeMs < lastMs; timeMs += hourMs) {
    if (seen.has(dateAt(timeMs + hourMs))) continue
    // Clocks are put forward or back on the quarter of an hour in all these years.
    for (let startMs = timeMs + quarterMs; startMs <= timeMs + hourMs; startMs += quarterMs) {
      const date = dateAt(startMs)
      if (seen.has(date)) continue
      seen.add(date)
      starts.push({ date, startMs })
    }
  }
  return starts
}

function cycleOf(day: number, zone: string): BillingCycle {
  if (zone === 'UTC') return { id: 'own', day, offsets: null }
  const offsets = zoneOffsets(zone)
  if (!offsets.ok) throw new Error(offsets.fault.message)
  return { id: 'own', day, offsets: offsets.value }
}

test.each(zones)('periods in %s begin where a walk over the calendar finds their day', (zone) => {
  const starts = dayStarts(zone)
  const months = [...new Set(starts.map(({ date }) => date.slice(0, 7)))].filter(
    (month) => month >= '2024-01' && month <= '2027-12',
  )
  expect(months).toHaveLength(48)
  for (let day = 1; day <= 31; day++) {
    const cycle = cycleOf(day, zone)
    for (const month of months) {
      const days = starts.filter(({ date }) => date.startsWith(month))
      const due = days.find(({ date }) => Number(date.slice(8)) === day) ?? days.at(-1)
      const period = periodOfKey(new Map([['own', cycle]]), `${month}~own`)
      expect(`${month} ${day} ${period.ok && period.value.startMs}`).toBe(`${month} ${day} ${due?.startMs}`)
    }
  }
})

test('every instant lies in exactly one period, and periods follow each other without a gap', () => {
  const zonesOf = fc.constantFrom(...zones)
  const instants = fc.integer({ min: Date.UTC(2024, 0), max: Date.UTC(2028, 0) - 1 })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 31 }), zonesOf, instants, (day, zone, timeMs) => {
      const cycle = cycleOf(day, zone)
      const period = periodAt(cycle, timeMs)
      expect(period.startMs).toBeLessThanOrEqual(timeMs)
      expect(period.endMs).toBeGreaterThan(timeMs)
      expect(periodAt(cycle, period.startMs)).toEqual(period)
      expect(periodAt(cycle, period.endMs - 1)).toEqual(period)
      const next = periodAfter(cycle, period)
      expect(next.startMs).toBe(period.endMs)
      expect(next.key > period.key).toBe(true)
      expect(periodOfKey(new Map([['own', cycle]]), period.key)).toEqual({ ok: true, value: period })
    }),
    { numRuns: 2_000 },
  )
})
