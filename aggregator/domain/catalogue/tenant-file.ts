import { z } from 'zod'
import { parseDay, parseInstant } from '@meterline/shared/units/instant.ts'
import { parseAgentId, parseTenantId, type AgentId, type TenantId } from '@meterline/shared/units/ids.ts'
import { usageEventLimits, textFits } from '@meterline/shared/model/usage-event.ts'
import { graduatedFields, perUnitFields } from '@meterline/shared/rating/price-schema.ts'
import type { Price } from '@meterline/shared/rating/price.ts'
import type { AccountDefinition, Party } from '../accounts/account-tree.ts'

export interface MeterDefinition {
  readonly id: string
  /** What one base unit is called, such as `byte`. */
  readonly unit: string
}

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
}

const idHint = 'use 1 to 64 letters, digits, dots, underscores and hyphens, beginning with a letter or digit'
const id = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, `is no id: ${idHint}`)
const name = z
  .string()
  .refine((text) => textFits(text, 200) && !/\p{Cc}/u.test(text), 'is no name: write 1 to 200 bytes of plain text')
const currency = z.string()
const subject = z
  .string()
  .refine(
    (text) => textFits(text, usageEventLimits.subjectBytes),
    `is empty or over ${usageEventLimits.subjectBytes} bytes`,
  )

const instant = z.unknown().transform((value, context): number => {
  if (typeof value === 'string') {
    const parsed = value.length <= 10 ? parseDay(value) : parseInstant(value)
    if (parsed.ok) return parsed.value
  }
  const message =
    value === undefined ? 'is missing' : 'is no date: write a day in UTC such as 2026-01-31, or 2026-01-31T22:00:00Z'
  context.addIssue({ code: 'custom', message })
  return z.NEVER
})

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
  meters: z.strictObject({ id, unit: name }),
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
})
