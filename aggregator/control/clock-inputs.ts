import { z } from 'zod'
import type { Result } from '@meterline/shared/base/errors.ts'
import type { Commands } from '../flow/commands.ts'
import { personsNote, tenant } from './input-schemas.ts'
import { withTenant } from './with-tenant.ts'

/** What the commands about the clock of a test tenant take. */
export const clockInputs = {
  'clock-show': z.strictObject({ tenant }),
  'clock-advance': z.strictObject({ tenant, toMs: z.int().min(0), by: personsNote }),
} as const

type Input<Name extends keyof typeof clockInputs> = z.output<(typeof clockInputs)[Name]>
type Answer<Name extends keyof typeof clockInputs> = (
  input: Input<Name>,
  progress: (message: string) => void,
) => Promise<Result<unknown>>

/** Answers them. */
export function clockAnswers(commands: Commands): { readonly [Name in keyof typeof clockInputs]: Answer<Name> } {
  return {
    'clock-show': ({ tenant: named }) => withTenant(commands, named, (found) => commands.clockShow(found)),
    'clock-advance': ({ tenant: named, ...order }, progress) =>
      withTenant(commands, named, (found) => commands.clockAdvance(found, order, progress)),
  }
}
