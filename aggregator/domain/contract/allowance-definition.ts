import { z } from 'zod'
import type { JsonValue } from '@meterline/shared/integrity/canonical-json.ts'
import { baseUnitsSchema } from '@meterline/shared/rating/fields.ts'
import { id } from '../catalogue/file-fields.ts'
import { prorations, type Proration } from './proration.ts'

/** The proration of something that is whole unless the file says something else. */
export const prorationSchema = z.enum(prorations).default('none')

/** What becomes of included units that a period leaves over. */
export interface Rollover {
  /** For how many further periods they can be used. */
  readonly periods: number
  /** Base units carried into a period at most; null: no limit. */
  readonly cap: bigint | null
}

/** Usage that an offering includes in every billing period. */
export interface AllowanceDefinition {
  /** Unique in the offering's version; the same id in another version carries on what was left over. */
  readonly id: string
  readonly meter: string
  /** Base units in a whole period, for one of what `each` counts. */
  readonly quantity: bigint
  /**
   * Once per subscription, or for each of a quantity that the subscription states. Not for each subject: lists of subjects
   * have no dates, so what a period includes would change after it was billed.
   */
  readonly each: 'subscription' | { readonly quantity: string }
  readonly prorate: Proration
  /** Null: what is left over is lost. */
  readonly rollover: Rollover | null
  /** Of several allowances for a meter the one with the lowest is used first. */
  readonly priority: number
  /** Whether it is a subscription's own, or shared by all subscriptions of the offering on the same bill. */
  readonly pool: 'subscription' | 'subtree'
}

const mostPeriods = 120
const highestPriority = 1_000
const mostAllowances = 100

/** An allowance as it stands in an offering of a tenant file. */
export const allowanceSchema = z
  .strictObject({
    id,
    meter: id,
    quantity: baseUnitsSchema,
    each: z.union([z.literal('subscription'), z.strictObject({ quantity: id })]).default('subscription'),
    prorate: prorationSchema,
    rollover: z
      .strictObject({
        periods: z.int().min(1, 'is below 1; leave rollover out instead').max(mostPeriods),
        cap: baseUnitsSchema.nullable().default(null),
      })
      .nullable()
      .default(null),
    priority: z.int().min(0).max(highestPriority).default(0),
    pool: z.enum(['subscription', 'subtree']).default('subscription'),
  })
  .transform((own): AllowanceDefinition => own)

/** The allowances of a version of an offering; most have none. */
export const allowancesSchema = z
  .array(allowanceSchema)
  .max(mostAllowances, `has more than ${mostAllowances} allowances`)
  .default([])

/** The plain data that `allowanceSchema` reads back; what is as usual is left out. */
export function allowanceJson(allowance: AllowanceDefinition): { readonly [key: string]: JsonValue } {
  const { id: ownId, meter, quantity, each, prorate, rollover, priority, pool } = allowance
  return {
    id: ownId,
    meter,
    quantity: quantity.toString(),
    ...(each === 'subscription' ? {} : { each: { ...each } }),
    ...(prorate === 'none' ? {} : { prorate }),
    ...(rollover === null ? {} : { rollover: rolloverJson(rollover) }),
    ...(priority === 0 ? {} : { priority }),
    ...(pool === 'subscription' ? {} : { pool }),
  }
}

function rolloverJson({ periods, cap }: Rollover): JsonValue {
  return { periods, ...(cap === null ? {} : { cap: cap.toString() }) }
}
