import { expect, test } from 'vitest'
import type { VoidedTarget } from '../flow/void-usage.ts'
import { voidText } from './usage-texts.ts'
import { parseVoidList } from './void-list.ts'

const voided: VoidedTarget = {
  target: { source: 'gw', id: 'a' },
  place: { logIndex: 3, unit: 1 },
  outcome: 'voided',
  code: null,
  message: 'taken back',
}
const before: VoidedTarget = { ...voided, outcome: 'before', message: 'it was voided before' }
const refused: VoidedTarget = {
  ...voided,
  target: { logIndex: 9, unit: 0 },
  outcome: 'refused',
  code: 'event_suspended',
  message: 'it is in suspense (no_price): discard it there instead',
}

test('of many what was not voided is shown, and the sums', () => {
  const report = { dryRun: false, voided: 1, before: 1, refused: 1, targets: [voided, before, refused] }
  expect(voidText(report).split('\n')).toEqual([
    'gw a: it was voided before',
    '9:0: refused, event_suspended: it is in suspense (no_price): discard it there instead',
    '1 event voided, 1 voided before, 1 refused',
  ])
})

test('of one it is said what became of it', () => {
  const report = { dryRun: true, voided: 1, before: 0, refused: 0, targets: [voided] }
  expect(voidText(report)).toBe('gw a: taken back\n1 event would be voided, 0 voided before, 0 refused')
})

test('a list names places and events, and empty lines are left out', () => {
  expect(parseVoidList('17:3\n\n {"source":"gw 1","id":"a:1"} \r\n')).toEqual({
    ok: true,
    value: [
      { logIndex: 17, unit: 3 },
      { source: 'gw 1', id: 'a:1' },
    ],
  })
})

test.each([
  ['nothing', '\n \n', 'the list is empty'],
  ['half a place', '17:3\n17\n', 'line 2 is neither'],
  ['another object', '{"source":"gw"}', 'line 1 is neither'],
  ['an id that is no text', '{"source":"gw","id":3}', 'line 1 is neither'],
  ['too much', '1:1\n'.repeat(10_001), 'more than 10000'],
])('a list with %s is refused', (_what, text, message) => {
  const parsed = parseVoidList(text)
  expect(parsed).toMatchObject({ ok: false, fault: { code: 'list_invalid' } })
  expect(parsed.ok ? '' : parsed.fault.message).toContain(message)
})
