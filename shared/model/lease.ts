import type { AgentId } from '../units/ids.ts'

/** The part of a balance reserved for one agent (3GPP: granted service unit). Only that agent in that epoch spends it. */
export interface Lease {
  readonly leaseId: string
  readonly balance: string
  /** A currency (amount in micros) or a unit (amount in base units). */
  readonly asset: string
  readonly amount: bigint
  readonly agent: AgentId
  readonly epoch: number
}
