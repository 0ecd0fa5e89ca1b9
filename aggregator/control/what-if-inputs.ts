import { z } from 'zod'
import type { Result } from '@meterline/shared/base/errors.ts'
import type { Commands } from '../flow/commands.ts'
import { tenant } from './input-schemas.ts'
import { withTenant } from './with-tenant.ts'

/** What the commands about what is not so take. */
export const whatIfInputs = {
  'simulate-bill': z.strictObject({
    tenant,
    account: z.string().min(1),
    period: z.string(),
    fileName: z.string(),
    text: z.string(),
  }),
} as const

type SimulationInput = z.output<(typeof whatIfInputs)['simulate-bill']>

/** Answers them. */
export function whatIfAnswers(commands: Commands): {
  readonly 'simulate-bill': (input: SimulationInput, progress: (message: string) => void) => Promise<Result<unknown>>
} {
  return {
    'simulate-bill': ({ tenant: named, ...request }, progress) =>
      withTenant(commands, named, (found) => commands.simulateBill(found, request, progress)),
  }
}
