import { describe, expect, test } from 'vitest'
import { answersComeOut, rated, rows } from './answers-for-tests.ts'

describe('commitments and minimums', () => {
  answersComeOut([
    ...rows('min_commitment', { minimum: '500' }, [
      [{ used: '620' }, { trueUp: '0', total: '620' }],
      [
        { used: '120.50', fees: '79.50' },
        { trueUp: '300', invoiceTotal: '500' },
      ],
      [{ usage: '0' }, { shortfall: '500' }],
      [
        { usage: '100', activeDays: 10, periodDays: 30 },
        { trueUp: '66.67', total: '166.67' },
      ],
      [{ usage: '100', from: '2024-02-20', toInclusive: '2024-02-29' }, { trueUp: '72.41' }],
      [{ usage: '100', period: ['2024-02-01', '2024-03-01'], from: '2024-02-20' }, { proratedMinimum: '172.41' }],
    ]),
    ...rows('minimum_commitment', { minimum_amount_cents: 100_000 }, [
      [
        { usage_cents: 30_000, subscription_fee_cents: 20_000 },
        { true_up_cents: 50_000, invoice_total_cents: 100_000 },
      ],
    ]),
    ...rows('commitment_overage', { commitment: '1000', overageFactor: '1.5' }, [
      [{ usage: '800' }, { total: '1000', trueUp: '200' }],
      [
        { usage: '800', trueUp: false },
        { total: '800', trueUp: '0' },
      ],
      [{ usage: '1000' }, { total: '1000', overage: '0' }],
      [{ usage: '1200' }, { total: '1300', overage: '300', drawn: '1000', remainingCommitment: '0' }],
    ]),
    ...rows('annual_commitment_true_up', { annualMinimum: '1200' }, [
      [
        { monthlyUsage: ['50', '150', '90', '100', '100', '100', '100', '100', '100', '100', '100', '100'] },
        { trueUp: '10', total: '1200' },
      ],
      [{ monthlyUsage: ['1000', '500'] }, { shortfall: '0', invoices: ['1000', '500'] }],
    ]),
    ...rows('min_commitment', { monthlyMinimum: '100' }, [
      [
        { consumption: ['150', '80', '0'] },
        { invoices: ['150', '100', '100'], trueUps: ['0', '20', '100'], total: 350 },
      ],
    ]),
    ...rows('min_in_advance', { minimumPerMonth: '100' }, [
      [{ consumption: ['150', '80'] }, { invoices: ['100', '150', '100'], total: '350' }],
      [{ consumption: ['150', '80'] }, { invoices: ['100', '150', '0'], total: '250' }],
      [{ consumption: ['50', '100', '101'] }, { invoices: ['100', '100', '100', '101'] }],
    ]),
    ...rows('prepaid_commitment', { commitment: '1000' }, [
      [{ usage: '400' }, { drawnDown: '400', remaining: '600' }],
      [
        { consumption: ['400', '700', '50'] },
        { remaining: ['600', '0', '0'], overages: ['0', '100', '50'], total: '1150' },
      ],
    ]),
  ])
})

describe('proration', () => {
  const month = { period: ['2025-01-01', '2025-01-31'] }
  answersComeOut([
    ...rows('proration', { monthly: '31' }, [
      [
        { activeDays: 10, periodDays: 31 },
        { total: '10', coefficient: '0.322581' },
      ],
      [{ from: '2024-01-15' }, { prorated: '17' }],
      [
        { from: '2024-01-15', to: '2024-01-20' },
        { prorated: '5', days: 5 },
      ],
      [{ startDate: '2024-01-20', billCycleDay: 15 }, { prorated: '26' }],
      [{ pausedDays: 11, periodDays: 31 }, { prorated: '20' }],
      [{ pausedAt: '2024-01-11', resumedAt: '2024-01-21' }, { prorated: '21' }],
      [{ activeDays: 10, periodDays: 31, quantity: 3 }, { total: '30' }],
      [
        { daysRemaining: 10, periodDays: 31, taxPct: 19 },
        { net: '10', tax: '1.9', totalInclTax: '11.9' },
      ],
    ]),
    ...rows('plan_change', { oldMonthly: '100', newMonthly: '200', ...month }, [
      [{ changeDate: '2025-01-16' }, { creditCents: -5000, chargeCents: 10_000, netCents: 5000 }],
      [{ changeDate: '2025-01-16' }, { credit: '50', charge: '100', net: '50' }],
      [{ changeDate: '2025-01-16' }, { total: '150' }],
      [{ changeDate: '2025-01-16T12:00:00Z' }, { credit: '-48.33', charge: '96.67', net: '48.33' }],
      [{ changeDate: '2025-01-01' }, { credit: '100', charge: '200' }],
    ]),
    ...rows('seat_upgrade', { unitPrice: '30', oldSeats: 2, newSeats: 5, ...month }, [
      [{ changeDate: '2025-01-21' }, { credit: '20', charge: '50', net: '30' }],
    ]),
    ...rows('downgrade', { oldPrice: '60', newPrice: '30', daysRemaining: 10, periodDays: 30 }, [
      [{}, { credit: '20', charge: '10', net: '-10' }],
    ]),
    ...rows('proration', { billCycleDay: 13, interval: 'month', mode: 'in_advance' }, [
      [{ start: '2011-02-01', targetDate: '2011-02-13' }, { billingCycles: '12/31 + 1' }],
      [{ start: '2011-02-13', targetDate: '2011-04-13' }, { billingCycles: '3' }],
      [{ start: '2010-06-17', endDate: '2010-06-25', targetDate: '2010-06-30', billCycleDay: 17 }, { cycles: '8/30' }],
    ]),
    ...rows('proration', { billCycleDay: 13, mode: 'in_arrears' }, [
      [{ start: '2011-02-01', targetDate: '2011-02-13' }, { billingCycles: '12/31' }],
      [{ start: '2011-02-01', targetDate: '2011-02-12' }, { billingCycles: '0' }],
    ]),
  ])
})

describe('credit notes and tax', () => {
  answersComeOut([
    ...rows('credit_note', { paidCents: 20_000, taxPct: 25 }, [
      [
        { usedDays: 1, periodDays: 30 },
        { creditExclTaxCents: 19_333, taxCents: 4833, totalCents: 24_166 },
      ],
      [
        { unusedDays: 29, periodDays: 30 },
        { creditExclTaxCents: 19_333, totalCents: 24_166 },
      ],
      [{}, { creditExclTaxCents: 20_000, taxCents: 5000, totalCents: 25_000 }],
    ]),
    ...rows('tax', { taxPct: '19' }, [
      [{ amount: '100' }, { tax: '19', total: '119' }],
      [
        { amount: '119', inclusive: true },
        { tax: '19', net: '100', total: '119' },
      ],
      [{ lines: ['0.03', '0.03', '0.03'] }, { tax: '0.02', total: '0.11' }],
      [
        { lines: ['0.03', '0.03', '0.03'], rounding: 'line' },
        { tax: '0.03', total: '0.12' },
      ],
    ]),
    ...rows('vat', { taxRate: '8.1', currency: 'JPY' }, [
      [{ amount: '105' }, { tax: '9', total: '114', currency: 'JPY' }],
    ]),
  ])
})

describe('allocation by standalone prices, sums and discounts', () => {
  const bundle = [
    { name: 'phone', standalonePrice: '400' },
    { name: 'plan', standalonePrice: '800', months: 24 },
    { name: 'support', ssp: '200', months: 24 },
  ]
  answersComeOut([
    ...rows('revenue_allocation', { transactionPrice: '1000', performanceObligations: bundle }, [
      [{}, { phone: '285.71', plan: '571.43', support: '142.86', planPerMonth: '23.81' }],
      [{}, { shares: ['285.71', '571.43', '142.86'] }],
      [{ paidUpfront: '100' }, { contractAssetDay1: '185.71', total: '1000' }],
    ]),
    ...rows('allocation', { bundlePrice: '10', items: [{ ssp: 1 }, { ssp: 1 }, { ssp: 1 }] }, [
      [{}, { allocations: ['3.34', '3.33', '3.33'] }],
    ]),
    ...rows('settlement', { charges: ['2300', '2300', '66600'], decimalPlaces: 3 }, [[{}, { sumCharges: '71.200' }]]),
    ...rows('discount', { amount: '200' }, [
      [{ percentOff: '12.5' }, { discount: '25', total: '175' }],
      [{ amountOff: '250' }, { discount: '200', total: '0' }],
      [{ percentOff: '50', maxDiscount: '30' }, { total: '170' }],
      [{ discounts: [{ percentOff: 10 }, { amountOff: 30 }] }, { discounts: ['20', '30'], total: '150' }],
      [{ tiers: [{ upTo: '100', percent: 0 }, { percent: 10 }] }, { discount: '20' }],
      [{ tiers: [{ upTo: '100', percent: 0 }, { percent: 10 }], mode: 'graduated' }, { discount: '10' }],
    ]),
  ])
})

describe('other currencies', () => {
  answersComeOut([
    ...rows('currency_conversion', { amount: '71.200', exchangeRate: '1.16203' }, [
      [{ rule: 'SDR = local / rate' }, { sdrUnrounded: '61.272084' }],
      [{ rule: 'multiply' }, { total: '82.736536' }],
      [{}, { converted: '82.74' }],
    ]),
  ])
})

describe('what does not come out is said', () => {
  test.each([
    ['min_commitment', { minimum: '500', used: '100' }, { trueUp: '401' }],
    ['plan_change', { oldMonthly: '1', newMonthly: '2', changeDate: '2025-01-16' }, { net: '5' }],
    ['min_in_advance', { minimum: '100', consumption: ['150', '80'] }, { invoices: ['100', '150'] }],
    ['revenue_allocation', { price: '9', items: [{ ssp: 1 }, { ssp: 2 }] }, { shares: ['4.50', '4.50'] }],
  ])('%s %j %j', (model, input, expected) => {
    expect(rated(model, { input, expected })).toMatchObject({ verdict: 'not ok' })
  })

  test.each([
    [
      'a mistake in a field',
      'min_commitment',
      { minimum: 'much', used: '1' },
      'not ok',
      /^input\.minimum is no number/,
    ],
    ['too little to go by', 'proration', { monthly: '30' }, 'not a price', /^proration$/],
    ['figures nobody knows', 'discount', { amount: '1', percentOff: '1' }, 'not a price', /^discount$/],
    ['what bills hold nothing of', 'wallet_top_up', { amount: '1' }, 'not a price', /^balance$/],
    ['a price with a discount', 'volume', { tiers: [], couponPct: 5 }, 'not a price', /^discount$/],
  ] as const)('%s', (_, model, input, verdict, remark) => {
    const result = rated(model, { input, expected: { weird: '1' } })
    expect(result.verdict).toBe(verdict)
    expect(result.remark).toMatch(remark)
  })
})
