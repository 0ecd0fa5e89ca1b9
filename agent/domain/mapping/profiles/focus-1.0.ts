import type { RuleProfile } from '../rule-definition.ts'

/** Costs are counted in billionths of the billing currency: providers state charges far below a cent. */
const nanoCurrency = { at: '/BilledCost', scale: '1000000000', round: 'half-even' } as const

/**
 * Rows of a cost and usage export in the FinOps Open Cost and Usage Specification 1.0 (focus.finops.org), as
 * `meterline-agent import focus` submits them: each column by its name, empty ones as null, with the identity of the row
 * under `@id` and the column chosen for the subject under `@subject`. Charges of the billing account as a whole, such as
 * taxes, have no sub-account; the billing account stands in. Credits and corrections are negative costs and have a meter of
 * their own.
 */
export const focus10: RuleProfile = {
  format: 'json',
  id: '/@id',
  subject: ['/@subject', '/BillingAccountId'],
  time: '/ChargePeriodStart',
  timeUnit: 'rfc3339',
  meters: [
    { meter: 'cloud.billed_cost', quantity: { ...nanoCurrency, part: 'positive' } },
    { meter: 'cloud.billed_credit', quantity: { ...nanoCurrency, part: 'negative', omitZero: true } },
  ],
  dimensions: {
    currency: '/BillingCurrency',
    category: '/ChargeCategory',
    service: '/ServiceName',
    region: '/RegionId',
  },
}
