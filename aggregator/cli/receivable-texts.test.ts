import { describe, expect, test } from 'vitest'
import type { DecisionContent } from '../domain/receivables/decision-content.ts'
import { marginText } from './margin-command.ts'
import { agingText, moneyDecisionText, receivablesText, shownDisputeText, statementText } from './receivable-texts.ts'

const common = {
  format: 1 as const,
  key: 'k',
  request: '0'.repeat(64),
  by: 'Ada',
  at: '2026-11-26T12:00:00.000Z',
  seller: 'acme',
  buyer: 'bright',
  currency: 'EUR',
  moves: {
    settlements: [{ document: 'acme-000001', micros: '4400000' }],
    creditMicros: '600000',
    cashMicros: '5000000',
  },
}
const none = { settlements: [], creditMicros: '0', cashMicros: '0' }
const about = { document: 'acme-000001', note: 'acme-cn-000001', reason: 'agreed\u0007' }

const decisions: readonly (readonly [string, DecisionContent])[] = [
  [
    'bright paid 5.00 EUR (bank 1), recorded by Ada (log entry 7).\n  acme-000001  4.40 EUR\n  now credit: 0.60 EUR',
    { name: 'payment', ...common, reference: 'bank 1', receivedAt: common.at },
  ],
  ['Credit of bright was used by itself (log entry 7).', { name: 'allocation', ...common, by: null, moves: none }],
  [
    'bright was paid back 1.00 EUR (back 1), recorded by Ada (log entry 7).\n  of credit used: 1.00 EUR',
    {
      name: 'refund',
      ...common,
      reference: 'back 1',
      moves: { settlements: [], creditMicros: '-1000000', cashMicros: '-1000000' },
    },
  ],
  [
    'Payment 3 of bright was taken back by Ada: returned (log entry 7).',
    { name: 'payment-reversal', ...common, moves: none, payment: 3, reason: 'returned' },
  ],
  [
    'acme-cn-000001 about acme-000001 was issued by Ada: agreed  (log entry 7).',
    { name: 'credit-note', ...common, moves: none, ...about },
  ],
  [
    'acme-000001 was taken back by acme-cn-000001 by Ada: agreed  (log entry 7).',
    { name: 'void', ...common, moves: none, ...about },
  ],
  [
    'Dispute 5 was rejected by Ada (log entry 7).',
    { name: 'dispute-resolution', ...common, moves: none, dispute: 5, outcome: 'rejected', note: null, reason: 'x' },
  ],
]

test.each(decisions)('%s', (text, decision) => {
  expect(moneyDecisionText({ logIndex: 7, repeated: false, decision })).toBe(text)
  expect(moneyDecisionText({ logIndex: 7, repeated: true, decision })).toContain('nothing was changed')
})

describe('what there is none of is said', () => {
  test.each([
    [receivablesText([]), 'Nothing is open.'],
    [agingText({ asOfMs: 0, rows: [] }), 'As of 1970-01-01T00:00:00.000Z: nobody owes anything.'],
    [
      marginText({ period: '2026-11', currency: 'EUR', by: 'leg', rows: [], totals: [] }),
      'Nothing was charged in 2026-11.',
    ],
  ])('%s', (text, expected) => {
    expect(text).toBe(expected)
  })
})

test('a statement shows the balance after each event, and long evidence is cut', () => {
  const rows = [
    {
      atMs: 0,
      logIndex: 1,
      kind: 'invoice' as const,
      reference: 'acme-1',
      micros: '5000000',
      balanceMicros: '7000000',
    },
  ]
  const parties = { seller: 'acme', buyer: 'bright', currency: 'EUR' }
  const statement = { ...parties, fromMs: 0, toMs: 1, openingMicros: '2000000', closingMicros: '7000000', rows }
  expect(statementText(statement)).toMatch(
    /opening +2\.00\n1970-01-01 00:00 +invoice +acme-1 +5\.00 +7\.00\n +closing +7\.00/,
  )
  const evidence = { segment: 's', fromBlock: 0, chargeBlocks: 21, chargesRoot: '', amountMicros: '21' }
  const opened: DecisionContent = {
    name: 'dispute',
    ...common,
    moves: none,
    document: 'acme-1',
    line: 's',
    lineMicros: '1',
    disputedMicros: '1190000',
    reason: 'not ours',
    evidence,
  }
  const charges = Array.from({ length: 21 }, () => ({ batchIndex: 3, leaf: 'ab', amountMicros: '1' }))
  const row = { logIndex: 9, document: 'acme-1', line: 's', lineMicros: '1', micros: '1190000', openedMs: 0 }
  const text = shownDisputeText({ ...row, resolution: null, opened, resolved: null, charges, more: false })
  expect(text.split('\n')).toHaveLength(25)
  expect(text).toContain('1.19 EUR of acme-1 are disputed, recorded by Ada at 2026-11-26T12:00:00.000Z: not ours')
  expect(text).toContain('and more; --json lists them')
})
