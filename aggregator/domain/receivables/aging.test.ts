import { describe, expect, test } from 'vitest'
import { agingOf, daysOverdue, type AgedClaim } from './aging.ts'

const parties = { seller: 'acme', buyer: 'fjord', currency: 'EUR' }
const due = Date.UTC(2026, 10, 14, 9)

function claim(openMicros: bigint, disputedMicros = 0n): AgedClaim {
  return { ...parties, dueMs: due, openMicros, disputedMicros }
}

test.each([
  ['the day before', Date.UTC(2026, 10, 13, 23), -1],
  ['the day itself, at its end', Date.UTC(2026, 10, 14, 23, 59), 0],
  ['the next day, at its beginning', Date.UTC(2026, 10, 15), 1],
])('%s', (_when, asOfMs, days) => {
  expect(daysOverdue(due, asOfMs)).toBe(days)
})

describe('the bucket of a claim', () => {
  test.each([
    [0, 'currentMicros'],
    [1, 'days30Micros'],
    [30, 'days30Micros'],
    [31, 'days60Micros'],
    [60, 'days60Micros'],
    [61, 'days90Micros'],
    [90, 'days90Micros'],
    [91, 'olderMicros'],
    [400, 'olderMicros'],
  ])('%i days overdue', (days, bucket) => {
    expect(agingOf([claim(7n)], [], due + days * 86_400_000)).toMatchObject([{ [bucket]: 7n, balanceMicros: 7n }])
  })
})

test('disputes stand apart, credit lowers the balance, and who owes nothing is left out', () => {
  const settled = { ...claim(0n), buyer: 'settled' }
  const rows = agingOf(
    [claim(100n, 30n), claim(-20n), claim(10n, 15n), settled],
    [{ ...parties, creditMicros: 5n }],
    due,
  )
  expect(rows).toEqual([
    {
      ...parties,
      currentMicros: 70n,
      days30Micros: 0n,
      days60Micros: 0n,
      days90Micros: 0n,
      olderMicros: 0n,
      disputedMicros: 40n,
      creditMicros: 25n,
      balanceMicros: 85n,
    },
  ])
})

test('rows are by seller, buyer and currency', () => {
  const others = [{ ...claim(1n), buyer: 'z' }, claim(2n), { ...claim(3n), currency: 'CHF' }]
  expect(agingOf(others, [], due).map(({ buyer, currency }) => `${buyer} ${currency}`)).toEqual([
    'fjord CHF',
    'fjord EUR',
    'z EUR',
  ])
})
