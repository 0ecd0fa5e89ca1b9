import type { Result } from '@meterline/shared/base/errors.ts'
import { simulateBill } from './simulate-bill.ts'
import type { Simulation, SimulationRequest } from './simulation-answers.ts'
import type { TenantRegistry } from './tenant-registry.ts'

/** What can be asked about what is not so. */
export interface WhatIfCommands {
  /** What a period would come to for an account by a tenant file that is not applied. Writes nothing. */
  simulateBill(
    tenant: string,
    request: SimulationRequest,
    progress?: (message: string) => void,
  ): Promise<Result<Simulation>>
}

/** These commands over the tenants of a running aggregator. */
export function whatIfCommands(registry: TenantRegistry): WhatIfCommands {
  return {
    simulateBill: async (tenant, request, progress) => {
      const service = registry.demand(tenant)
      if (!service.ok) return service
      return await simulateBill(service.value, service.value.clock.wallMs(), request, progress)
    },
  }
}
