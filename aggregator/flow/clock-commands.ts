import type { Result } from '@meterline/shared/base/errors.ts'
import { advanceClock, showClock, type AdvanceOrder, type AdvanceReport, type ClockAnswer } from './advance-clock.ts'
import type { TenantRegistry } from './tenant-registry.ts'

/** What can be asked about the clock of a test tenant. */
export interface ClockCommands {
  clockShow(tenant: string): Result<ClockAnswer>
  /** Moves it on, with everything that falls due on the way. */
  clockAdvance(
    tenant: string,
    order: AdvanceOrder,
    progress?: (message: string) => void,
  ): Promise<Result<AdvanceReport>>
}

/** These commands over the tenants of a running aggregator. */
export function clockCommands(registry: TenantRegistry): ClockCommands {
  return {
    clockShow: (tenant) => {
      const service = registry.demand(tenant)
      return service.ok ? showClock(service.value) : service
    },
    clockAdvance: async (tenant, order, progress) => {
      const service = registry.demand(tenant)
      return service.ok ? await advanceClock(service.value, order, progress) : service
    },
  }
}
