import { expect, test } from 'vitest'
import type { DocumentLine, StoredDocument } from './stored-document.ts'
import { taxFaults } from './tax-check.ts'
import type { TenantPlan } from './tenant-plan.ts'

const plan = {
  minorDigits: 2,
  prices: [{ id: 'data', meter: 'data', tax: 'standard' }],
  fees: [],
  taxCodes: [
    {
      id: 'standard',
      rates: [
        { region: 'DE', percent: '19', from: '2020-01-01' },
        { region: 'DE', percent: '7', from: '2026-11-16' },
      ],
    },
  ],
  billingProfiles: [
    { id: 'nord', region: 'DE' },
    { id: 'free', region: 'DE', taxExemption: 'reverse charge' },
    { id: 'gross', pricesIncludeTax: true },
    { id: 'exact', taxRounding: 'line' },
  ],
} as unknown as TenantPlan

const line = (period: string, cents: bigint, taxPercent: string | null): DocumentLine =>
  ({
    segment: `${period}/own/data/x`,
    price: 'data',
    taxCode: 'standard',
    taxPercent,
    isUsage: true,
    feePeriod: null,
    invoicedMicros: cents * 10_000n,
  }) as unknown as DocumentLine

interface Told {
  readonly seller?: string
  readonly buyer?: string
  readonly lines: readonly DocumentLine[]
  readonly taxCents: bigint
  readonly grossCents: bigint
  readonly total: string
  readonly inclusive?: boolean
}

function faultsOf({ seller = 'acme', buyer = 'nord', lines, taxCents, grossCents, total, inclusive = false }: Told) {
  const tax = { taxMicros: taxCents * 10_000n, grossMicros: grossCents * 10_000n, inclusive }
  const invoicedMicros = lines.reduce((sum, each) => sum + each.invoicedMicros, 0n)
  const document = { row: { total }, seller, buyer, lines, tax, invoicedMicros } as unknown as StoredDocument
  return taxFaults(document, plan)
}

const november = { lines: [line('2026-11', 1000n, '7')], taxCents: 70n, grossCents: 1070n, total: '10.70' }

test.each<readonly [string, Told]>([
  ['the rate at the end of the period', november],
  [
    'a correction with the rate of its own',
    { ...november, lines: [line('2026-10', 1000n, '19.0')], taxCents: 190n, grossCents: 1190n, total: '11.90' },
  ],
  [
    'rounded once',
    { lines: [line('2026-11', 7n, '7'), line('2026-11', 7n, '7')], taxCents: 1n, grossCents: 15n, total: '0.15' },
  ],
  [
    'rounded on every line',
    {
      seller: 'exact',
      lines: [line('2026-11', 7n, '7'), line('2026-11', 7n, '7')],
      taxCents: 0n,
      grossCents: 14n,
      total: '0.14',
    },
  ],
  [
    'included',
    {
      seller: 'gross',
      lines: [line('2026-11', 1070n, '7')],
      taxCents: 70n,
      grossCents: 1070n,
      total: '10.70',
      inclusive: true,
    },
  ],
  ['exempt', { buyer: 'free', lines: [line('2026-11', 1000n, '0')], taxCents: 0n, grossCents: 1000n, total: '10.00' }],
])('tax is right: %s', (_what, told) => {
  expect(faultsOf(told)).toEqual([])
})

test.each<readonly [string, Told, RegExp]>([
  ['another rate', { ...november, lines: [line('2026-11', 1000n, '19')] }, /is taxed at 19, its period has 7/],
  ['another amount', { ...november, taxCents: 71n }, /has 710000 micros of tax, its lines 700000/],
  ['another sum to pay', { ...november, grossCents: 1000n }, /asks for 10000000, not 10700000/],
  ['another total', { ...november, total: '10.00' }, /is kept with a total of 10.00, not 10.70/],
  ['said to be included', { ...november, inclusive: true }, /says that its lines include tax/],
  ['none where it is due', { ...november, lines: [line('2026-11', 1000n, null)] }, /is taxed at null/],
])('tax is wrong: %s', (_what, told, expected) => {
  expect(faultsOf(told).join('\n')).toMatch(expected)
})
