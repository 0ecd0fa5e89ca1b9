import { describe, expect, test } from 'vitest'
import type { LineTax } from './due-line.ts'
import { taxTable } from '../catalogue/tax-table.ts'
import { taxCodeSchema } from '../catalogue/tax-code.ts'
import { billingProfileSchema, plainProfile } from '../contract/billing-profile.ts'
import type { Relation } from '../ledger/templates.ts'
import type { BillingCycle } from '../periods/billing-cycle.ts'
import { taxesOf, taxOfAmount, type TaxableLine, type TaxSources } from './taxes.ts'

const relation: Relation = { seller: 'acme', buyer: 'hansa', kind: 'sale', currency: 'EUR', buyerKeepsBooks: false }
const mid: BillingCycle = { id: 'mid', day: 16, offsets: null }

const codes = [
  taxCodeSchema.parse({
    id: 'standard',
    name: 'Standard rate',
    rates: [
      { region: 'DE', percent: '16', from: '2026-12-01' },
      { region: 'DE', percent: '19', from: '2020-01-01' },
      { region: 'CH', percent: '8.1', from: '2024-01-01' },
      { region: 'XZ', percent: '0', from: '2024-01-01' },
    ],
  }),
  taxCodeSchema.parse({
    id: 'last-minute',
    name: 'From the last millisecond of November on',
    rates: [{ region: 'DE', percent: '3', from: '2026-11-30T23:59:59.999Z' }],
  }),
  taxCodeSchema.parse({ id: 'reduced', name: 'Reduced', rates: [{ region: 'DE', percent: '7', from: '2020-01-01' }] }),
]

/** Buyer and seller with what their profiles say beside `region`. */
function sources(buyer: object, seller: object = {}): TaxSources {
  const profiles = [
    billingProfileSchema.parse({ id: 'hansa', ...buyer }),
    billingProfileSchema.parse({ id: 'acme', ...seller }),
  ]
  return {
    taxes: taxTable(codes),
    cycles: new Map([['mid', mid]]),
    profile: (id) => profiles.find((own) => own.id === id) ?? plainProfile(id),
  }
}

function line(cents: number, taxCode: string | null = 'standard', periodKey = '2026-11'): TaxableLine {
  return { taxCode, periodKey, invoicedMicros: BigInt(cents) * 10_000n }
}

function tax(percent: string, region = 'DE'): LineTax {
  return { percent, region }
}

const inGermany = { region: 'DE' }

describe('a line that documents have already', () => {
  test('is taxed as it is on them, whatever the buyer, his region and the rates say by now', () => {
    const lines = [{ ...line(-100), billedTax: tax('19') }, { ...line(-50), billedTax: null }, line(100)]
    const { items, lines: taxed, grossMicros } = taxesOf(lines, relation, sources({ region: 'CH' }))
    expect(items).toEqual([
      {
        code: 'standard',
        name: 'Standard rate',
        region: 'CH',
        percent: '8.1',
        baseMicros: 1_000_000n,
        taxMicros: 80_000n,
      },
      {
        code: 'standard',
        name: 'Standard rate',
        region: 'DE',
        percent: '19',
        baseMicros: -1_000_000n,
        taxMicros: -190_000n,
      },
    ])
    expect(taxed).toEqual([tax('19'), null, tax('8.1', 'CH')])
    expect(grossMicros).toBe(-610_000n)
  })

  test('gives back the tax that is in it, also to a buyer who is exempt by now or taxed nowhere', () => {
    const lines = [{ ...line(-11_900), billedTax: tax('19') }]
    const inclusive = { pricesIncludeTax: true }
    for (const buyer of [{ region: 'DE', taxExemption: 'Reverse charge' }, {}]) {
      const taxes = taxesOf(lines, relation, sources(buyer, inclusive))
      expect(taxes).toMatchObject({ taxMicros: -19_000_000n, grossMicros: -119_000_000n, inclusive: true })
    }
  })
})

describe('tax on top of prices', () => {
  test('is a percentage of all lines of the same rate, rounded once; lines without a code are not taxed', () => {
    // 19 % of 0.03, 0.03 and 0.03 are 0.0171; line by line they would be 0.03.
    const lines = [line(3), line(3), line(1000, null), line(3), line(100, 'reduced')]
    expect(taxesOf(lines, relation, sources(inGermany))).toEqual({
      items: [
        { code: 'reduced', name: 'Reduced', region: 'DE', percent: '7', baseMicros: 1_000_000n, taxMicros: 70_000n },
        {
          code: 'standard',
          name: 'Standard rate',
          region: 'DE',
          percent: '19',
          baseMicros: 90_000n,
          taxMicros: 20_000n,
        },
      ],
      taxMicros: 90_000n,
      grossMicros: 11_180_000n,
      inclusive: false,
      note: null,
      lines: [tax('19'), tax('19'), null, tax('19'), tax('7')],
    })
  })

  test('is rounded on every line where the seller says so', () => {
    const { items, grossMicros } = taxesOf(
      [line(3), line(3), line(3)],
      relation,
      sources(inGermany, { taxRounding: 'line' }),
    )
    expect(items).toMatchObject([{ baseMicros: 90_000n, taxMicros: 30_000n }])
    expect(grossMicros).toBe(120_000n)
  })

  test.each<readonly [what: string, periodKey: string, percent: string]>([
    ['the rate at its end', '2026-11', '19'],
    ['the rate that begins with it', '2026-12', '16'],
    ['the rate at its end, although it began under another', '2026-11~mid', '16'],
    ['the rate before the change, to the last millisecond', '2026-10~mid', '19'],
  ])('of a period has %s', (_what, periodKey, percent) => {
    const { items } = taxesOf([line(100, 'standard', periodKey)], relation, sources(inGermany))
    expect(items).toMatchObject([{ percent }])
  })

  test('of a period has a rate that begins in its last millisecond', () => {
    const lines = [line(100, 'last-minute'), line(100, 'last-minute', '2026-10')]
    expect(taxesOf(lines, relation, sources(inGermany)).lines).toEqual([tax('3'), null])
  })

  test('has an item for each rate where lines of several periods meet, from low to high', () => {
    const lines = [line(-50), line(100, 'standard', '2026-12'), line(20)]
    const { items, lines: taxed, taxMicros } = taxesOf(lines, relation, sources(inGermany))
    expect(items).toMatchObject([
      { percent: '16', baseMicros: 1_000_000n, taxMicros: 160_000n },
      { percent: '19', baseMicros: -300_000n, taxMicros: -60_000n },
    ])
    expect(taxed).toEqual([tax('19'), tax('16'), tax('19')])
    expect(taxMicros).toBe(100_000n)
  })

  test('is in whole units of a currency without a minor unit', () => {
    const yen = { ...relation, currency: 'JPY' }
    const lines = [{ taxCode: 'standard', periodKey: '2026-11', invoicedMicros: 3_000_000n }]
    expect(taxesOf(lines, yen, sources(inGermany)).taxMicros).toBe(1_000_000n)
  })
})

describe('tax in prices', () => {
  test('is taken out of them: the sum of the lines is what is to be paid', () => {
    const lines = [line(11_900), line(500, null)]
    expect(taxesOf(lines, relation, sources(inGermany, { pricesIncludeTax: true }))).toMatchObject({
      items: [{ baseMicros: 100_000_000n, taxMicros: 19_000_000n }],
      taxMicros: 19_000_000n,
      grossMicros: 124_000_000n,
      inclusive: true,
    })
  })

  test('is not in prices where nothing is taxed', () => {
    expect(taxesOf([line(100)], relation, sources({}, { pricesIncludeTax: true }))).toMatchObject({
      items: [],
      taxMicros: 0n,
      grossMicros: 1_000_000n,
      inclusive: false,
      lines: [null],
    })
  })

  test('is none for a buyer who is exempt: he pays the prices as they are', () => {
    const exempt = { ...inGermany, taxExemption: 'Reverse charge' }
    expect(taxesOf([line(100)], relation, sources(exempt, { pricesIncludeTax: true }))).toMatchObject({
      taxMicros: 0n,
      grossMicros: 1_000_000n,
      inclusive: false,
    })
  })
})

describe('no tax is due', () => {
  test.each<readonly [what: string, profile: object]>([
    ['without a region', {}],
    ['in a region the code has no rate for', { region: 'US' }],
  ])('%s', (_what, profile) => {
    const lines = [line(100), line(100, null)]
    expect(taxesOf(lines, relation, sources(profile))).toEqual({
      items: [],
      taxMicros: 0n,
      grossMicros: 2_000_000n,
      inclusive: false,
      note: null,
      lines: [null, null],
    })
  })

  test('before the first rate of the region', () => {
    expect(taxesOf([line(100, 'standard', '2023-12')], relation, sources({ region: 'CH' })).items).toEqual([])
  })

  test('at a rate of zero, which the document says', () => {
    expect(taxesOf([line(100)], relation, sources({ region: 'XZ' })).items).toEqual([
      { code: 'standard', name: 'Standard rate', region: 'XZ', percent: '0', baseMicros: 1_000_000n, taxMicros: 0n },
    ])
  })

  test('from a buyer who is exempt, with the reason, also where codes have no rate', () => {
    const taxes = taxesOf(
      [line(100), line(100, null)],
      relation,
      sources({ region: 'FR', taxExemption: 'Reverse charge' }),
    )
    expect(taxes).toMatchObject({
      items: [
        { code: 'standard', name: 'Standard rate', region: 'FR', percent: '0', baseMicros: 1_000_000n, taxMicros: 0n },
      ],
      grossMicros: 2_000_000n,
      note: 'Reverse charge',
      lines: [tax('0', 'FR'), null],
    })
  })

  test('on costs, whose documents partners issue', () => {
    const cost: Relation = { ...relation, seller: 'roamnet', buyer: 'acme', kind: 'cost', buyerKeepsBooks: true }
    const operator = sources({ id: 'acme', ...inGermany })
    expect(taxesOf([line(100)], cost, operator)).toMatchObject({ items: [], taxMicros: 0n, note: null })
  })
})

test.each<readonly [what: string, micros: bigint, percent: string, inclusive: boolean, tax: bigint]>([
  ['a whole percent', 100_000_000n, '19', false, 19_000_000n],
  ['an exact half cent is rounded away from zero', 500_000n, '1', false, 10_000n],
  ['an exact half cent taken back is too', -500_000n, '1', false, -10_000n],
  ['a percent with digits', 10_000_000n, '8.1', false, 810_000n],
  ['out of a price that includes it', 1_000_000n, '8.1', true, 70_000n],
  ['a third of a price that includes half as much again', 15_000_000n, '50', true, 5_000_000n],
  // Credit of 29 of 30 days of 200.00 with 25 % tax: 48.3325 is 48.33.
  ['of a credit of a part of a month', 193_330_000n, '25', false, 48_330_000n],
])('the tax of an amount: %s', (_what, micros, percent, inclusive, tax) => {
  expect(taxOfAmount(micros, percent, { inclusive, minorDigits: 2 })).toBe(tax)
})
