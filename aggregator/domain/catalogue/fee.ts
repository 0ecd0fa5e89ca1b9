import { z } from 'zod'
import type { JsonValue } from '@meterline/shared/integrity/canonical-json.ts'
import { amountSchema } from '@meterline/shared/rating/fields.ts'
import { prorations, type Proration } from '../contract/proration.ts'
import { id } from './file-fields.ts'

/** What a subscription owes for being there, whatever is used. */
export interface FeeTerms {
  /** `recurring`: for every period. `one-time`: once, in the period the subscription begins. */
  readonly model: 'recurring' | 'one-time'
  /** Decimal text in currency units, for one of what `each` counts. */
  readonly amount: string
  /** Whether a recurring fee is billed before the period it is for or after it; a one-time fee is due when it begins. */
  readonly due: 'in-advance' | 'in-arrears'
  /** Once per subscription, for each subject it lists, or for each of a quantity that the subscription states. */
  readonly each: 'subscription' | 'subject' | { readonly quantity: string }
  /** How a recurring fee is shared out over its period; of a one-time fee always `none`. */
  readonly prorate: Proration
}

/** The models of fees, beside those of prices for usage. */
export const feeModels = ['recurring', 'one-time'] as const

const each = z.union([z.enum(['subscription', 'subject']), z.strictObject({ quantity: id })]).default('subscription')

/** The terms of a fee as a tenant file states them. A recurring fee is billed in advance unless it says otherwise. */
export const feeSchema = z.discriminatedUnion('model', [
  z.strictObject({
    model: z.literal('recurring'),
    amount: amountSchema,
    due: z.enum(['in-advance', 'in-arrears']).default('in-advance'),
    each,
    prorate: z.enum(prorations).default('none'),
  }),
  z.strictObject({
    model: z.literal('one-time'),
    amount: amountSchema,
    due: z.literal('in-advance').default('in-advance'),
    each,
    prorate: z.literal('none').default('none'),
  }),
])

/** The one JSON form of a fee, which its id is a hash of and `feeSchema` reads back. */
export function feeJson({ model, amount, due, each: counted, prorate }: FeeTerms): {
  readonly [key: string]: JsonValue
} {
  return {
    model,
    amount,
    ...(model === 'recurring' ? { due } : {}),
    ...(counted === 'subscription' ? {} : { each: counted === 'subject' ? counted : { ...counted } }),
    ...(prorate === 'none' ? {} : { prorate }),
  }
}
