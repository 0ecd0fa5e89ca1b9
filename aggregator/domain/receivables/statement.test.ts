import { expect, test } from 'vitest'
import { statementOf, type StatementEvent } from './statement.ts'

const events: readonly StatementEvent[] = [
  { atMs: 30, logIndex: 9, kind: 'payment', reference: 'bank 1', micros: -70n },
  { atMs: 10, logIndex: 3, kind: 'invoice', reference: 'acme-1', micros: 100n },
  { atMs: 30, logIndex: 8, kind: 'credit-note', reference: 'acme-cn-1', micros: -20n },
  { atMs: 50, logIndex: 12, kind: 'invoice', reference: 'acme-2', micros: 5n },
]

test('a statement begins with what was owed, and shows the balance after each event in its order', () => {
  expect(statementOf(events, 20, 50)).toEqual({
    openingMicros: 100n,
    rows: [
      { ...events[2], balanceMicros: 80n },
      { ...events[0], balanceMicros: 10n },
    ],
    closingMicros: 10n,
  })
})

test('its bounds are half open', () => {
  expect(statementOf(events, 10, 30).rows).toEqual([{ ...events[1], balanceMicros: 100n }])
  expect(statementOf(events, 60, 70)).toEqual({ openingMicros: 15n, rows: [], closingMicros: 15n })
})
