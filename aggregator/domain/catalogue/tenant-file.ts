import { z } from 'zod'
import { parseAgentId, parseTenantId, type AgentId, type TenantId } from '@meterline/shared/units/ids.ts'
import { accountSchema, type AccountDefinition } from '../accounts/account-definition.ts'
import type { Party } from '../accounts/account-tree.ts'
import { expectationSchema, type ExpectationDefinition } from '../completeness/expectation.ts'
import { correlationSchema, type CorrelationDefinition } from '../correlation/correlation-rule.ts'
import { billingProfileSchema, type BillingProfile } from '../contract/billing-profile.ts'
import { contractSchema, type ContractDefinition } from '../contract/contract-definition.ts'
import { exchangeRateSchema, type ExchangeRate } from '../contract/exchange-rate.ts'
import { meterSchema, type MeterDefinition } from '../metering/meter-definition.ts'
import { cycleSchema, type CycleDefinition } from '../periods/cycle-definition.ts'
import { id, idHint, name } from './file-fields.ts'
import { matrixTableSchema } from './matrix-table-schema.ts'
import type { MatrixTable } from './matrix-table.ts'
import { offeringSchema, type OfferingDefinition } from './offering-definition.ts'
import { priceDefinitionSchema, type PriceDefinition } from './price-definition.ts'
import { subscriptionSchema, type SubscriptionDefinition } from './subscription-definition.ts'
import { taxCodeSchema, type TaxCode } from './tax-code.ts'
import { zoneTableSchema, type ZoneTable } from './zone-table.ts'

export interface AgentDefinition {
  readonly id: AgentId
  /** Raw Ed25519 public key, base64. */
  readonly signingKey: string
  readonly epoch: number
}

/** All that is declared about a tenant: who buys what from whom at which price, and which agents may report. */
export interface TenantFile {
  readonly tenant: TenantId
  readonly currency: string
  readonly operator: Party
  /** Whether it is one to try things out with: it has a clock of its own, and its documents say TEST. For ever. */
  readonly test: boolean
  readonly meters: readonly MeterDefinition[]
  readonly prices: readonly PriceDefinition[]
  readonly offerings: readonly OfferingDefinition[]
  readonly accounts: readonly AccountDefinition[]
  readonly partners: readonly Party[]
  readonly subscriptions: readonly SubscriptionDefinition[]
  readonly agents: readonly AgentDefinition[]
  /** What usage ought to come; empty when nothing is expected. */
  readonly expectations: readonly ExpectationDefinition[]
  /** Which usage is reported twice, by whom. */
  readonly correlations: readonly CorrelationDefinition[]
  readonly taxCodes: readonly TaxCode[]
  /** Price lists for several meters that prices name. */
  readonly matrices: readonly MatrixTable[]
  /** The zones that prices by time of use name, worked out when they were first applied. */
  readonly zones: readonly ZoneTable[]
  /** When billing periods begin, for whom calendar months in UTC do not do. */
  readonly cycles: readonly CycleDefinition[]
  /** How accounts, the operator and partners are billed or bill; at most one for each. */
  readonly billingProfiles: readonly BillingProfile[]
  /** What buyers and sellers agreed on beyond prices. */
  readonly contracts: readonly ContractDefinition[]
  /** What currencies were worth in others, dated. */
  readonly exchangeRates: readonly ExchangeRate[]
}

const currency = z.string()

const signingKey = z
  .string()
  .refine(
    (text) => /^[A-Za-z0-9+/]{43}=$/.test(text) && Buffer.from(text, 'base64').toString('base64') === text,
    'is no signing key: write the raw Ed25519 public key in base64 (44 characters), as meterline-agent init prints it',
  )

const party = z.strictObject({ id, name })
/** The schema of each thing a list of a tenant file holds, by the list's key. */
export const elementSchemas = {
  meters: meterSchema,
  prices: priceDefinitionSchema,
  offerings: offeringSchema,
  accounts: accountSchema,
  partners: party,
  subscriptions: subscriptionSchema,
  agents: z
    .strictObject({ id, signingKey, epoch: z.int().min(1, 'is below 1, the first epoch').max(0xffff_ffff) })
    .transform((own, context): AgentDefinition => {
      const parsed = parseAgentId(own.id)
      if (parsed.ok) return { ...own, id: parsed.value }
      context.addIssue({ code: 'custom', message: parsed.fault.message, path: ['id'] })
      return z.NEVER
    }),
  expectations: expectationSchema,
  correlations: correlationSchema,
  taxCodes: taxCodeSchema,
  matrices: matrixTableSchema,
  zones: zoneTableSchema,
  cycles: cycleSchema,
  billingProfiles: billingProfileSchema,
  contracts: contractSchema,
  exchangeRates: exchangeRateSchema,
} as const

/** The lists of a tenant file. */
export type ListKey = keyof typeof elementSchemas

/** The schemas of what stands in a tenant file beside its lists. */
export const topSchemas = {
  tenant: z.string().transform((text, context): TenantId => {
    const parsed = parseTenantId(text)
    if (parsed.ok) return parsed.value
    context.addIssue({ code: 'custom', message: `is no id: ${idHint}` })
    return z.NEVER
  }),
  currency,
  operator: party,
  test: z.boolean().default(false),
} as const

/** A whole tenant file as plain data, for reading back what was accepted before. Files by people are read list by list. */
export const tenantFileSchema = z.strictObject({
  ...topSchemas,
  meters: z.array(elementSchemas.meters),
  prices: z.array(elementSchemas.prices),
  offerings: z.array(elementSchemas.offerings),
  accounts: z.array(elementSchemas.accounts),
  partners: z.array(elementSchemas.partners),
  subscriptions: z.array(elementSchemas.subscriptions),
  agents: z.array(elementSchemas.agents),
  // Files from before these lists were known have none.
  expectations: z.array(elementSchemas.expectations).default([]),
  correlations: z.array(elementSchemas.correlations).default([]),
  taxCodes: z.array(elementSchemas.taxCodes).default([]),
  matrices: z.array(elementSchemas.matrices).default([]),
  zones: z.array(elementSchemas.zones).default([]),
  cycles: z.array(elementSchemas.cycles).default([]),
  billingProfiles: z.array(elementSchemas.billingProfiles).default([]),
  contracts: z.array(elementSchemas.contracts).default([]),
  exchangeRates: z.array(elementSchemas.exchangeRates).default([]),
})
