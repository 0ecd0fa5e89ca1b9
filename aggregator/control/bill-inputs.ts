import { z } from 'zod'
import type { Result } from '@meterline/shared/base/errors.ts'
import type { BillRequest } from '../flow/bill-answers.ts'
import type { Commands } from '../flow/commands.ts'
import { personsNote, tenant } from './input-schemas.ts'
import { withTenant } from './with-tenant.ts'

const billRun = {
  tenant,
  dryRun: z.boolean().default(false),
  approve: z
    .strictObject({
      digest: z.string().regex(/^[0-9a-f]{64}$/, 'is no digest as --dry-run prints it: 64 hexadecimal digits'),
      by: personsNote,
    })
    .nullable()
    .default(null),
} as const

/** What the commands about bills take. */
export const billInputs = {
  'close-period': z.strictObject({ ...billRun, period: z.string(), force: z.boolean().default(false) }),
  'bill-corrections': z.strictObject(billRun),
  'bill-progressive': z.strictObject(billRun),
} as const

type Input<Name extends keyof typeof billInputs> = z.output<(typeof billInputs)[Name]>
type Answer<Name extends keyof typeof billInputs> = (
  input: Input<Name>,
  progress: (message: string) => void,
) => Promise<Result<unknown>>

/** Answers them. */
export function billAnswers(commands: Commands): { readonly [Name in keyof typeof billInputs]: Answer<Name> } {
  return {
    'close-period': ({ tenant: named, period, force, ...run }, progress) =>
      withTenant(commands, named, (found) =>
        commands.closePeriod({ tenant: found, period, force, ...requestOf(run) }, progress),
      ),
    'bill-corrections': ({ tenant: named, ...run }, progress) =>
      withTenant(commands, named, (found) => commands.billCorrections(found, requestOf(run), progress)),
    'bill-progressive': ({ tenant: named, ...run }, progress) =>
      withTenant(commands, named, (found) => commands.billProgressive(found, requestOf(run), progress)),
  }
}

function requestOf({ dryRun, approve }: Pick<Input<'bill-corrections'>, 'dryRun' | 'approve'>): BillRequest {
  return { dryRun, ...(approve === null ? {} : { approve }) }
}
