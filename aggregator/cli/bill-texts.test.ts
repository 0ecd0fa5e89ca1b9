import { expect, test } from 'vitest'
import type { BillSummary, ClosedPeriod } from '../flow/bill-answers.ts'
import { billRunText, closedText } from './bill-texts.ts'

const parties = { seller: 'acme', buyer: 'bright', currency: 'EUR' }
const bill: BillSummary = {
  ...parties,
  kind: 'credit-note',
  period: '2025-06',
  lines: 2,
  total: '-7.50',
  hash: 'ab'.repeat(32),
}
const document = { number: 'acme-000001', series: 'acme', period: '2025-06', total: '7.50', logIndex: 3, ...parties }
const closed: ClosedPeriod = {
  period: '2025-06',
  state: 'closed',
  documents: [document],
  waiting: [],
  bills: [],
  digest: null,
}

test('a closed period lists its documents', () => {
  expect(closedText(closed, false)).toMatch(/^Period 2025-06 is closed\.\nnumber [^]*acme-000001/)
})

test('one that is not closed yet says who waits for what', () => {
  const waiting: ClosedPeriod['waiting'] = [
    { ...parties, reason: 'grace', untilMs: Date.UTC(2025, 6, 4) },
    { ...parties, buyer: 'nordlink', reason: 'earlier-period', untilMs: null },
    { ...parties, buyer: 'hansa', reason: 'approval', untilMs: null },
  ]
  const text = closedText({ ...closed, state: 'closing', waiting, bills: [bill], digest: 'cd'.repeat(32) }, false)
  expect(text).toContain('Period 2025-06 is not closed yet: 3 bills wait.')
  expect(text).toContain('Waiting for approval:')
  expect(text).toContain(`digest ${'cd'.repeat(32)}`)
  expect(text).toContain('The bill of acme to bright (EUR) waits for late usage until 2025-07-04T00:00:00.000Z.')
  expect(text).toContain('The bill of acme to nordlink (EUR) waits for the one of an earlier period.')
})

test('a dry run lists what would be issued, and nothing else as issued', () => {
  const text = closedText({ ...closed, state: 'open', bills: [bill], digest: 'cd'.repeat(32) }, true)
  expect(text).toMatch(/^Would be issued:\n[^]*credit-note +2 +-7\.50 +EUR\ndigest cd/)
  expect(text).not.toContain('acme-000001')
})

test('a run that comes to nothing says so', () => {
  const nothing = { documents: [], waiting: [], bills: [], digest: null }
  expect(billRunText(nothing, false)).toBe('Nothing was issued.')
  expect(billRunText(nothing, true)).toBe('Nothing would be issued.')
})
