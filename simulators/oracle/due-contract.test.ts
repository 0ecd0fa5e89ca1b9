import { expect, test } from 'vitest'
import { contractDues } from './due-contract.ts'
import type { DuePart } from './due-contract.ts'
import type { PlannedContract } from './planned-contract.ts'
import type { TenantPlan } from './tenant-plan.ts'

const unit = 1_000_000n
const usage = (units: bigint, meter = 'data'): DuePart => {
  return { kind: 'usage', meter, account: 'nord', amountMicros: units * unit }
}
const fee = (units: bigint): DuePart => ({ kind: 'fee', meter: 'fee', account: 'nord', amountMicros: units * unit })

/** What a contract makes of November, as `<kind> <rule> <period> <whole units>`. */
function duesOf(
  contract: Partial<PlannedContract>,
  charged: Readonly<Record<string, readonly DuePart[]>>,
): readonly string[] {
  const contracts = [{ id: 'deal', account: 'nord', from: '2026-09-01', ...contract }]
  const plan = { contracts } as unknown as TenantPlan
  const dues = contractDues({ plan, buyer: 'nord', charged: (period) => charged[period] ?? [] }, '2026-11')
  return dues.map(({ kind, rule, period, amountMicros }) => `${kind} ${rule} ${period} ${Number(amountMicros) / 1e6}`)
}

test.each<readonly [string, Partial<PlannedContract>, readonly DuePart[], readonly string[]]>([
  ['what is missing is due', { minimums: [{ id: 'm', amount: '100' }] }, [usage(60n)], ['minimum m 2026-11 40']],
  ['nothing above it', { minimums: [{ id: 'm', amount: '100' }] }, [usage(100n)], []],
  [
    'a part of a period is owed a part, every day that was begun',
    { minimums: [{ id: 'm', amount: '30', prorate: 'day' }], to: '2026-11-10T12:00:00Z' },
    [],
    ['minimum m 2026-11 10'],
  ],
  [
    'only what it asks for counts, and those that ask come first',
    {
      minimums: [
        { id: 'all', amount: '100' },
        { id: 'fees', amount: '20', kinds: ['fee'] },
      ],
    },
    [usage(50n), fee(5n)],
    ['minimum fees 2026-11 15', 'minimum all 2026-11 30'],
  ],
  [
    'a commitment comes before minimums, and what is beyond is dearer',
    { commitments: [{ id: 'c', amount: '10', overageFactor: '1.5' }], minimums: [{ id: 'm', amount: '40' }] },
    [usage(30n)],
    ['commitment c 2026-11 10'],
  ],
  [
    'in advance the next one with this one, drawn down',
    { commitments: [{ id: 'c', amount: '10', inAdvance: true }] },
    [usage(4n)],
    ['commitment c 2026-11 6', 'commitment c 2026-12 10'],
  ],
  [
    'discounts come last, each of what is left',
    {
      minimums: [{ id: 'm', amount: '100' }],
      discounts: [
        { id: 'tenth', percent: '10' },
        { id: 'some', amount: '200' },
      ],
    },
    [usage(60n)],
    ['minimum m 2026-11 40', 'discount tenth 2026-11 -10', 'discount some 2026-11 -90'],
  ],
  [
    'a discount of one meter leaves the rest alone',
    { discounts: [{ id: 'calls', percent: '50', meters: ['calls'], atMost: '3' }] },
    [usage(60n), usage(8n, 'calls')],
    ['discount calls 2026-11 -3'],
  ],
  [
    'a volume of spending decides for all of it, or each part for itself',
    { discounts: [{ id: 'graduated', tiered: 'graduated', tiers: [{ upTo: '50', percent: '0' }, { percent: '10' }] }] },
    [usage(60n)],
    ['discount graduated 2026-11 -1'],
  ],
])('%s', (_what, contract, charged, expected) => {
  expect(duesOf(contract, { '2026-11': charged })).toEqual(expected)
})

test('all periods of a term count, and what is missing is due with the last', () => {
  const term = { termPeriods: 3, minimums: [{ id: 'm', amount: '100', per: 'term' as const }] }
  const charged = { '2026-09': [usage(20n)], '2026-10': [usage(30n)], '2026-11': [usage(10n)] }
  expect(duesOf(term, charged)).toEqual(['minimum m 2026-11 40'])
  expect(duesOf({ ...term, termPeriods: 4 }, charged)).toEqual([])
  const beyond = { termPeriods: 3, commitments: [{ id: 'c', amount: '55', per: 'term' as const, overageFactor: '2' }] }
  expect(duesOf(beyond, charged)).toEqual(['commitment c 2026-11 5'])
})
