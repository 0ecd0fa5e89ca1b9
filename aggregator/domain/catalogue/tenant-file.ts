import { z } from 'zod'
import { parseAgentId, parseTenantId, type AgentId, type TenantId } from '@meterline/shared/units/ids.ts'
import { graduatedFields, perUnitFields } from '@meterline/shared/rating/price-schema.ts'
import type { Price } from '@meterline/shared/rating/price.ts'
import type { AccountDefinition, Party } from '../accounts/account-tree.ts'
import { expectationSchema, type ExpectationDefinition } from '../completeness/expectation.ts'
import { correlationSchema, type CorrelationDefinition } from '../correlation/correlation-rule.ts'
import { meterSchema, type MeterDefinition } from '../metering/meter-definition.ts'
import { id, idHint, instant, name, subject } from './file-fields.ts'

export interface PriceDefinition {
  readonly id: string
  readonly meter: string
  /** Null: the tenant's. */
  readonly currency: string | null
  readonly price: Price
}

export interface OfferingDefinition {
  readonly id: string
  readonly name: string
  /** Price ids in the order invoices list them; at most one per meter. */
  readonly prices: readonly string[]
}

export interface SubscriptionDefinition {
  readonly id: string
  /** Who buys: an account, or the operator when a partner sells. */
  readonly account: string
  /** The partner who sells to the operator; null everywhere else, where the seller follows from the tree. */
  readonly seller: string | null
  readonly offering: string
  /** Epoch milliseconds. */
  readonly fromMs: number
  /** Exclusive; null: no end. */
  readonly toMs: number | null
  /** The subjects of a customer or fleet; null for resellers and the operator, who buy for everything below them. */
  readonly subjects: readonly string[] | null
}

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
}

const currency = z.string()

const signingKey = z
  .string()
  .refine(
    (text) => /^[A-Za-z0-9+/]{43}=$/.test(text) && Buffer.from(text, 'base64').toString('base64') === text,
    'is no signing key: write the raw Ed25519 public key in base64 (44 characters), as meterline-agent init prints it',
  )

const party = z.strictObject({ id, name })
const priceFields = { id, meter: id, currency: currency.nullable().default(null) }
const price = z
  .discriminatedUnion('model', [
    z.strictObject({ ...priceFields, ...perUnitFields }),
    z.strictObject({ ...priceFields, ...graduatedFields }),
  ])
  .transform(({ id: priceId, meter, currency: ownCurrency, ...terms }): PriceDefinition => ({
    id: priceId,
    meter,
    currency: ownCurrency,
    price: terms,
  }))

/** The schema of each thing a list of a tenant file holds, by the list's key. */
export const elementSchemas = {
  meters: meterSchema,
  prices: price,
  offerings: z.strictObject({ id, name, prices: z.array(id).min(1, 'is empty; name at least one price') }),
  accounts: z.strictObject({
    id,
    kind: z.enum(['reseller', 'customer', 'fleet']),
    parent: id,
    name,
    payer: z.enum(['self', 'parent']),
  }),
  partners: party,
  subscriptions: z
    .strictObject({
      id,
      account: id,
      seller: id.nullable().default(null),
      offering: id,
      from: instant,
      to: instant.nullable().optional(),
      subjects: z.array(subject).nullable().default(null),
    })
    .transform(({ from, to, ...own }): SubscriptionDefinition => ({ ...own, fromMs: from, toMs: to ?? null })),
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
})
