import { expect, test } from 'vitest'
import { calendarMonths, periodAt } from '../periods/billing-cycle.ts'
import { sampleCatalogue } from '../testing/sample-tenant.ts'
import type { Relation } from '../ledger/templates.ts'
import type { Bill } from './bill.ts'
import { compareBills } from './compare-bills.ts'
import type { BilledLine, DueLine, LineKind } from './due-line.ts'
import { makeBill } from './period-bill.ts'

const november = periodAt(calendarMonths, Date.UTC(2025, 10, 1))
const relation: Relation = {
  seller: 'acme',
  buyer: 'brightdesk',
  kind: 'sale',
  currency: 'EUR',
  buyerKeepsBooks: false,
}

/** A line by what its key says behind the period, such as `ai/tokens/price`. */
function line(key: string, description: string, micros: bigint, kind: LineKind = 'usage'): DueLine {
  const [subscription = '', meter = ''] = key.split('/')
  return {
    key: `${november.key}/${key}`,
    kind,
    periodKey: november.key,
    account: 'brightdesk',
    description,
    subscription,
    offering: 'ai',
    price: 'price',
    terms: `terms of ${key}`,
    meter,
    unit: 'token',
    quantity: 10n,
    events: 0,
    chargesMicros: micros,
    amountMicros: micros,
    chargeBlocks: 0,
    days: [],
    tiers: [],
    limit: null,
    taxCode: null,
    fee: null,
    usage: null,
  }
}

function bill(lines: readonly DueLine[]): Bill | null {
  const part = { role: 'own', period: november, lines, billed: new Map(), segments: new Map(), document: null } as const
  return makeBill({ relation, period: november, catalogues: [sampleCatalogue()] }, [part])
}

function billed(key: string, description: string, micros: bigint): BilledLine {
  const {
    kind,
    periodKey,
    account,
    taxCode,
    unit,
    quantity,
    events,
    chargeBlocks,
    amountMicros,
    chargesMicros,
    key: own,
  } = line(key, description, micros)
  const { seller, buyer, currency } = relation
  const figures = { quantity, events, chargeBlocks, amountMicros, chargesMicros, invoicedMicros: micros, tax: null }
  const words = { kind, periodKey, account, description, taxCode, unit }
  return { key: own, ...words, seller, buyer, currency, ...figures, document: 'acme-000001' }
}

function byKey(...lines: readonly BilledLine[]): ReadonlyMap<string, BilledLine> {
  return new Map(lines.map((each) => [each.key, each]))
}

/** What was paired with what, and what documents say. */
function rows(now: Bill | null, tried: Bill | null, on: ReadonlyMap<string, BilledLine> = new Map()): unknown {
  return compareBills(now, tried, on).map((row) => [row.now?.terms ?? null, row.tried?.terms ?? null, row.billedMicros])
}

test('lines of the same key belong together, whatever the words', () => {
  const now = bill([line('ai/tokens/p1', 'AI: tokens', 10_000n), line('ai/calls/p2', 'AI: calls', 20_000n)])
  const tried = bill([line('ai/calls/p2', 'AI plus: calls', 30_000n), line('ai/tokens/p1', 'AI plus: tokens', 10_000n)])
  expect(rows(now, tried)).toEqual([
    ['terms of ai/calls/p2', 'terms of ai/calls/p2', 0n],
    ['terms of ai/tokens/p1', 'terms of ai/tokens/p1', 0n],
  ])
})

test('a changed price stands beside the one it replaces: by the words first, then by the meter', () => {
  const now = bill([
    line('ai/tokens/p1/0', 'AI: tokens (small)', 1_000_000n),
    line('ai/tokens/p1/1', 'AI: tokens (large)', 2_000_000n),
    line('ai/calls/p2', 'AI: calls', 3_000_000n),
  ])
  const tried = bill([
    line('ai/tokens/p9/0', 'AI: tokens (large)', 4_000_000n),
    line('ai/tokens/p9/1', 'AI: tokens (huge)', 5_000_000n),
    line('bot/calls/p2', 'AI: calls', 6_000_000n),
  ])
  expect(rows(now, tried)).toEqual([
    ['terms of ai/tokens/p1/1', 'terms of ai/tokens/p9/0', 0n],
    ['terms of ai/tokens/p1/0', 'terms of ai/tokens/p9/1', 0n],
    // Another subscription is another thing.
    [null, 'terms of bot/calls/p2', 0n],
    ['terms of ai/calls/p2', null, 0n],
  ])
})

test('what documents say stands beside what it became', () => {
  const now = bill([line('ai/tokens/p1', 'AI: tokens', 1_000_000n)])
  const tried = bill([line('ai/tokens/p9', 'AI: tokens', 1_500_000n)])
  const on = byKey(billed('ai/tokens/p1', 'AI: tokens', 900_000n), billed('ai/gone/p3', 'AI: gone', 70_000n))
  expect(rows(now, tried, on)).toEqual([
    ['terms of ai/tokens/p1', 'terms of ai/tokens/p9', 900_000n],
    [null, null, 70_000n],
  ])
})

test('what is billed and due no more, and comes to nothing, is no line', () => {
  expect(rows(null, null, byKey(billed('ai/gone/p3', 'AI: gone', 0n)))).toEqual([])
})
