import { expect, test } from 'vitest'
import type { PlannedModel } from './planned-price.ts'
import { mostRise, preratedFault } from './prerated-check.ts'
import type { StoredUnit } from './stored-batch.ts'
import type { TenantPlan } from './tenant-plan.ts'

const perUnit = { model: 'per-unit', amount: '2', per: 1n } as const

const planWith = (terms: PlannedModel): TenantPlan => ({
  tenant: 't',
  currency: 'EUR',
  minorDigits: 2,
  operator: 'o',
  meters: [{ id: 'data', unit: 'byte' }],
  prices: [{ id: 'p', meter: 'data', ...terms }],
  fees: [],
  matrices: [],
  offerings: [{ id: 'sold', prices: ['p'] }],
  accounts: [{ id: 'a', kind: 'customer', parent: 'o', payer: 'self' }],
  partners: [],
  subscriptions: [{ id: 'sub', account: 'a', offering: 'sold', from: '2026-01-01', subjects: ['s'] }],
  correlations: [],
})

const unitOf = (preratedMicros: bigint | null): StoredUnit => ({
  eventId: 'e',
  source: 's',
  subject: 's',
  timeMs: Date.UTC(2026, 1, 1),
  receivedWallMs: 0,
  labels: new Map(),
  facts: new Map(),
  snapshot: null,
  records: [{ meter: 'data', quantity: 5n, preratedMicros }],
  content: '',
})

const charged = (amountMicros: bigint) => [
  { record: 0, period: '2026-02', subscription: 'sub', model: null, quantity: 5n, amountMicros },
]

test.each<readonly [string, readonly TenantPlan[], bigint | null, bigint, RegExp | null]>([
  ['nothing set aside is never too little', [planWith(perUnit)], null, 9n, null],
  ['what it can cost at most', [planWith(perUnit)], 10_000_000n, 10_000_000n, null],
  ['less than that', [planWith(perUnit)], 9_999_999n, 0n, /no version of its price would ask for/],
  [
    'what another version asked for that the agent may have known',
    [planWith({ ...perUnit, amount: '1' }), planWith(perUnit)],
    5_000_000n,
    10_000_000n,
    null,
  ],
  ['less than it was charged', [planWith(perUnit)], 10_000_000n, 10_000_001n, /is charged 10000001/],
])('%s', (_what, plans, prerated, amount, fault) => {
  const told = preratedFault(plans, unitOf(prerated), charged(amount))
  if (fault === null) expect(told).toBeNull()
  else expect(told).toMatch(fault)
})

test.each<readonly [string, PlannedModel, bigint]>([
  [
    'a stair',
    {
      model: 'stair-step',
      tiers: [
        { upTo: 9n, flat: '1' },
        { upTo: null, flat: '4' },
      ],
    },
    3_000_000n,
  ],
  ['a package that begins', { model: 'package', size: 4n, amount: '1', each: 'period', free: 100n }, 2_000_000n],
  [
    'a dearer tier',
    {
      model: 'graduated',
      per: 1n,
      tiers: [
        { upTo: 9n, amount: '1' },
        { upTo: null, amount: '3' },
      ],
    },
    15_000_000n,
  ],
  ['a free place that is taken', { model: 'percentage', per: 1n, rate: '100', freeEvents: 1 }, 5_001_000_000n],
])('what is tried out finds %s', (_what, model, micros) => {
  expect(mostRise(model, unitOf(null), 5n)).toBe(micros)
})
