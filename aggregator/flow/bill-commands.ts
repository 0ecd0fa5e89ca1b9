import type { Result } from '@meterline/shared/base/errors.ts'
import type { BillRequest, BillRun, ClosedPeriod, ClosingRequest } from './bill-answers.ts'
import { billCorrections, billProgressive } from './bill-now.ts'
import { closePeriod } from './close-period.ts'
import type { TenantRegistry } from './tenant-registry.ts'

type Progress = (message: string) => void

/** What can be asked about bills. */
export interface BillCommands {
  closePeriod(request: ClosingRequest, progress?: Progress): Promise<Result<ClosedPeriod>>
  /** Bills what changed in periods that have their documents, without waiting for the next ones. */
  billCorrections(tenant: string, request: BillRequest, progress?: Progress): Promise<Result<BillRun>>
  /** Bills whoever has reached the amount at which he gets an invoice in the middle of a period. */
  billProgressive(tenant: string, request: BillRequest, progress?: Progress): Promise<Result<BillRun>>
}

/** These commands over the tenants of a running aggregator. */
export function billCommands(registry: TenantRegistry): BillCommands {
  return {
    closePeriod: async (request, progress) => {
      const service = registry.demand(request.tenant)
      return service.ok ? await closePeriod(service.value, service.value.clock, request, progress) : service
    },
    billCorrections: async (tenant, request, progress) => {
      const service = registry.demand(tenant)
      return service.ok ? await billCorrections(service.value, service.value.clock, request, progress) : service
    },
    billProgressive: async (tenant, request, progress) => {
      const service = registry.demand(tenant)
      return service.ok ? await billProgressive(service.value, service.value.clock, request, progress) : service
    },
  }
}
