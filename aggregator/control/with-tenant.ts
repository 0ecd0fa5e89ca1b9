import { failed, fault } from '@meterline/shared/base/errors.ts'
import type { Result } from '@meterline/shared/base/errors.ts'
import type { Commands } from '../flow/commands.ts'

/** Runs a command for the tenant that is named, or for the only one there is. */
export async function withTenant<Answer>(
  commands: Commands,
  named: string | undefined,
  run: (tenant: string) => Promise<Result<Answer>> | Result<Answer>,
): Promise<Result<Answer>> {
  if (named !== undefined) return await run(named)
  const [only, ...others] = commands.status().map((status) => status.tenant)
  if (only !== undefined && others.length === 0) return await run(only)
  const text =
    only === undefined
      ? 'There is no tenant yet; apply a tenant file first.'
      : `Name the tenant with --tenant: there are ${[only, ...others].join(', ')}.`
  return failed(fault('tenant_needed', text))
}
