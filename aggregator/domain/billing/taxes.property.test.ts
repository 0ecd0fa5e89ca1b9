import fc from 'fast-check'
import { expect, test } from 'vitest'
import { taxTable } from '../catalogue/tax-table.ts'
import { taxCodeSchema } from '../catalogue/tax-code.ts'
import { billingProfileSchema, type BillingProfile } from '../contract/billing-profile.ts'
import type { Relation } from '../ledger/templates.ts'
import { taxesOf, taxOfAmount, type TaxableLine, type TaxSources } from './taxes.ts'

const relation: Relation = { seller: 'acme', buyer: 'hansa', kind: 'sale', currency: 'EUR', buyerKeepsBooks: false }
const cent = 10_000n

const percent = fc.oneof(
  fc.integer({ min: 0, max: 40 }).map(String),
  fc.tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 1, max: 9 })).map((parts) => parts.join('.')),
)

const lines = fc.array(
  fc.record({
    taxCode: fc.constantFrom('standard', 'reduced', null),
    periodKey: fc.constantFrom('2026-10', '2026-11', '2026-12'),
    invoicedMicros: fc.bigInt({ min: -1_000_000_000n, max: 1_000_000_000n }).map((cents) => cents * cent),
  }),
  { maxLength: 12 },
)

const sources = fc
  .record({
    before: percent,
    after: percent,
    reduced: percent,
    pricesIncludeTax: fc.boolean(),
    taxRounding: fc.constantFrom('line', 'document'),
    isExempt: fc.boolean(),
  })
  .map(({ before, after, reduced, pricesIncludeTax, taxRounding, isExempt }): TaxSources => {
    const codes = [
      {
        id: 'standard',
        name: 'Standard',
        rates: [
          { region: 'DE', percent: before, from: '2020-01-01' },
          { region: 'DE', percent: after, from: '2026-11-15' },
        ],
      },
      { id: 'reduced', name: 'Reduced', rates: [{ region: 'DE', percent: reduced, from: '2020-01-01' }] },
    ]
    const seller = billingProfileSchema.parse({ id: 'acme', pricesIncludeTax, taxRounding })
    const exemption = isExempt ? { taxExemption: 'Diplomatic mission' } : {}
    const buyer = billingProfileSchema.parse({ id: 'hansa', region: 'DE', ...exemption })
    const profile = (id: string): BillingProfile => (id === 'acme' ? seller : buyer)
    return { taxes: taxTable(codes.map((code) => taxCodeSchema.parse(code))), cycles: new Map(), profile }
  })

test('bases and taxes add up to what is to be paid, with what is not taxed', () => {
  fc.assert(
    fc.property(lines, sources, (own, given) => {
      const taxes = taxesOf(own, relation, given)
      const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((total, amount) => total + amount, 0n)
      const untaxed = own.filter((_line, index) => taxes.lines[index] === null)
      const bases = sum(taxes.items.map(({ baseMicros }) => baseMicros))
      expect(taxes.taxMicros).toBe(sum(taxes.items.map(({ taxMicros }) => taxMicros)))
      expect(bases + taxes.taxMicros + sum(untaxed.map(({ invoicedMicros }) => invoicedMicros))).toBe(taxes.grossMicros)
      expect(
        taxes.items.every(({ taxMicros, baseMicros }) => taxMicros % cent === 0n && baseMicros % cent === 0n),
      ).toBe(true)
    }),
  )
})

test('what takes all lines back takes their tax back, to the cent', () => {
  fc.assert(
    fc.property(lines, sources, (own, given) => {
      const back = own.map((line): TaxableLine => ({ ...line, invoicedMicros: -line.invoicedMicros }))
      const [there, again] = [taxesOf(own, relation, given), taxesOf(back, relation, given)]
      expect(again.taxMicros).toBe(-there.taxMicros)
      expect(again.grossMicros).toBe(-there.grossMicros)
    }),
  )
})

test('rounded on every line, the order and the company of lines change nothing; rounded once, less than a cent per line', () => {
  fc.assert(
    fc.property(lines, percent, fc.boolean(), (own, rate, inclusive) => {
      const rule = { inclusive, minorDigits: 2 }
      const sum = own.reduce((total, { invoicedMicros }) => total + invoicedMicros, 0n)
      const once = taxOfAmount(sum, rate, rule)
      const each = own.reduce((total, { invoicedMicros }) => total + taxOfAmount(invoicedMicros, rate, rule), 0n)
      const apart = once > each ? once - each : each - once
      expect(apart <= (cent * BigInt(own.length + 1)) / 2n).toBe(true)
    }),
  )
})

test('the tax in a price that was made by adding tax is that tax, within a cent', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -1_000_000_000n, max: 1_000_000_000n }), percent, (cents, rate) => {
      const net = cents * cent
      const tax = taxOfAmount(net, rate, { inclusive: false, minorDigits: 2 })
      const back = taxOfAmount(net + tax, rate, { inclusive: true, minorDigits: 2 })
      expect(back - tax >= -cent && back - tax <= cent).toBe(true)
    }),
  )
})
