import type { Fault } from '@meterline/shared/base/errors.ts'
import type { UplinkState } from '../domain/uplink-types.ts'

/** What `status` shows of the uplink. */
export interface UplinkStatus {
  readonly state: UplinkState['phase']
  /** The last thing that went wrong, until a session is streaming again. */
  readonly fault: Fault | null
  readonly inFlight: number
  readonly sentBatches: number
  readonly receipts: number
  readonly lastReceiptMs: number | null
}
