import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { calendarMonths, periodAt, type BillingCycle } from './billing-cycle.ts'
import { dueClosings, nextDueMs, type ClosingCalendar } from './due-closings.ts'

const mid: BillingCycle = { id: 'mid', day: 15, offsets: null }
const dayMs = 86_400_000
const onDay = (month: number, day: number): number => Date.UTC(2026, month - 1, day)

function calendar(given: Partial<ClosingCalendar> = {}, closed: readonly string[] = []): ClosingCalendar {
  return {
    cycles: [calendarMonths, mid],
    gracesMs: [],
    firstMs: onDay(3, 20),
    earlier: [],
    isClosed: (key) => closed.includes(key),
    ...given,
  }
}

const keys = (given: ClosingCalendar, atMs: number): readonly string[] => dueClosings(given, atMs).map(({ key }) => key)

describe('periods that are due to be closed', () => {
  test('are those that are over, from the one the books began in, by their ends', () => {
    expect(keys(calendar(), onDay(3, 31))).toEqual([])
    expect(keys(calendar(), onDay(4, 1))).toEqual(['2026-03'])
    expect(keys(calendar(), onDay(5, 15) - 1)).toEqual(['2026-03', '2026-03~mid', '2026-04'])
    expect(keys(calendar(), onDay(5, 15))).toEqual(['2026-03', '2026-03~mid', '2026-04', '2026-04~mid'])
    expect(keys(calendar({}, ['2026-03', '2026-04']), onDay(5, 14))).toEqual(['2026-03~mid'])
  })

  test('that end together come by their keys', () => {
    const first: BillingCycle = { id: 'a', day: 1, offsets: null }
    expect(keys(calendar({ cycles: [first, calendarMonths] }), onDay(4, 1))).toEqual(['2026-03', '2026-03~a'])
  })

  test('are also earlier ones that something is left of', () => {
    const earlier = [periodAt(calendarMonths, onDay(1, 5))]
    expect(keys(calendar({ earlier }), onDay(4, 1))).toEqual(['2026-01', '2026-03'])
  })
})

describe('what is due next', () => {
  test.each([
    ['the end of a month', onDay(3, 20), [], onDay(4, 1)],
    ['behind it, that of another cycle', onDay(4, 1), ['2026-03'], onDay(4, 15)],
    ['the end of a grace of a period that is not closed', onDay(4, 1), [], onDay(4, 4)],
    ['not the grace that is over', onDay(4, 4), [], onDay(4, 15)],
  ] as const)('is %s', (_words, afterMs, closed, dueMs) => {
    expect(nextDueMs(calendar({ gracesMs: [3 * dayMs] }, closed), afterMs)).toBe(dueMs)
  })

  test('is nothing where nobody gets documents', () => {
    expect(nextDueMs(calendar({ cycles: [] }), onDay(4, 1))).toBe(Infinity)
  })

  test('going from one to the next closes every period once, as soon as it is over, in whatever steps', () => {
    const cycles = fc.uniqueArray(fc.integer({ min: 1, max: 31 }), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(cycles, fc.integer({ min: 0, max: 300 }), (days, span) => {
        const closed: string[] = []
        const own = calendar(
          { cycles: days.map((day) => ({ id: `c${day}`, day, offsets: null })), gracesMs: [dayMs] },
          closed,
        )
        const toMs = own.firstMs + span * dayMs
        for (let nowMs = own.firstMs; nowMs < toMs; nowMs = Math.min(toMs, nextDueMs(own, nowMs))) {
          for (const { key, endMs } of dueClosings(own, nowMs)) {
            expect(endMs).toBe(nowMs)
            expect(closed).not.toContain(key)
            closed.push(key)
          }
        }
        closed.push(...keys(own, toMs))
        expect(closed.toSorted()).toEqual(keys(calendar({ cycles: own.cycles }), toMs).toSorted())
      }),
    )
  })
})
