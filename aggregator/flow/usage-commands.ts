import type { Result } from '@meterline/shared/base/errors.ts'
import type { TenantRegistry } from './tenant-registry.ts'
import { voidUsage, type VoidOrder, type VoidReport } from './void-usage.ts'

/** What can be asked about usage that was charged. */
export interface UsageCommands {
  /** Takes charged usage back; what cannot be is answered one by one and changes nothing. */
  usageVoid(tenant: string, order: VoidOrder, progress?: (message: string) => void): Promise<Result<VoidReport>>
}

/** These commands over the tenants of a running aggregator. */
export function usageCommands(registry: TenantRegistry): UsageCommands {
  return {
    usageVoid: async (tenant, order, progress) => {
      const service = registry.demand(tenant)
      return service.ok ? await voidUsage(service.value, service.value.clock, order, progress) : service
    },
  }
}
