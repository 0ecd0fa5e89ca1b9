import { z } from 'zod'
import type { Result } from '@meterline/shared/base/errors.ts'
import { name } from '../domain/catalogue/file-fields.ts'
import { quantitiesSchema } from '../domain/catalogue/subscription-quantities.ts'
import { undoneKinds } from '../domain/catalogue/subscription-undo.ts'
import type { Commands } from '../flow/commands.ts'
import { limit, personsNote, tenant } from './input-schemas.ts'
import { withTenant } from './with-tenant.ts'

const atMs = z.int().min(0)
const subscription = z.string().min(1)
const command = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('change'),
    atMs,
    offering: z.string().min(1).nullable().default(null),
    version: z
      .union([atMs, z.literal('first')])
      .nullable()
      .default(null),
  }),
  z.strictObject({
    kind: z.literal('quantity'),
    atMs,
    quantities: quantitiesSchema.refine((named) => named.size > 0, 'names no quantity'),
  }),
  z.strictObject({
    kind: z.literal('pause'),
    atMs,
    toMs: atMs.nullable().default(null),
    reason: name.nullable().default(null),
  }),
  z.strictObject({ kind: z.literal('resume'), atMs }),
  z.strictObject({ kind: z.literal('cancel'), atMs }),
  z.strictObject({ kind: z.literal('undo'), atMs, what: z.enum(undoneKinds).nullable().default(null) }),
])

/** What the commands about single subscriptions take. */
export const subscriptionInputs = {
  'subscription-list': z.strictObject({
    tenant,
    account: z.string().min(1).optional(),
    after: z.string().optional(),
    limit,
    atMs: atMs.optional(),
  }),
  'subscription-show': z.strictObject({ tenant, subscription, atMs: atMs.optional() }),
  'subscription-change': z.strictObject({
    tenant,
    subscription,
    command,
    by: personsNote,
    backdate: z.boolean().default(false),
    dryRun: z.boolean().default(false),
  }),
} as const

type Input<Name extends keyof typeof subscriptionInputs> = z.output<(typeof subscriptionInputs)[Name]>

/** Answers them. */
export function subscriptionAnswers(commands: Commands): {
  readonly [Name in keyof typeof subscriptionInputs]: (input: Input<Name>) => Promise<Result<unknown>>
} {
  return {
    'subscription-list': ({ tenant: named, limit: most, account, after, atMs: instantMs }) =>
      withTenant(commands, named, (found) =>
        commands.subscriptionList(found, {
          limit: most,
          ...(account === undefined ? {} : { account }),
          ...(after === undefined ? {} : { after }),
          ...(instantMs === undefined ? {} : { atMs: instantMs }),
        }),
      ),
    'subscription-show': ({ tenant: named, subscription: id, atMs: instantMs }) =>
      withTenant(commands, named, (found) => commands.subscriptionShow(found, id, instantMs)),
    'subscription-change': ({ tenant: named, ...order }) =>
      withTenant(commands, named, (found) => commands.subscriptionChange(found, order)),
  }
}
