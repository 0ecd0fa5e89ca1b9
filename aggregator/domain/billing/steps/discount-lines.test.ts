import { expect, test } from 'vitest'
import type { Catalogue } from '../../catalogue/catalogue.ts'
import { sampleLine, sampleSale, sampleSoFar } from '../../testing/sample-due-lines.ts'
import { sampleCatalogue, sampleJson } from '../../testing/sample-tenant.ts'
import type { DueLine } from '../due-line.ts'
import { discountLines } from './discount-lines.ts'

type Json = Record<string, unknown>

function tenant(discounts: readonly Json[], more: Json = {}): Catalogue {
  const contracts = [{ id: 'deal', account: 'brightdesk', from: '2026-01-01', discounts, ...more }]
  return sampleCatalogue({ ...sampleJson(), contracts })
}

const euros = (amount: number): bigint => BigInt(Math.round(amount * 1_000_000))

function discounts(
  catalogue: Catalogue,
  spent: readonly Partial<DueLine>[],
  period = '2026-11',
): readonly (readonly [key: string, micros: bigint])[] {
  const soFar = sampleSoFar(catalogue, sampleSale('brightdesk'), period, (of) =>
    spent.map((own, index) => ({ ...sampleLine(of, 0n), key: `${of.key}/line/${index}`, ...own })),
  )
  return discountLines(soFar).map(({ key, amountMicros }) => [key, amountMicros])
}

const taken = (...args: Parameters<typeof discounts>): bigint => {
  return -discounts(...args).reduce((sum, [, micros]) => sum + micros, 0n)
}

const spentOf = (amount: number): readonly Partial<DueLine>[] => [{ amountMicros: euros(amount) }]

const tiers = [{ upTo: '100', percent: '0' }, { upTo: '1000', percent: '5' }, { percent: '10' }]

test.each([
  { name: 'a percentage', rule: { percent: '12.5' }, spent: 80, expected: 10 },
  { name: 'an amount', rule: { amount: '12.50' }, spent: 80, expected: 12.5 },
  { name: 'no more than was spent', rule: { amount: '12.50' }, spent: 8, expected: 8 },
  { name: 'all of it', rule: { percent: '100' }, spent: 8, expected: 8 },
  { name: 'no more than its limit', rule: { percent: '50', atMost: '30' }, spent: 80, expected: 30 },
  { name: 'nothing of nothing', rule: { percent: '50' }, spent: 0, expected: 0 },
  { name: 'all at the tier it reaches', rule: { tiers }, spent: 1000, expected: 50 },
  { name: 'all at the tier above', rule: { tiers }, spent: 1000.01, expected: 100.001 },
  { name: 'each part at its own tier', rule: { tiers, tiered: 'graduated' }, spent: 1500, expected: 95 },
  { name: 'the first tier alone', rule: { tiers, tiered: 'graduated' }, spent: 70, expected: 0 },
])('takes off $name', ({ rule, spent, expected }) => {
  expect(taken(tenant([{ id: 'off', ...rule }]), spentOf(spent))).toBe(euros(expected))
})

test.each([
  { name: 'before it begins', rule: { from: '2026-12-01' }, expected: 0 },
  { name: 'after it has ended', rule: { to: '2026-11-01' }, expected: 0 },
  { name: 'whole where it holds for a part of the period', rule: { from: '2026-11-16' }, expected: 30 },
  { name: 'by day', rule: { from: '2026-11-16', prorate: 'day' }, expected: 15 },
  { name: 'by second', rule: { to: '2026-11-04T00:00:00Z', prorate: 'second' }, expected: 3 },
])('is valid for a time: $name', ({ rule, expected }) => {
  expect(taken(tenant([{ id: 'off', amount: '30', ...rule }]), spentOf(100))).toBe(euros(expected))
})

test('each discount is taken off what those before it left', () => {
  const catalogue = tenant([
    { id: 'half', percent: '50' },
    { id: 'ten', percent: '10' },
    { id: 'rest', amount: '1000' },
  ])
  expect(discounts(catalogue, spentOf(100))).toEqual([
    ['2026-11/deal/discount/half/brightdesk', euros(-50)],
    ['2026-11/deal/discount/ten/brightdesk', euros(-5)],
    ['2026-11/deal/discount/rest/brightdesk', euros(-45)],
  ])
})

test('it is shared over accounts and tax codes, in parts that add up', () => {
  const line = (account: string, taxCode: string | null, micros: bigint): Partial<DueLine> => {
    return { account, taxCode, amountMicros: micros }
  }
  const spent = [line('brightdesk', null, 100n), line('brightdesk', 'full', 100n), line('branch', 'full', 100n)]
  expect(discounts(tenant([{ id: 'off', amount: '0.0001' }]), spent)).toEqual([
    ['2026-11/deal/discount/off/brightdesk', -34n],
    ['2026-11/deal/discount/off/brightdesk/full', -33n],
    ['2026-11/deal/discount/off/branch/full', -33n],
  ])
})

test('it looks at what its filter asks for, less what is included, and never takes off more than that', () => {
  const spent: readonly Partial<DueLine>[] = [
    { kind: 'usage', offering: 'ai-tokens', meter: 'ai.input_tokens', amountMicros: euros(10) },
    { kind: 'allowance', offering: 'ai-tokens', meter: 'ai.input_tokens', amountMicros: euros(-4) },
    { kind: 'fee', offering: 'ai-tokens', amountMicros: euros(20) },
    { kind: 'fee', offering: 'tracker', amountMicros: euros(40) },
    { kind: 'minimum', offering: '', meter: 'minimum', amountMicros: euros(100) },
  ]
  const all = (rule: Json): bigint => taken(tenant([{ id: 'off', percent: '50', ...rule }]), spent)
  expect(all({})).toBe(euros(83))
  expect(all({ kinds: ['usage'] })).toBe(euros(3))
  expect(all({ offerings: ['ai-tokens'] })).toBe(euros(13))
  expect(all({ kinds: ['fee'] })).toBe(euros(30))
  expect(taken(tenant([{ id: 'off', amount: '1000', kinds: ['usage'] }]), spent)).toBe(euros(6))
})

test('what was paid in advance for a term is not paid for again by a discount', () => {
  const spent: readonly Partial<DueLine>[] = [
    { kind: 'usage', offering: 'ai-tokens', meter: 'ai.input_tokens', amountMicros: euros(50) },
    { kind: 'commitment', offering: '', meter: 'commitment', amountMicros: euros(-40) },
  ]
  expect(taken(tenant([{ id: 'off', percent: '50', kinds: ['usage'] }]), spent)).toBe(euros(10))
  expect(taken(tenant([{ id: 'off', percent: '50' }]), spent)).toBe(euros(5))
})

test('what is due for other periods is left alone', () => {
  const spent = [...spentOf(10), { amountMicros: euros(90), periodKey: '2026-12' }]
  expect(taken(tenant([{ id: 'off', percent: '50' }]), spent)).toBe(euros(5))
})

test('says in words what it takes off', () => {
  const rules = [
    { id: 'a', percent: '10', atMost: '50' },
    { id: 'b', amount: '5', prorate: 'day' },
    { id: 'c', tiers },
    { id: 'd', tiers: [{ percent: '1' }], tiered: 'graduated' },
  ]
  const soFar = sampleSoFar(tenant(rules), sampleSale('brightdesk'), '2026-11', (of) => [sampleLine(of, euros(500))])
  expect(discountLines(soFar).map(({ description, terms }) => [description, terms])).toEqual([
    ['Discount a', '10 % off, at most 50.00 EUR'],
    ['Discount b', '5.00 EUR off, by day'],
    ['Discount c', '0 % up to 100.00 EUR, 5 % up to 1,000.00 EUR, then 10 % off all'],
    ['Discount d', '1 % off'],
  ])
})
