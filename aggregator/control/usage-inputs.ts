import { z } from 'zod'
import type { Result } from '@meterline/shared/base/errors.ts'
import type { Commands } from '../flow/commands.ts'
import { personsNote, tenant, unitPlace } from './input-schemas.ts'
import { withTenant } from './with-tenant.ts'

const eventIdentity = z.strictObject({ source: z.string().min(1), id: z.string().min(1) })

/** What the commands about charged usage take. */
export const usageInputs = {
  'usage-void': z.strictObject({
    tenant,
    targets: z
      .array(z.union([eventIdentity, unitPlace]))
      .min(1, 'names no usage')
      .max(10_000, 'names more than 10000: go in parts'),
    reason: personsNote,
    by: personsNote,
    dryRun: z.boolean().default(false),
  }),
} as const

type VoidInput = z.output<(typeof usageInputs)['usage-void']>

/** Answers them. */
export function usageAnswers(commands: Commands): {
  readonly 'usage-void': (input: VoidInput, progress: (message: string) => void) => Promise<Result<unknown>>
} {
  return {
    'usage-void': ({ tenant: named, ...order }, progress) =>
      withTenant(commands, named, (found) => commands.usageVoid(found, order, progress)),
  }
}
