import { systemClock } from '@meterline/shared/base/clock.ts'
import { FaultError, failed } from '@meterline/shared/base/errors.ts'
import type { Result } from '@meterline/shared/base/errors.ts'
import { readSigningKey } from '../compose.ts'
import type { AggregatorConfig } from '../config.ts'
import { restoreTenant } from '../flow/restore-tenant.ts'
import type { RestoreOrder, RestoreReport } from '../flow/restore-tenant.ts'
import { lockData } from '../store/data-lock.ts'

/** Restores books in the configured data directory, which it takes for itself: no aggregator may run on it. */
export function restoreFiles(
  config: AggregatorConfig,
  order: Omit<RestoreOrder, 'dataDirectory' | 'signingKey' | 'nowMs'>,
): Result<RestoreReport> {
  const { dataDirectory } = config
  try {
    const signingKey = readSigningKey(config)
    const lock = lockData(dataDirectory)
    try {
      return restoreTenant({ ...order, dataDirectory, signingKey, nowMs: systemClock().wallMs() })
    } finally {
      lock.release()
    }
  } catch (error) {
    if (error instanceof FaultError) return failed(error.fault)
    throw error
  }
}
