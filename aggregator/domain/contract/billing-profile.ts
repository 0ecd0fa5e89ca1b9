import { z } from 'zod'
import type { JsonValue } from '@meterline/shared/integrity/canonical-json.ts'
import { amountSchema } from '@meterline/shared/rating/fields.ts'
import { formatDuration } from '@meterline/shared/units/duration.ts'
import { duration, id, name } from '../catalogue/file-fields.ts'

/** A number that an authority knows somebody by, such as a VAT number. */
export interface TaxId {
  /** What kind of number it is, such as `VAT`. */
  readonly scheme: string
  readonly value: string
}

/** How somebody is billed or bills, and what documents have to say about him. */
export interface BillingProfile {
  /** The account, operator or partner it is about. */
  readonly id: string
  /** Null: the name of the account. */
  readonly legalName: string | null
  /** Lines of a postal address. */
  readonly address: readonly string[]
  readonly taxIds: readonly TaxId[]
  /** Where what he buys is taxed, such as `DE`; null: no tax is due from him. */
  readonly region: string | null
  /** Why no tax is due although there is a region, such as reverse charge; null: it is due. */
  readonly taxExemption: string | null
  /** The billing cycle of what he buys; null: calendar months in UTC. */
  readonly cycle: string | null
  /** How long after the end of a period its bill waits for usage that comes late. */
  readonly graceMs: number
  /** As a seller: documents are issued only after somebody approved them. */
  readonly approval: boolean
  /** As a buyer: decimal text; whenever this much is unbilled, an invoice goes out in the middle of the period. */
  readonly progressiveAmount: string | null
  /** As a seller: his prices include tax. */
  readonly pricesIncludeTax: boolean
  /** As a seller: whether tax is rounded on every line or once per rate of a document. */
  readonly taxRounding: 'line' | 'document'
  /** As a buyer: days after issue until an invoice is due. */
  readonly paymentDays: number
}

const mostAddressLines = 8
const mostTaxIds = 8
const longestGraceMs = 60 * 86_400_000
const longestPaymentDays = 365

/** A profile as it stands in a tenant file. */
export const billingProfileSchema = z
  .strictObject({
    id,
    legalName: name.nullable().default(null),
    address: z.array(name).max(mostAddressLines, `has more than ${mostAddressLines} lines`).default([]),
    taxIds: z
      .array(z.strictObject({ scheme: name, value: name }))
      .max(mostTaxIds, `names more than ${mostTaxIds} numbers`)
      .default([]),
    region: id.nullable().default(null),
    taxExemption: name.nullable().default(null),
    cycle: id.nullable().default(null),
    grace: duration(0, longestGraceMs).default(0),
    approval: z.boolean().default(false),
    progressiveAmount: amountSchema.nullable().default(null),
    pricesIncludeTax: z.boolean().default(false),
    taxRounding: z.enum(['line', 'document']).default('document'),
    paymentDays: z.int().min(0).max(longestPaymentDays).default(14),
  })
  .transform(({ grace, ...own }): BillingProfile => ({ ...own, graceMs: grace }))

/** What a profile says that nobody wrote. */
export function plainProfile(ownId: string): BillingProfile {
  return billingProfileSchema.parse({ id: ownId })
}

/** The plain data that `billingProfileSchema` reads back; what is as usual is left out. */
export function billingProfileJson(profile: BillingProfile): JsonValue {
  const { id: ownId, legalName, address, taxIds, region, taxExemption, cycle, progressiveAmount } = profile
  return {
    id: ownId,
    ...(legalName === null ? {} : { legalName }),
    ...(address.length === 0 ? {} : { address: [...address] }),
    ...(taxIds.length === 0 ? {} : { taxIds: taxIds.map((taxId) => ({ ...taxId })) }),
    ...(region === null ? {} : { region }),
    ...(taxExemption === null ? {} : { taxExemption }),
    ...(cycle === null ? {} : { cycle }),
    ...(profile.graceMs === 0 ? {} : { grace: formatDuration(profile.graceMs) }),
    ...(profile.approval ? { approval: true } : {}),
    ...(progressiveAmount === null ? {} : { progressiveAmount }),
    ...(profile.pricesIncludeTax ? { pricesIncludeTax: true } : {}),
    ...(profile.taxRounding === 'document' ? {} : { taxRounding: profile.taxRounding }),
    ...(profile.paymentDays === 14 ? {} : { paymentDays: profile.paymentDays }),
  }
}
