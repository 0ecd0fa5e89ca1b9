import fc from 'fast-check'
import { expect, test } from 'vitest'
import { monthPeriodOf } from '@meterline/shared/units/period.ts'
import { novemberPeriod } from '../testing/sample-bills.ts'
import { sampleCatalogue, sampleJson } from '../testing/sample-tenant.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import type { Relation } from '../ledger/templates.ts'
import type { DueLine } from './due-line.ts'
import { splitLines, splitPayer, splitSources, type UnsharedLines } from './split-lines.ts'

const period = novemberPeriod()

/** The sample with three fleets below each other, each of which pays for itself but for a share. */
function sharing(shares: Readonly<Record<string, string>>): Catalogue {
  const accounts = (sampleJson()['accounts'] as readonly { readonly id: string }[]).map((account) =>
    Object.hasOwn(shares, account.id)
      ? { ...account, payer: 'self', parentPays: { share: shares[account.id] } }
      : account,
  )
  return sampleCatalogue({ ...sampleJson(), accounts })
}

function relationOf(buyer: string): Relation {
  return { seller: 'baltic', buyer, kind: 'sale', currency: 'EUR', buyerKeepsBooks: false }
}

function dueLine(amountMicros: bigint, taxCode: string | null = null, periodKey = '2026-11'): DueLine {
  return {
    key: `${periodKey}/south-trackers/fee/x`,
    kind: 'fee',
    periodKey,
    account: 'south',
    description: 'Tracker connectivity: licence',
    subscription: 'south-trackers',
    offering: 'tracker',
    price: 'licence',
    terms: 'licence',
    meter: 'fee',
    unit: 'subscription',
    quantity: 1n,
    events: 0,
    chargesMicros: 0n,
    amountMicros,
    chargeBlocks: 0,
    days: [],
    tiers: [],
    limit: null,
    taxCode,
    fee: null,
    usage: null,
  }
}

function unshared(buyer: string, lines: readonly DueLine[]): UnsharedLines {
  return { relation: relationOf(buyer), lines }
}

/** The share lines on a buyer's document, by key. */
function sharedWith(buyer: string, catalogue: Catalogue, all: readonly UnsharedLines[]): Record<string, bigint> {
  const relation = relationOf(buyer)
  const sources = new Set(splitSources(relation, catalogue, period).map((source) => source.buyer))
  const shared = all.filter((own) => sources.has(own.relation.buyer))
  const lines = all.find((own) => own.relation.buyer === buyer)?.lines ?? []
  return Object.fromEntries(
    splitLines({ relation, lines, shared, catalogue, period }).map(({ key, amountMicros }) => [key, amountMicros]),
  )
}

test('a share stands below zero on the own document and above zero on the payer\u2019s, by tax code, to the micro', () => {
  const catalogue = sharing({ south: '0.4' })
  const lines = [dueLine(10n, 'standard'), dueLine(3n), dueLine(4n, 'standard'), dueLine(100n, null, '2026-12')]
  const all = [unshared('south', lines), unshared('hansa', [dueLine(1_000n)])]
  // 40 % of 3 is 1.2, of 17 (with the tax code) 6.8: 7 in all.
  expect(sharedWith('south', catalogue, all)).toEqual({
    '2026-11/south/split/south/EUR': -1n,
    '2026-11/south/split/south/EUR/standard': -6n,
    '2026-12/south/split/south/EUR': -40n,
  })
  expect(sharedWith('hansa', catalogue, all)).toEqual({
    '2026-11/south/split/hansa/EUR': 1n,
    '2026-11/south/split/hansa/EUR/standard': 6n,
    '2026-12/south/split/hansa/EUR': 40n,
  })
})

test('a share says what it is of, and stands in the section of the account', () => {
  const catalogue = sharing({ south: '0.255' })
  const south = unshared('south', [dueLine(10_000_000_000n, 'standard')])
  const [own] = splitLines({ ...south, shared: [], catalogue, period })
  expect(own).toMatchObject({
    kind: 'split',
    account: 'south',
    description: 'Paid by Hansa Logistics: 25.5 %',
    terms: '25.5 % of 10,000.00 EUR',
    taxCode: 'standard',
    amountMicros: -2_550_000_000n,
    unit: '',
  })
  const [other] = splitLines({ ...unshared('hansa', []), shared: [south], catalogue, period })
  expect(other).toMatchObject({ account: 'south', description: 'Share of Fleet South: 25.5 %' })
})

test('what an account pays of another is shared on with the rest of its document', () => {
  const catalogue = sharing({ north: '0.5', harbour: '0.1' })
  const all = [unshared('harbour', [dueLine(1_000n)]), unshared('north', [dueLine(300n)]), unshared('hansa', [])]
  expect(sharedWith('north', catalogue, all)).toEqual({
    '2026-11/harbour/split/north/EUR': 100n,
    '2026-11/north/split/north/EUR': -200n,
  })
  expect(sharedWith('hansa', catalogue, all)).toEqual({ '2026-11/north/split/hansa/EUR': 200n })
  // Also where the one in the middle has nothing of his own.
  const through = all.filter(({ relation }) => relation.buyer !== 'north')
  expect(sharedWith('hansa', catalogue, through)).toEqual({ '2026-11/north/split/hansa/EUR': 50n })
})

test('nobody shares unless the tenant file says so', () => {
  const plain = sampleCatalogue()
  expect(splitSources(relationOf('hansa'), plain, period)).toEqual([])
  expect(splitPayer(relationOf('south'), plain, period)).toBeNull()
  expect(sharedWith('south', plain, [unshared('south', [dueLine(7n)])])).toEqual({})
})

test('a payer needs a document for what others share with him', () => {
  const catalogue = sharing({ south: '1' })
  expect(splitPayer(relationOf('south'), catalogue, period)).toEqual(relationOf('hansa'))
  expect(splitSources(relationOf('hansa'), catalogue, period)).toEqual([relationOf('south')])
  expect(sharedWith('hansa', catalogue, [unshared('south', [dueLine(7n)])])).toEqual({
    '2026-11/south/split/hansa/EUR': 7n,
  })
})

test('sharing changes what everybody owes together by nothing, and an account keeps exactly what is not shared', () => {
  const amounts = fc.array(
    fc.tuple(fc.bigInt({ min: -1_000_000n, max: 1_000_000_000n }), fc.constantFrom(null, 'reduced', 'standard')),
    { maxLength: 6 },
  )
  const share = fc.integer({ min: 1, max: 999 }).map((part) => `0.${String(part).padStart(3, '0')}`)
  fc.assert(
    fc.property(share, share, amounts, amounts, amounts, (north, harbour, ...each) => {
      const catalogue = sharing({ north, harbour })
      const buyers = ['harbour', 'north', 'hansa']
      const all = buyers.map((buyer, at) =>
        unshared(
          buyer,
          (each[at] ?? []).map(([amount, code]) => dueLine(amount, code)),
        ),
      )
      const splits = buyers.map((buyer) => Object.entries(sharedWith(buyer, catalogue, all)))
      const sum = (entries: readonly (readonly [string, bigint])[]): bigint =>
        entries.reduce((total, [, micros]) => total + micros, 0n)
      expect(sum(splits.flat())).toBe(0n)
      const whole = sum((each[0] ?? []).map(([amount]) => ['', amount]))
      const exact = whole * BigInt(harbour.slice(2))
      const apart = sum(splits[0] ?? []) * 1_000n + exact
      expect(apart >= -500n && apart <= 500n).toBe(true)
    }),
    { numRuns: 40 },
  )
})

test('who shares in one period does not depend on which other one was asked about', () => {
  const fromMarch = [{ at: '2027-03-01', parent: 'brightdesk' }]
  const accounts = (sampleJson()['accounts'] as readonly { readonly id: string }[]).map((account) =>
    account.id === 'south' ? { ...account, payer: 'self', parentPays: { share: '0.4' }, moves: fromMarch } : account,
  )
  const catalogue = sampleCatalogue({ ...sampleJson(), accounts })
  const periodOf = (month: number): typeof period => monthPeriodOf(Date.UTC(2027, month, 15))
  const payers = [1, 2, 1, 2].map((month) => splitPayer(relationOf('south'), catalogue, periodOf(month))?.buyer ?? null)
  expect(payers).toEqual(['hansa', 'brightdesk', 'hansa', 'brightdesk'])
})
