import { ok, type Result } from '@meterline/shared/base/errors.ts'
import type { TenantService } from './tenant-service.ts'

/**
 * Waits until everything received is rated. Nothing runs between its answer and what the caller does next without waiting:
 * what is received from then on is rated afterwards.
 */
export async function untilRated(service: TenantService, progress: (message: string) => void): Promise<Result<null>> {
  if (service.hasUnrated) progress('waiting until everything received is rated')
  while (service.hasUnrated) {
    const caughtUp = await service.caughtUp()
    if (!caughtUp.ok) return caughtUp
  }
  return ok(null)
}
