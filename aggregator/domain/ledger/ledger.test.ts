import { describe, expect, test } from 'vitest'
import { assertBalanced, credit, debit, netEntries } from './entry.ts'
import { invoiceIssued, preratingDrift, taxInvoiced, usageSold, type Relation } from './templates.ts'

const toCustomer: Relation = { seller: 'acme', buyer: 'hansa', kind: 'sale', currency: 'EUR', buyerKeepsBooks: false }
const toReseller: Relation = { ...toCustomer, buyer: 'nordlink', buyerKeepsBooks: true }
const fromPartner: Relation = { seller: 'roamnet', buyer: 'acme', kind: 'cost', currency: 'EUR', buyerKeepsBooks: true }

function shown(entries: ReturnType<typeof usageSold>): readonly string[] {
  return entries.map(({ entity, account, debitMicros, creditMicros }) =>
    debitMicros > 0n ? `${entity} ${account} Dr ${debitMicros}` : `${entity} ${account} Cr ${creditMicros}`,
  )
}

describe('templates', () => {
  test.each<readonly [what: string, entries: ReturnType<typeof usageSold>, expected: readonly string[]]>([
    ['usage sold to a customer', usageSold(toCustomer, 7n), ['acme unbilled:hansa Dr 7', 'acme revenue Cr 7']],
    [
      'usage sold to a reseller',
      usageSold(toReseller, 7n),
      [
        'acme unbilled:nordlink Dr 7',
        'acme revenue Cr 7',
        'nordlink cost_of_sales Dr 7',
        'nordlink accrued_payable:acme Cr 7',
      ],
    ],
    [
      'usage bought from a partner',
      usageSold(fromPartner, 7n),
      ['acme cost_of_sales Dr 7', 'acme accrued_payable:roamnet Cr 7'],
    ],
    [
      'usage that became cheaper, sold to a reseller',
      usageSold(toReseller, -7n),
      [
        'acme unbilled:nordlink Cr 7',
        'acme revenue Dr 7',
        'nordlink cost_of_sales Cr 7',
        'nordlink accrued_payable:acme Dr 7',
      ],
    ],
    [
      'usage of a partner that became cheaper',
      usageSold(fromPartner, -7n),
      ['acme cost_of_sales Cr 7', 'acme accrued_payable:roamnet Dr 7'],
    ],
    [
      'pre-rating that was too low',
      preratingDrift('acme', 'EUR', 7n),
      ['acme prerating:drift Dr 7', 'acme prerating:drift-contra Cr 7'],
    ],
    [
      'pre-rating that was too high',
      preratingDrift('acme', 'EUR', -7n),
      ['acme prerating:drift Cr 7', 'acme prerating:drift-contra Dr 7'],
    ],
    ['no drift', preratingDrift('acme', 'EUR', 0n), []],
    ['nothing', usageSold(toReseller, 0n), []],
    [
      'an invoice rounded down',
      invoiceIssued(toCustomer, 12_344_999n, 12_340_000n),
      ['acme receivable:hansa Dr 12340000', 'acme rounding_residue Dr 4999', 'acme unbilled:hansa Cr 12344999'],
    ],
    [
      'an invoice rounded up, to a reseller',
      invoiceIssued(toReseller, 12_345_000n, 12_350_000n),
      [
        'acme receivable:nordlink Dr 12350000',
        'acme rounding_residue Cr 5000',
        'acme unbilled:nordlink Cr 12345000',
        'nordlink accrued_payable:acme Dr 12345000',
        'nordlink rounding_residue Dr 5000',
        'nordlink payable:acme Cr 12350000',
      ],
    ],
    [
      'an invoice of less than half a cent',
      invoiceIssued(toCustomer, 4_999n, 0n),
      ['acme rounding_residue Dr 4999', 'acme unbilled:hansa Cr 4999'],
    ],
    ['an invoice of nothing', invoiceIssued(toReseller, 0n, 0n), []],
    [
      'tax on top of an invoice',
      taxInvoiced(toCustomer, 7n, false),
      ['acme receivable:hansa Dr 7', 'acme tax_payable Cr 7'],
    ],
    [
      'tax on top of an invoice to a reseller',
      taxInvoiced(toReseller, 7n, false),
      [
        'acme receivable:nordlink Dr 7',
        'acme tax_payable Cr 7',
        'nordlink input_tax Dr 7',
        'nordlink payable:acme Cr 7',
      ],
    ],
    [
      'tax included in an invoice to a reseller',
      taxInvoiced(toReseller, 7n, true),
      ['acme revenue Dr 7', 'acme tax_payable Cr 7', 'nordlink input_tax Dr 7', 'nordlink cost_of_sales Cr 7'],
    ],
    [
      'tax of a credit note',
      taxInvoiced(toReseller, -7n, false),
      [
        'acme receivable:nordlink Cr 7',
        'acme tax_payable Dr 7',
        'nordlink input_tax Cr 7',
        'nordlink payable:acme Dr 7',
      ],
    ],
    ['no tax', taxInvoiced(toReseller, 0n, false), []],
  ])('%s', (_what, entries, expected) => {
    expect(shown(entries)).toEqual(expected)
    expect(() => assertBalanced(entries)).not.toThrow()
  })
})

test('entries are netted per entity, asset and account, and sorted', () => {
  expect(
    netEntries([
      debit('b', 'EUR', 'x', 5n),
      credit('b', 'EUR', 'x', 7n),
      debit('a', 'USD', 'x', 1n),
      debit('a', 'EUR', 'y', 3n),
      debit('a', 'EUR', 'x', 3n),
      credit('a', 'EUR', 'y', 3n),
    ]),
  ).toEqual([debit('a', 'EUR', 'x', 3n), debit('a', 'USD', 'x', 1n), credit('b', 'EUR', 'x', 2n)])
})

test.each<readonly [what: string, entries: ReturnType<typeof usageSold>]>([
  ['a one-sided transaction', [debit('a', 'EUR', 'x', 3n)]],
  ['a balance only across entities', [debit('a', 'EUR', 'x', 3n), credit('b', 'EUR', 'x', 3n)]],
  ['a balance only across assets', [debit('a', 'EUR', 'x', 3n), credit('a', 'USD', 'x', 3n)]],
  ['an entry of nothing', [debit('a', 'EUR', 'x', 0n)]],
  ['a negative entry', [debit('a', 'EUR', 'x', -3n), credit('a', 'EUR', 'y', -3n)]],
])('%s is a bug', (_what, entries) => {
  expect(() => assertBalanced(entries)).toThrow(/off by|exactly one side/)
})
