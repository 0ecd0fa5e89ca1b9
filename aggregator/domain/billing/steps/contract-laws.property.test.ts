import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Catalogue } from '../../catalogue/catalogue.ts'
import { sampleSale, sampleSoFar, sampleUsageLine } from '../../testing/sample-due-lines.ts'
import { sampleCatalogue, sampleJson } from '../../testing/sample-tenant.ts'
import { noHistory } from '../due-lines.ts'
import type { BillHistory, BillSoFar, DueLine } from '../due-line.ts'
import { allowanceLines } from './allowance-lines.ts'
import { commitmentLines } from './commitment-lines.ts'
import { discountLines } from './discount-lines.ts'
import { minimumLines } from './minimum-lines.ts'

type Json = Record<string, unknown>

const subscriptions = ['sims-0', 'sims-1', 'sims-2'] as const
const filters = [{}, { offerings: ['sim'] }, { meters: ['data'] }, { kinds: ['usage'] }] as const

/** Fleets under one customer who pays for them, with drawn allowances and contracts. */
function tenant(allowances: readonly Json[], contract: Json): Catalogue {
  return sampleCatalogue({
    ...sampleJson(),
    meters: [{ id: 'data', unit: 'byte' }],
    prices: [{ id: 'data', meter: 'data', model: 'per-unit', amount: '0.001' }],
    offerings: [{ id: 'sim', name: 'SIM', prices: ['data'], allowances }],
    accounts: [
      { id: 'depot', kind: 'customer', parent: 'acme', name: 'Depot', payer: 'self' },
      ...subscriptions.map((id) => {
        return { id: `of-${id}`, kind: 'fleet', parent: 'depot', name: id, payer: 'parent' }
      }),
    ],
    partners: [],
    subscriptions: subscriptions.map((id) => {
      return { id, account: `of-${id}`, offering: 'sim', from: '2026-01-01', subjects: [id] }
    }),
    contracts: [{ id: 'deal', account: 'depot', from: '2026-10-01', termPeriods: 2, ...contract }],
  })
}

function usageLines(catalogue: Catalogue, used: readonly bigint[], period: DueLinePeriod): readonly DueLine[] {
  return used.flatMap((quantity, index) => {
    const subscription = subscriptions[index]
    return subscription === undefined
      ? []
      : [sampleUsageLine(catalogue, period, { subscription, meter: 'data', quantity })]
  })
}

type DueLinePeriod = Parameters<typeof sampleUsageLine>[1]

/** All lines of a period, every step with those before it. */
function allLines(soFar: BillSoFar): readonly DueLine[] {
  return [allowanceLines, commitmentLines, minimumLines, discountLines].reduce(
    (lines, step) => [...lines, ...step({ ...soFar, lines })],
    soFar.lines,
  )
}

function billOf(catalogue: Catalogue, used: readonly bigint[], history: BillHistory = noHistory): readonly DueLine[] {
  const relation = sampleSale('depot')
  return allLines(sampleSoFar(catalogue, relation, '2026-11', (period) => usageLines(catalogue, used, period), history))
}

const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((total, each) => total + each, 0n)
const total = (lines: readonly DueLine[], key = '2026-11'): bigint =>
  sum(lines.filter(({ periodKey }) => periodKey === key).map(({ amountMicros }) => amountMicros))

const used = fc.array(fc.bigInt({ min: 0n, max: 5_000n }), { minLength: 3, maxLength: 3 })
const amount = fc.integer({ min: 0, max: 20_000 }).map((thousandths) => (thousandths / 1_000).toString())
const filter = fc.constantFrom(...filters)
const allowance = fc.record({
  meter: fc.constant('data'),
  quantity: fc.integer({ min: 1, max: 4_000 }),
  priority: fc.integer({ min: 0, max: 2 }),
  pool: fc.constantFrom('subscription', 'subtree'),
  prorate: fc.constantFrom('none', 'day'),
})
const allowances = fc
  .array(allowance, { maxLength: 3 })
  .map((drawn) => drawn.map((own, index): Json => ({ id: `a-${index}`, ...own })))
const committed = fc
  .array(fc.tuple(amount, filter, fc.boolean()), { maxLength: 2 })
  .map((drawn) =>
    drawn.map(([own, by, inAdvance], index): Json => ({ id: `c-${index}`, amount: own, inAdvance, ...by })),
  )
const discount = fc.oneof(
  amount.map((own): Json => ({ amount: own })),
  fc.integer({ min: 0, max: 100 }).map((percent): Json => ({ percent: String(percent) })),
  fc.integer({ min: 0, max: 100 }).map((percent): Json => {
    return { tiered: 'graduated', tiers: [{ upTo: '1', percent: '0' }, { percent: String(percent) }] }
  }),
)
const discounts = fc
  .array(fc.tuple(discount, filter), { maxLength: 3 })
  .map((drawn) => drawn.map(([own, by], index): Json => ({ id: `d-${index}`, ...own, ...by })))

test('no part of a period falls below zero, and nothing is owed that no rule names', () => {
  fc.assert(
    fc.property(
      allowances,
      committed,
      committed,
      discounts,
      used,
      (included, commitments, minimums, off, quantities) => {
        const lines = billOf(tenant(included, { commitments, minimums, discounts: off }), quantities)
        expect(total(lines)).toBeGreaterThanOrEqual(0n)
        for (const account of new Set(lines.map((line) => line.account))) {
          if (account === 'depot') continue
          expect(total(lines.filter((line) => line.account === account))).toBeGreaterThanOrEqual(0n)
        }
        expect(new Set(lines.map(({ key }) => key)).size).toBe(lines.length)
      },
    ),
  )
})

test('a pool covers what is used as far as it reaches, in whole units that add up, and none more than he used', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4_000 }), used, (quantity, quantities) => {
      const catalogue = tenant([{ id: 'pool', meter: 'data', quantity, pool: 'subtree' }], {})
      const lines = billOf(catalogue, quantities).filter(({ kind }) => kind === 'allowance')
      const [pool, all] = [BigInt(quantity) * 3n, sum(quantities)]
      const covered = all < pool ? all : pool
      expect(sum(lines.map((line) => line.quantity))).toBe(covered)
      quantities.forEach((own, index) => {
        const share = lines.find(({ subscription }) => subscription === subscriptions[index])?.quantity ?? 0n
        expect(share <= own).toBe(true)
        // Within one unit of the exact share covered × own / all.
        const off = share * all - covered * own
        expect(off < all && -off < all).toBe(all > 0n)
      })
    }),
  )
})

// A spend that counts towards two promises of some of it takes off both, so only one of them is drawn here.
test('who uses more never owes less, whatever is included and promised', () => {
  const wide = committed.map((rules) =>
    rules.map(({ id, amount: own, inAdvance }): Json => ({ id, amount: own, inAdvance })),
  )
  const narrow = fc.tuple(amount, filter).map(([own, by]): Json => ({ id: 'narrow', amount: own, ...by }))
  fc.assert(
    fc.property(allowances, wide, wide, narrow, used, used, (included, commitments, minimums, one, first, more) => {
      const contract = { commitments: [...commitments, one], minimums }
      const catalogue = tenant(included, contract)
      const most = first.map((own, index) => own + (more[index] ?? 0n))
      expect(total(billOf(catalogue, most)) >= total(billOf(catalogue, first))).toBe(true)
    }),
  )
})

test('a commitment with a factor comes to the larger of both, and what goes beyond at its factor', () => {
  fc.assert(
    fc.property(
      amount,
      fc.integer({ min: 0, max: 30 }),
      fc.boolean(),
      used,
      (promised, tenths, inAdvance, quantities) => {
        const factor = (tenths / 10).toString()
        const commitments = [{ id: 'all', amount: promised, overageFactor: factor, inAdvance }]
        const lines = billOf(tenant([], { commitments }), quantities)
        const [spent, least] = [sum(quantities) * 1_000n, BigInt(Math.round(Number(promised) * 1_000)) * 1_000n]
        const beyond = spent > least ? ((spent - least) * BigInt(tenths)) / 10n : 0n
        expect(total(lines)).toBe(spent > least ? least + beyond : least)
      },
    ),
  )
})

test('over a term it does not matter in which period something was spent', () => {
  fc.assert(
    fc.property(amount, fc.boolean(), used, used, (promised, inAdvance, first, second) => {
      const commitments = [{ id: 'all', amount: promised, per: 'term', inAdvance, overageFactor: '2' }]
      const catalogue = tenant([], { commitments })
      const relation = sampleSale('depot')
      const both = (october: readonly bigint[], later: readonly bigint[]): bigint => {
        const before = sampleSoFar(catalogue, relation, '2026-10', (period) => usageLines(catalogue, october, period))
        const history = { ...noHistory, linesOf: (key: string) => (key === '2026-10' ? before.lines : []) }
        return total(allLines(before), '2026-10') + total(billOf(catalogue, later, history))
      }
      expect(both(first, second)).toBe(both(second, first))
      const all = first.map((own, index) => own + (second[index] ?? 0n))
      expect(both(first, second)).toBe(both([], all))
    }),
  )
})

test('the order in which lines stand changes no total', () => {
  fc.assert(
    fc.property(allowances, committed, discounts, used, (included, minimums, off, quantities) => {
      const catalogue = tenant(included, { minimums, discounts: off })
      const relation = sampleSale('depot')
      const inOrder = sampleSoFar(catalogue, relation, '2026-11', (period) => usageLines(catalogue, quantities, period))
      const turned = { ...inOrder, lines: inOrder.lines.toReversed() }
      expect(total(allLines(turned))).toBe(total(allLines(inOrder)))
    }),
  )
})
