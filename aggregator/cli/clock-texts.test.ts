import { expect, test } from 'vitest'
import { advanceText, clockText } from './clock-texts.ts'

const nowMs = Date.UTC(2026, 10, 26, 12)
const nextDueMs = Date.UTC(2026, 11, 1)

test('a clock says where it stands, what comes next, and what waits', () => {
  const text = clockText({ tenant: 'trial', nowMs, nextDueMs, unclosed: [] })
  expect(text).toBe(
    'The clock of trial stands at 2026-11-26T12:00:00.000Z. Next something falls due at 2026-12-01T00:00:00.000Z.',
  )
  expect(clockText({ tenant: 'trial', nowMs, nextDueMs, unclosed: ['2026-09', '2026-10'] })).toBe(
    `${text}\nOver and not closed: 2026-09, 2026-10.`,
  )
  expect(clockText({ tenant: 'trial', nowMs, nextDueMs: null, unclosed: [] })).toBe(
    'The clock of trial stands at 2026-11-26T12:00:00.000Z. Nothing falls due by itself.',
  )
})

test('a clock that was moved says what happened on the way', () => {
  const text = advanceText({
    tenant: 'trial',
    fromMs: nowMs,
    toMs: nextDueMs,
    steps: [
      { atMs: nextDueMs, what: 'waits', period: '2026-11', documents: [] },
      { atMs: nextDueMs, what: 'closed', period: '2026-11~mid', documents: ['a-000001'] },
      { atMs: nextDueMs, what: 'progressive', period: '2026-12', documents: ['a-000002', 'a-000003'] },
    ],
  })
  expect(text.split('\n')).toEqual([
    'The clock of trial went from 2026-11-26T12:00:00.000Z to 2026-12-01T00:00:00.000Z.',
    '2026-12-01T00:00:00.000Z  period 2026-11 closing, some bills wait  no document',
    '2026-12-01T00:00:00.000Z  period 2026-11~mid closed  1 document: a-000001',
    '2026-12-01T00:00:00.000Z  billed in the middle of 2026-12  2 documents: a-000002, a-000003',
  ])
  expect(advanceText({ tenant: 'trial', fromMs: nowMs, toMs: nowMs, steps: [] })).toContain('Nothing fell due')
})
